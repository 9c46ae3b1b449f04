"""Several labels an image: how good labels and probabilities are on images composed of photographs.

    python benchmarks/multilabel.py FOLDER ...

Each folder has a folder of photographs per class. One to three photographs of different classes, some classes
more frequent than others, are put side by side, 400 times; their classes are the truth. Printed are, in
percent:

- mAP: mean average precision of the classes;
- F1: of single labels, over all classes ("micro");
- ECE: expected calibration error of the probability of a class, the mean of all classes;
- all right: images whose labels are all right, and how many of them were expected to be.

Zero-shot is the cosine of image and class name, given from the one threshold with the best F1 in hindsight,
which nobody can know. After an audit the figures are of the images that were not audited.
"""

import random
import tempfile
from collections import defaultdict
from pathlib import Path

import numpy as np
from class_folders import given_folders
from fiftyone_autolabel.plugin.demo.class_folders import class_files
from fiftyone_autolabel.plugin.encoders.base import Encoder
from fiftyone_autolabel.plugin.encoders.descriptions import read_classes
from fiftyone_autolabel.plugin.encoders.known_names import class_reliability
from fiftyone_autolabel.plugin.encoders.prompts import class_prototypes
from fiftyone_autolabel.plugin.engine.metrics import expected_calibration_error
from fiftyone_autolabel.plugin.engine.multilabel import LabelSets, label_sets
from fiftyone_autolabel.plugin.engine.refinement import refine
from PIL import Image
from sklearn.metrics import average_precision_score

IMAGES, MOST_PHOTOGRAPHS, HEIGHT = 400, 3, 224
AUDITED = (24, 50, 100)
SEED = 51


def main() -> None:
    """Print a table for every folder."""
    folders, encoder = given_folders(__doc__)
    for folder in folders:
        with tempfile.TemporaryDirectory() as made:
            paths, has, classes = compose(folder, Path(made))
            _print_folder(folder.name, encoder, paths, has, classes)


def compose(folder: Path, made: Path) -> tuple[list[Path], np.ndarray, list[str]]:
    """Make images of photographs side by side.

    Args:
        folder: Has a folder of photographs per class.
        made: Where to make them.

    Returns:
        (n,) images, (n, k) bool which classes are in them, (k,) classes.
    """
    rng, photographs = random.Random(SEED), defaultdict(list)
    for file in class_files(folder):
        photographs[file.parent.name].append(file)
    classes = sorted(photographs)
    frequency = [1 / (1 + 0.3 * number) for number in range(len(classes))]
    rng.shuffle(frequency)
    paths, has = [], np.zeros((IMAGES, len(classes)), bool)
    for number in range(IMAGES):
        wanted = min(rng.randint(1, MOST_PHOTOGRAPHS), len(classes))
        while has[number].sum() < wanted:
            has[number, rng.choices(range(len(classes)), frequency)[0]] = True
        chosen = [rng.choice(photographs[classes[c]]) for c in np.flatnonzero(has[number])]
        rng.shuffle(chosen)
        paths.append(made / f"{number}.jpg")
        _side_by_side(chosen).save(paths[-1], quality=90)
    return paths, has, classes


def _side_by_side(files: list[Path]) -> Image.Image:
    parts = []
    for file in files:
        with Image.open(file) as photograph:
            width = max(1, round(photograph.width * HEIGHT / photograph.height))
            parts.append(photograph.convert("RGB").resize((width, HEIGHT)))
    whole = Image.new("RGB", (sum(part.width for part in parts), HEIGHT))
    left = 0
    for part in parts:
        whole.paste(part, (left, 0))
        left += part.width
    return whole


def _print_folder(
    name: str, encoder: Encoder, paths: list[Path], has: np.ndarray, classes: list[str]
) -> None:
    X, T = encoder.embed_images(paths).vectors, class_prototypes(encoder, classes)
    refinement = refine(X, T, name_reliability=class_reliability(encoder, read_classes(classes)))
    print(f"{name}: {len(X)} images, {len(classes)} classes, {has.sum() / len(has):.2f} an image")
    print(f"{'':22}{'mAP':>8}{'F1':>8}{'ECE':>8}{'all right':>12}{'expected':>10}")
    cosines = X @ T.T
    best = _best_in_hindsight(cosines, has)
    row = (
        _mean_average_precision(cosines, has),
        _f1(best, has),
        np.nan,
        (best == has).all(axis=1).mean(),
        np.nan,
    )
    _print_row("zero-shot, in hindsight", row)
    _print_row("no audit", _scores(label_sets(refinement, X), has, np.ones(len(X), bool)))
    order = np.random.default_rng(SEED).permutation(len(X))
    for audited in AUDITED:
        answers, drawn = np.full(has.shape, -1, np.int8), np.zeros(len(X))
        answers[order[:audited]], drawn[order[:audited]] = has[order[:audited]], audited / len(X)
        rest = np.isin(np.arange(len(X)), order[audited:])
        _print_row(f"{audited} audited", _scores(label_sets(refinement, X, answers, drawn), has, rest))


def _scores(sets: LabelSets, has: np.ndarray, rows: np.ndarray) -> tuple[float, ...]:
    p, given, has = sets.probabilities[rows], sets.is_given[rows], has[rows]
    errors = [expected_calibration_error(p[:, c], has[:, c]) for c in range(has.shape[1])]
    right = (given == has).all(axis=1).mean()
    scores = (_mean_average_precision(p, has), _f1(given, has), float(np.mean(errors)))
    return (*scores, right, float(sets.confidence[rows].mean()))


def _mean_average_precision(scores: np.ndarray, has: np.ndarray) -> float:
    occurring = np.flatnonzero(has.any(axis=0))
    return float(np.mean([average_precision_score(has[:, c], scores[:, c]) for c in occurring]))


def _f1(given: np.ndarray, has: np.ndarray) -> float:
    return 2 * (given & has).sum() / (given.sum() + has.sum())


def _best_in_hindsight(scores: np.ndarray, has: np.ndarray) -> np.ndarray:
    """(n, k) bool, scores from the threshold that gives the largest F1."""
    order = np.argsort(-scores, axis=None)
    right = np.cumsum(has.ravel()[order])
    f1 = 2 * right / (np.arange(1, has.size + 1) + has.sum())
    return scores >= scores.ravel()[order[f1.argmax()]]


def _print_row(name: str, values: tuple[float, ...]) -> None:
    shown = [f"{100 * value:.1f}" if np.isfinite(value) else "–" for value in values]
    print(f"{name:24}{shown[0]:>6}{shown[1]:>8}{shown[2]:>8}{shown[3]:>12}{shown[4]:>10}", flush=True)


if __name__ == "__main__":
    main()
