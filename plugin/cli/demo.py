"""The command `fiftyone-autolabel demo`.

Labels photos with known classes and opens them in the App.
"""

import contextlib
import sys
from typing import TYPE_CHECKING, Annotated

import typer

from ..engine.config import Settings
from ..system.database import require_database
from ..wording import listed
from .options import EncoderOption, JsonOption, PresetOption, QuietOption, one_of

if TYPE_CHECKING:
    import fiftyone as fo

NEXT = (
    "To correct them, click Review next in the App, then Refine with corrections. To label your own images:\n"
    '  fiftyone-autolabel label FOLDER --classes "cat, dog, horse" --preview'
)


def demo(
    source: Annotated[
        str,
        typer.Option(
            autocompletion=one_of(("photos", "quickstart")),
            help="photos: 370 crops of real photos that need no download. quickstart: FiftyOne's.",
        ),
    ] = "photos",
    encoder: EncoderOption = "auto",
    preset: PresetOption = "auto",
    no_app: Annotated[bool, typer.Option("--no-app", help="Do not open the App.")] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Label real photos with known classes, show the accuracy, and open the App.

    Examples:

        fiftyone-autolabel demo

        fiftyone-autolabel demo --no-app --json
    """
    settings = Settings.preset(preset)
    require_database()

    from ..demo.photos import run_demo
    from .console import Printer, class_table, labelling_as_dict, summary_table

    printer = Printer(as_json, quiet)
    with printer.progress() as progress:
        outcome = run_demo(source, encoder=encoder, settings=settings, progress=progress)
    labelling, place = outcome.labelling, {"dataset": outcome.dataset.name, "run": outcome.labelling.run_key}
    accuracies = {"zero_shot_accuracy": outcome.zero_shot_accuracy, "accuracy": outcome.accuracy}
    named = {"Zero-shot accuracy": outcome.zero_shot_accuracy, "Refined accuracy": outcome.accuracy}
    shown = (summary_table(labelling, named), class_table(labelling))
    mistakes = [f"{count} {true} labelled {wrong}" for (true, wrong), count in outcome.mistakes.items()]
    wrong = f"Wrong: {listed(mistakes)}." if mistakes else "All labels are right."
    told = place | accuracies | {"mistakes": mistakes} | labelling_as_dict(labelling)
    printer.tell(told, *shown, wrong, NEXT)
    if not no_app:
        _open_app(outcome.dataset.sort_by("confidence"))


def _open_app(samples: "fo.DatasetView") -> None:
    """Show samples in the App until its windows are closed."""
    import fiftyone as fo

    session = fo.launch_app(view=samples)
    print(f"The App is at {session.url}. Close its window or press Ctrl-C to end.", file=sys.stderr)
    with contextlib.suppress(KeyboardInterrupt):
        session.wait()
