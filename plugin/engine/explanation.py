"""What explains a label: the second choice, and how far class names and images each bear it out.

Everything is read off the probabilities that the run has computed anyway.
"""

import numpy as np

from .results import Explanation
from .vectors import row_chunks, softmax


def explain(
    probabilities: np.ndarray,
    text_logits: np.ndarray,
    image_view: np.ndarray,
    novelty: np.ndarray,
    level_labels: dict[str, np.ndarray],
) -> Explanation:
    """Collect what explains every label.

    Args:
        probabilities: (n, k) final probabilities; the largest of a row is the label's.
        text_logits: (n, k) what the class names alone say.
        image_view: (n, k) what the images alone say, rows sum to 1.
        novelty: (n,) share of the images that look less novel.
        level_labels: Level → (n,) labels after it, in order.
    """
    n = len(probabilities)
    second = np.full(n, -1)
    margin, text_support, image_support, agreement = np.empty((4, n), np.float32)
    for rows in row_chunks(n):
        labels = probabilities[rows].argmax(axis=1)[:, None]
        text, image = softmax(text_logits[rows]), image_view[rows]
        text_support[rows] = np.take_along_axis(text, labels, axis=1)[:, 0]
        image_support[rows] = np.take_along_axis(image, labels, axis=1)[:, 0]
        agreement[rows] = np.minimum(text, image).sum(axis=1)
        others = probabilities[rows].copy()
        np.put_along_axis(others, labels, 0, axis=1)
        runner_up = others.max(axis=1)
        margin[rows] = probabilities[rows].max(axis=1) - runner_up
        second[rows] = np.where(runner_up > 0, others.argmax(axis=1), -1)
    return Explanation(second, margin, text_support, image_support, agreement, novelty, level_labels)
