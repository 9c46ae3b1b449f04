"""What explains a label: the second choice, and how far class names and images each bear it out.

Everything is read off the probabilities that the run has computed anyway.
"""

import numpy as np

from .results import Explanation


def explain(
    probabilities: np.ndarray,
    text_view: np.ndarray,
    image_view: np.ndarray,
    level_labels: dict[str, np.ndarray],
) -> Explanation:
    """Collect what explains every label.

    Args:
        probabilities: (n, k) final probabilities; the largest of a row is the label's.
        text_view: (n, k) what the class names alone say, rows sum to 1.
        image_view: (n, k) what the images alone say, rows sum to 1.
        level_labels: Level → (n,) labels after it, in order.
    """
    rows, labels = np.arange(len(probabilities)), probabilities.argmax(axis=1)
    others = probabilities.copy()
    others[rows, labels] = -1
    second = others.argmax(axis=1)
    margin = probabilities[rows, labels] - np.maximum(others[rows, second], 0)
    return Explanation(
        second_labels=second if probabilities.shape[1] > 1 else np.full_like(second, -1),
        margin=margin,
        text_support=text_view[rows, labels],
        image_support=image_view[rows, labels],
        agreement=np.minimum(text_view, image_view).sum(axis=1),
        level_labels=level_labels,
    )
