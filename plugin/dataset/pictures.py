"""Small pictures of samples and objects, to be shown inside the panel and in the outcome of a preview.

They travel as data, so they show wherever the App does: behind a proxy and in a notebook too.
"""

import base64
import io
from collections.abc import Sequence

import fiftyone as fo

from ..encoders.crops import ImageCrop
from ..encoders.opening import open_image
from ..engine.errors import InputError
from .fields import FieldNames
from .patches import object_view, read_objects
from .reading import flat_samples

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
        places = places_of(dataset, fields, ids[:MOST])
    except InputError:  # the objects are gone
        return ()
    return tuple(filter(None, map(picture_of, places)))


def places_of(dataset: fo.Dataset, fields: FieldNames, ids: Sequence[str]) -> list[str | ImageCrop]:
    """What to show of samples or objects, in order of their ids; those that are gone are left out.

    Raises:
        InputError: None of the objects is left.
    """
    if not fields.objects:
        return flat_samples(dataset).select(ids, ordered=True).values("filepath")
    return read_objects(object_view(dataset, fields.label, ids), fields.label).images


def picture_of(place: str | ImageCrop) -> str:
    """Address of a picture, "" where there is none to read."""
    try:
        small = open_image(place, 2 * PIXELS)
    except Exception:  # every kind of damage raises its own
        return ""
    small.thumbnail((2 * PIXELS, PIXELS))
    stream = io.BytesIO()
    small.save(stream, "JPEG", quality=QUALITY)
    return "data:image/jpeg;base64," + base64.b64encode(stream.getvalue()).decode()
