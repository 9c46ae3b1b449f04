"""The record of a run on its dataset: settings, versions, history and alignment.

Kept as a FiftyOne custom run, so that it is listed, loaded and deleted by FiftyOne's own calls.
"""

from collections.abc import Sequence
from dataclasses import asdict

import fiftyone as fo
import numpy as np

from ..encoders.base import Encoder
from ..engine.results import Refinement
from .fields import FieldNames

METHOD = "autolabel/prototypes"


def record_run(
    samples: fo.Dataset | fo.DatasetView,
    *,
    classes: Sequence[str],
    encoder: Encoder,
    refinement: Refinement,
    failures: int,
    fields: FieldNames,
    seconds: dict[str, float],
) -> str:
    """Register a finished run on the dataset.

    Args:
        samples: What was labelled; the run remembers the view.
        classes: (k,) class names.
        encoder: What made the vectors.
        refinement: What the engine returned.
        failures: Number of samples that could not be labelled.
        fields: Fields that were written.
        seconds: Stage → duration.

    Returns:
        The key of the run, the name of the label field with a number.
    """
    key = _free_key(samples, fields.label)
    config = samples.init_run(
        method=METHOD,
        classes=list(classes),
        encoder=encoder.name,
        encoder_version=encoder.version,
        settings=asdict(refinement.settings),
        fields=fields.by_role(),
        versions=package_versions(),
        seconds={stage: round(duration, 3) for stage, duration in seconds.items()},
    )
    samples.register_run(key, config)
    results = samples.init_run_results(
        key,
        n_labelled=len(refinement.labels),
        n_failed=failures,
        expected_accuracy=refinement.expected_accuracy,
        counts=np.bincount(refinement.labels, minlength=len(classes)).tolist(),
        history=[asdict(level) for level in refinement.history],
        alignment={level: _rounded(matrix) for level, matrix in refinement.alignment.items()},
        cluster_sizes={level: clusters.sizes.tolist() for level, clusters in refinement.clusters.items()},
    )
    samples.save_run_results(key, results)
    return key


def _free_key(samples: fo.Dataset | fo.DatasetView, label_field: str) -> str:
    taken = set(samples.list_runs())
    number = 1
    while f"{label_field}_{number}" in taken:
        number += 1
    return f"{label_field}_{number}"


def _rounded(matrix: np.ndarray) -> list[list[float]]:
    return np.round(matrix.astype(np.float64), 4).tolist()


def package_versions() -> dict[str, str]:
    """Package → version, of the packages that decide what comes out."""
    from importlib.metadata import PackageNotFoundError, version

    versions = {"fiftyone": fo.__version__, "numpy": np.__version__}
    try:
        versions["fiftyone-autolabel"] = version("fiftyone-autolabel")
    except PackageNotFoundError:  # a plugin that was downloaded, not installed
        versions["fiftyone-autolabel"] = "plugin"
    return versions
