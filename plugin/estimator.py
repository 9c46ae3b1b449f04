"""`AutoLabeler`, the engine as an estimator of scikit-learn's.

Semi-supervised, in the convention of `sklearn.semi_supervised`: -1 in `y` marks what is not known.
"""

from numbers import Integral

import numpy as np
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted, validate_data

from .engine.classifier import fit_classifier
from .engine.config import Settings
from .engine.errors import InputError
from .engine.refinement import refine
from .engine.vectors import group_means


class AutoLabeler(ClassifierMixin, BaseEstimator):
    """Label vectors from the vectors of class names, from some known labels, or from both.

    Parameters other than the first two are the fields of `Settings`, which explains them.

    Args:
        text_embeddings: (k, d) one row per class, in the space of the images. None to start from the mean of
            the known images of every class instead, of which there must then be some.
        classes: (k,) what to call the classes, in the order of `text_embeddings`; 0 … k - 1 if None.
        method: See `Settings`, as for all that follow.
        iterations: Most iterations per level.
        tolerance: When a level has converged.
        temperature: Softmax temperature of the textbook rule.
        clustering: How to find micro-clusters.
        min_cluster_size: Fewest images that make a micro-cluster.
        meta_per_class: Meta-clusters per class.
        confidence_temperature: Temperature of the confidence.
        seed: Seed of everything random.

    Attributes:
        classes_: (k,) the classes.
        labels_: (n,) class of every image that was fitted; a known one is kept.
        confidence_: (n,) float32 in [0, 1], probability that the label is right.
        probabilities_: (n, k) float32, rows sum to 1.
        prototypes_: (k, d) float32 unit rows.
        refinement_: The `Refinement` behind them.
        classifier_: The `Classifier` that labels images to come.
        n_features_in_: Length d of the vectors.

    Example:
        >>> labeler = AutoLabeler(text_embeddings).fit(embeddings)
        >>> labeler.labels_, labeler.predict(new_embeddings)
    """

    def __init__(
        self,
        text_embeddings: np.ndarray | None = None,
        *,
        classes: np.ndarray | None = None,
        method: str = Settings.method,
        iterations: int = Settings.iterations,
        tolerance: float = Settings.tolerance,
        temperature: float = Settings.temperature,
        clustering: str = Settings.clustering,
        min_cluster_size: int | None = Settings.min_cluster_size,
        meta_per_class: float = Settings.meta_per_class,
        confidence_temperature: float | None = Settings.confidence_temperature,
        seed: int = Settings.seed,
    ) -> None:
        """Keep the parameters; they are checked by `fit`."""
        self.text_embeddings = text_embeddings
        self.classes = classes
        self.method = method
        self.iterations = iterations
        self.tolerance = tolerance
        self.temperature = temperature
        self.clustering = clustering
        self.min_cluster_size = min_cluster_size
        self.meta_per_class = meta_per_class
        self.confidence_temperature = confidence_temperature
        self.seed = seed

    def __sklearn_tags__(self):
        """Labels are needed only where there are no text embeddings."""
        tags = super().__sklearn_tags__()
        tags.target_tags.required = self.text_embeddings is None
        return tags

    def fit(self, X: np.ndarray, y: np.ndarray | None = None) -> "AutoLabeler":
        """Label images.

        Args:
            X: (n, d) vectors of any length.
            y: (n,) classes of images whose label is known, -1 elsewhere; None if none is.

        Returns:
            The estimator.

        Raises:
            InputError: An array or a parameter cannot be used.
        """
        if y is None and self.text_embeddings is None:
            raise InputError(
                "AutoLabeler requires y to be passed, but the target y is None, and so are text_embeddings: "
                "give either."
            )
        X, y = (validate_data(self, X), None) if y is None else validate_data(self, X, y)
        settings = Settings(**{name: getattr(self, name) for name in Settings.__dataclass_fields__})
        classes, anchors = self._known(y, len(X))
        T = self._text_embeddings(X, anchors, len(classes))
        self.refinement_ = refine(X, T, anchors=anchors, settings=settings)
        self.classifier_ = fit_classifier(self.refinement_, X, T)
        self.classes_ = classes
        self.labels_ = classes[self.refinement_.labels]
        self.confidence_ = self.refinement_.confidence
        self.probabilities_ = self.refinement_.probabilities
        self.prototypes_ = self.refinement_.prototypes
        return self

    def predict(self, X: np.ndarray) -> np.ndarray:
        """Classes of images, those that were fitted or others, (n,)."""
        check_is_fitted(self)
        return self.classes_[self.predict_proba(X).argmax(axis=1)]

    def predict_proba(self, X: np.ndarray) -> np.ndarray:
        """Probabilities of the classes, (n, k) float32, rows sum to 1."""
        check_is_fitted(self)
        return self.classifier_.probabilities(validate_data(self, X, reset=False))

    def _known(self, y: np.ndarray | None, n: int) -> tuple[np.ndarray, np.ndarray]:
        """The classes, and (n,) number of the class of every image, -1 where it is not known."""
        given = np.full(n, -1) if y is None else y
        unknown = np.array([isinstance(each, Integral) and each == -1 for each in given])
        check_classification_targets(given[~unknown] if not unknown.all() else given)
        if self.text_embeddings is None:
            classes = np.unique(given[~unknown])
        else:
            classes = np.arange(len(self.text_embeddings)) if self.classes is None else self.classes
            classes = np.asarray(classes)
        if len(classes) == 0:
            raise InputError("No label is known: give text_embeddings, or some labels in y.")
        numbers = {name: number for number, name in enumerate(classes.tolist())}
        strange = set(given[~unknown].tolist()) - set(numbers)
        if strange:
            raise InputError(f"{min(strange)!r} in y is none of the classes: use -1 for what is not known.")
        anchors = np.full(n, -1)
        anchors[~unknown] = [numbers[name] for name in given[~unknown].tolist()]
        return classes, anchors

    def _text_embeddings(self, X: np.ndarray, anchors: np.ndarray, k: int) -> np.ndarray:
        """What to start the prototypes from."""
        if self.text_embeddings is None:
            return group_means(np.asarray(X, np.float32), anchors, k)
        if k != len(self.text_embeddings):
            raise InputError(f"There are {k} classes for {len(self.text_embeddings)} text embeddings.")
        return self.text_embeddings
