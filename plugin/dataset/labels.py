"""Labels of a run, by the ids of what it labels: whole images, or objects in them.

Whoever writes labels or reviews asks here, and need not know which of the two they are of.
"""

import fiftyone as fo

from .fields import FieldNames
from .image_labels import ImageLabels
from .objects import ObjectLabels

Labels = ImageLabels | ObjectLabels


def labels_of(dataset: fo.Dataset, names: FieldNames) -> Labels:
    """The labels of a run.

    Args:
        dataset: Dataset of the run.
        names: Fields of the run.
    """
    return (ObjectLabels if names.objects else ImageLabels)(dataset, names)
