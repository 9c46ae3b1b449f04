"""Small pictures of samples and objects, to be shown inside the panel.

They travel as data, so they show wherever the panel does: behind a proxy and in a notebook too.
"""

import base64
import io
from collections.abc import Sequence

import fiftyone as fo

from ..plugin.dataset import FieldNames, flat_samples, object_view, read_objects
from ..plugin.encoders.crops import ImageCrop
from ..plugin.encoders.opening import open_image
from ..plugin.engine.errors import InputError

MOST = 4
PIXELS = 96
QUALITY = 80


def pictures_of(dataset: fo.Dataset, fields: FieldNames, ids: Sequence[str]) -> tuple[str, ...]:
    """The first few of some samples or objects as addresses of pictures; those without one are left out.

    Args:
        dataset: Dataset of the run.
        fields: Fields of the run.
        ids: Ids of what it labelled.
    """
    try:
        places = _places(dataset, fields, ids[:MOST])
    except InputError:  # the objects are gone
        return ()
    return tuple(filter(None, map(_picture, places)))


def _places(dataset: fo.Dataset, fields: FieldNames, ids: Sequence[str]) -> list[str | ImageCrop]:
    if not fields.objects:
        return flat_samples(dataset).select(ids, ordered=True).values("filepath")
    return read_objects(object_view(dataset, fields.label, ids), fields.label).images


def _picture(place: str | ImageCrop) -> str:
    """Address of a picture, "" where there is none to read."""
    try:
        small = open_image(place, 2 * PIXELS)
    except Exception:  # every kind of damage raises its own
        return ""
    small.thumbnail((2 * PIXELS, PIXELS))
    stream = io.BytesIO()
    small.save(stream, "JPEG", quality=QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode()
