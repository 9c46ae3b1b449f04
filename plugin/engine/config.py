"""Settings of a refinement, each with its meaning, range and default.

Presets name common choices; `resolved` turns "auto" into what fits the number of images.
"""

import inspect
import math
import re
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from numbers import Integral, Real
from typing import Any

from .errors import InputError

METHODS = ("anchored", "prototype")
CLUSTERINGS = ("auto", "hdbscan", "kmeans", "none")
PRESETS = ("auto", "small", "medium", "large")
CHOICES = {"method": METHODS, "clustering": CLUSTERINGS}
"""Setting → its values, where they are names."""

SMALL_MOST_IMAGES = 5_000
_SPOKEN = {"hdbscan": "HDBSCAN", "kmeans": "k-means", "none": "none"}

CLUSTERS_PER_CLASS = 4
"""Micro-clusters that there should be room for per class, if all images were clustered evenly."""

WHOLE_MOST_NUMBERS = 2**26
"""Most numbers of a matrix with a row per image that is whole in memory, 256 MB of float32. Above, chunks are
computed when they are needed, and soft labels are kept for the likeliest classes of an image."""

HDBSCAN_MOST_IMAGES = 20_000
"""HDBSCAN grows with n²; above this many images k-means takes over."""


@dataclass(frozen=True)
class Settings:
    """How to cluster and refine.

    Attributes:
        method: "anchored", the robust rule, or "prototype", the textbook soft-alignment rule.
        iterations: Most iterations per level, at least 1. Refinement stops earlier when it has converged.
        tolerance: Converged when at most this share of labels changed in an iteration, in [0, 1), and the
            prototypes stood still: mean 1 − cosine of before and after at most 0.0001.
        temperature: Softmax temperature τ ≥ 0.0001 of the textbook rule, in units of cosine. The robust rule
            takes its scale from the data.
        clustering: "hdbscan" or "kmeans" for the micro-clusters, "none" to work on images alone, "auto"
            for what the preset for that many images has.
        min_cluster_size: Fewest images that make a micro-cluster with HDBSCAN, at least 2; k-means makes
            clusters of twice that size on average. None for that of the preset.
        meta_per_class: Meta-clusters per class, > 0; never more than half of the micro-clusters.
        confidence_temperature: Temperature ≥ 1 of the soft labels before they become confidence; labels stay.
            One number per encoder carries over between datasets (LeVine et al. 2023). None for 1.
        seed: Seed of everything random, a whole number ≥ 0.
    """

    method: str = "anchored"
    iterations: int = 5
    tolerance: float = 0.001
    temperature: float = 0.01
    clustering: str = "auto"
    min_cluster_size: int | None = None
    meta_per_class: float = 2.0
    confidence_temperature: float | None = None
    seed: int = 51

    def __new__(cls, *_: Any, **given: Any) -> "Settings":
        """Check the names, before a dataclass says in its own way what it does not know.

        Raises:
            InputError: There is no setting of a name.
        """
        for name in given:
            _check_choice("setting", name, [field.name for field in fields(cls)])
        return super().__new__(cls)

    def __post_init__(self) -> None:
        """Check every value.

        Raises:
            InputError: A value is out of its range.
        """
        _check_choice("method", self.method, METHODS)
        _check_choice("clustering", self.clustering, CLUSTERINGS)
        _check_number("iterations", self.iterations, int, "at least 1", lambda value: value >= 1)
        _check_number("tolerance", self.tolerance, float, "in [0, 1)", lambda value: 0 <= value < 1)
        _check_number("temperature", self.temperature, float, "at least 0.0001", lambda value: value >= 1e-4)
        _check_number("meta_per_class", self.meta_per_class, float, "above 0", lambda value: value > 0)
        _check_number("seed", self.seed, int, "at least 0", lambda value: value >= 0)
        if self.confidence_temperature is not None:
            temperature = self.confidence_temperature
            _check_number(
                "confidence_temperature", temperature, float, "at least 1", lambda value: value >= 1
            )
        if self.min_cluster_size is not None:
            size = self.min_cluster_size
            _check_number("min_cluster_size", size, int, "at least 2", lambda value: value >= 2)

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

    def resolved(self, n: int, k: int) -> "Settings":
        """The same settings with everything automatic replaced by what fits.

        The number of dimensions has no say: either clustering works in the same few principal directions,
        and to find those costs both the same.

        Args:
            n: Number of images.
            k: Number of classes; there should be clusters for all of them.
        """
        preset = Settings.preset(_preset_for(n))
        size = max(2, min(preset.smallest_cluster, n // (CLUSTERS_PER_CLASS * k)))
        return replace(
            self,
            clustering=preset.clustering if self.clustering == "auto" else self.clustering,
            min_cluster_size=self.min_cluster_size or size,
            confidence_temperature=self.confidence_temperature or 1.0,
        )

    @property
    def smallest_cluster(self) -> int:
        """Fewest images of a micro-cluster, of settings with nothing left automatic.

        Raises:
            InputError: The number is still automatic.
        """
        if self.min_cluster_size is None:
            raise InputError("min_cluster_size is automatic in these settings: call resolved() first.")
        return self.min_cluster_size

    def choices(self, n: int, k: int) -> str:
        """What is chosen for so many images and classes where a setting is automatic, in one sentence.

        Args:
            n: Number of images.
            k: Number of classes.

        Returns:
            "" where nothing is left to choose.
        """
        chosen, found = self.resolved(n, k), []
        if self.clustering == "auto":
            found.append(f"clusters by {_SPOKEN[chosen.clustering]}")
        if self.min_cluster_size is None and chosen.clustering == "hdbscan":
            found.append(f"micro-clusters of at least {chosen.min_cluster_size} images")
        if self.min_cluster_size is None and chosen.clustering == "kmeans":
            found.append(f"micro-clusters of about {2 * chosen.smallest_cluster} images")
        if not found:
            return ""
        classes = "1 class" if k == 1 else f"{k:,} classes"
        return f"Chosen for {n:,} images and {classes}: {', '.join(found)}."

    def with_overrides(self, **overrides: Any) -> "Settings":
        """A copy with some fields changed.

        Raises:
            InputError: There is no field of that name, or its value is out of range.
        """
        return replace(self, **overrides)


def setting_docs() -> dict[str, str]:
    """Setting → its description in one line, from the docstring of `Settings`."""
    attributes = inspect.cleandoc(Settings.__doc__ or "").split("Attributes:\n", 1)[1]
    entries = re.findall(r"^    (\w+): (.*(?:\n {8}.*)*)", attributes, re.MULTILINE)
    return {name: " ".join(text.split()) for name, text in entries}


def _check_choice(what: str, value: object, choices: tuple[str, ...] | list[str]) -> None:
    if value in choices:
        return
    close = get_close_matches(str(value), choices, n=1)
    hint = f"; did you mean {close[0]!r}?" if close else "."
    raise InputError(f"Unknown {what} {value!r}: choose one of {', '.join(choices)}{hint}")


def _check_number(
    name: str, value: Any, kind: type, allowed: str, is_inside: Callable[[float], bool]
) -> None:
    accepted = Integral if kind is int else Real
    is_number = isinstance(value, accepted) and not isinstance(value, bool) and math.isfinite(value)
    if not is_number or not is_inside(value):
        what = "a whole number" if kind is int else "a number"
        raise InputError(f"Setting {name} is {value!r} but must be {what} {allowed}.")


def _preset_for(n: int) -> str:
    if n <= SMALL_MOST_IMAGES:
        return "small"
    return "medium" if n <= HDBSCAN_MOST_IMAGES else "large"
