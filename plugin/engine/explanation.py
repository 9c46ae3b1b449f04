"""What explains a label: the second choice, and how far class names and images each bear it out.

Everything is read off the probabilities that the run has computed anyway.
"""

import numpy as np

from .iteration import Outcome
from .results import Explanation
from .rows import Matrix
from .vectors import row_chunks, softmax


def explain(probabilities: Matrix, outcome: Outcome, text_logits: Matrix, novelty: np.ndarray) -> Explanation:
    """Collect what explains every label.

    Args:
        probabilities: (n, k) final probabilities; the largest of a row is the label's.
        outcome: What the rule ended with, before calibration.
        text_logits: (n, k) what the class names alone say.
        novelty: (n,) share of the images that look less novel.
    """
    n = len(probabilities)
    second = np.full(n, -1)
    margin, text_support, image_support, agreement = np.empty((4, n), np.float32)
    for rows in row_chunks(n):
        P, logits = probabilities[rows], text_logits[rows]
        labels = P.argmax(axis=1)[:, None]
        text, image = softmax(logits), image_view(outcome.probabilities[rows], logits, outcome.text_weight)
        text_support[rows] = np.take_along_axis(text, labels, axis=1)[:, 0]
        image_support[rows] = np.take_along_axis(image, labels, axis=1)[:, 0]
        agreement[rows] = np.minimum(text, image).sum(axis=1)
        others = P.copy()
        np.put_along_axis(others, labels, 0, axis=1)
        runner_up = others.max(axis=1)
        margin[rows] = P.max(axis=1) - runner_up
        second[rows] = np.where(runner_up > 0, others.argmax(axis=1), -1)
    return Explanation(second, margin, text_support, image_support, agreement, novelty, outcome.level_labels)


def image_view(z: np.ndarray, text_logits: np.ndarray, text_weight: float) -> np.ndarray:
    """What the images alone say: softmax(log z − w · text), z without the text's own share.

    Args:
        z: (m, k) soft labels, rows sum to 1.
        text_logits: (m, k) what the class names alone say.
        text_weight: w ≥ 0, times the text's logits that are in log z.

    Returns:
        (m, k) float32 rows that sum to 1.
    """
    logs = np.log(np.maximum(z, np.finfo(np.float32).tiny))
    return softmax(logs - np.float32(text_weight) * text_logits)
