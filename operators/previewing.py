"""The outcome of a preview in the App: a table of pictures with their labels and confidence."""

from collections.abc import Sequence

import fiftyone as fo

from ..plugin.dataset import FieldNames, picture_of, places_of
from ..plugin.wording import percent, plain

MOST_PICTURED = 50
PICTURES_PER_ROW = 5


def picture_table(dataset: fo.Dataset, objects: str | None, rows: Sequence[dict]) -> str:
    """Pictures with labels and confidence, as Markdown; of many objects the first ones.

    Args:
        dataset: Dataset of the preview.
        objects: Field of the objects that were labelled, None for whole images.
        rows: What `previewed` returned.
    """
    rows = rows[:MOST_PICTURED]
    fields = FieldNames(label=objects, objects=objects) if objects else FieldNames()
    places = places_of(dataset, fields, [row["id"] for row in rows])
    pictures = [f"![]({picture_of(place)})" for place in places]
    captions = [f"**{plain(row['label'])}** {percent(row['confidence'])}" for row in rows]
    lines = []
    for start in range(0, len(rows), PICTURES_PER_ROW):
        for cells in (pictures, captions):
            shown = cells[start : start + PICTURES_PER_ROW]
            lines.append(f"| {' | '.join(shown + [''] * (PICTURES_PER_ROW - len(shown)))} |")
    return "\n".join([lines[0], "|---" * PICTURES_PER_ROW + "|", *lines[1:]])
