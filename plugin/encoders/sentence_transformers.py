"""Any Sentence Transformers model: texts from all of them, images from those with an image tower.

The model says itself which of the two it can embed.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image

from ..engine.errors import InputError
from .base import BatchEncoder, ImageEmbeddings, ImageLike, Progress
from .lookup import Weights, fingerprint, locate_weights, reason
from .prompts import SIMPLE_IMAGENET_TEMPLATES
from .torchvision_compat import ensure_torchvision_imports

if TYPE_CHECKING:
    from sentence_transformers import SentenceTransformer

# No image tower takes more, and a batch of full-size photographs would hold gigabytes.
LONGEST_SIDE = 1024

_DEFAULT_ORGANISATION = "sentence-transformers"


class SentenceTransformersEncoder(BatchEncoder):
    """A Sentence Transformers model, on the device that the library chooses."""

    decoded_side = LONGEST_SIDE

    def __init__(self, model: str) -> None:
        """Load a model.

        Args:
            model: A name on the Hugging Face Hub, e.g. "clip-ViT-B-32", or a folder with a model.

        Raises:
            InputError: The model is in no folder and cannot be fetched, or it cannot be loaded.
        """
        _check_exists(model)
        self._model = _load(model)
        self.name = f"sentence-transformers:{model}"
        self.version = _version(model, self._model)
        self.prompt_templates = SIMPLE_IMAGENET_TEMPLATES if self._model.supports("image") else ("{}",)
        scale = getattr(self._model.transformers_model, "logit_scale", None)
        self.logit_scale = None if scale is None else float(scale.detach().exp())
        self.dimension = self.forward_texts(["a photo"]).shape[1]

    def embed_images(self, images: Sequence[ImageLike], progress: Progress | None = None) -> ImageEmbeddings:
        """Embed images as every `BatchEncoder` does.

        Raises:
            InputError: The model embeds only texts.
        """
        if not self._model.supports("image"):
            raise InputError(
                f"The model of {self.name} embeds only texts; choose one with an image tower, "
                'e.g. "sentence-transformers:clip-ViT-B-32", for the images.'
            )
        return super().embed_images(images, progress)

    def preprocess(self, image: Image.Image) -> Image.Image:
        """Bound the size of an image; the model's own processor does the rest."""
        image.thumbnail((LONGEST_SIDE, LONGEST_SIDE))
        return image

    def collate(self, inputs: list[Image.Image]) -> list[Image.Image]:
        """Leave the images as they are, since the model's own processor joins them."""
        return inputs

    def forward_images(self, batch: list[Image.Image]) -> np.ndarray:
        """Run the image tower and return (b, d) float32."""
        return self._encode(batch)

    def forward_texts(self, texts: list[str]) -> np.ndarray:
        """Run the text tower and return (b, d) float32."""
        return self._encode(texts)

    def _encode(self, inputs: list) -> np.ndarray:
        return self._model.encode(inputs, batch_size=len(inputs), show_progress_bar=False)


def _check_exists(model: str) -> None:
    if os.path.isdir(model):
        return
    repositories = [model] if "/" in model else [f"{_DEFAULT_ORGANISATION}/{model}", model]
    cache = os.environ.get("SENTENCE_TRANSFORMERS_HOME")
    # A hub name has one slash at most, everything else can only have been meant as a folder.
    named_on_hub = model.count("/") <= 1 and not model.startswith((".", "~", "/"))
    files = ["modules.json", "config.json"]
    if not named_on_hub or all(
        locate_weights(repository, files, cache_folder=cache) is Weights.OUT_OF_REACH
        for repository in repositories
    ):
        raise InputError(
            f"There is no Sentence Transformers model {model!r} on disk, and none can be fetched from the "
            "Hugging Face Hub; check its name, or give the path of a folder with a model."
        )


def _load(model: str) -> "SentenceTransformer":
    try:
        ensure_torchvision_imports()
        from sentence_transformers import SentenceTransformer

        return SentenceTransformer(model)
    except Exception as error:  # the library, transformers, torch and the hub each have their own
        raise InputError(
            f"Sentence Transformers cannot load {model!r} ({reason(error)}); "
            "check that the folder holds a whole model."
        ) from error


def _version(model: str, loaded: "SentenceTransformer") -> str:
    import sentence_transformers

    if os.path.isdir(model):
        return f"{sentence_transformers.__version__} {fingerprint(Path(model))}"
    commit = getattr(getattr(loaded.transformers_model, "config", None), "_commit_hash", None)
    return f"{sentence_transformers.__version__} {commit}"
