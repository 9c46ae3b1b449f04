"""The record of a run on its dataset: settings, versions, history and alignment.

Kept as a FiftyOne custom run, so that it is listed, loaded and deleted by FiftyOne's own calls.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass

import fiftyone as fo
import numpy as np
from fiftyone.core.runs import RunInfo

from ..encoders.base import Encoder, ImageTower
from ..encoders.descriptions import ClassDescription
from ..engine.results import Refinement
from .fields import FieldNames

METHOD = "autolabel/prototypes"


@dataclass(frozen=True)
class RunInputs:
    """What a run worked from.

    Attributes:
        classes: k classes with their descriptions.
        prompt_templates: Templates that the names and descriptions went through.
        encoder: What made the vectors of images and classes.
        visual_encoder: Second encoder of the images, None without one.
        clusters: What to call the micro-clusters that were given, None if they were computed.
    """

    classes: Sequence[ClassDescription]
    prompt_templates: Sequence[str]
    encoder: Encoder
    visual_encoder: ImageTower | None = None
    clusters: str | None = None

    @property
    def class_names(self) -> list[str]:
        """(k,) labels."""
        return [one.name for one in self.classes]


def record_run(
    samples: fo.Dataset | fo.DatasetView,
    inputs: RunInputs,
    refinement: Refinement,
    failures: int,
    fields: FieldNames,
    seconds: dict[str, float],
) -> str:
    """Register a finished run on the dataset.

    Args:
        samples: What was labelled; the run remembers the view.
        inputs: What the run worked from.
        refinement: What the engine returned.
        failures: Number of samples that could not be labelled.
        fields: Fields that were written.
        seconds: Stage → duration.

    Returns:
        The key of the run, the name of the label field with a number.
    """
    key = _free_key(samples, fields.label)
    visual = inputs.visual_encoder
    config = samples.init_run(
        method=METHOD,
        classes=inputs.class_names,
        descriptions=[list(one.descriptions) for one in inputs.classes],
        prompt_templates=list(inputs.prompt_templates),
        encoder=inputs.encoder.name,
        encoder_version=inputs.encoder.version,
        visual_encoder=visual.name if visual else None,
        visual_encoder_version=visual.version if visual else None,
        clusters=inputs.clusters,
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
        counts=np.bincount(refinement.labels, minlength=len(inputs.classes)).tolist(),
        history=[asdict(level) for level in refinement.history],
        alignment={level: _rounded(matrix) for level, matrix in refinement.alignment.items()},
        cluster_sizes={level: clusters.sizes.tolist() for level, clusters in refinement.clusters.items()},
    )
    samples.save_run_results(key, results)
    return key


def latest_run(dataset: fo.Dataset, label_field: str) -> RunInfo | None:
    """The record of the run that wrote a label field last, None if none did."""
    runs = [dataset.get_run_info(key) for key in dataset.list_runs(method=METHOD)]
    wrote_it = [run for run in runs if run.config.fields["label"] == label_field]
    return max(wrote_it, key=lambda run: run.timestamp, default=None)


def labelled_fields(dataset: fo.Dataset) -> list[str]:
    """Label fields that runs wrote, the latest last."""
    runs = [dataset.get_run_info(key) for key in dataset.list_runs(method=METHOD)]
    runs.sort(key=lambda run: run.timestamp)
    return list(dict.fromkeys(run.config.fields["label"] for run in runs))


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
