"""The commands `fiftyone-autolabel runs` and `delete-run`.

The work is done by `dataset.record` and `dataset.deleting`.
"""

from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from ..system.database import require_database
from .options import JsonOption, QuietOption, SourceArgument

if TYPE_CHECKING:
    from rich.table import Table

    from ..dataset import PendingRun, RunRecord
    from ..report.measured import MeasuredAccuracy


def runs(
    source: SourceArgument,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """List the runs of a dataset: state, time, fields, images, encoder, and the error of a failed run.

    Runs that compute embeddings or clusters are included. A run that was interrupted while it wrote is
    completed first.

    Examples:

        fiftyone-autolabel runs photos

        fiftyone-autolabel runs photos --json
    """
    require_database()

    from ..dataset import complete_interrupted, find_source, list_all_runs, pending_runs
    from ..run.audit import measured_runs
    from .console import Printer

    dataset = find_source(source)
    complete_interrupted(dataset)
    records, waiting = list_all_runs(dataset), pending_runs(dataset)
    measured = measured_runs(dataset, records)
    nothing = f"There are no runs on {source} yet: see fiftyone-autolabel label --help."
    Printer(as_json, quiet).tell(
        [*(_as_dict(run, measured.get(run.key)) for run in records), *map(_pending_as_dict, waiting)],
        runs_table(records, waiting, measured) if records or waiting else nothing,
    )


def delete_run(
    source: SourceArgument,
    key: Annotated[str, typer.Argument(help="Key of the run, as `runs` lists it.")],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Delete without confirmation.")] = False,
    as_json: JsonOption = False,
    quiet: QuietOption = False,
) -> None:
    """Delete a run and the fields that it wrote.

    Reviewed labels and labels of later runs are kept; labels that it replaced return.

    Example:

        fiftyone-autolabel delete-run photos auto_label_1
    """
    require_database()

    from ..dataset import delete_run as delete, find_run, find_source, what_deleting_does
    from .console import Printer

    dataset = find_source(source)
    what = what_deleting_does(dataset, find_run(dataset, key))
    if not yes:
        typer.confirm(f"Delete run {key}? {what}", abort=True, err=True)
    deleted = delete(dataset, key)
    Printer(as_json, quiet).tell(asdict(deleted), deleted.in_words)


def runs_table(
    records: "list[RunRecord]", waiting: "list[PendingRun]", measured: "dict[str, MeasuredAccuracy]"
) -> "Table":
    """One row per run with what it wrote or why it failed, oldest first, pending runs last.

    Args:
        records: Runs that have started.
        waiting: Pending runs.
        measured: Key of a run → its measured accuracy.
    """
    from rich.table import Table
    from rich.text import Text

    table = Table("Run", "State", "Started (UTC)", title="Runs", title_justify="left")
    table.add_column("Result", overflow="fold")
    for run in records:
        table.add_row(
            run.key,
            run.state.value,
            f"{run.started:%Y-%m-%d %H:%M}",
            Text(_outcome(run, measured.get(run.key))),
        )
    for run in waiting:
        table.add_row(run.key, "pending", f"{run.queued:%Y-%m-%d %H:%M}", run.operator, style="dim")
    return table


def _outcome(run: "RunRecord", measured: "MeasuredAccuracy | None") -> str:
    from ..wording import percent

    if run.error:
        return run.error
    parts = [f"{run.kind} in {run.main_field}", f"{run.n_labelled or run.n_images:,} images"]
    if run.n_failed:
        parts.append(f"{run.n_failed:,} failed")
    parts.append(f"encoder {run.encoder}")
    if run.expected_accuracy is not None and len(run.classes) > 1:
        parts.append(f"{percent(run.expected_accuracy)} expected to be right")
    if measured:
        parts.append(str(measured))
    if run.duration:
        parts.append(f"{run.duration.total_seconds():.1f} s")
    return ", ".join(parts)


def _as_dict(run: "RunRecord", measured: "MeasuredAccuracy | None") -> dict:
    values = {name: value for name, value in vars(run).items() if name not in ("is_interrupted", "audit")}
    finished = run.finished and run.finished.isoformat()
    return values | {
        "kind": run.kind,
        "started": run.started.isoformat(),
        "finished": finished,
        "fields": run.fields.by_role(),
        "history": [level.to_dict() for level in run.history],
        "measured_accuracy": measured.to_dict() if measured else None,
    }


def _pending_as_dict(run: "PendingRun") -> dict:
    return {
        "key": run.key,
        "state": "pending",
        "operator": run.operator,
        "operation": run.operation,
        "queued": run.queued.isoformat(),
    }
