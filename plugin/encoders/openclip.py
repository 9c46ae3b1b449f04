"""CLIP and its relatives through open_clip: any architecture, published weights or a local checkpoint.

A wrong name, a missing package and weights out of reach are reported before anything is loaded.
"""

import os
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from types import ModuleType

import numpy as np
from PIL import Image

from ..engine.errors import InputError
from .base import BatchEncoder
from .lookup import Weights, cached_file, closed_network, reason
from .openclip_models import DEFAULT, DEFAULT_ON_GPU, PublishedModel, in_order
from .openclip_weights import (
    TOKENIZER_FILES,
    check_names,
    checkpoint_on_disk,
    is_archive,
    is_on_disk,
    is_self_contained,
    locate,
    settings_of,
    weights_version,
)
from .prompts import SIMPLE_IMAGENET_TEMPLATES
from .torchvision_compat import ensure_torchvision_imports

GPU_BYTES = 6e9
"""Memory that the default model for GPUs takes with its batches, and some to spare."""


class OpenCLIPEncoder(BatchEncoder):
    """Both towers of a contrastive image-text model.

    Runs in half precision on CUDA and MPS and in single precision on a CPU; vectors are float32.
    """

    prompt_templates = SIMPLE_IMAGENET_TEMPLATES

    def __init__(
        self, model: str = DEFAULT.model, pretrained: str = DEFAULT.pretrained, device: str | None = None
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
        open_clip = import_open_clip()
        if os.path.isfile(Path(pretrained).expanduser()):
            pretrained = str(Path(pretrained).expanduser())
        self.device = _checked_device(device)
        check_names(open_clip, model, pretrained)
        with closed_network() if is_on_disk(open_clip, model, pretrained) else nullcontext():
            self._model, self._transform, self._tokenize = _load(open_clip, model, pretrained, self.device)
        self._half_precision = not self.device.startswith("cpu")
        self.batch_size = 256 if self._half_precision else 32
        self.name = f"openclip:{model}" if is_self_contained(model) else f"openclip:{model}/{pretrained}"
        precision = "fp16" if self._half_precision else "fp32"
        self.version = f"{open_clip.__version__} {weights_version(model, pretrained)} {precision}"
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


def choose_published(model: str = "") -> tuple[PublishedModel, Weights]:
    """The best published model that is on disk, or else the default one for this machine.

    Asks the network for a few seconds at most, and only where nothing is on disk.

    Args:
        model: The architecture, if only its weights are to be chosen; the default model for another one.

    Returns:
        The model, and where its weights are.

    Raises:
        InputError: open_clip is not installed or cannot be imported.
    """
    open_clip = import_open_clip()
    has_gpu = _has_gpu()
    candidates = [each for each in in_order(has_gpu) if model in ("", each.model)]
    for each in candidates:
        if locate(open_clip, each.model, each.pretrained, ask=False) is Weights.ON_DISK:
            return each, Weights.ON_DISK
    usual = DEFAULT_ON_GPU if has_gpu else DEFAULT
    default = candidates[0] if model and candidates else usual
    return default, locate(open_clip, default.model, default.pretrained)


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
    open_clip = import_open_clip()
    # The zoo model asks for no quick GELU, but for models of that name open_clip does.
    quick = f"{architecture}-quickgelu"
    is_quick = open_clip.get_pretrained_cfg(architecture, pretrained).get("quick_gelu", False)
    clip_model = quick if is_quick and quick in open_clip.list_models() else architecture
    return {"clip_model": clip_model, "pretrained": pretrained, "text_prompt": ""}


def import_open_clip() -> ModuleType:
    """Import the package, beside any torchvision.

    Raises:
        InputError: It is not installed or cannot be imported.
    """
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


def _has_gpu() -> bool:
    import torch

    return torch.cuda.is_available() and torch.cuda.get_device_properties(0).total_memory >= GPU_BYTES


def _load(open_clip: ModuleType, model: str, pretrained: str, device: str) -> tuple:
    """Return the model in evaluation mode, its image transform and its tokenizer."""
    weights = None if is_self_contained(model) else pretrained
    checkpoint = checkpoint_on_disk(open_clip, model, pretrained)
    try:
        loaded, transform = open_clip.create_model_from_pretrained(
            model,
            str(checkpoint) if checkpoint else weights,
            device=device,
            # TorchScript, as OpenAI published CLIP, is not a pickle; everything else is read as bare tensors.
            weights_only=not (checkpoint and is_archive(checkpoint)),
            **settings_of(open_clip, model, pretrained, checkpoint),
        )
    except Exception as error:  # open_clip, torch and the hub each have their own
        source = model if weights is None else f"{model} with the weights {pretrained}"
        raise InputError(
            f"OpenCLIP cannot load {source} ({reason(error)}); check that the weights are whole and of this "
            'model, or use the encoder "offline".'
        ) from error
    return loaded.eval(), transform, _tokenizer(open_clip, model)


def _tokenizer(open_clip: ModuleType, model: str) -> Callable:
    """The tokenizer of the architecture: of SigLIP its own, which cleans texts as they were in training."""
    text = {} if is_self_contained(model) else open_clip.get_model_config(model)["text_cfg"]
    name = text.get("hf_tokenizer_name", "")
    try:
        on_disk = name and not os.path.isdir(name) and cached_file(name, TOKENIZER_FILES)
        if not on_disk:
            return open_clip.get_tokenizer(model)
        # By the name of the repository, transformers would ask the hub for files that are not there.
        kwargs = text.get("tokenizer_kwargs", {})
        return open_clip.tokenizer.HFTokenizer(str(on_disk.parent), text["context_length"], **kwargs)
    except Exception as error:  # transformers and the hub each have their own
        raise InputError(
            f"OpenCLIP cannot load the tokenizer of {model} ({reason(error)}); it has its own files on the "
            "Hugging Face Hub, which `fiftyone-autolabel pack-encoder` packs too."
        ) from error
