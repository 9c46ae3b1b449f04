"""What operators return beside a message, declared to FiftyOne: one type for each name."""

from collections.abc import Callable

from fiftyone.operators import types

_COUNTS = (
    "kept_splits n_changed n_checked n_cleared n_clusters n_common n_differing n_failed n_images n_labelled "
    "n_left n_left_out n_only_first n_only_second n_restored n_reviewed n_unclustered n_written"
)
_SHARES = "accuracy accuracy_after accuracy_before accuracy_unreviewed calibration_error expected_accuracy"
_TEXTS = (
    "embeddings_field encoder error field format key method path run_key second_encoder similarity_key state "
    "view visualization_key"
)
_OBJECTS = (
    "contradictions counts folders images labels left_out measured_accuracy missing_labels passed_over "
    "seconds settings single_labels"
)
_KINDS: dict[str, Callable[[], types.BaseType]] = {
    _TEXTS: types.String,
    _COUNTS: lambda: types.Number(int=True),
    _SHARES: lambda: types.Number(float=True),
    _OBJECTS: types.Object,
    "brain_runs classes fields new_classes sample_ids": lambda: types.List(types.String()),
    "changes pairs previewed": lambda: types.List(types.Object()),
}
_KIND_OF = {name: kind for names, kind in _KINDS.items() for name in names.split()}


def returned(names: str = "", title: str = "Auto-label") -> types.Property:
    """An output: `message`, a text in Markdown, and values for programs, which the App does not show.

    Args:
        names: Names of the values, separated by spaces.
        title: Heading.
    """
    outputs = types.Object()
    outputs.str("message", view=types.MarkdownView())
    for name in names.split():
        outputs.define_property(name, _KIND_OF[name](), view=types.HiddenView())
    return types.Property(outputs, view=types.View(label=title))
