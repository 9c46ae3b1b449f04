"""What a run works from, and what is written down of it when it starts.

How the record goes on from there is in `record`.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

from ..encoders.base import ImageTower
from ..encoders.descriptions import ClassDescription
from ..engine.config import Settings
from ..system.versions import package_versions
from .columns import Column
from .fields import FieldNames
from .record import METHOD, PREPARATION, RunState, stamp


@dataclass(frozen=True)
class RunInputs:
    """What a run works from.

    Attributes:
        classes: k classes with their descriptions; none where nothing is labelled.
        prompt_templates: Templates that the names and descriptions go through.
        encoder: What makes the vectors of images and classes.
        second_encoder: Second encoder of the images, None without one.
        clusters: What to call the micro-clusters that were given, None if they are computed.
        sources: Argument of `auto_label` → its value as a text, "" for what no text can bring back; with
            them the run can be made again.
        margin: What was shown around every object, as a share of its box; None for whole images.
    """

    classes: Sequence[ClassDescription]
    prompt_templates: Sequence[str]
    encoder: ImageTower
    second_encoder: ImageTower | None = None
    clusters: str | None = None
    sources: dict[str, str] = field(default_factory=dict)
    margin: float | None = None

    @property
    def class_names(self) -> list[str]:
        """(k,) labels."""
        return [one.name for one in self.classes]

    def described(self) -> dict:
        """The same in values that go through JSON."""
        second = self.second_encoder
        return {
            "classes": self.class_names,
            "descriptions": [list(one.descriptions) for one in self.classes],
            "prompt_templates": list(self.prompt_templates),
            "encoder": self.encoder.name,
            "encoder_version": self.encoder.version,
            "second_encoder": second.name if second else None,
            "second_encoder_version": second.version if second else None,
            "clusters": self.clusters,
            "sources": self.sources,
            "margin": self.margin,
        }


def new_config(
    inputs: RunInputs, settings: Settings | None, fields: FieldNames | Column, n_images: int
) -> dict[str, object]:
    """What is written down of a run when it starts."""
    return {
        "method": METHOD if isinstance(fields, FieldNames) else PREPARATION,
        "state": RunState.RUNNING.value,
        "error": "",
        "started": stamp(),
        "heartbeat": stamp(),
        "finished": None,
        "is_writing": False,
        "cancel_requested": False,
        "progress": ["", 0, 0],
        "history": [],
        "n_images": n_images,
        "n_labelled": 0,
        "n_failed": 0,
        "expected_accuracy": None,
        "seconds": {},
        "settings": asdict(settings) if settings else {},
        "fields": fields.by_role(),
        "objects": fields.objects if isinstance(fields, FieldNames) else None,
        "versions": package_versions("fiftyone"),
    } | inputs.described()
