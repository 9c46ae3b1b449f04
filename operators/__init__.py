"""FiftyOne operators, one file each: form, progress and result.

The work itself is done by `plugin.run` and `plugin.dataset`.
"""

from .add_brain_runs import AddBrainRuns
from .add_class import AddClass
from .approve import Approve
from .area_under_risk_coverage import AreaUnderRiskCoverage
from .audit import Audit
from .auto_label import AutoLabel
from .cancel_run import CancelRun
from .check_labels import CheckLabels
from .cluster_images import ClusterImages
from .compare_runs import CompareRuns
from .correct import Correct
from .delete_run import DeleteRun
from .embed_images import EmbedImages
from .evaluate import Evaluate
from .expected_calibration_error import ExpectedCalibrationError
from .export_labels import ExportLabels
from .refine_with_corrections import RefineWithCorrections
from .review_next import ReviewNext
from .show_run import ShowRun
from .undo_review import UndoReview
from .withdraw import Withdraw

OPERATORS = (
    AutoLabel,
    AddClass,
    EmbedImages,
    ClusterImages,
    ReviewNext,
    Correct,
    Approve,
    Withdraw,
    UndoReview,
    Audit,
    RefineWithCorrections,
    Evaluate,
    CheckLabels,
    AddBrainRuns,
    ShowRun,
    CompareRuns,
    CancelRun,
    DeleteRun,
    ExportLabels,
)

METRICS = (ExpectedCalibrationError, AreaUnderRiskCoverage)
"""Metrics for FiftyOne's evaluations, which are operators without a form."""
