"""What a run works from, and what is written down of it when it starts.

How the record goes on from there is in `record`.
"""

from dataclasses import asdict

from ..engine.config import Settings
from ..system.versions import package_versions
from .columns import Column
from .fields import FieldNames
from .record import METHOD, PREPARATION, RunState, stamp


def new_config(
    described: dict[str, object], settings: Settings | None, fields: FieldNames | Column, n_images: int
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
        "classes": [],
        "descriptions": [],
        "prompt_templates": [],
        "second_encoder": None,
        "second_encoder_version": None,
        "clusters": None,
        "margin": None,
    } | described
