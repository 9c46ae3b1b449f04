"""The way into the engine: image and text embeddings in, labels with confidence out.

Clusters first, then the chosen rule from the coarsest level down to the images.
"""

from dataclasses import dataclass, replace
from functools import partial

import numpy as np

from . import anchored, prototype
from .answers import TextCorrection, clamped, is_sure_gain, log_likelihoods, release_folds
from .clustering import CELL_SIZE, MOST_MEANS, Hierarchy, build_hierarchy
from .confidence import spread_rest, tempered, with_names
from .config import Settings
from .contradictions import find_contradictions
from .evidence import MOST_BALANCED, Evidence, Images, gather_evidence
from .explanation import explain
from .geometry import MOST_DIMENSIONS, principal_directions
from .groups import with_statements
from .iteration import OnIteration, Outcome
from .naming import doubted, held_to_names
from .neighbors import CHUNK_ROWS, MOST_EXACT
from .novelty import cluster_novelty, image_novelty
from .progress import Progress
from .recalibration import fit_recalibration, recalibration_weights
from .results import Refinement
from .rows import NUMBERS_KEPT, Matrix, Stored, chosen, is_large, take
from .validation import (
    check_anchors,
    check_clusters,
    check_drawn,
    check_frequencies,
    check_name_reliability,
    check_pair,
    check_second,
)
from .vectors import unit_rows

RULES = {"anchored": anchored.run, "prototype": prototype.run}


def refine(
    embeddings: Matrix,
    text_embeddings: np.ndarray,
    *,
    second_embeddings: Matrix | None = None,
    anchors: np.ndarray | None = None,
    drawn: np.ndarray | None = None,
    stated: np.ndarray | None = None,
    micro_clusters: np.ndarray | None = None,
    name_reliability: np.ndarray | None = None,
    frequencies: np.ndarray | None = None,
    settings: Settings | None = None,
    progress: Progress | None = None,
    on_iteration: OnIteration | None = None,
    **overrides: object,
) -> Refinement:
    """Label images from the embeddings of the images and of the class names.

    Images that are the same in everything given count once.

    Args:
        embeddings: (n, d) images, any real type and any length of rows; a memory map is read in chunks.
        text_embeddings: (k, d) one row per class, in the same space.
        second_embeddings: (n, v) the same images by another encoder, which need not know texts: clusters,
            neighbours and Gaussians are found there, and only the class names are compared in `embeddings`.
        anchors: (n,) class numbers of images whose label a person gave, -1 elsewhere. They are kept and
            pull their classes.
        drawn: (n,) in [0, 1], probability with which each image was drawn at random to be reviewed, 0 for
            images that were not. Confidence is corrected by anchors that were drawn rather than by others.
        stated: (n,) class numbers that a person gave to groups of images as a whole, -1 elsewhere: likely for
            each image and certain for none.
        micro_clusters: (n,) whole numbers, clusters of one's own, negative for none. By default they
            are computed.
        name_reliability: (k,) in [0, 1], chance that the images of each class are recognised by its name.
            Confidence allows for names that the text tower does not know; by default it is taken to know all.
        frequencies: (k,) ≥ 0, a rough idea of how many images each class has, in any unit; believed as far as
            similar images bear it out.
        settings: How to cluster and refine; the defaults suit most data.
        progress: Called with (stage, done, total), stage "cluster" or "refine".
        on_iteration: Called after every round of the run that gives the labels, with what `history` holds
            by then. What it raises ends the run.
        **overrides: Single settings by name, e.g. `method="prototype"`.

    Returns:
        A label and a confidence for every image, and what explains them.

    Raises:
        InputError: An array or a setting cannot be used; the message says why.
    """
    X, T = check_pair(embeddings, text_embeddings)
    images = Images(
        X=X,
        V=X if second_embeddings is None else check_second(second_embeddings, len(X)),
        anchors=check_anchors(anchors, len(X), len(T)),
        micro=None if micro_clusters is None else check_clusters(micro_clusters, len(X)),
    )
    stated = check_anchors(stated, len(X), len(T))
    reliability = check_name_reliability(name_reliability, len(T))
    asked = (settings or Settings()).with_overrides(**overrides)
    report = progress or (lambda stage, done, total: None)
    drawn, frequencies = check_drawn(drawn, len(X)), check_frequencies(frequencies, len(T))
    distinct = images.distinct()
    if distinct.are_all:
        return _refine(images, T, reliability, frequencies, drawn, stated, asked, report, on_iteration)
    some = distinct.first
    refinement = _refine(
        images.rows(some), T, reliability, frequencies, drawn[some], stated[some], asked, report, on_iteration
    )
    return refinement.with_copies(distinct)


def bytes_needed(n: int, d: int, k: int) -> int:
    """Approximate most bytes that `refine` needs at a time beside the vectors.

    Where they are whole in memory: the images in their principal directions, four matrices of images by
    classes; else two of the likeliest classes, what the balance is found from. Always: neighbours, labels,
    what explains them, and the distances of clusters.

    Args:
        n: Number of images.
        d: Dimensions.
        k: Number of classes.
    """
    r, sampled = min(d, MOST_DIMENSIONS), min(n, MOST_BALANCED)
    directions = 0 if is_large(n, r) else 4 * n * r
    soft_labels = 10 * n * NUMBERS_KEPT + 32 * sampled * k if is_large(n, k) else 16 * n * k
    compared = 4 * CHUNK_ROWS * min(n, MOST_EXACT)
    clusters = min(n // CELL_SIZE, MOST_MEANS)
    return directions + soft_labels + compared + 200 * n + 12 * clusters**2 + 16 * k**2


def _refine(
    images: Images,
    T: np.ndarray,
    reliability: np.ndarray | None,
    frequencies: np.ndarray | None,
    drawn: np.ndarray,
    stated: np.ndarray,
    asked: Settings,
    report: Progress,
    on_iteration: OnIteration | None,
) -> Refinement:
    """The same for images of which none is a copy of another."""
    settings = asked.resolved(len(images.V), len(T))
    report("cluster", 0, 1)
    directions = principal_directions(images.V)
    hierarchy = build_hierarchy(images.V, len(T), settings, images.micro, directions)
    report("cluster", 1, 1)
    report("refine", 0, 1)
    # Clusters of k-means leave no image out, so that neighbours can be looked for in them.
    is_kmeans = images.micro is None and settings.clustering == "kmeans"
    cells = hierarchy.micro.assignments if is_kmeans and len(hierarchy.micro) else None
    evidence = replace(
        gather_evidence(images, T, frequencies, cells, directions), name_reliability=reliability
    )
    logits = with_statements(evidence.text.logits, stated, images.anchors)
    evidence = replace(evidence, text=replace(evidence.text, logits=logits))
    answer = partial(_label_with_answers, drawn) if (images.anchors >= 0).any() else _label
    labelled = answer(evidence, hierarchy, settings, on_iteration)
    outcome, probabilities = labelled.outcome, labelled.probabilities
    novelty = image_novelty(evidence, outcome.probabilities)
    refinement = Refinement(
        labels=probabilities.argmax(axis=1),
        confidence=probabilities.max(axis=1),
        probabilities=probabilities,
        prototypes=unit_rows(outcome.prototypes),
        zero_shot_labels=evidence.zero_shot_labels,
        is_known=images.anchors >= 0,
        contradictions=labelled.contradictions,
        explanation=explain(probabilities, outcome, labelled.text_logits, novelty),
        history=outcome.history,
        sources=outcome.sources,
        alignment=outcome.alignment,
        clusters={clusters.level: clusters for clusters in hierarchy},
        novel_clusters=cluster_novelty(evidence, hierarchy.micro, novelty),
        settings=settings,
        choices=asked.choices(len(images.V), len(T)),
    )
    report("refine", 1, 1)
    return refinement


@dataclass(frozen=True)
class _Labelled:
    """What a rule found from what text view, how sure to be of it, and what contradicts it."""

    outcome: Outcome
    probabilities: Stored
    text_logits: Matrix
    contradictions: np.ndarray


def _label(
    evidence: Evidence, hierarchy: Hierarchy, settings: Settings, on_iteration: OnIteration | None = None
) -> _Labelled:
    """Run the chosen rule, and say how sure to be of what it found."""
    outcome = RULES[settings.method](evidence, hierarchy, settings, on_iteration)
    P = with_names(outcome.probabilities, evidence)
    if settings.method == "anchored":
        P = held_to_names(P, evidence)
    else:  # the labels of the textbook rule stay true to its equations
        labels = outcome.probabilities.argmax(axis=1)
        P = spread_rest(labels, chosen(P, labels), P)
    probabilities = clamped(tempered(P, settings.confidence_temperature or 1.0), evidence.anchors)
    levels = outcome.level_labels | {"image": probabilities.argmax(axis=1)}
    outcome = replace(outcome, level_labels=levels)
    none = np.full(len(evidence.anchors), -1)
    return _Labelled(outcome, doubted(probabilities, evidence), evidence.text.logits, none)


def _label_with_answers(
    drawn: np.ndarray,
    evidence: Evidence,
    hierarchy: Hierarchy,
    settings: Settings,
    on_iteration: OnIteration | None = None,
) -> _Labelled:
    """Run again with what people answered, and learn from answers held out how sure to be.

    Every fold of the answers is predicted by a run that knows the others only; what its confidence was worth
    corrects the confidence of the run that knows all, the only one that reports its rounds. An answer itself
    is certain. The text is corrected only where the answers are surely likelier under runs with the corrected
    text: what would mend the text alone may be known to the clusters already.
    """
    unasked = _label(replace(evidence, anchors=np.full_like(evidence.anchors, -1)), hierarchy, settings)
    labels, sureness = unasked.probabilities.argmax(axis=1), unasked.probabilities.max(axis=1)
    correction = TextCorrection(evidence.text.logits, evidence.geometry.images, labels, sureness)
    folds = release_folds(evidence.anchors, sureness)
    rows = np.concatenate(folds)
    answers = evidence.anchors[rows]

    def told(anchors: np.ndarray, spread: float, on_iteration: OnIteration | None = None) -> _Labelled:
        text = replace(evidence.text, logits=correction.apply(anchors, spread))
        return _label(replace(evidence, text=text, anchors=anchors), hierarchy, settings, on_iteration)

    def foretold(spread: float) -> np.ndarray:
        """(a, k) what runs that do not know them say of the answers."""
        predicted = []
        for fold in folds:
            others = evidence.anchors.copy()
            others[fold] = -1
            predicted.append(told(others, spread).probabilities[fold])
        return np.concatenate(predicted)

    # The textbook rule compares with the class names as they are.
    spread = correction.spread(evidence.anchors) if settings.method == "anchored" else 0.0
    predicted = foretold(0.0)
    if spread:
        with_text = foretold(spread)
        if is_sure_gain(log_likelihoods(with_text, answers) - log_likelihoods(predicted, answers)):
            predicted = with_text
        else:
            spread = 0.0
    right, weights = predicted.argmax(axis=1) == answers, recalibration_weights(drawn[rows])
    recalibration = fit_recalibration(predicted.max(axis=1), right, weights)
    labelled = told(evidence.anchors, spread, on_iteration)
    P = labelled.probabilities
    P = spread_rest(P.argmax(axis=1), recalibration.of(P.max(axis=1)), P)
    contradictions = labelled.contradictions
    contradictions[rows] = find_contradictions(predicted, answers, take(evidence.V, rows))
    return replace(labelled, probabilities=clamped(P, evidence.anchors), contradictions=contradictions)
