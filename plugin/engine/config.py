"""Settings of a refinement, each with its meaning, range and default.

Presets name common choices; `resolved` turns "auto" into what fits the number of images.
"""

from dataclasses import dataclass, fields, replace
from difflib import get_close_matches

from .errors import InputError

METHODS = ("anchored", "prototype")
CLUSTERINGS = ("auto", "hdbscan", "kmeans", "none")
PRESETS = ("auto", "small", "medium", "large")

HDBSCAN_MOST_IMAGES = 20_000
"""HDBSCAN grows with n²; above this many images k-means takes over."""


@dataclass(frozen=True)
class Settings:
    """How to cluster and refine.

    Attributes:
        method: "anchored", the robust rule, or "prototype", the textbook soft-alignment rule.
        iterations: Most iterations per level, at least 1. Refinement stops earlier when it has converged.
        tolerance: Converged when at most this share of labels changed in an iteration, in [0, 1).
        temperature: Softmax temperature τ > 0 of the textbook rule, in units of cosine. The robust rule
            takes its scale from the data.
        clustering: "hdbscan" or "kmeans" for the micro-clusters, "none" to work on images alone, "auto"
            for HDBSCAN up to 20,000 images and k-means above.
        min_cluster_size: Fewest images that make a micro-cluster with HDBSCAN, at least 2; k-means makes
            clusters of twice that size on average.
        meta_per_class: Meta-clusters per class, > 0; never more than half of the micro-clusters.
        seed: Seed of everything random, a whole number ≥ 0.
    """

    method: str = "anchored"
    iterations: int = 6
    tolerance: float = 0.001
    temperature: float = 0.01
    clustering: str = "auto"
    min_cluster_size: int = 5
    meta_per_class: float = 2.0
    seed: int = 51

    def __post_init__(self) -> None:
        """Check every value.

        Raises:
            InputError: A value is out of its range.
        """
        _check_choice("method", self.method, METHODS)
        _check_choice("clustering", self.clustering, CLUSTERINGS)
        _check_range("iterations", self.iterations, self.iterations >= 1, "at least 1")
        _check_range("tolerance", self.tolerance, 0 <= self.tolerance < 1, "at least 0 and below 1")
        _check_range("temperature", self.temperature, self.temperature > 0, "above 0")
        _check_range("min_cluster_size", self.min_cluster_size, self.min_cluster_size >= 2, "at least 2")
        _check_range("meta_per_class", self.meta_per_class, self.meta_per_class > 0, "above 0")
        _check_range("seed", self.seed, self.seed >= 0, "at least 0")

    @classmethod
    def preset(cls, name: str) -> "Settings":
        """Settings for a size of dataset.

        Args:
            name: "small" (to about 5,000 images), "medium" (to about 20,000), "large" (above), or
                "auto" to choose by the number of images when it is known.

        Raises:
            InputError: There is no such preset.
        """
        _check_choice("preset", name, PRESETS)
        if name == "small":
            return cls(clustering="hdbscan", min_cluster_size=5)
        if name == "medium":
            return cls(clustering="hdbscan", min_cluster_size=10)
        if name == "large":
            return cls(clustering="kmeans", min_cluster_size=20)
        return cls()

    def resolved(self, n: int) -> "Settings":
        """The same settings with "auto" replaced by what `n` images call for."""
        if self.clustering != "auto":
            return self
        if n > HDBSCAN_MOST_IMAGES:
            return replace(self, clustering="kmeans", min_cluster_size=max(self.min_cluster_size, 20))
        return replace(self, clustering="hdbscan")

    def with_overrides(self, **overrides: object) -> "Settings":
        """A copy with some fields changed.

        Raises:
            InputError: There is no field of that name, or its value is out of range.
        """
        names = [field.name for field in fields(self)]
        for name in overrides:
            _check_choice("setting", name, names)
        return replace(self, **overrides)


def _check_choice(what: str, value: object, choices: tuple[str, ...] | list[str]) -> None:
    if value in choices:
        return
    close = get_close_matches(str(value), choices, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else "."
    raise InputError(f"Unknown {what} {value!r}: choose one of {', '.join(choices)}{hint}")


def _check_range(name: str, value: object, is_inside: bool, allowed: str) -> None:
    if not is_inside:
        raise InputError(f"Setting {name} is {value!r} but must be {allowed}.")
