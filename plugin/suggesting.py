"""Names for clusters that fit no class: words of a general vocabulary that suit them better than any class.

They are hints, read with the text tower of the run itself.
"""

import logging
from collections.abc import Sequence

import numpy as np

from .embedding import Progress
from .encoders.base import Encoder
from .encoders.descriptions import ClassDescription
from .encoders.imagenet import imagenet_texts
from .encoders.lookup import reason
from .encoders.prompts import class_prototypes, spoken
from .engine.novelty import nearer_texts
from .engine.results import Refinement
from .sources import Prompts, Towers

NAMES_AT_A_TIME = 100

logger = logging.getLogger("fiftyone_autolabel")


def suggest_names(
    towers: Towers, prompts: Prompts, X: np.ndarray, refinement: Refinement, report: Progress
) -> dict[int, tuple[str, ...]]:
    """Look for names of clusters among the 1,000 names of ImageNet, less those that a class has.

    To read a vocabulary takes as long as to read some hundreds of images, so it goes through one prompt
    template only, the first, as the classes do to be compared with it. The cache of an encoder keeps it.

    Args:
        towers: The encoders of the run.
        prompts: Its classes and templates.
        X: (n, d) unit rows of its images, in the space of the texts.
        refinement: What it found.
        report: Called with ("suggest", done, total).

    Returns:
        Number of a micro-cluster → names, best first. Clusters that no name suits better than the nearest
        class are left out. There are none where the class names were given as vectors, or where the text
        tower fails on other names.
    """
    if towers.text_encoder is None or not refinement.novel_clusters:
        return {}
    template = (prompts.templates or towers.encoder.prompt_templates)[:1]
    taken = {spoken(phrase).casefold() for one in prompts.classes for phrase in one.phrases}
    vocabulary = {name.casefold(): name for name in imagenet_texts().names}  # two classes share a name
    names = [name for key, name in vocabulary.items() if key not in taken]
    W = _read(towers.encoder, names, template, report)
    if W is None:
        return {}
    T = class_prototypes(towers.encoder, prompts.classes, template)
    nearer = nearer_texts(refinement.novel_clusters, X, T, W)
    return {cluster: tuple(names[text] for text in texts) for cluster, texts in nearer.items()}


def _read(encoder: Encoder, names: list[str], template: Sequence[str], report: Progress) -> np.ndarray | None:
    """Vectors of a vocabulary; None where the encoder cannot read it, which is no reason to lose a run."""
    vectors = []
    report("suggest", 0, len(names))
    for start in range(0, len(names), NAMES_AT_A_TIME):
        some = [ClassDescription(name) for name in names[start : start + NAMES_AT_A_TIME]]
        try:
            vectors.append(class_prototypes(encoder, some, template))
        except Exception as error:  # a text tower of one's own may know its classes only
            logger.info("No names are suggested for clusters that fit no class (%s).", reason(error))
            return None
        report("suggest", start + len(some), len(names))
    return np.concatenate(vectors)
