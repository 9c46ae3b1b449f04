"""A run as a model of FiftyOne's zoo: a folder or archive with its prototypes, which `load_zoo_model` loads.

FiftyOne finds it in its zoo folder, or gets it from a GitHub repository or the address of an archive.
"""

import os
import re
from datetime import date
from pathlib import Path

import numpy as np

from ..encoders.precomputed import PrecomputedImages
from ..engine.classifier import Classifier
from ..engine.errors import InputError
from ..report.prototypes import CLASSIFIER_NAME, load_prototypes, write_prototypes
from ..system.manifest import MAKER
from ..system.targets import check_target, new_folder

KIND = "zoo model"
HEAD_NAME = "head.onnx"
OPSET, IR_VERSION = 17, 8
LOADER = '''"""Loads the model beside this file for `fiftyone.zoo.load_zoo_model`."""

from pathlib import Path

from fiftyone_autolabel import RunModel


def load_model(model_name: str, model_path: str) -> RunModel:
    """The model, whose classifier is at that path."""
    return RunModel(Path(model_path).parent)
'''


def export_model(
    report: str | os.PathLike[str],
    name: str,
    folder: str | os.PathLike[str] | None = None,
    *,
    overwrite: bool = False,
) -> Path:
    """Make a model of FiftyOne's zoo of what a run has learnt.

    Beside it lies `head.onnx`, from (n, d) vectors of the encoder to (n, k) probabilities, for programs
    without this package; only of runs without a second encoder.

    Args:
        report: Folder with prototypes, which `label --output` or `report` wrote.
        name: Name of the model: letters, digits, dashes, dots and underscores.
        folder: Folder, or archive that ends in ".zip", to make and to publish; None for the folder `name` in
            FiftyOne's zoo folder on this machine.
        overwrite: Whether an earlier one may be replaced.

    Returns:
        Its absolute path.

    Raises:
        InputError: There are no prototypes, their encoder is not named, or the folder cannot be made.
    """
    if not re.fullmatch(r"[A-Za-z0-9][\w.-]*", name, re.ASCII):
        raise InputError(f"{name!r} cannot be the name of a model: use letters, digits, - and _.")
    prototypes = load_prototypes(report)
    if prototypes.encoder in ("", PrecomputedImages.name):
        raise InputError(
            "The run was made from vectors, and a zoo model needs their encoder: label with one."
        )
    target = check_target(_zoo_folder() / name if folder is None else folder, overwrite, KIND)
    model = {
        "base_name": name,
        "base_filename": CLASSIFIER_NAME,
        "author": MAKER,
        "description": f"{len(prototypes.classes)} classes, learnt by {MAKER} with {prototypes.encoder}",
        "requirements": {"packages": [MAKER], "cpu": {"support": True}, "gpu": {"support": True}},
        "tags": ["classification"],
        "date_added": date.today().isoformat(),
    }
    with new_folder(target, KIND, overwrite=overwrite, facts={"name": name, "models": [model]}) as made:
        write_prototypes(made, prototypes)
        (made / "__init__.py").write_text(LOADER, encoding="utf-8")
        if not prototypes.classifier.has_second_encoder:
            _write_head(made / HEAD_NAME, prototypes.classifier, prototypes.classes)
    return target


def _zoo_folder() -> Path:
    import fiftyone as fo

    return Path(fo.config.model_zoo_dir)


def _write_head(file: Path, classifier: Classifier, classes: tuple[str, ...]) -> None:
    """Write the classifier as ONNX, with the class names, a line each, in its metadata."""
    import onnx
    from onnx import TensorProto, helper, numpy_helper

    weights = classifier.text_weights + classifier.image_weights
    k, d = weights.shape
    stored = {"weights": weights, "bias": classifier.bias}
    graph = helper.make_graph(
        [
            helper.make_node("LpNormalization", ["embeddings"], ["rows"], axis=1, p=2),
            helper.make_node("Gemm", ["rows", "weights", "bias"], ["logits"], transB=1),
            helper.make_node("Softmax", ["logits"], ["probabilities"], axis=1),
        ],
        "classifier",
        [helper.make_tensor_value_info("embeddings", TensorProto.FLOAT, ["n", d])],
        [helper.make_tensor_value_info("probabilities", TensorProto.FLOAT, ["n", k])],
        [numpy_helper.from_array(value.astype(np.float32), name) for name, value in stored.items()],
    )
    model = helper.make_model(
        graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR_VERSION, producer_name=MAKER
    )
    helper.set_model_props(model, {"classes": "\n".join(classes)})
    onnx.save(model, file)
