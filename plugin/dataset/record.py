"""The record of a run on its dataset: its state, what it worked from, and what came of it.

Kept as a FiftyOne custom run, so that it is listed, loaded and cloned by FiftyOne's own calls.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from enum import Enum
from typing import Any

import fiftyone as fo
from bson import json_util
from gridfs.errors import NoFile
from mongoengine import Document
from mongoengine.queryset import QuerySet

from ..engine.errors import InputError
from ..engine.results import LevelHistory
from ..wording import ago, counted
from .columns import Column
from .fields import FieldNames
from .internals import reload_run, run_documents
from .pending import cancel_pending

METHOD = "autolabel/prototypes"
PREPARATION = "autolabel/preparation"
"""FiftyOne's names for runs that label, and for runs that fill a column which others can start from."""

LONGEST_SILENCE = timedelta(seconds=60)
"""How long nothing may be heard of a running run before it counts as dead."""

UNHEARD = datetime.min.replace(tzinfo=timezone.utc)


class RunState(str, Enum):
    """Where a run stands."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True)
class RunRecord:
    """A run as it is listed.

    Attributes:
        key: Its key on the dataset; "" while it is pending, unless one was asked for.
        state: Where it stands. A run that nothing was heard of for a minute has failed.
        error: Why it failed or was cancelled, one sentence; "" otherwise.
        started: When it began, or was queued while it is pending (UTC).
        finished: When it ended (UTC); None before, and if it died.
        stage: What it is at, one of `pipeline.STAGES`; "" before its first report.
        done: Steps of the stage that are finished.
        total: Steps of the stage in all.
        history: How its refinement went, as far as it is known while it goes on; `RunSummary` has all of it.
        n_images: Number of images that it was given.
        n_labelled: Number of images that it labelled.
        n_failed: Number of images that it could not label.
        expected_accuracy: Share of labels that are expected to be right, in [0, 1]; None before the end.
        classes: (k,) class names.
        descriptions: (k,) further texts of each class.
        prompt_templates: Templates that names and descriptions went through.
        encoder: Name of the encoder.
        second_encoder: Name of the second image encoder, "" without one.
        sources: As in `run_inputs.RunInputs`.
        margin: As in `run_inputs.RunInputs`.
        fields: Names of the fields that it writes; of a run that only prepares others, its column.
        settings: Settings by name.
        seconds: Stage → duration.
        is_interrupted: Whether it died while it wrote, so that part of its labels are in place.
    """

    key: str
    state: RunState
    error: str
    started: datetime
    finished: datetime | None
    stage: str
    done: int
    total: int
    history: tuple[LevelHistory, ...]
    n_images: int
    n_labelled: int
    n_failed: int
    expected_accuracy: float | None
    classes: tuple[str, ...]
    descriptions: tuple[tuple[str, ...], ...]
    prompt_templates: tuple[str, ...]
    encoder: str
    second_encoder: str
    sources: dict[str, str]
    margin: float | None
    fields: FieldNames | Column
    settings: dict
    seconds: dict[str, float]
    is_interrupted: bool

    @property
    def kind(self) -> str:
        """What it writes: "labels", "embeddings" or "clusters"."""
        return "labels" if isinstance(self.fields, FieldNames) else self.fields.role

    @property
    def noun(self) -> str:
        """What it works on: "image" or "object"."""
        return self.fields.noun if isinstance(self.fields, FieldNames) else "image"

    @property
    def main_field(self) -> str:
        """The field of its labels or values."""
        return _main_field(self.fields)

    @property
    def in_words(self) -> str:
        """State, age, number of images and encoder, for a list of runs."""
        things = counted(self.n_labelled or self.n_images, self.noun)
        return f"{self.state.value} {ago(self.finished or self.started)}, {things}, {self.encoder}"

    @property
    def duration(self) -> timedelta | None:
        """From start to end, None before the end."""
        return self.finished and self.finished - self.started


def list_runs(dataset: fo.Dataset) -> list[RunRecord]:
    """The runs of a dataset that label, oldest first, as the database has them now.

    Only reads, and no results, so it is quick enough for a panel.
    """
    return [run for run in list_all_runs(dataset) if isinstance(run.fields, FieldNames)]


def list_all_runs(dataset: fo.Dataset) -> list[RunRecord]:
    """The same, with those that only computed embeddings or clusters."""
    records = [_record(document) for document in documents(dataset)]
    return sorted(records, key=lambda run: run.started)


def find_run(dataset: fo.Dataset, key: str) -> RunRecord:
    """The run of a key, whatever it does.

    Raises:
        InputError: There is none.
    """
    return _record(_document(dataset, key))


def read_results(dataset: fo.Dataset, key: str) -> dict[str, Any]:
    """What a run saved beside its record: its summary, and what it said of every sample.

    FiftyOne's own `load_run_results` has the threads of a process read from one open file, of which each gets
    a part. Here everyone opens a file.

    Raises:
        InputError: There is no such run, it wrote no labels, or what it saved is gone.
    """
    document = _document(dataset, key)
    run, saved = _record(document), document.results
    if not run.n_labelled:
        raise InputError(f"Run {key!r} is {run.state.value} and has no labels.")
    try:
        return json_util.loads(saved.fs.get(saved.grid_id).read())
    except NoFile as error:
        raise InputError(
            f"What run {key!r} saved is not in the database: delete it, and label again."
        ) from error


def completed_runs(dataset: fo.Dataset) -> list[RunRecord]:
    """The runs that wrote labels, in the order in which they did."""
    completed = [run for run in list_runs(dataset) if run.state == RunState.COMPLETED]
    return sorted(completed, key=lambda run: run.finished)


def latest_run(dataset: fo.Dataset, label_field: str) -> RunRecord | None:
    """The run that wrote a label field last, None if none did."""
    wrote_it = [run for run in completed_runs(dataset) if run.fields.label == label_field]
    return wrote_it[-1] if wrote_it else None


def labelled_fields(dataset: fo.Dataset) -> list[str]:
    """Label fields of whole images that runs wrote."""
    runs = completed_runs(dataset)
    return list(dict.fromkeys(run.fields.label for run in runs if run.fields.objects is None))


def cancel_run(dataset: fo.Dataset, key: str) -> None:
    """Ask a run to stop, wherever it is at work; it does at its next report, seconds later as a rule.

    One that waits for `fiftyone delegated launch` never begins; it may be named by its operation.

    Raises:
        InputError: There is no such run, or it cannot be stopped any more.
    """
    if cancel_pending(dataset, key):
        return
    run = find_run(dataset, key)
    if run.state != RunState.RUNNING:
        raise InputError(f"Run {key!r} is {run.state.value}: only a run that is under way can be cancelled.")
    if not update_record(dataset, key, {"cancel_requested": True}, {"is_writing": False}):
        raise InputError(f"Run {key!r} is writing already and is done in a moment: delete it afterwards.")


def documents(dataset: fo.Dataset) -> QuerySet:
    """The records of a dataset's runs in the database; those that FiftyOne keeps in memory grow old.

    Records of a version that kept no states are left out: nothing can be told of them, nor done with them.
    """
    return run_documents(dataset).filter(
        config__method__in=(METHOD, PREPARATION),
        __raw__={"config.state": {"$exists": True}},
    )


def update_record(
    dataset: fo.Dataset, key: str, values: dict[str, object], only_if: dict[str, object] | None = None
) -> bool:
    """Change a record at one stroke, and nothing else of it.

    Args:
        dataset: Dataset of the run.
        key: Key of the run.
        values: Name → new value.
        only_if: Name → value that it must have now.

    Returns:
        Whether there was such a record.
    """
    found = documents(dataset).filter(key=key, __raw__=_in_config(only_if or {}))
    is_changed = bool(found.update_one(__raw__={"$set": _in_config(values)}))
    reload_run(dataset, key)
    return is_changed


def taken_keys(dataset: fo.Dataset) -> set[str]:
    """Keys of all runs in the database, those of other processes and of other plugins too."""
    return set(run_documents(dataset).distinct("key"))


def free_key(dataset: fo.Dataset, fields: FieldNames | Column) -> str:
    """The name of the label field, or of the column, with the first number that is free."""
    main = _main_field(fields)
    taken = taken_keys(dataset)
    number = 1
    while f"{main}_{number}" in taken:
        number += 1
    return f"{main}_{number}"


def stamp(moment: datetime | None = None) -> str:
    """A moment, by default this one, as texts that sort by time; FiftyOne sends records through JSON."""
    return (moment or datetime.now(timezone.utc)).isoformat()


def _document(dataset: fo.Dataset, key: str) -> Document:
    document = documents(dataset).filter(key=key).first()
    if document is None:
        known = ", ".join(run.key for run in list_all_runs(dataset)) or "none yet"
        raise InputError(f"There is no run {key!r} on this dataset (there are: {known}).")
    return document


def _record(document: Document) -> RunRecord:
    config = document.config
    state, error = RunState(config["state"]), config["error"]
    heard = datetime.fromisoformat(config["heartbeat"])
    is_dead = state == RunState.RUNNING and datetime.now(timezone.utc) - heard > LONGEST_SILENCE
    if is_dead:
        state, error = RunState.FAILED, error or "Its process ended without a word."
    stage, done, total = config["progress"]
    fields = config["fields"]
    return RunRecord(
        key=document.key,
        state=state,
        error=error,
        started=datetime.fromisoformat(config["started"]),
        finished=config["finished"] and datetime.fromisoformat(config["finished"]),
        stage=stage,
        done=done,
        total=total,
        history=tuple(LevelHistory.from_dict(level) for level in config.get("history", ())),
        n_images=config["n_images"],
        n_labelled=config["n_labelled"],
        n_failed=config["n_failed"],
        expected_accuracy=config["expected_accuracy"],
        classes=tuple(config["classes"]),
        descriptions=tuple(map(tuple, config["descriptions"])),
        prompt_templates=tuple(config["prompt_templates"]),
        encoder=config["encoder"],
        second_encoder=config["second_encoder"] or "",
        sources=dict(config["sources"]),
        margin=config["margin"],
        fields=_names(fields, config["objects"]),
        settings=dict(config["settings"]),
        seconds=dict(config["seconds"]),
        is_interrupted=is_dead and config["is_writing"],
    )


def _main_field(fields: FieldNames | Column) -> str:
    return next(iter(fields.by_role().values()))


def _names(by_role: dict[str, str], objects: str | None) -> FieldNames | Column:
    if "label" not in by_role:
        ((role, name),) = by_role.items()
        return Column(name, role)
    if objects:
        return FieldNames(by_role["label"], objects=objects)
    return FieldNames(by_role["label"], by_role["confidence"])


def _in_config(values: dict[str, object]) -> dict[str, object]:
    return {f"config.{name}": value for name, value in values.items()}
