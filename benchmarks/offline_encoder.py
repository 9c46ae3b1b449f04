"""How fast the offline encoder is, and how well its bridge carries class names over to images.

python benchmarks/offline_encoder.py [FOLDER ...], each with one folder of images per class.
"""

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from fiftyone_autolabel.plugin.demo.class_folders import Photographs, embed_folder
from fiftyone_autolabel.plugin.encoders.imagenet import imagenet_texts
from fiftyone_autolabel.plugin.encoders.offline.bridge import Bridge
from fiftyone_autolabel.plugin.encoders.offline.encoder import OfflineEncoder
from fiftyone_autolabel.plugin.encoders.offline.image import classifier_rows
from fiftyone_autolabel.plugin.encoders.offline.text import TextTower
from fiftyone_autolabel.plugin.engine.vectors import unit_rows
from rich.console import Console
from rich.table import Table
from scipy.special import softmax

FOLDS = 5
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
    console.print(unseen_class_table(known))
    if folders:
        encoder = OfflineEncoder()
        photographs = {folder.name: embed_folder(folder, encoder) for folder in folders}
        console.print(photograph_table(photographs, known))


if __name__ == "__main__":
    main()
