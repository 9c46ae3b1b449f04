"""CLIP and its relatives through open_clip: any architecture, published weights or a local checkpoint.

A wrong name, a missing package and weights out of reach are reported before anything is loaded.
"""

import os
from contextlib import AbstractContextManager
from pathlib import Path
from types import ModuleType

import numpy as np
from PIL import Image

from ..engine.errors import InputError
from .base import BatchEncoder
from .lookup import Weights, fingerprint, locate_weights, nearest, reason
from .prompts import SIMPLE_IMAGENET_TEMPLATES
from .torchvision_compat import ensure_torchvision_imports

DEFAULT_MODEL = "ViT-B-32"
DEFAULT_PRETRAINED = "laion2b_s34b_b79k"

# Models of these kinds bring their own weights, and open_clip ignores any others.
_HUB_PREFIX = "hf-hub:"
_FOLDER_PREFIX = "local-dir:"


class OpenCLIPEncoder(BatchEncoder):
    """Both towers of a contrastive image-text model.

    Runs in half precision on CUDA and MPS and in single precision on a CPU; vectors are float32.
    """

    prompt_templates = SIMPLE_IMAGENET_TEMPLATES

    def __init__(
        self, model: str = DEFAULT_MODEL, pretrained: str = DEFAULT_PRETRAINED, device: str | None = None
    ) -> None:
        """Load a model.

        Args:
            model: An architecture that open_clip knows, or "hf-hub:ORG/REPOSITORY" or "local-dir:FOLDER",
                which bring their own weights.
            pretrained: A tag of published weights, or the path of a checkpoint.
            device: "cuda", "mps", "cpu", …; the fastest there is if None.

        Raises:
            InputError: open_clip, the model, the weights or the device cannot be had.
        """
        open_clip = _import_open_clip()
        if os.path.isfile(Path(pretrained).expanduser()):
            pretrained = str(Path(pretrained).expanduser())
        self.device = _checked_device(device)
        _check_names(open_clip, model, pretrained)
        self._model, self._transform, self._tokenize = _load(open_clip, model, pretrained, self.device)
        self._half_precision = not self.device.startswith("cpu")
        self.batch_size = 256 if self._half_precision else 32
        self.name = f"openclip:{model}" if is_self_contained(model) else f"openclip:{model}/{pretrained}"
        precision = "fp16" if self._half_precision else "fp32"
        self.version = f"{open_clip.__version__} {_weights_version(model, pretrained)} {precision}"
        self.logit_scale = float(self._model.logit_scale.detach().exp())
        self.dimension = self.forward_texts(["a photo"]).shape[1]
        input_shape = self.preprocess(Image.new("RGB", (8, 8))).shape
        self.decoded_side = max(self.decoded_side, 2 * max(input_shape))

    def preprocess(self, image: Image.Image) -> np.ndarray:
        """Resize, crop and normalise as the model was trained, to (3, height, width) float32."""
        return self._transform(image).numpy()

    def forward_images(self, batch: np.ndarray) -> np.ndarray:
        """Run the image tower on (b, 3, height, width) and return (b, d) float32."""
        import torch

        with torch.inference_mode(), self._precision():
            return self._model.encode_image(torch.from_numpy(batch).to(self.device)).float().cpu().numpy()

    def forward_texts(self, texts: list[str]) -> np.ndarray:
        """Run the text tower on one batch and return (b, d) float32."""
        import torch

        with torch.inference_mode(), self._precision():
            return self._model.encode_text(self._tokenize(texts).to(self.device)).float().cpu().numpy()

    def _precision(self) -> AbstractContextManager:
        import torch

        return torch.autocast(torch.device(self.device).type, torch.float16, enabled=self._half_precision)


def default_weights() -> Weights:
    """Say where the weights of the default model are; asks the network for a few seconds at most.

    Raises:
        InputError: open_clip is not installed or cannot be imported.
    """
    return _locate(_import_open_clip(), DEFAULT_MODEL, DEFAULT_PRETRAINED)


def is_self_contained(model: str) -> bool:
    """Say whether a model of this name brings its own weights."""
    return model.startswith((_HUB_PREFIX, _FOLDER_PREFIX))


def zoo_arguments(name: str) -> dict[str, str]:
    """Arguments under which FiftyOne's zoo model "open-clip-torch" is the encoder of a name.

    Args:
        name: `OpenCLIPEncoder.name`, or that of another encoder.

    Returns:
        The arguments; empty for an encoder that the zoo model cannot be.
    """
    kind, _, model = name.partition(":")
    architecture, _, pretrained = model.partition("/")
    if kind != "openclip" or is_self_contained(model) or not pretrained:
        return {}
    open_clip = _import_open_clip()
    # The zoo model asks for no quick GELU, but for models of that name open_clip does.
    quick = f"{architecture}-quickgelu"
    is_quick = open_clip.get_pretrained_cfg(architecture, pretrained).get("quick_gelu", False)
    clip_model = quick if is_quick and quick in open_clip.list_models() else architecture
    return {"clip_model": clip_model, "pretrained": pretrained, "text_prompt": ""}


def _import_open_clip() -> ModuleType:
    try:
        ensure_torchvision_imports()
        import open_clip
    except Exception as error:  # a missing package, or a torchvision that does not fit torch
        raise InputError(
            f"OpenCLIP cannot be imported ({reason(error)}); install it with "
            '`pip install open-clip-torch` or use the encoder "offline".'
        ) from error
    return open_clip


def _checked_device(device: str | None) -> str:
    import torch

    if device is None:
        accelerators = {"cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
        return next((name for name, available in accelerators.items() if available), "cpu")
    try:
        torch.zeros(1, device=device)
    except Exception as error:
        raise InputError(
            f"The device {device!r} cannot be used ({reason(error)}); leave it out to let us choose."
        ) from error
    return device


def _check_names(open_clip: ModuleType, model: str, pretrained: str) -> None:
    if model.startswith(_FOLDER_PREFIX) or (model in open_clip.list_models() and os.path.isfile(pretrained)):
        return
    if not model.startswith(_HUB_PREFIX):
        _check_published(open_clip, model, pretrained)
    if _locate(open_clip, model, pretrained) is Weights.OUT_OF_REACH:
        source = model if is_self_contained(model) else f"{model}/{pretrained}"
        raise InputError(
            f"The weights of {source} are not on disk and cannot be fetched from the Hugging Face Hub; "
            'name the file of a checkpoint as the weights, or use the encoder "offline".'
        )


def _check_published(open_clip: ModuleType, model: str, pretrained: str) -> None:
    if model not in open_clip.list_models():
        closest = nearest(model, open_clip.list_models())
        raise InputError(f"OpenCLIP has no model {model!r}; did you mean {closest!r}?")
    tags = open_clip.list_pretrained_tags_by_model(model)
    if not tags:
        raise InputError(
            f"OpenCLIP has no published weights for {model!r} and {pretrained!r} is no file; "
            "name the file of a checkpoint as the weights."
        )
    if not open_clip.is_pretrained_cfg(model, pretrained):
        raise InputError(
            f"OpenCLIP has no weights {pretrained!r} for {model!r} and there is no such file; "
            f"did you mean {nearest(pretrained, tags)!r} (there are {', '.join(tags)})?"
        )


def _locate(open_clip: ModuleType, model: str, pretrained: str) -> Weights:
    from open_clip.constants import HF_CONFIG_NAME, HF_SAFE_WEIGHTS_NAME, HF_WEIGHTS_NAME

    if model.startswith(_HUB_PREFIX):
        return locate_weights(model.removeprefix(_HUB_PREFIX), [HF_CONFIG_NAME])
    repository, file = os.path.split(open_clip.get_pretrained_cfg(model, pretrained)["hf_hub"])
    if not file:
        return locate_weights(repository, [HF_SAFE_WEIGHTS_NAME, HF_WEIGHTS_NAME])
    return locate_weights(repository, [str(Path(file).with_suffix(".safetensors")), file])


def _load(open_clip: ModuleType, model: str, pretrained: str, device: str) -> tuple:
    """Return the model in evaluation mode, its image transform and its tokenizer."""
    weights = None if is_self_contained(model) else pretrained
    # open_clip only warns where published weights were trained with another GELU than the architecture has.
    quick_gelu = open_clip.get_pretrained_cfg(model, pretrained).get("quick_gelu", False)
    try:
        loaded, transform = open_clip.create_model_from_pretrained(
            model, weights, device=device, force_quick_gelu=quick_gelu
        )
        return loaded.eval(), transform, open_clip.get_tokenizer(model)
    except Exception as error:  # open_clip, torch and the hub each have their own
        source = model if weights is None else f"{model} with the weights {pretrained}"
        raise InputError(
            f"OpenCLIP cannot load {source} ({reason(error)}); check that the weights are whole and of this "
            'model, or use the encoder "offline".'
        ) from error


def _weights_version(model: str, pretrained: str) -> str:
    local = model.removeprefix(_FOLDER_PREFIX) if model.startswith(_FOLDER_PREFIX) else pretrained
    return fingerprint(Path(local)) if os.path.exists(local) else local
