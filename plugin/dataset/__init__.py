"""The only room that touches a FiftyOne dataset, and its face: what the other rooms may use of it.

The names are imported from here; importing this needs FiftyOne.
"""

from .audits import audit_probabilities, draw_audit
from .brain import check_brain_keys, index_vectors, map_vectors
from .checks import CheckFields, check_checkable, checkable_fields, read_labels, write_check
from .columns import Column, check_column
from .comparing import RunComparison, changed_samples, compare_runs
from .deleting import delete_run, what_deleting_does
from .documents import in_parts
from .drawn import Audit
from .examples import example_fields, read_examples
from .fields import APPROVED_TAG, AUTHOR, FieldNames, check_fields, check_names, origin_of, review_fields
from .folder import find_source, open_source, opened_source
from .groups import ClusterToReview, answer_cluster, clusters_to_review, stated_classes
from .internals import Samples, dataset_id, dataset_of, label_list_name, label_path, view_stages
from .labels import ImageLabels, labels_of
from .objects import ObjectLabels
from .outcome import ARRAYS, Outcome
from .patches import (
    check_object_clusters,
    check_objects,
    field_to_label,
    is_patches,
    object_cluster_attributes,
    object_fields,
    object_vector_sources,
    object_view,
    one_by_one,
    read_objects,
    shown_field,
    why_no_objects,
)
from .patience import wait_for_answer
from .pending import PendingRun, failed_start, find_pending, pending_runs, was_called_off
from .reading import (
    check_cluster_field,
    check_samples,
    classes_of,
    classification_fields,
    cluster_fields,
    flat_samples,
    images_of,
    label_fields,
    read_images,
    read_vectors,
    saved_view,
    vector_sources,
    why_not_labelable,
)
from .record import (
    cancel_run,
    completed_runs,
    find_run,
    labelled_fields,
    latest_run,
    list_all_runs,
    list_runs,
    read_results,
    reading_results,
)
from .review_views import Order, audit_view_name, save_audit_view, save_named_view, view_by_confidence
from .reviewing import (
    Reviewed,
    approve,
    check_count,
    correct,
    fields_of_run,
    known_classes,
    review_next,
    review_view,
    reviewable_fields,
    run_of,
    withdraw,
)
from .reviews import anchors_of, read_reviews
from .running import Run, check_key, complete_interrupted, load_outcome, run_under_way
from .schema import RunRecord, RunState
from .settling import settle
from .truth import (
    check_images,
    check_labelled_objects,
    evaluable_fields,
    evaluate_images,
    evaluate_objects,
    evaluated_names,
    is_reviewed,
    truth_choices,
)
from .undoing import last_reviewed, undo_review
from .writing import write_outcome

__all__ = [
    "APPROVED_TAG",
    "ARRAYS",
    "AUTHOR",
    "Audit",
    "CheckFields",
    "ClusterToReview",
    "Column",
    "FieldNames",
    "ImageLabels",
    "ObjectLabels",
    "Order",
    "Outcome",
    "PendingRun",
    "Reviewed",
    "Run",
    "RunComparison",
    "RunRecord",
    "RunState",
    "Samples",
    "anchors_of",
    "answer_cluster",
    "approve",
    "audit_probabilities",
    "audit_view_name",
    "cancel_run",
    "changed_samples",
    "check_brain_keys",
    "check_checkable",
    "check_cluster_field",
    "check_column",
    "check_count",
    "check_fields",
    "check_images",
    "check_key",
    "check_labelled_objects",
    "check_names",
    "check_object_clusters",
    "check_objects",
    "check_samples",
    "checkable_fields",
    "classes_of",
    "classification_fields",
    "cluster_fields",
    "clusters_to_review",
    "compare_runs",
    "complete_interrupted",
    "completed_runs",
    "correct",
    "dataset_id",
    "dataset_of",
    "delete_run",
    "draw_audit",
    "evaluable_fields",
    "evaluate_images",
    "evaluate_objects",
    "evaluated_names",
    "example_fields",
    "failed_start",
    "field_to_label",
    "fields_of_run",
    "find_pending",
    "find_run",
    "find_source",
    "flat_samples",
    "images_of",
    "in_parts",
    "index_vectors",
    "is_patches",
    "is_reviewed",
    "known_classes",
    "label_fields",
    "label_list_name",
    "label_path",
    "labelled_fields",
    "labels_of",
    "last_reviewed",
    "latest_run",
    "list_all_runs",
    "list_runs",
    "load_outcome",
    "map_vectors",
    "object_cluster_attributes",
    "object_fields",
    "object_vector_sources",
    "object_view",
    "one_by_one",
    "open_source",
    "opened_source",
    "origin_of",
    "pending_runs",
    "read_examples",
    "read_images",
    "read_labels",
    "read_objects",
    "read_results",
    "read_reviews",
    "read_vectors",
    "reading_results",
    "review_fields",
    "review_next",
    "review_view",
    "reviewable_fields",
    "run_of",
    "run_under_way",
    "save_audit_view",
    "save_named_view",
    "saved_view",
    "settle",
    "shown_field",
    "stated_classes",
    "truth_choices",
    "undo_review",
    "vector_sources",
    "view_by_confidence",
    "view_stages",
    "wait_for_answer",
    "was_called_off",
    "what_deleting_does",
    "why_no_objects",
    "why_not_labelable",
    "withdraw",
    "write_check",
    "write_outcome",
]
