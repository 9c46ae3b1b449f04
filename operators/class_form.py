"""The classes in the form of Auto-label: one text, echoed as it is read, with what the encoder does not know.

A text comes back from the server as it was typed; a list would forget what is typed meanwhile.
"""

from collections.abc import Sequence
from functools import partial

import fiftyone as fo
import fiftyone.operators as foo
from fiftyone.operators import types

from ..plugin.dataset import RunRecord, classes_of, label_fields, list_runs
from ..plugin.encoders.descriptions import ClassDescription, class_text, parse_classes, read_classes
from ..plugin.wording import counted, listed
from .background import is_in_app
from .forms import add_problem, dropdown, refuse, sentence_of
from .known_names import warnings_of

TYPED, DATASET, FIELD = "typed", "dataset", "field"
ROWS = 4
MOST_ECHOED = 30
STORE, PREVIEWED = "autolabel_form", "previewed"
INPUT = {TYPED: "classes", DATASET: "class_source", FIELD: "class_field"}
NOTHING_YET = {TYPED: "No classes yet: type their names.", FIELD: "No classes yet: choose a label field."}


def add_classes(inputs: types.Object, ctx: foo.ExecutionContext, samples: fo.DatasetView) -> None:
    """Class names: typed, the dataset's own, or those of a label field; and what they are read as."""
    source = _add_source(inputs, ctx, samples)
    field = _add_text(inputs, ctx, samples) if source == TYPED else None
    problem = sentence_of(partial(chosen_classes, ctx, samples))
    if not problem:
        inputs.view("class_echo", types.Notice(label=_echo(chosen_classes(ctx, samples))))
    elif not ctx.params.get(INPUT[source]):  # a notice, as nothing is wrong before anything was given
        refuse(inputs.view("class_echo", types.Notice(label=NOTHING_YET[source])), problem)
    elif field:
        refuse(field, problem)
    else:
        add_problem(inputs, problem, "class_echo")


def add_name_warnings(
    inputs: types.Object, ctx: foo.ExecutionContext, encoder: str, classes: Sequence[ClassDescription]
) -> None:
    """Say which class names the encoder of a run would not know; a run from Python logs that."""
    if not is_in_app(ctx):
        return
    for number, sentence in enumerate(warnings_of(encoder, classes)):
        inputs.view(f"names_{number}", types.Warning(label=sentence))


def chosen_classes(ctx: foo.ExecutionContext, samples: fo.DatasetView) -> list[ClassDescription]:
    """Classes as typed, or those of the dataset, in whose names a colon has no meaning.

    Raises:
        InputError: They cannot be used.
    """
    source = ctx.params.get("class_source") or TYPED
    if source != TYPED:
        known = classes_of(samples, ctx.params.get("class_field") if source == FIELD else None)
        return read_classes([ClassDescription(name) for name in known])
    classes = ctx.params.get("classes") or []
    return read_classes(parse_classes(classes) if isinstance(classes, str) else classes)


def usable_classes(ctx: foo.ExecutionContext, samples: fo.DatasetView) -> list[ClassDescription]:
    """The same; none where they cannot be used, which the form says beside them."""
    return [] if sentence_of(partial(chosen_classes, ctx, samples)) else chosen_classes(ctx, samples)


def remember_previewed(ctx: foo.ExecutionContext, classes: Sequence[ClassDescription]) -> None:
    """Keep the classes of a preview, so that the form has them until the next run."""
    ctx.store(STORE).set(PREVIEWED, [_last_start(_runs_with_classes(ctx)), class_text(classes)])


def _add_source(inputs: types.Object, ctx: foo.ExecutionContext, samples: fo.DatasetView) -> str:
    """Where the classes come from, if there is a choice."""
    known, fields = classes_of(samples), label_fields(samples)
    sources = types.RadioGroup(orientation="horizontal")
    sources.add_choice(TYPED, label="Type names")
    if known:
        sources.add_choice(DATASET, label="The dataset's classes")
    if fields:
        sources.add_choice(FIELD, label="From a label field")
    if len(sources.choices) > 1:
        inputs.enum("class_source", sources.values(), default=TYPED, label="Class names", view=sources)
    source = ctx.params.get("class_source") or TYPED
    if source == FIELD:
        inputs.enum("class_field", fields, label="Label field", view=dropdown(fields))
    return source


def _add_text(inputs: types.Object, ctx: foo.ExecutionContext, samples: fo.DatasetView) -> types.Property:
    if isinstance(ctx.params.get("classes"), list):  # a call from Python
        return inputs.list("classes", types.String(), label="Classes")
    return inputs.str(
        "classes",
        default=_last_classes(ctx),
        label="Classes",
        description="Separated by commas or lines. A class with descriptions takes a line: dog: puppy, hound",
        view=types.TextFieldView(multiline=True, rows=ROWS),
    )


def _last_classes(ctx: foo.ExecutionContext) -> str | None:
    """The classes of the last preview or run, as one types them."""
    runs = _runs_with_classes(ctx)
    last_start, previewed = ctx.store(STORE).get(PREVIEWED) or (None, None)
    if previewed and last_start == _last_start(runs):
        return previewed
    if not runs:
        return None
    pairs = zip(runs[-1].classes, runs[-1].descriptions, strict=True)
    return class_text(ClassDescription(*pair) for pair in pairs)


def _runs_with_classes(ctx: foo.ExecutionContext) -> list[RunRecord]:
    return [run for run in list_runs(ctx.dataset) if run.classes]


def _last_start(runs: Sequence[RunRecord]) -> str | None:
    """When the last run started; None if there was none."""
    return runs[-1].started.isoformat() if runs else None


def _echo(classes: list[ClassDescription]) -> str:
    names = [f'"{one.name}"' if "," in one.name else one.name for one in classes]
    return f"{counted(len(names), 'class')}: {listed(names, MOST_ECHOED)}"
