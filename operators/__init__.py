"""FiftyOne operators, one file each: inputs, progress and outcome.

They hold no mathematics; the work is told in `plugin.pipeline`.
"""

from .approve import Approve
from .auto_label import AutoLabel
from .correct import Correct
from .evaluate import Evaluate
from .export_labels import ExportLabels
from .refine_with_corrections import RefineWithCorrections
from .review_next import ReviewNext
from .withdraw import Withdraw

OPERATORS = (
    AutoLabel,
    ReviewNext,
    Correct,
    Approve,
    Withdraw,
    RefineWithCorrections,
    Evaluate,
    ExportLabels,
)
