"""The robust rule on images that lie in shards: what a sample has taught all, and sums over the shards.

Only sums leave a shard: a round is the same on one machine as on many. Neighbours lie in the same shard.
"""

from dataclasses import dataclass, fields
from functools import cached_property

import numpy as np

from .anchored import AnchoredRule, ClassCounts
from .balance import TextView
from .channel import NeighborChannel, agreement, channel_of
from .classifier import Predictions
from .confidence import tempered, with_names
from .evidence import Evidence, Images, gather_evidence
from .gaussian import GaussianClasses, fit_gaussians
from .geometry import Geometry, projected
from .iteration import drift, has_converged
from .naming import doubted, held_to_names
from .neighbors import nearest_neighbors
from .results import Refinement
from .rows import GroupedRows, Matrix, Stored, computed, empty_like, product
from .validation import check_frequencies, check_name_reliability, check_pair
from .vectors import Projection


@dataclass(frozen=True)
class Shared:
    """What all shards share, read from a run on a sample; k classes, d and r dimensions, m clusters.

    Attributes:
        class_names: (k, d) float32 unit rows, vectors of the class names.
        mean: (d,) float32, the origin of the principal directions.
        basis: (d, r) float32, the principal directions.
        scale: Factor from cosine to logit, see `TextView`.
        strength: Strength of the balancing of the classes.
        offset: (k,) float32, what the balancing adds to the logits.
        beliefs: (4,) how far to believe in the Gaussians, see `AnchoredRule`.
        cluster_means: (m, d) float32 unit rows, micro-clusters of the sample.
        cluster_classes: (m, k) float32, soft label of each, rows sum to 1.
        name_reliability: (k,) in [0, 1], see `refine`.
        temperature: Of the confidence, at least 1.
    """

    class_names: np.ndarray
    mean: np.ndarray
    basis: np.ndarray
    scale: np.ndarray
    strength: np.ndarray
    offset: np.ndarray
    beliefs: np.ndarray
    cluster_means: np.ndarray
    cluster_classes: np.ndarray
    name_reliability: np.ndarray
    temperature: np.ndarray

    @classmethod
    def of(
        cls,
        refinement: Refinement,
        embeddings: Matrix,
        text_embeddings: np.ndarray,
        *,
        frequencies: np.ndarray | None = None,
        name_reliability: np.ndarray | None = None,
    ) -> "Shared":
        """Read from a run of the robust rule without anchors what other images are labelled with.

        Args:
            refinement: What `refine` returned for the sample.
            embeddings: (n, d) what it was made from, as is everything below.
            text_embeddings: (k, d) vectors of the class names.
            frequencies: (k,) a person's idea of the class frequencies.
            name_reliability: (k,) how well each name is known.
        """
        X, T = check_pair(embeddings, text_embeddings)
        settings, micro = refinement.settings, refinement.clusters["micro"]
        cells = micro.assignments if settings.clustering == "kmeans" and len(micro) else None
        images = Images(X, X, np.full(len(X), -1), None)
        evidence = gather_evidence(images, T, check_frequencies(frequencies, len(T)), cells)
        view, projection = evidence.text, evidence.geometry.projection
        reliability = check_name_reliability(name_reliability, len(T))
        return cls(
            class_names=T,
            mean=projection.mean,
            basis=projection.basis,
            scale=np.array(view.scale, np.float32),
            strength=np.array(view.strength, np.float32),
            offset=view.offset,
            beliefs=AnchoredRule(evidence).beliefs,
            cluster_means=micro.means,
            cluster_classes=refinement.alignment["micro"],
            name_reliability=np.ones(len(T)) if reliability is None else reliability,
            temperature=np.array(settings.confidence_temperature or 1.0),
        )

    @cached_property
    def projection(self) -> Projection:
        """From the space of the embeddings to the principal directions and back."""
        return Projection(self.mean, self.basis)

    @cached_property
    def texts(self) -> np.ndarray:
        """(k, r) class names in the principal directions."""
        return self.projection.of(self.class_names)

    def has_converged(self, before: "Sums", after: "Sums", tolerance: float) -> bool:
        """Whether a round changed few enough labels and moved the prototypes little enough."""
        means = (self.projection.back(sums.gaussians(self).means) for sums in (before, after))
        return has_converged(float(after.changed / after.images), drift(*means), tolerance)


@dataclass(frozen=True)
class Sums:
    """What a round needs of the images, added up over shards; k classes, r dimensions.

    Attributes:
        images: n.
        changed: Labels that the last round changed.
        agreeing: Expected number of images that have the class of their nearest neighbour.
        mass: (k,) Σ_i z_ic.
        sums: (k, r) Σ_i z_ic x_i.
        scatter: (r, r) Σ_i x_i x_iᵀ.
    """

    images: np.ndarray
    changed: np.ndarray
    agreeing: np.ndarray
    mass: np.ndarray
    sums: np.ndarray
    scatter: np.ndarray

    def __add__(self, other: "Sums") -> "Sums":
        """The sums over both."""
        names = [field.name for field in fields(self)]
        return Sums(**{name: getattr(self, name) + getattr(other, name) for name in names})

    def gaussians(self, shared: Shared) -> GaussianClasses:
        """The classes of all images."""
        return fit_gaussians(self.sums, self.mass, shared.texts, self.scatter)

    def channel(self) -> NeighborChannel:
        """What the label of a neighbour is worth."""
        return channel_of(self.mass, float(self.agreeing), int(self.images))


class Shard:
    """The images of one shard.

    Attributes:
        nearest: (n, 1) row of each image's nearest neighbour in the shard; (1, 0) for a single image.
    """

    def __init__(self, X: Matrix, shared: Shared, nearest: np.ndarray | None = None) -> None:
        """Take the images in.

        Args:
            X: (n, d) float32 unit rows, n ≥ 1.
            shared: What all shards share.
            nearest: What an earlier object of the same shard found; looked for by default.
        """
        T, k = shared.class_names, len(shared.class_names)
        self.nearest = nearest_neighbors(X, 1) if nearest is None else nearest
        images = projected(X, shared.projection)
        cosines = computed(k, X, lambda rows: X[rows] @ T.T)
        logits = computed(k, cosines, lambda rows: shared.scale * cosines[rows] + shared.offset)
        self._evidence = Evidence(
            X=X,
            T=T,
            V=X,
            anchors=np.full(len(X), -1),
            geometry=Geometry(shared.projection, images, shared.texts, product(images, images)),
            neighbors=self.nearest,
            text=TextView(logits, float(shared.scale), float(shared.strength), shared.offset),
            zero_shot_labels=cosines.argmax(axis=1),
            name_reliability=shared.name_reliability,
        )
        self._shared, self._rule = shared, AnchoredRule(self._evidence, shared.beliefs)

    def start(self) -> tuple[Stored, Sums]:
        """Soft labels (n, k) before the first round: half the names', half the nearest cluster's."""
        z, means = self._rule.text_view(), self._shared.cluster_means
        if len(means):
            X = self._evidence.X
            nearest = computed(len(means), X, lambda rows: X[rows] @ means.T).argmax(axis=1)
            z = self._rule.start(GroupedRows(self._shared.cluster_classes, nearest))
        stored = empty_like(z)
        return stored, self._sums(self._rule.count(self._rule.images, z, stored), stored, len(z))

    def judge(self, z: Stored, all_shards: Sums) -> tuple[Stored, Sums]:
        """Soft labels (n, k) after one more round, from those before and the sums over all shards."""
        votes = self._rule.votes(z)
        channel = None if votes is None else all_shards.channel()
        gaussians = all_shards.gaussians(self._shared)
        new, _, counts = self._rule.judge(gaussians, self._rule.images, z, votes, channel)
        changed = int(np.sum(new.argmax(axis=1) != z.argmax(axis=1)))
        return new, self._sums(counts, new, changed)

    def predictions(self, z: Stored) -> Predictions:
        """Labels and confidence as `refine` reads them from soft labels (n, k)."""
        P = held_to_names(with_names(z, self._evidence), self._evidence)
        return Predictions.of(doubted(tempered(P, float(self._shared.temperature)), self._evidence))

    def _sums(self, counts: ClassCounts, z: Stored, changed: int) -> Sums:
        votes = self._rule.votes(z)
        return Sums(
            images=np.array(len(z)),
            changed=np.array(changed),
            agreeing=np.array(0.0 if votes is None else agreement(z, votes)),
            mass=counts.mass,
            sums=counts.sums,
            scatter=self._rule.scatter,
        )
