"""Public names and where they live; `__init__.py` loads each one when it is first used."""

from .plugin.dataset import (
    ClusterToReview as ClusterToReview,
    FieldNames as FieldNames,
    RunState as RunState,
    answer_cluster as answer_cluster,
    approve as approve,
    cancel_run as cancel_run,
    clusters_to_review as clusters_to_review,
    compare_runs as compare_runs,
    correct as correct,
    delete_run as delete_run,
    list_all_runs as list_all_runs,
    list_runs as list_runs,
    undo_review as undo_review,
    withdraw as withdraw,
)
from .plugin.encoders.base import BatchEncoder as BatchEncoder
from .plugin.encoders.cache import CachedEncoder as CachedEncoder
from .plugin.encoders.registry import load_encoder as load_encoder
from .plugin.engine.config import Settings as Settings
from .plugin.engine.errors import InputError as InputError, RunCancelledError as RunCancelledError
from .plugin.engine.refinement import refine as refine
from .plugin.engine.results import Refinement as Refinement
from .plugin.estimator import AutoLabeler as AutoLabeler
from .plugin.export.exported import Exported as Exported
from .plugin.export.exporting import export_labels as export_labels
from .plugin.export.label_studio import read_label_studio as read_label_studio
from .plugin.export.options import ExportOptions as ExportOptions
from .plugin.report.measured import MeasuredAccuracy as MeasuredAccuracy
from .plugin.run.again import add_classes as add_classes, refine_with_corrections as refine_with_corrections
from .plugin.run.audit import (
    audit as audit,
    measured_accuracy as measured_accuracy,
    review_next as review_next,
)
from .plugin.run.brain import BrainRuns as BrainRuns, add_brain_runs as add_brain_runs
from .plugin.run.checking import CheckedLabels as CheckedLabels, check_labels as check_labels
from .plugin.run.evaluation import Evaluation as Evaluation, evaluate as evaluate
from .plugin.run.inputs import Inputs as Inputs
from .plugin.run.model import RunModel as RunModel
from .plugin.run.pipeline import auto_label as auto_label, label_files as label_files
from .plugin.run.preparation import (
    compute_clusters as compute_clusters,
    compute_embeddings as compute_embeddings,
)
from .plugin.run.preview import preview as preview
from .plugin.run.results import FinishedRun as FinishedRun
from .plugin.run.selecting import (
    SelectedLabels as SelectedLabels,
    select_by_confidence as select_by_confidence,
)
from .plugin.run.shards import ShardedRun as ShardedRun, label_shards as label_shards
from .plugin.run.stored import StoredRun as StoredRun, load_run as load_run
from .plugin.run.zoo_model import export_model as export_model

__version__: str

def register(plugin: object) -> None: ...
