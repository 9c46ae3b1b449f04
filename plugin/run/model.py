"""A finished run as a FiftyOne model, for `dataset.apply_model(model, "field")`.

Needs what `predict` needs: the folder with the saved prototypes, and the encoder that they name.
"""

import os
from collections.abc import Iterable, Sequence

import fiftyone as fo
import fiftyone.core.models as fom
import numpy as np

from ..engine.errors import InputError
from ..report.prototypes import load_prototypes
from .prediction import Prediction, load_towers, predict_with


class RunModel(fom.SamplesMixin, fom.Model):
    """Labels new images as `fiftyone-autolabel predict` does.

    Example:

        dataset.apply_model(RunModel("report/"), "auto_label", batch_size=32)
    """

    media_type = "image"
    ragged_batches = False
    transforms = None
    preprocess = False

    def __init__(self, folder: str | os.PathLike[str]) -> None:
        """Load the prototypes and their encoders.

        Args:
            folder: What `label --output` or `report` wrote.

        Raises:
            InputError: There are no prototypes, or their encoder cannot be had.
        """
        super().__init__()
        self._prototypes = load_prototypes(folder)
        self._towers = load_towers(self._prototypes)

    def predict(self, arg: np.ndarray, sample: fo.Sample | None = None) -> fo.Classification:
        """Label one image.

        Args:
            arg: (height, width, 3) uint8 pixels.
            sample: Its sample, whose file is read in place of the pixels, so that the labels are those of
                `predict` exactly.

        Raises:
            InputError: The image cannot be labelled.
        """
        return self.predict_all([arg], None if sample is None else [sample])[0]

    def predict_all(
        self, args: Iterable[np.ndarray], samples: Sequence[fo.Sample] | None = None
    ) -> list[fo.Classification]:
        """Label several images; the arguments of `predict`, as lists."""
        images = list(args) if samples is None else [sample.filepath for sample in samples]
        return [_label(each) for each in predict_with(self._prototypes, self._towers, images)]


def _label(prediction: Prediction) -> fo.Classification:
    if prediction.error is not None:
        raise InputError(prediction.error)
    return fo.Classification(label=prediction.label, confidence=prediction.confidence)
