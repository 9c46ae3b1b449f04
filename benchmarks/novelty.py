"""How well novelty finds missing classes: a fifth of the class names is hidden, and their images are sought.

python benchmarks/novelty.py [FILE.npz ...] [FOLDER ...] [--seeds N] [--ablation | --vocabulary FILE.npz]

A file has X, T and y as in features.py; a folder has one folder of images per class and is embedded by the
offline encoder. AUROC in percent: 50 is chance, at 100 all images (or clusters) of hidden classes come first.
With a vocabulary, the class names of a set in the same space, it says instead how well clusters get names.
"""

import argparse
from contextlib import nullcontext
from pathlib import Path
from unittest import mock

import numpy as np
from features import FeatureSet, load_feature_set
from fiftyone_autolabel import refine
from fiftyone_autolabel.plugin.demo.class_folders import embed_folder
from fiftyone_autolabel.plugin.encoders.offline.encoder import OfflineEncoder
from fiftyone_autolabel.plugin.encoders.prompts import class_prototypes
from fiftyone_autolabel.plugin.engine import novelty
from fiftyone_autolabel.plugin.engine.clustering import Clusters
from fiftyone_autolabel.plugin.engine.vectors import group_means, softmax
from fiftyone_autolabel.plugin.report.summarising import LEAST_NOVELTY
from rich.console import Console
from rich.table import Table
from sklearn.metrics import roc_auc_score

HIDDEN_SHARE = 0.2
CLIP_SCALE = 100
SAME_NAME = 0.999
"""Cosine of the vectors of two names from which they are one."""

NAMED = ("hidden: own name first", "own name among three", "named: no other name")
COLUMNS = ("MSP", "MCM", "image score", "MSP", "cluster score")


def zeros(first: np.ndarray, *others: object) -> np.ndarray:
    """Nothing, for every row."""
    return np.zeros(len(first))


ABLATION = {
    "the score": (),
    "without undecided names": ("entropy", zeros),
    "without the distance from the name": ("closeness_to_names", zeros),
    "without the distance from cores": ("core_distance", zeros),
    "cores of all images of a class": ("better_half", lambda values, *others: np.ones(len(values), bool)),
    "without sharing among neighbours": ("smoothed", lambda values, *others: values),
}
"""Row of a table → function of the module and what replaces it."""


def load(path: Path) -> FeatureSet:
    """Read a feature set, or embed a folder of class folders."""
    if path.is_file():
        return load_feature_set(path)
    encoder = OfflineEncoder()
    photographs = embed_folder(path, encoder)
    T = class_prototypes(encoder, photographs.classes)
    return FeatureSet(path.name, photographs.vectors, T, photographs.truth)


def hidden_classes(y: np.ndarray, seed: int) -> np.ndarray:
    """A fifth of the classes that have images, at least one."""
    present = np.unique(y)
    count = max(1, round(HIDDEN_SHARE * len(present)))
    return np.sort(np.random.default_rng(seed).permutation(present)[:count])


def measure(features: FeatureSet, seeds: int) -> np.ndarray:
    """Mean AUROC over the seeds for each of `COLUMNS`; NaN where no seed hides a cluster."""
    # Clusters do not depend on the class names.
    clusters = refine(features.X, features.T, iterations=1).clusters["micro"]
    rows = np.array([measure_once(features, clusters, seed) for seed in range(seeds)])
    return np.ma.masked_invalid(rows).mean(axis=0).filled(np.nan)


def measure_once(features: FeatureSet, clusters: Clusters, seed: int) -> tuple[float, ...]:
    """AUROC for each of `COLUMNS` with the classes of one seed hidden."""
    hidden = hidden_classes(features.y, seed)
    names = np.delete(features.T, hidden, axis=0)
    result = refine(features.X, names, micro_clusters=clusters.assignments)

    cosines = features.X @ names.T
    msp = -softmax(CLIP_SCALE * cosines).max(axis=1)  # Hendrycks and Gimpel 2017
    mcm = -softmax(cosines).max(axis=1)  # Ming et al. 2022
    is_hidden = np.isin(features.y, hidden)
    scores = np.zeros(len(clusters))
    for entry in result.novel_clusters:
        scores[entry.cluster] = entry.score
    is_hidden_cluster = cluster_means(is_hidden, clusters) > 0.5
    return (
        *(auroc(is_hidden, score) for score in (msp, mcm, result.explanation.novelty)),
        auroc(is_hidden_cluster, cluster_means(msp, clusters)),
        auroc(is_hidden_cluster, scores),
    )


def names_found(features: FeatureSet, vocabulary: np.ndarray, seeds: int) -> np.ndarray:
    """How often names are right, of clusters more novel than most, in percent over all seeds.

    Args:
        features: A set; a fifth of its class names is hidden.
        vocabulary: (m, d) unit rows, names among which the hidden ones are mixed.
        seeds: Draws of hidden classes.

    Returns:
        Clusters of hidden classes that have their own name first, and among those suggested; clusters of
        other classes for which no name is suggested.
    """
    clusters = refine(features.X, features.T, iterations=1).clusters["micro"]
    others = vocabulary[(vocabulary @ features.T.T).max(axis=1) < SAME_NAME]
    hidden_ranks, named_lengths = [], []
    for seed in range(seeds):
        hidden = hidden_classes(features.y, seed)
        names = np.delete(features.T, hidden, axis=0)
        ranking = refine(features.X, names, micro_clusters=clusters.assignments).novel_clusters
        ranking = [entry for entry in ranking if entry.score >= LEAST_NOVELTY]
        W = np.concatenate([features.T[hidden], others])
        found = novelty.nearer_texts(ranking, features.X, names, W)
        for entry in ranking:
            seen = np.bincount(features.y[clusters.assignments == entry.cluster]).argmax()
            texts = found.get(entry.cluster, ())
            if seen not in hidden:
                named_lengths.append(len(texts))
                continue
            own = int(np.flatnonzero(hidden == seen)[0])
            hidden_ranks.append(texts.index(own) if own in texts else len(W))
    ranks, lengths = np.array(hidden_ranks), np.array(named_lengths)
    return 100 * np.array([np.mean(ranks == 0), np.mean(ranks < len(W)), np.mean(lengths == 0)])


def cluster_means(values: np.ndarray, clusters: Clusters) -> np.ndarray:
    """Mean of (n,) values over the images of each cluster."""
    return group_means(values.astype(np.float32)[:, None], clusters.assignments, len(clusters))[:, 0]


def auroc(is_positive: np.ndarray, score: np.ndarray) -> float:
    """Area under the ROC curve in percent, NaN where all are positive or none."""
    if len(np.unique(is_positive)) < 2:
        return float("nan")
    return 100 * float(roc_auc_score(is_positive, score))


def ablation(sets: list[FeatureSet], seeds: int) -> Table:
    """Mean AUROC over the sets with each term of the score left out."""
    table = Table("score", "images", "clusters", title=f"Mean AUROC (%); {seeds} draws")
    for name, replaced in ABLATION.items():
        with mock.patch.object(novelty, *replaced) if replaced else nullcontext():
            means = np.nanmean([measure(features, seeds) for features in sets], axis=0)
        table.add_row(name, f"{means[2]:.1f}", f"{means[4]:.1f}")
    return table


def main() -> None:
    """Print one row per feature set or folder."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paths", nargs="+", type=Path, metavar="PATH", help="a .npz file or a folder")
    parser.add_argument("--seeds", type=int, default=10, help="draws of hidden classes (default: 10)")
    instead = parser.add_mutually_exclusive_group()
    instead.add_argument("--ablation", action="store_true", help="the means without each term of the score")
    instead.add_argument("--vocabulary", type=Path, metavar="FILE.npz", help="how well clusters get names")
    arguments = parser.parse_args()
    if arguments.vocabulary:
        vocabulary = load_feature_set(arguments.vocabulary).T
        table = Table("set", *NAMED, title=f"Clusters (%); {arguments.seeds} draws")
        for path in arguments.paths:
            features = load(path)
            shares = names_found(features, vocabulary, arguments.seeds)
            table.add_row(features.name, *(f"{share:.1f}" for share in shares))
        Console().print(table)
        return
    if arguments.ablation:
        Console().print(ablation([load(path) for path in arguments.paths], arguments.seeds))
        return
    table = Table(
        title=f"AUROC for images, then for micro-clusters, of hidden classes; {arguments.seeds} draws"
    )
    table.add_column("set", overflow="fold")
    for column in COLUMNS:
        table.add_column(column, justify="right")
    results = []
    for path in arguments.paths:
        features = load(path)
        if len(np.unique(features.y)) < 2:
            raise SystemExit(f"{path} has images of one class only: hiding it would leave no class name.")
        results.append(measure(features, arguments.seeds))
        table.add_row(features.name, *(f"{value:.1f}" for value in results[-1]))
    table.add_section()
    table.add_row("mean", *(f"{value:.1f}" for value in np.nanmean(results, axis=0)))
    Console().print(table)


if __name__ == "__main__":
    main()
