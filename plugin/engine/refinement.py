"""The way into the engine: image and text embeddings in, labels with confidence out.

Clusters first, then the chosen rule from the coarsest level down to the images.
"""

from collections.abc import Callable

import numpy as np

from . import anchored, prototype
from .clustering import build_hierarchy
from .confidence import calibrated
from .config import Settings
from .evidence import gather_evidence
from .results import Refinement
from .validation import check_pair
from .vectors import unit_rows

Progress = Callable[[str, int, int], None]
RULES = {"anchored": anchored.run, "prototype": prototype.run}


def refine(
    embeddings: np.ndarray,
    text_embeddings: np.ndarray,
    *,
    settings: Settings | None = None,
    micro_clusters: np.ndarray | None = None,
    progress: Progress | None = None,
    **overrides: object,
) -> Refinement:
    """Label images from the embeddings of the images and of the class names.

    Args:
        embeddings: (n, d) images, any real type and any length of rows.
        text_embeddings: (k, d) one row per class, in the same space.
        settings: How to cluster and refine; the defaults suit most data.
        micro_clusters: (n,) whole numbers, clusters of one's own, negative for none. By default they
            are computed.
        progress: Called with (stage, done, total), stage "cluster" or "refine".
        **overrides: Single settings by name, e.g. `method="prototype"`.

    Returns:
        A label and a confidence for every image, and what explains them.

    Raises:
        InputError: An array or a setting cannot be used; the message says why.
    """
    X, T = check_pair(embeddings, text_embeddings)
    settings = (settings or Settings()).with_overrides(**overrides).resolved(len(X))
    report = progress or (lambda stage, done, total: None)
    report("cluster", 0, 1)
    hierarchy = build_hierarchy(X, len(T), settings, micro_clusters)
    report("cluster", 1, 1)
    report("refine", 0, 1)
    evidence = gather_evidence(X, T)
    outcome = RULES[settings.method](evidence, hierarchy, settings)
    probabilities = calibrated(outcome.probabilities, evidence, settings.confidence_temperature)
    labels = probabilities.argmax(axis=1)
    report("refine", 1, 1)
    return Refinement(
        labels=labels,
        confidence=probabilities.max(axis=1),
        probabilities=probabilities,
        prototypes=unit_rows(outcome.prototypes),
        zero_shot_labels=evidence.cosines.argmax(axis=1),
        history=outcome.history,
        alignment=outcome.alignment,
        clusters={clusters.level: clusters for clusters in hierarchy},
        settings=settings,
    )
