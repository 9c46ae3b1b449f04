"""One value per sample in a field of auto-label's own: embeddings or clusters that runs can start from.

A field that somebody else wrote is never overwritten.
"""

from collections.abc import Callable, Sequence

import fiftyone as fo

from ..engine.errors import InputError
from .fields import AUTHOR
from .lock import WriteLock

CHUNK_SAMPLES = 10_000


def check_column(dataset: fo.Dataset, name: str, kind: type[fo.Field], role: str) -> None:
    """Check that a field may be written.

    Args:
        dataset: Dataset of the samples.
        name: Name of the field.
        kind: FiftyOne's type of its values.
        role: What it is for, e.g. "embeddings".

    Raises:
        InputError: The name is unusable, or a field of that name holds something else.
    """
    if not name.isidentifier() or name.startswith("_"):
        raise InputError(
            f"{name!r} cannot be a field name: use letters, digits and underscores, a letter first."
        )
    field = dataset.get_field(name)
    if field is None:
        return
    info = field.info or {}
    if (info.get("author"), info.get("role")) != (AUTHOR, role) or not isinstance(field, kind):
        raise InputError(
            f"Field {name!r} exists and does not hold {role} of auto-label's: choose another name."
        )


def write_column(
    dataset: fo.Dataset,
    name: str,
    kind: type[fo.Field],
    info: dict[str, str],
    ids: Sequence[str],
    values: Sequence,
    progress: Callable[[int, int], None],
) -> None:
    """Write one value per sample, None to remove one.

    A field that is written again says in its `info` what its values are only when all of them are there, so
    that values of two kinds are never taken for one.

    Args:
        dataset: Dataset of the samples.
        name: Name of the field.
        kind: FiftyOne's type of the values.
        info: What the values are; with a "role".
        ids: n sample ids.
        values: n values.
        progress: Called with (samples written, samples in all).
    """
    with WriteLock(dataset) as lock:
        if not dataset.has_sample_field(name):
            dataset.add_sample_field(name, kind, info={"author": AUTHOR, "role": info["role"]})
        for start in range(0, len(ids), CHUNK_SAMPLES):
            rows = slice(start, start + CHUNK_SAMPLES)
            dataset.set_values(name, dict(zip(ids[rows], values[rows], strict=True)), key_field="id")
            lock.renew()
            progress(min(rows.stop, len(ids)), len(ids))
        field = dataset.get_field(name)
        field.info = {"author": AUTHOR, **info}
        field.save()
