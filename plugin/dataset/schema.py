"""The record of a run: what it holds, what is written when a run starts, and how it is read back.

A record that an older or a newer version wrote, or that is damaged, is read as far as it goes.
"""

from collections.abc import Callable
from dataclasses import asdict, dataclass, fields
from datetime import datetime, timedelta, timezone
from enum import Enum
from typing import Any

from ..engine.config import Settings
from ..engine.display import Displayed
from ..engine.errors import InputError
from ..engine.results import LevelHistory
from ..system.versions import package_versions
from ..wording import ago, counted
from .columns import KINDS, Column
from .drawn import Audit
from .fields import FieldNames
from .statements import Statement

METHOD = "autolabel/prototypes"
PREPARATION = "autolabel/preparation"
"""FiftyOne's names for runs that label, and for runs that fill a column which others can start from."""

VERSION = 1
"""Of the records that are written; those of version 0.1 have none, and other names for the second encoder."""

UNHEARD = datetime.min.replace(tzinfo=timezone.utc)


class RunState(str, Enum):
    """Where a run stands."""

    PENDING = "pending"
    RUNNING = "running"
    COMPLETED = "completed"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"


@dataclass(frozen=True, repr=False)
class RunRecord(Displayed):
    """A run as it is listed.

    Attributes:
        key: Its key on the dataset; "" while it is pending, unless one was asked for.
        state: Where it stands. A run that was not heard of for a minute has failed; one whose record cannot
            be read is unknown, and has nothing but its key, error, start, fields and number of images.
        error: Why it failed, was cancelled or is unknown, one sentence; "" otherwise.
        started: When it began, or was queued while it is pending (UTC).
        finished: When it ended (UTC); None before, and if it died.
        stage: What it is at, one of `pipeline.STAGES`; "" before its first report.
        done: Steps of the stage that are finished.
        total: Steps of the stage in all.
        seconds_left: How long the stage will take still; None while nothing tells.
        history: How its refinement goes, until it is completed; then `RunSummary` has it.
        n_images: Number of images that it was given.
        n_labelled: Number of images that it labelled.
        n_failed: Number of images that it could not label.
        expected_accuracy: Share of labels that are expected to be right, in [0, 1]; None before the end.
        classes: (k,) class names.
        descriptions: (k,) further texts of each class.
        prompt_templates: Templates that names and descriptions went through.
        encoder: Name of the encoder.
        encoder_version: Its version.
        second_encoder: Name of the second image encoder, "" without one.
        second_encoder_version: Its version, "" without one.
        clusters: Name of the custom micro-clusters, "" if they were computed.
        inputs: Argument of `auto_label` → its value as a text, "" for what no text can bring back.
        margin: What was shown around every object, as a share of its box; None for whole images.
        fields: Names of the fields that it writes; of a run that only prepares others, its column.
        settings: Settings by name.
        seconds: Stage → duration.
        versions: Package → version.
        audit: Its labels that were drawn at random to be audited, None before the first draw.
        statements: What people said of its clusters, in the order in which they did.
        brain_runs: Keys of FiftyOne's brain runs that were made of its vectors.
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
    seconds_left: float | None
    history: tuple[LevelHistory, ...]
    n_images: int
    n_labelled: int
    n_failed: int
    expected_accuracy: float | None
    classes: tuple[str, ...]
    descriptions: tuple[tuple[str, ...], ...]
    prompt_templates: tuple[str, ...]
    encoder: str
    encoder_version: str
    second_encoder: str
    second_encoder_version: str
    clusters: str
    inputs: dict[str, str]
    margin: float | None
    fields: FieldNames | Column
    settings: dict[str, Any]
    seconds: dict[str, float]
    versions: dict[str, str]
    audit: Audit | None
    statements: tuple[Statement, ...]
    brain_runs: tuple[str, ...]
    is_interrupted: bool

    def _lines(self) -> list[str]:
        lines = [f"Run {self.key!r}: {self.in_words}", self.error]
        if self.state == RunState.COMPLETED and self.kind == "labels":
            lines.append(f"Next: load_run(dataset, {self.key!r})")
        return [line for line in lines if line]

    @property
    def kind(self) -> str:
        """What it writes: "labels", "embeddings" or "clusters"."""
        return "labels" if isinstance(self.fields, FieldNames) else self.fields.role

    @property
    def noun(self) -> str:
        """What it works on: "image" or "object"."""
        return self.fields.noun if isinstance(self.fields, FieldNames) else "image"

    @property
    def label_fields(self) -> FieldNames:
        """The fields of its labels.

        Raises:
            InputError: It wrote no labels, but embeddings or clusters.
        """
        if isinstance(self.fields, FieldNames):
            return self.fields
        raise InputError(f"Run {self.key!r} wrote {self.fields.role}, not labels: choose another run.")

    @property
    def main_field(self) -> str:
        """The field of its labels or values."""
        return next(iter(self.fields.by_role().values()))

    @property
    def in_words(self) -> str:
        """State, age, number of images and encoder, for a list of runs."""
        things = counted(self.n_labelled or self.n_images, self.noun)
        parts = [f"{self.state.value} {ago(self.finished or self.started)}", things, self.encoder]
        return ", ".join(filter(None, parts))

    @property
    def duration(self) -> timedelta | None:
        """From start to end, None before the end."""
        return self.finished and self.finished - self.started


@dataclass(frozen=True)
class Entry:
    """One entry of a stored record.

    Attributes:
        read: Makes of what is stored what the record has; an error says that it cannot be used.
        default: What a record stands for that lacks the entry; `NEEDED` where none can be assumed.
    """

    read: Callable[[Any], Any]
    default: Any


def _text(value: Any) -> str:
    return _checked(value or "", str)


def _number(value: Any) -> float | None:
    return None if value is None else float(_checked(value, int | float))


def _whole(value: Any) -> int:
    return int(_checked(value, int | float))


def _flag(value: Any) -> bool:
    return _checked(value, bool)


def _texts(value: Any) -> tuple[str, ...]:
    return tuple(_checked(one, str) for one in _checked(value, list))


def _table(value: Any) -> dict[str, Any]:
    return dict(_checked(value, dict))


def _named_texts(value: Any) -> dict[str, str]:
    return {name: _text(one) for name, one in _table(value).items()}


def _moment(value: Any) -> datetime | None:
    moment = datetime.fromisoformat(value) if value else None
    return moment and (moment if moment.tzinfo else moment.replace(tzinfo=timezone.utc))


def _checked(value: Any, kind: Any) -> Any:
    if not isinstance(value, kind):
        raise TypeError(f"{value!r} is not a {kind}")
    return value


def _progress(value: Any) -> tuple[str, int, int]:
    stage, done, total = value
    return _text(stage), _whole(done), _whole(total)


def _inputs(value: Any) -> dict[str, str]:
    return {name.replace("visual_", "second_"): one for name, one in _named_texts(value).items()}


def _settings(value: Any) -> dict[str, Any]:
    """Settings that this version has too."""
    return {
        name: one for name, one in _table(value).items() if name in {each.name for each in fields(Settings)}
    }


def _seconds(value: Any) -> dict[str, float]:
    return {stage: float(duration) for stage, duration in _table(value).items()}


def _audit(value: Any) -> Audit | None:
    return None if value is None else Audit.from_dict(_table(value))


def _field_names(value: Any) -> FieldNames | Column:
    """The fields from their names by role, the field of the objects that are labelled, and of sets or not."""
    by_role, objects, multilabel = value
    by_role = {role: _checked(name, str) for role, name in _table(by_role).items()}
    if "label" not in by_role:
        ((role, name),) = by_role.items()
        KINDS[role]
        return Column(name, role)
    if objects:
        return FieldNames(by_role["label"], objects=_checked(objects, str))
    return FieldNames(by_role["label"], by_role["confidence"], multilabel=_flag(multilabel))


NEEDED = object()

SCHEMA = {
    "record_version": Entry(_whole, 0),
    "state": Entry(RunState, NEEDED),
    "error": Entry(_text, ""),
    "started": Entry(_moment, None),
    "heartbeat": Entry(_moment, None),
    "finished": Entry(_moment, None),
    "is_writing": Entry(_flag, False),
    "cancel_requested": Entry(_flag, False),
    "progress": Entry(_progress, ("", 0, 0)),
    "seconds_left": Entry(_number, None),
    "history": Entry(lambda value: tuple(map(LevelHistory.from_dict, _checked(value, list))), []),
    "n_images": Entry(_whole, 0),
    "n_labelled": Entry(_whole, 0),
    "n_failed": Entry(_whole, 0),
    "expected_accuracy": Entry(_number, None),
    "classes": Entry(_texts, NEEDED),
    "descriptions": Entry(lambda value: tuple(map(_texts, _checked(value, list))), []),
    "prompt_templates": Entry(_texts, []),
    "encoder": Entry(_text, ""),
    "encoder_version": Entry(_text, ""),
    "second_encoder": Entry(_text, ""),
    "second_encoder_version": Entry(_text, ""),
    "clusters": Entry(_text, ""),
    "inputs": Entry(_inputs, {}),
    "margin": Entry(_number, None),
    "settings": Entry(_settings, {}),
    "seconds": Entry(_seconds, {}),
    "versions": Entry(_named_texts, {}),
    "audit": Entry(_audit, None),
    "statements": Entry(lambda value: tuple(map(Statement.from_dict, _checked(value, list))), []),
    "brain_runs": Entry(_texts, []),
    "fields": Entry(_field_names, NEEDED),
}
"""Entry of a stored record → how it is read; `fields` goes with `objects` and `multilabel`."""

RENAMED = {
    "sources": "inputs",
    "visual_encoder": "second_encoder",
    "visual_encoder_version": "second_encoder_version",
}
"""Names that version 0.1 had for entries."""

KEPT = ("started", "n_images", "fields")
"""Entries that are shown of a run whose record cannot be used."""

UNUSABLE_ENTRY = (
    "Its record has no usable {!r}: delete the run, or use the version of auto-label that made it."
)
UNUSABLE = (TypeError, ValueError, LookupError, AttributeError, OverflowError)


def new_config(
    described: dict[str, object], settings: Settings | None, fields: FieldNames | Column, n_images: int
) -> dict[str, object]:
    """What is written down of a run when it starts.

    Args:
        described: What it works from, by names of `SCHEMA`, in values that go through JSON.
        settings: How it clusters and refines; None if it does neither.
        fields: Names of the fields that it writes, or the column that it fills.
        n_images: Number of images.
    """
    defaults = {name: entry.default for name, entry in SCHEMA.items() if entry.default is not NEEDED}
    started = {
        "method": METHOD if isinstance(fields, FieldNames) else PREPARATION,
        "record_version": VERSION,
        "state": RunState.RUNNING.value,
        "started": stamp(),
        "heartbeat": stamp(),
        "n_images": n_images,
        "settings": asdict(settings) if settings else {},
        "fields": fields.by_role(),
        "objects": fields.objects if isinstance(fields, FieldNames) else None,
        "multilabel": isinstance(fields, FieldNames) and fields.multilabel,
        "versions": package_versions("fiftyone"),
        "classes": [],
    }
    return defaults | started | described


def read_record(
    key: str, config: dict[str, Any], registered: datetime | None, longest_silence: timedelta
) -> RunRecord:
    """Read the record of a run.

    Args:
        key: Key of the run.
        config: What is stored of it.
        registered: When FiftyOne took note of it (UTC, without a time zone).
        longest_silence: How long a running run may not be heard of before it counts as dead.
    """
    values, problem = _read(config)
    if problem:
        labels = FieldNames() if config["method"] == METHOD else Column("", "embeddings")
        kept = {name: values[name] for name in KEPT if name in values}
        values = _read(new_config({}, None, labels, 0))[0]
        values |= {"fields": labels, "started": None, "state": RunState.UNKNOWN, "error": problem} | kept
    values["descriptions"] = values["descriptions"] or ((),) * len(values["classes"])
    now, since = datetime.now(timezone.utc), registered and registered.replace(tzinfo=timezone.utc)
    heard = values.pop("heartbeat") or UNHEARD
    is_dead = values["state"] == RunState.RUNNING and now - heard > longest_silence
    if is_dead:
        values["state"] = RunState.FAILED
        values["error"] = values["error"] or "The process that ran it ended unexpectedly."
    values["started"] = values["started"] or since or UNHEARD
    if values["state"] == RunState.COMPLETED:
        values["finished"] = values["finished"] or values["started"]
    stage, done, total = values.pop("progress")
    is_writing, _, _ = values.pop("is_writing"), values.pop("cancel_requested"), values.pop("record_version")
    return RunRecord(
        key=key, stage=stage, done=done, total=total, is_interrupted=is_dead and is_writing, **values
    )


def _read(config: dict[str, Any]) -> tuple[dict[str, Any], str]:
    """The entries of a record that can be used, and what is wrong with the others in a sentence."""
    stored = {RENAMED.get(name, name): value for name, value in config.items()}
    stored["fields"] = (stored.get("fields"), stored.get("objects"), stored.get("multilabel", False))
    values, problem = {}, ""
    for name, entry in SCHEMA.items():
        try:
            values[name] = entry.read(stored.get(name, entry.default))
        except UNUSABLE:
            problem = problem or UNUSABLE_ENTRY.format(name)
    if len(values.get("descriptions", ())) not in (0, len(values.get("classes", ()))):
        problem = problem or UNUSABLE_ENTRY.format("descriptions")
    if values.get("record_version", 0) > VERSION:
        problem = "A newer version of auto-label made this run: update auto-label to use it."
    return values, problem


def stamp(moment: datetime | None = None) -> str:
    """A moment, by default this one, as texts that sort by time; FiftyOne sends records through JSON."""
    return (moment or datetime.now(timezone.utc)).isoformat()
