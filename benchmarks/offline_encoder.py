"""How fast the offline encoder is, how well its bridge carries class names over to images, and how well it
knows which names it does not carry over.

python benchmarks/offline_encoder.py [FOLDER ...], each with one folder of images per class.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import pairwise
from pathlib import Path

import numpy as np
from fiftyone_autolabel.plugin.demo.class_folders import Photographs, embed_folder
from fiftyone_autolabel.plugin.encoders.imagenet import imagenet_texts
from fiftyone_autolabel.plugin.encoders.offline.bridge import LENGTHS, RIDGE as BRIDGE_RIDGE, Bridge
from fiftyone_autolabel.plugin.encoders.offline.encoder import OfflineEncoder
from fiftyone_autolabel.plugin.encoders.offline.image import classifier_rows
from fiftyone_autolabel.plugin.encoders.offline.text import TextTower
from fiftyone_autolabel.plugin.engine.vectors import unit_rows
from rich.console import Console
from rich.table import Table
from scipy.optimize import minimize
from scipy.special import softmax
from sklearn.cluster import KMeans

FOLDS = 5
FAMILIES = (10, 25, 60)
CHOSEN_FAMILIES = 25
LIST_SIZES = (2, 3, 4, 6, 10, 15, 20)
NAMES_PER_SIZE = 1_200
LENGTH_BINS = LENGTHS[1:-1]
RIDGE = 1.0
CONSE_TEMPERATURE = 1 / 15
BATCH = 32

Mapping = Callable[[np.ndarray], np.ndarray]
Fit = Callable[[np.ndarray, np.ndarray], Mapping]


@dataclass(frozen=True)
class Candidate:
    """A way to build a bridge: how it is fitted, and whether it learns from the definitions too."""

    name: str
    fit: Fit
    definitions: bool


@dataclass(frozen=True)
class KnownClasses:
    """Unit rows of the ImageNet classes: (1000, 384) names and definitions, (1000, 1280) directions."""

    names: np.ndarray
    definitions: np.ndarray
    directions: np.ndarray


def fit_ridge(embeddings: np.ndarray, directions: np.ndarray) -> Mapping:
    """Linear ridge regression on centred embeddings: the baseline."""
    mean = embeddings.mean(axis=0)
    centred = embeddings - mean
    gram = centred.T @ centred + RIDGE * np.eye(centred.shape[1])
    weights = np.linalg.solve(gram, centred.T @ directions)
    return lambda queries: (queries - mean) @ weights


def fit_conse(embeddings: np.ndarray, directions: np.ndarray) -> Mapping:
    """Convex combination of the directions of similar texts (Norouzi et al., 2014, from text to image)."""
    mean = embeddings.mean(axis=0)
    anchors = unit_rows(embeddings - mean)

    def apply(queries: np.ndarray) -> np.ndarray:
        return softmax(unit_rows(queries - mean) @ anchors.T / CONSE_TEMPERATURE, axis=1) @ directions

    return apply


CANDIDATES = (
    Candidate("ridge, names (baseline)", fit_ridge, definitions=False),
    Candidate("ridge, names and definitions", fit_ridge, definitions=True),
    Candidate("ConSE, names and definitions", fit_conse, definitions=True),
    Candidate("kernel ridge, names", Bridge.fit, definitions=False),
    Candidate("kernel ridge, names and definitions (chosen)", Bridge.fit, definitions=True),
)


def known_classes() -> KnownClasses:
    """Embed what is written about the ImageNet classes."""
    known, tower = imagenet_texts(), TextTower()

    def embed(texts: list[str]) -> np.ndarray:
        batches = [texts[start : start + BATCH] for start in range(0, len(texts), BATCH)]
        return np.concatenate([tower(batch) for batch in batches])

    return KnownClasses(embed(known.names), embed(known.definitions), unit_rows(classifier_rows()))


def fit(candidate: Candidate, known: KnownClasses, classes: np.ndarray) -> Mapping:
    """Fit a candidate on some of the ImageNet classes."""
    embeddings, directions = known.names[classes], known.directions[classes]
    if candidate.definitions:
        embeddings = np.concatenate([embeddings, known.definitions[classes]])
        directions = np.concatenate([directions, directions])
    return candidate.fit(embeddings, directions)


def unseen_class_ranks(candidate: Candidate, known: KnownClasses) -> tuple[np.ndarray, np.ndarray]:
    """Where each class's own direction ranks for its name when the class was left out of the fit.

    Returns:
        Two arrays of 1,000 ranks from 1: among the 200 left-out classes, and among all 1,000.
    """
    among_unseen, among_all = [], []
    for unseen in np.array_split(np.random.default_rng(0).permutation(len(known.names)), FOLDS):
        seen = np.setdiff1d(np.arange(len(known.names)), unseen)
        cosines = fit(candidate, known, seen)(known.names[unseen]) @ known.directions.T
        own = cosines[np.arange(len(unseen)), unseen][:, None]
        among_unseen.append((cosines[:, unseen] >= own).sum(axis=1))
        among_all.append((cosines >= own).sum(axis=1))
    return np.concatenate(among_unseen), np.concatenate(among_all)


@dataclass(frozen=True)
class Recognised:
    """Names in lists of classes of one family, which the bridge had not seen; one entry per name and list.

    Attributes:
        lengths: Length of the bridged name.
        sizes: Number of classes in the list.
        right: Whether the direction of the class is nearest to its own name among those of the list.
        families: Family of the list.
    """

    lengths: np.ndarray
    sizes: np.ndarray
    right: np.ndarray
    families: np.ndarray

    def of(self, rows: np.ndarray) -> "Recognised":
        """Some of the entries."""
        return Recognised(*(getattr(self, name)[rows] for name in vars(self)))

    def chance(self, curve: np.ndarray) -> np.ndarray:
        """Chance that each name is recognised, by the curve at `LENGTHS` and the size of its list."""
        known = np.interp(self.lengths, LENGTHS, curve)
        return known + (1 - known) / self.sizes

    def fitted(self) -> np.ndarray:
        """The rising curve of maximum likelihood; names of ImageNet itself, at its end, are known."""

        def curve_of(steps: np.ndarray) -> np.ndarray:
            return np.append(np.minimum(np.cumsum(np.abs(steps)), 1), 1)

        def cost(steps: np.ndarray) -> float:
            chance = np.clip(self.chance(curve_of(steps)), 1e-6, 1 - 1e-6)
            return -float(np.mean(np.log(np.where(self.right, chance, 1 - chance))))

        even = np.full(len(LENGTHS) - 1, 1 / len(LENGTHS))
        return curve_of(minimize(cost, even, method="Powell").x)


def bridged_without(known: KnownClasses, family: np.ndarray) -> np.ndarray:
    """Bridge each name as if the classes of its family had been left out of the fit.

    In closed form, so that one fit serves all families: in kernel ridge regression with the regularised
    kernel K, the residuals of rows F that are left out are (K⁻¹)_FF⁻¹ (K⁻¹ Y)_F. Only the mean, which
    embeddings are centred at, still knows them.

    Args:
        known: The ImageNet classes.
        family: (1000,) family of each.

    Returns:
        (1000, 1280) directions of any length.
    """
    embeddings = np.concatenate([known.names, known.definitions])
    directions = np.concatenate([known.directions, known.directions])
    bridge = Bridge.fit(embeddings, directions)
    identity = np.eye(len(embeddings), dtype=np.float32)
    kernel = replace(bridge, coefficients=identity)(embeddings).astype(np.float64)
    inverse = np.linalg.inv(kernel + BRIDGE_RIDGE * identity)
    bridged = np.empty_like(known.directions)
    for each in range(family.max() + 1):
        members = np.flatnonzero(family == each)
        rows = np.concatenate([members, len(family) + members])
        residuals = np.linalg.solve(inverse[np.ix_(rows, rows)], bridge.coefficients[rows])
        bridged[members] = known.directions[members] - residuals[: len(members)]
    return bridged


def recognised_names(known: KnownClasses, families: int) -> Recognised:
    """Leave out family by family of ImageNet classes, and look whether their names tell them apart.

    Classes are left out with their relatives, k-means clusters of their directions, because whoever labels
    flowers has a list of flowers: left out alone, a class has its relatives to be recognised by.
    """
    family = KMeans(families, n_init=2, random_state=0).fit_predict(known.directions)
    bridged = bridged_without(known, family)
    lengths, cosines = np.linalg.norm(bridged, axis=1), known.directions @ unit_rows(bridged).T
    rng, entries = np.random.default_rng(0), []
    for size in LIST_SIZES:
        for _ in range(NAMES_PER_SIZE // size):
            drawn = rng.integers(families)
            members = np.flatnonzero(family == drawn)
            if len(members) < size:
                continue
            names = rng.choice(members, size, replace=False)
            right = cosines[np.ix_(names, names)].argmax(axis=1) == np.arange(size)
            entries.append((lengths[names], np.full(size, size), right, np.full(size, drawn)))
    return Recognised(*(np.concatenate(column) for column in zip(*entries, strict=True)))


def held_out_error(names: Recognised) -> float:
    """Mean error of the chance by the length of the name, on families that the curve was not fitted to."""
    chance = np.empty(len(names.right))
    for odd in (False, True):
        inside = names.families % 2 == odd
        chance[inside] = names.of(inside).chance(names.of(~inside).fitted())
    bins = np.digitize(names.lengths, LENGTH_BINS)
    errors = [abs(chance[bins == b].mean() - names.right[bins == b].mean()) for b in bins]
    return float(np.mean(errors))


def reliability_tables(known: KnownClasses) -> list[Table]:
    """The curve from the length of a bridged name to its reliability, and how right it is."""
    curves = Table(title="Reliability of names, ImageNet classes left out with their families")
    lengths = (f"at {length}" for length in LENGTHS)
    for column in ("families", "recognised", *lengths, "error, other families"):
        curves.add_column(column, justify="right")
    by_length = Table(title=f"Names recognised and, in brackets, expected; {CHOSEN_FAMILIES} families")
    by_length.add_column("classes in the list", justify="right")
    for start, end in pairwise((0, *LENGTH_BINS, None)):
        by_length.add_column(f"length {start} to {end}" if end else f"from {start}", justify="right")
    for families in FAMILIES:
        names = recognised_names(known, families)
        curve = names.fitted()
        cells = [f"{names.right.mean():.1%}", *(f"{reliability:.2f}" for reliability in curve)]
        curves.add_row(str(families), *cells, f"{held_out_error(names):.1%}")
        if families == CHOSEN_FAMILIES:
            for size in LIST_SIZES:
                by_length.add_row(str(size), *_by_length(names.of(names.sizes == size), curve))
    return [curves, by_length]


def _by_length(names: Recognised, curve: np.ndarray) -> list[str]:
    bins, chance = np.digitize(names.lengths, LENGTH_BINS), names.chance(curve)
    inside = [bins == each for each in range(len(LENGTH_BINS) + 1)]
    return [f"{names.right[i].mean():.0%} ({chance[i].mean():.0%})" if i.any() else "" for i in inside]


def nearest_neighbour_accuracy(photographs: Photographs) -> float:
    """How often the most similar other image is of the same class."""
    cosines = photographs.vectors @ photographs.vectors.T
    np.fill_diagonal(cosines, -np.inf)
    return float(np.mean(photographs.truth[cosines.argmax(axis=1)] == photographs.truth))


def zero_shot_accuracy(photographs: Photographs, bridge: Mapping) -> float:
    """How often the bridged class name of largest cosine is right, averaged over the prompt templates."""
    tower, names = TextTower(), photographs.classes
    prompts = [[template.format(name) for name in names] for template in OfflineEncoder.prompt_templates]
    prototypes = unit_rows(sum(unit_rows(bridge(tower(texts))) for texts in prompts))
    return float(np.mean((photographs.vectors @ prototypes.T).argmax(axis=1) == photographs.truth))


def unseen_class_table(known: KnownClasses) -> Table:
    """How each candidate does on ImageNet classes that it has not seen; needs no image."""
    table = Table(title=f"ImageNet classes left out of the fit, {FOLDS} folds")
    table.add_column("bridge", no_wrap=True)
    for column in ("top-1 of 200", "top-5 of 200", "top-5 of 1,000", "median rank of 1,000"):
        table.add_column(column, justify="right")
    for candidate in CANDIDATES:
        among_unseen, among_all = unseen_class_ranks(candidate, known)
        shares = [among_unseen <= 1, among_unseen <= 5, among_all <= 5]
        cells = [*(f"{share.mean():.1%}" for share in shares), f"{np.median(among_all):.0f}"]
        table.add_row(candidate.name, *cells)
    return table


def photograph_table(folders: dict[str, Photographs], known: KnownClasses) -> Table:
    """Zero-shot accuracy of each candidate, then what depends on the images alone."""
    table = Table(title="Photographs")
    table.add_column("zero-shot accuracy", no_wrap=True)
    for name, photographs in folders.items():
        classes, images = len(photographs.classes), len(photographs.truth)
        table.add_column(f"{name}\n{images:,} images, {classes} classes", justify="right")
    for candidate in CANDIDATES:
        bridge = fit(candidate, known, np.arange(len(known.names)))
        accuracies = [zero_shot_accuracy(photographs, bridge) for photographs in folders.values()]
        table.add_row(candidate.name, *(f"{accuracy:.1%}" for accuracy in accuracies))
    table.add_section()
    neighbours = [nearest_neighbour_accuracy(photographs) for photographs in folders.values()]
    table.add_row("nearest other image", *(f"{accuracy:.1%}" for accuracy in neighbours))
    table.add_row("images a second", *(f"{p.images_per_second:.1f}" for p in folders.values()))
    return table


def main() -> None:
    """Print the tables for the folders named on the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folders", nargs="*", type=Path, metavar="FOLDER", help="has a folder per class")
    folders = parser.parse_args().folders
    console = Console()
    known = known_classes()
    for table in (unseen_class_table(known), *reliability_tables(known)):
        console.print(table)
    if folders:
        encoder = OfflineEncoder()
        photographs = {folder.name: embed_folder(folder, encoder) for folder in folders}
        console.print(photograph_table(photographs, known))


if __name__ == "__main__":
    main()
