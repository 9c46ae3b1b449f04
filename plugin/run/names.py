"""Names for clusters that fit no class: words of a general vocabulary that suit them better than any class.

They are hints, read with the text tower of the run itself.
"""

import logging

import numpy as np

from ..encoders.base import Encoder
from ..encoders.imagenet import imagenet_texts
from ..encoders.lookup import reason
from ..encoders.prompts import prompt, spoken
from ..engine.novelty import nearer_texts
from ..engine.progress import Progress
from ..engine.results import Refinement
from ..engine.rows import Matrix
from ..engine.vectors import unit_rows
from ..report.summarising import novel_clusters
from .embedding import Towers
from .inputs import Inputs

TEXTS_AT_A_TIME = 100

logger = logging.getLogger("fiftyone_autolabel")


def suggest_names(
    towers: Towers, inputs: Inputs, X: Matrix, refinement: Refinement, report: Progress
) -> dict[int, tuple[str, ...]]:
    """Look for names of clusters among the 1,000 names of ImageNet, less those that a class has.

    To read a vocabulary takes as long as to read some hundreds of images, so it goes through one prompt
    template only, the first, as do the classes to be compared with it. An encoder with a cache reads it once.

    Args:
        towers: The encoders of the run.
        inputs: Its classes and prompt templates.
        X: (n, d) unit rows of its images, in the space of the texts.
        refinement: What it found.
        report: Called with ("suggest", done, total).

    Returns:
        Number of a micro-cluster → names, best first. Only clusters that a summary keeps are looked at, and
        those that no name suits better than the nearest class are left out. There are none where the class
        names were given as vectors, or where the text tower cannot read other names.
    """
    encoder, ranking = towers.text_encoder, novel_clusters(refinement)
    if encoder is None or not ranking:
        return {}
    template = _template(encoder, inputs)
    of_classes = [prompt(template, phrase) for one in inputs.classes for phrase in one.phrases]
    words = vocabulary(encoder, inputs)
    vectors = _read(encoder, [*of_classes, *words.values()], X.shape[1], report)
    if vectors is None:
        return {}
    T, W = np.split(vectors, [len(of_classes)])
    names, nearer = list(words), nearer_texts(ranking, X, T, W)
    return {cluster: tuple(names[row] for row in rows) for cluster, rows in nearer.items()}


def vocabulary(encoder: Encoder, inputs: Inputs) -> dict[str, str]:
    """Names that are no class's, nor described by it, and each as the text tower of a run reads it."""
    taken = {spoken(phrase).casefold() for one in inputs.classes for phrase in one.phrases}
    names = {name.casefold(): name for name in imagenet_texts().names}  # some stand for two of its classes
    template = _template(encoder, inputs)
    return {name: prompt(template, name) for key, name in names.items() if key not in taken}


def _template(encoder: Encoder, inputs: Inputs) -> str:
    return next(iter(inputs.templates(encoder)))


def _read(encoder: Encoder, texts: list[str], dimension: int, report: Progress) -> np.ndarray | None:
    """Unit vectors of texts; None where the encoder cannot read them, which is no reason to lose a run."""
    vectors = np.empty((len(texts), dimension), np.float32)
    report("suggest", 0, len(texts))
    for start in range(0, len(texts), TEXTS_AT_A_TIME):
        rows = slice(start, start + TEXTS_AT_A_TIME)
        try:
            vectors[rows] = unit_rows(encoder.embed_texts(texts[rows]))
        except Exception as error:  # a text tower of one's own may know its classes only
            logger.info("No names are suggested for clusters that fit no class (%s).", reason(error))
            return None
        report("suggest", min(rows.stop, len(texts)), len(texts))
    return vectors
