"""The robust rule: Gaussian classes in image space, anchored to the text and to their neighbours.

On clusters first and then on the images, each level starting from what the last one found.
"""

from collections.abc import Iterator

import numpy as np

from .answers import clamped
from .channel import NeighborChannel, agreement, channel_of, measure_channel
from .clustering import Hierarchy
from .config import Settings
from .evidence import Evidence
from .gaussian import HALF_KNOWN, GaussianClasses, fit_gaussians, knowledge_of_means
from .iteration import Levels, OnIteration, Outcome, State
from .rows import GroupedRows, Matrix, Rows, Stored, computed, empty_like, is_large
from .sources import Sources, odds_moved
from .units import Pool, Units, pools_of
from .vectors import even_rows, group_means, group_sums, row_chunks, softmax

TEXT_GIVES_WAY = 0.75
"""Share of the Gaussian's weight that is taken from the text."""

COPIES = np.linspace(0.05, 0.95, 19)
"""Chances that an image and its nearest neighbour are of one class, from which the likeliest is taken."""

MOST_COMPARED = 2**17
"""Images by which the knowledge of the means is judged, an even sample where there are more."""

NEIGHBOR_WEIGHT = 0.25
PRIOR_WEIGHT = 0.5

MOST_LOOKED_AT = 10_000
"""Images, at even distances, from which it is read what the labels come from."""


def run(
    evidence: Evidence, hierarchy: Hierarchy, settings: Settings, on_iteration: OnIteration | None = None
) -> Outcome:
    """Refine the text view on meta-clusters, micro-clusters and images, each level seeded by the last.

    Args:
        evidence: Images, class names, neighbours and text view.
        hierarchy: The clusters; a level that cannot help is skipped, and its history says why.
        settings: Tolerance and most iterations per level.
        on_iteration: Called with the history so far after every round.
    """
    rule = AnchoredRule(evidence)
    levels = Levels(State(rule.text_view(), evidence.first_prototypes()), settings, on_iteration)
    skipped = {clusters.level: clusters.reason_to_skip(len(evidence.T)) for clusters in hierarchy}
    pools = pools_of(rule.images, [clusters for clusters in hierarchy if not skipped[clusters.level]])
    is_first = True
    for clusters in hierarchy:
        if reason := skipped[clusters.level]:
            levels.skip(clusters.level, len(clusters), reason)
            continue
        pool = pools[clusters.level]
        # The level above gave all images of a unit the same soft label.
        z = pool.text if is_first else levels.state.probabilities[pool.first]
        levels.run(clusters.level, len(clusters), rule.cluster_rounds(z, pool))
        is_first = False
    levels.run("image", len(evidence.V), rule.image_rounds(levels.state.probabilities))
    z = levels.state.probabilities
    gaussians = rule.fitted
    return Outcome(
        probabilities=z,
        text_weight=float(rule.text_weight(gaussians)),
        sources=rule.sources(gaussians, z),
        prototypes=levels.state.prototypes,
        history=levels.history,
        level_labels=levels.labels,
        alignment=_alignment(z, hierarchy),
    )


def _alignment(z: Matrix, hierarchy: Hierarchy) -> dict[str, np.ndarray]:
    """Mean soft label of every cluster; those of micro-clusters make those of meta-clusters."""
    meta, micro = hierarchy.meta, hierarchy.micro
    of_micro, inside = group_means(z, micro.assignments, len(micro)), micro.assignments >= 0
    meta_of_micro = np.full(len(micro), -1)
    meta_of_micro[micro.assignments[inside]] = meta.assignments[inside]
    shares = (micro.sizes / np.append(meta.sizes, 1)[meta_of_micro]).astype(np.float32)
    return {"meta": group_sums(of_micro, meta_of_micro, shares, len(meta)), "micro": of_micro}


class ClassCounts:
    """What Gaussian classes are fitted to, added up over chunks of units.

    Attributes:
        mass: (k,) Σ_i z_ic.
        sums: (k, r) Σ_i z_ic x_i.
    """

    def __init__(self, k: int, r: int) -> None:
        """Start with no unit."""
        self.mass, self.sums = np.zeros(k), np.zeros((k, r))

    def add(self, counted: np.ndarray, vectors: np.ndarray) -> None:
        """Add units with (m, k) soft labels, times what each counts, and (m, r) vectors."""
        self.mass += counted.sum(axis=0)
        self.sums += counted.T @ vectors

    def times(self, factor: float) -> "ClassCounts":
        """The same of so many times the units."""
        self.mass, self.sums = factor * self.mass, factor * self.sums
        return self


class AnchoredRule:
    """Anchored Gaussian refinement of the text view.

    Gaussian classes with one covariance over all images (TransCLIP, Zanella et al. 2024, eq. 3-7), shrunk
    to a text anchor (StatA, Zanella et al. 2025). Ours: an image is judged by prototypes that it did not
    help to make, the Gaussian weighs as much as its means are estimated to be known and takes that from the
    text, and the nearest neighbour counts by a channel whose reliability is measured.
    """

    def __init__(self, evidence: Evidence, beliefs: np.ndarray | None = None) -> None:
        """Prepare the rule for one set of images.

        Args:
            evidence: Images, class names, neighbours and text view.
            beliefs: (4,) how far to believe in each of `HALF_KNOWN`; estimated from the images by default.
        """
        n = len(evidence.text.logits)
        place = evidence.geometry
        self.nearest = evidence.neighbors[:, :1].ravel()
        self.prior_weight = PRIOR_WEIGHT * (1 - evidence.text.strength)
        self.projection, self.texts = place.projection, place.texts
        self.scatter = place.scatter
        self.images = Units(place.images, evidence.text.logits, np.ones((n, 1), np.float32), evidence.anchors)
        if beliefs is None:
            self.fitted = self._fit_to_text()
            beliefs = self._beliefs(self.fitted)
        self.beliefs = beliefs

    def text_view(self) -> Matrix:
        """(n, k) soft labels by the class names alone; answers are certain."""
        return computed(self.images.logits.shape[1], self.images.logits, self.images.text_rows)

    def image_rounds(self, z: Matrix) -> Iterator[State]:
        """Yield the state after every round over the images.

        Args:
            z: (n, k) soft labels after the last level.
        """
        start = self.start(z)
        stored = start if isinstance(start, np.ndarray) else empty_like(start)
        self.fitted = self._fit(self.images, start, stored)
        while True:
            means, votes = self.fitted.means, self.votes(stored)
            channel = None if votes is None else self._channel(self.fitted, stored, votes)
            stored, objective, counts = self.judge(self.fitted, self.images, stored, votes, channel)
            self.fitted = self._gaussians(counts)
            yield State(stored, self.projection.back(means), objective)

    def cluster_rounds(self, z: np.ndarray, pool: Pool) -> Iterator[State]:
        """Yield the state of the images after every round over clusters.

        The rule of the images, under the constraint that the images of a cluster share one soft label: the
        best shared label is the softmax of the mean of their logits, and the logits of the Gaussian at the
        mean are the mean of the logits, up to a constant. Neighbours have no message: a cluster is its own
        neighbours.

        Args:
            z: (m, k) soft labels of the units after the last level.
            pool: The m units of this level.
        """
        clusters, unit = pool.units, pool.unit
        shared: Stored = (pool.text + z) / 2
        gaussians = self._fit(clusters, shared)
        while True:
            means = gaussians.means
            shared, objective, counts = self.judge(gaussians, clusters, shared)
            gaussians = self._gaussians(counts)
            is_whole = not is_large(len(unit), shared.shape[1])
            of_images = shared[unit] if is_whole else GroupedRows(shared, unit)
            yield State(of_images, self.projection.back(means), objective)

    def text_weight(self, gaussians: GaussianClasses) -> np.float32:
        """1 − ¾·w where the Gaussian's weight is w: its vectors hold all that the text looks at."""
        return 1 - np.float32(TEXT_GIVES_WAY) * self._gaussian_weight(gaussians)

    def sources(self, gaussians: GaussianClasses, z: Matrix) -> Sources:
        """What labels come from that follow from soft labels z (n, k), by `MOST_LOOKED_AT` of the images."""
        n, k = z.shape
        moves = np.zeros(4)
        if k == 1:
            return Sources.of_moves(moves)
        some, channel = even_rows(n, MOST_LOOKED_AT), None
        if len(self.nearest):
            channel = measure_channel(z[some], z[self.nearest[some]])
        for rows in (some[chunk] for chunk in row_chunks(len(some))):
            message = np.zeros(k) if channel is None else channel.message(z[self.nearest[rows]])
            moves += odds_moved(
                [
                    self.text_weight(gaussians) * self.images.logits[rows],
                    self._gaussian_weight(gaussians)
                    * gaussians.log_densities(self.images.vectors[rows], z[rows]),
                    np.float32(NEIGHBOR_WEIGHT) * message,
                    self._prior(gaussians),
                ]
            )
        return Sources.of_moves(moves)

    def _channel(self, gaussians: GaussianClasses, z: Matrix, votes: Matrix) -> NeighborChannel:
        """The channel of all images, from the Gaussians of their soft labels."""
        return channel_of(gaussians.mass, agreement(z, votes), len(z))

    def _fit_to_text(self) -> GaussianClasses:
        """Gaussian classes of the text view, by `MOST_COMPARED` of the images."""
        counts, n = ClassCounts(*self.texts.shape), len(self.images.sizes)
        some = even_rows(n, MOST_COMPARED)
        for rows in (some[chunk] for chunk in row_chunks(len(some))):
            counts.add(self.images.text_rows(rows), self.images.vectors[rows])
        return self._gaussians(counts.times(n / len(some)))

    def _beliefs(self, gaussians: GaussianClasses) -> np.ndarray:
        """How far to believe in each of `HALF_KNOWN`, (4,) numbers that sum to 1.

        By how well labels that the text and the Gaussians of the text view give to an image, which is left
        out of them, foretell what the text says of its nearest neighbour. With z_i the labels, p the text
        view and π its class frequencies, the neighbour j has the image's class with chance a:

            worth = max_a mean_i log((1 − a) Σ_c π_c p_jc + a Σ_c z_ic p_jc)

        As of the ways of balancing, few images leave the number open and many decide. Two images that
        are each other's nearest are counted twice, so every image counts half.
        """
        n, k = self.images.logits.shape
        if k == 1 or len(self.nearest) == 0:
            return np.full(len(HALF_KNOWN), 1 / len(HALF_KNOWN))
        X, p, nearest = self.images.vectors, self.text_view(), self.nearest
        weights = np.array([knowledge_of_means(gaussians.mass, half) for half in HALF_KNOWN], np.float32)
        some = even_rows(n, MOST_COMPARED)
        by_chance, copied = np.empty(len(some)), np.empty((len(weights), len(some)))
        for chunk in row_chunks(len(some)):
            rows = some[chunk]
            neighbor, logits = p[nearest[rows]], self.images.logits[rows]
            own = self.images.text_of(logits, rows)
            densities = gaussians.log_densities_without(X[rows], own, X[nearest[rows]], neighbor)
            by_chance[chunk] = neighbor @ (gaussians.mass / n)
            for agreeing, weight in zip(copied, weights, strict=True):
                z = softmax((1 - TEXT_GIVES_WAY * weight) * logits + weight * densities)
                agreeing[chunk] = np.einsum("nk,nk->n", z, neighbor)
        worth = [max(np.log(by_chance + a * (each - by_chance)).mean() for a in COPIES) for each in copied]
        return softmax(n / 2 * np.array([worth]))[0]

    def start(self, z: Matrix) -> Matrix:
        """Soft labels that make a level's first prototypes: half the last level's, half the names' own.

        The names' half lets an image leave a cluster that was named wrongly as a whole.
        """

        def half_and_half(rows: Rows) -> np.ndarray:
            start = self.images.text_rows(rows)
            start += z[rows]
            start /= 2
            return start

        return computed(z.shape[1], z, half_and_half)

    def _fit(self, units: Units, z: Matrix, stored: Stored | None = None) -> GaussianClasses:
        """Gaussian classes from soft labels, which are stored on the way where they are computed."""
        return self._gaussians(self.count(units, z, stored))

    def count(self, units: Units, z: Matrix, stored: Stored | None = None) -> ClassCounts:
        """What Gaussian classes are fitted to, from soft labels, which are stored as in `_fit`."""
        counts = ClassCounts(*self.texts.shape)
        for rows in row_chunks(len(z)):
            soft = z[rows]
            counts.add(units.sizes[rows] * soft, units.vectors[rows])
            if stored is not None and stored is not z:
                stored[rows] = soft
        return counts

    def _gaussians(self, counts: ClassCounts) -> GaussianClasses:
        return fit_gaussians(counts.sums, counts.mass, self.texts, self.scatter)

    def votes(self, z: Matrix) -> Matrix | None:
        """(n, k) soft labels of the nearest neighbours; None where there are none, or but one class."""
        if len(self.nearest) == 0 or z.shape[1] == 1:
            return None
        return computed(z.shape[1], z, lambda rows: z[self.nearest[rows]])

    def judge(
        self,
        gaussians: GaussianClasses,
        units: Units,
        z: Matrix,
        votes: Matrix | None = None,
        channel: NeighborChannel | None = None,
    ) -> tuple[Stored, float, ClassCounts]:
        """New soft labels, their mean log-likelihood and what Gaussian classes are fitted to.

        What counts is text, Gaussian, class prior and neighbours.

        Args:
            gaussians: Of the soft labels.
            units: m images or clusters.
            z: (m, k) their soft labels before.
            votes: (m, k) soft labels of their nearest neighbours; None where they have no say.
            channel: What the votes are worth.
        """
        prior = self._prior(gaussians)
        gaussian_weight, text_weight = self._gaussian_weight(gaussians), self.text_weight(gaussians)
        new, likelihood, counts = empty_like(z), 0.0, ClassCounts(*self.texts.shape)
        for rows in row_chunks(len(z)):
            vectors = units.vectors[rows]
            logits = gaussian_weight * gaussians.log_densities(vectors, z[rows])
            logits += text_weight * units.logits[rows] + prior
            if channel is not None and votes is not None:
                logits += np.float32(NEIGHBOR_WEIGHT) * channel.message(votes[rows])
            soft, likelihoods = soft_labels(logits, units.anchors[rows])
            new[rows] = soft
            counts.add(units.sizes[rows] * soft, vectors)
            likelihood += float(np.sum(likelihoods, dtype=np.float64))
        return new, likelihood / len(z), counts

    def _gaussian_weight(self, gaussians: GaussianClasses) -> np.float32:
        return np.float32(self.beliefs @ [knowledge_of_means(gaussians.mass, half) for half in HALF_KNOWN])

    def _prior(self, gaussians: GaussianClasses) -> np.ndarray:
        """(k,) what the class frequencies add to the logits."""
        mass = gaussians.mass
        return self.prior_weight * np.log((mass + 1) / (mass.sum() + len(mass))).astype(np.float32)


def soft_labels(logits: np.ndarray, anchors: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Soft labels from logits, and the log-likelihoods that the logits stand for.

    Args:
        logits: (m, k) float32.
        anchors: (m,) class that a person gave, made certain; -1 for none.

    Returns:
        (m, k) rows that sum to 1, and (m,) log Σ_c exp(logits_c) (nats).
    """
    z = softmax(logits)
    likelihoods = logits.max(axis=1) - np.log(z.max(axis=1))
    return clamped(z, anchors), likelihoods
