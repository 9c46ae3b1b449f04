"""Any model of FiftyOne's model zoo that embeds images, e.g. DINOv2, as a second image encoder.

Models that were added to the zoo by a manifest or a source of one's own count too.
"""

import hashlib
import json
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps

from ..engine.errors import InputError
from .base import BatchEncoder
from .lookup import nearest, reason
from .torchvision_compat import ensure_torchvision_imports

if TYPE_CHECKING:
    import fiftyone.core.models as fom
    import fiftyone.zoo as foz

# No zoo model looks at more, and a batch of full-size photographs would hold gigabytes.
LONGEST_SIDE = 1024
# What a model that takes images of any size gets: the views on which DINO and DINOv2 are evaluated
# (https://github.com/facebookresearch/dinov2), a multiple of every usual patch size.
RESIZED_SIDE, CROPPED_SIDE = 256, 224


class ZooEncoder(BatchEncoder):
    """The image tower of a zoo model, on the device that FiftyOne chooses. It reads no texts."""

    decoded_side = LONGEST_SIDE

    def __init__(self, model: str) -> None:
        """Load a model; FiftyOne fetches it if it is not on disk.

        Args:
            model: Name in the zoo, e.g. "dinov2-vits14-torch"; see `fiftyone.zoo.list_zoo_models`.

        Raises:
            InputError: The zoo has no such model, it cannot be loaded, or it does not embed images.
        """
        ensure_torchvision_imports()
        entry = _find(model)
        self._model = _load(model)
        self.name = f"zoo:{model}"
        self.version = _version(entry)
        self.dimension = self.forward_images([self.preprocess(Image.new("RGB", (64, 64)))]).shape[1]

    def preprocess(self, image: Image.Image) -> np.ndarray:
        """Bound the size of an image; the model's own transforms do the rest."""
        if self._model.ragged_batches:
            # Otherwise the images of a batch would differ in size, and large ones would take minutes.
            small = ImageOps.fit(image, (RESIZED_SIDE, RESIZED_SIDE), Image.Resampling.BICUBIC)
            return np.asarray(ImageOps.crop(small, (RESIZED_SIDE - CROPPED_SIDE) // 2))
        image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        return np.asarray(image)

    def collate(self, inputs: list[np.ndarray]) -> list[np.ndarray]:
        """Leave the images as they are, since the model joins them itself."""
        return inputs

    def forward_images(self, batch: list[np.ndarray]) -> np.ndarray:
        """Run the model and return (b, d) numbers."""
        with self._model:
            embeddings = np.asarray(self._model.embed_all(batch), np.float32)
        return embeddings.reshape(len(batch), -1)

    def forward_texts(self, texts: list[str]) -> np.ndarray:
        """Refuse texts.

        Raises:
            InputError: Always.
        """
        raise InputError(
            f"{self.name} embeds only images: take it as second_encoder, beside an encoder that reads names."
        )


def _find(name: str) -> "foz.ZooModel":
    import fiftyone.zoo as foz

    try:
        return foz.get_zoo_model(name)
    except ValueError as error:
        known = foz.list_zoo_models(tags="embeddings")
        raise InputError(
            f"FiftyOne's model zoo has no model {name!r}; did you mean {nearest(name, known)!r}?"
        ) from error


def _load(name: str) -> "fom.Model":
    import fiftyone.zoo as foz

    try:
        model = foz.load_zoo_model(name)
    except Exception as error:  # the zoo, torch, the model's own code and the network each have their own
        raise InputError(
            f"FiftyOne's model zoo cannot load {name!r} ({reason(error)}); if it is not on disk, "
            "fetch it where there is a network."
        ) from error
    if model.media_type != "image" or not model.has_embeddings:
        raise InputError(f"The zoo model {name!r} does not embed images: choose one tagged 'embeddings'.")
    return model


def _version(entry: "foz.ZooModel") -> str:
    """What FiftyOne knows of a model: its configuration names the weights."""
    import fiftyone as fo

    config = json.dumps(entry.default_deployment_config_dict, sort_keys=True, default=str)
    return f"{fo.__version__} {entry.version} {hashlib.sha256(config.encode()).hexdigest()[:12]}"
