"""Make torchvision importable beside a torch that its compiled part was not built for.

Whoever imports open_clip, sentence_transformers or fiftyone.utils.torch calls this first.

PyPI's torchvision for Linux is built for CUDA. Beside a CPU-only torch, which is what closed networks and
small machines have, its extension cannot be loaded, and since the operators are then missing even
`import torchvision` fails: "operator torchvision::nms does not exist". open_clip and transformers import
torchvision, but need only its pure-Python part (transforms, FrozenBatchNorm2d).
"""

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

# The operators for which torchvision registers a fake kernel while it is imported.
_MISSING_OPERATORS = ("nms", "qnms")
_SCHEMA = "(Tensor dets, Tensor scores, float iou_threshold) -> Tensor"

# torch forgets the declarations when their library object is garbage-collected.
_declarations: "torch.library.Library | None" = None


def ensure_torchvision_imports() -> None:
    """Import torchvision if it is installed, declaring the operators that its extension should have had.

    A healthy installation is only imported. In a mended one the pure-Python part works, and calling an
    operator (say, `torchvision.ops.nms`) still raises torchvision's own explanation.

    Raises:
        Exception: Whatever `import torchvision` raises for any other reason.
    """
    if find_spec("torchvision") is None:
        return
    try:
        import_module("torchvision")
    except RuntimeError as error:
        if "operator torchvision::" not in str(error):
            raise
        _declare_missing_operators()
        import_module("torchvision")


def _declare_missing_operators() -> None:
    global _declarations
    import torch

    _declarations = torch.library.Library("torchvision", "FRAGMENT")
    for name in _MISSING_OPERATORS:
        _declarations.define(name + _SCHEMA)
