"""The last run on a label field made once more, from what it was made from.

The embeddings come from the cache or from where they were found the first time.
"""

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..dataset.reading import dataset_of
from ..dataset.record import latest_run
from ..dataset.reviews import fields_of_run
from ..encoders.descriptions import ClassDescription, Classes, read_classes
from ..engine.config import Settings
from ..engine.errors import InputError
from .pipeline import Labelling, Progress, auto_label

if TYPE_CHECKING:
    import fiftyone as fo

    from ..dataset.fields import FieldNames
    from ..dataset.reading import Samples
    from ..dataset.record import RunRecord


@dataclass(frozen=True)
class LastRun:
    """The run that wrote a label field last, and what it was made from.

    Attributes:
        record: Its record.
        fields: The fields that it wrote.
        dataset: Its dataset.
        samples: What is to be labelled: what it labelled, or a view that was asked for.
    """

    record: "RunRecord"
    fields: "FieldNames"
    dataset: "fo.Dataset"
    samples: "Samples"

    @property
    def classes(self) -> list[ClassDescription]:
        """Its classes with their descriptions."""
        pairs = zip(self.record.classes, self.record.descriptions, strict=True)
        return [ClassDescription(*pair) for pair in pairs]

    def arguments(self, given: dict[str, object], function: str) -> dict[str, object]:
        """Arguments of `auto_label` that say what to work from and how: those given, else those of the run.

        Args:
            given: Name → value, None to take that of the run.
            function: What to call from Python where the run got what no record can keep.

        Raises:
            InputError: The run got arrays or functions that are not given.
        """
        run = self.record
        of_run = {"settings": Settings(**run.settings)} | run.inputs
        if run.fields.objects:
            of_run |= {"objects": run.fields.objects, "margin": run.margin}
        arguments = of_run | {name: value for name, value in given.items() if value is not None}
        lost = [name for name, value in arguments.items() if isinstance(value, str) and not value]
        if lost:
            raise InputError(
                f"The last run got {' and '.join(lost)} as objects, which no record can keep: "
                f"call {function} from Python, with the same ones."
            )
        if "text_embeddings" not in arguments:
            arguments.setdefault("prompt_templates", list(run.prompt_templates))
        return arguments


def last_run(samples: "Samples", label_field: str) -> LastRun:
    """Find the run that wrote a label field last.

    Args:
        samples: A dataset, for the samples or objects that the run labelled; or a view to label in its place.
        label_field: Field that a run wrote.

    Raises:
        InputError: No run wrote the field.
    """
    fields, dataset = fields_of_run(samples, label_field), dataset_of(samples)
    record = latest_run(dataset, label_field)
    if record.key not in dataset.list_runs():  # another process made it
        dataset.reload()
    view = samples if samples is not dataset else dataset.load_run_view(record.key)
    return LastRun(record, fields, dataset, view)


def add_classes(
    samples: "Samples",
    classes: Classes,
    label_field: str = "auto_label",
    *,
    progress: Progress | None = None,
    **given: object,
) -> Labelling:
    """Label again with further classes beside those of the last run, and everything else as it was.

    Args:
        samples: A dataset, of which the samples or objects of the last run are labelled; or a view, which is.
        classes: The further classes, as for `auto_label`.
        label_field: Field that a run wrote.
        progress: As for `auto_label`.
        **given: Arguments of `auto_label` in place of those of the last run, other than classes and fields;
            needed for arrays and functions, which its record cannot bring back.

    Returns:
        The finished run.

    Raises:
        InputError: No run wrote the field, a class is unusable or there already, or what the run was made
            from cannot be found again.
    """
    last = last_run(samples, label_field)
    every = further_classes(last, classes)
    arguments = arguments_to_add(last, given)
    return auto_label(last.samples, every, fields=last.fields, progress=progress, **arguments)


def arguments_to_add(last: LastRun, given: dict[str, object]) -> dict[str, object]:
    """Arguments of `auto_label` for a run with further classes.

    Args:
        last: The last run.
        given: Those that take the place of its own.

    Raises:
        InputError: The run got arrays or functions, or vectors of its classes, that are not given.
    """
    if "text_embeddings" in last.record.inputs and "text_embeddings" not in given:
        raise InputError(
            "The last run got its classes as vectors (text_embeddings), of which a new class has none: "
            "label again with vectors for all classes."
        )
    return last.arguments(given, add_classes.__name__)


def further_classes(last: LastRun, classes: Classes) -> list[ClassDescription]:
    """The classes of a run with further ones behind them.

    Raises:
        InputError: One of them is unusable, or there already.
    """
    return read_classes([*last.classes, *read_classes(classes)])
