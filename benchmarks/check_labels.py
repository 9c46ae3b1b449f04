"""How well labels are found that were swapped, beside other rankings on the same vectors.

python benchmarks/check_labels.py [SET ...] [--encoder NAME], each SET a .npz file of a feature set or a
folder with one folder of images per class; without one the photos of the demo. 5% and 20% of the labels are
swapped with random other classes.

Compared are self-confidence (Northcutt et al. 2021), as cleanlab ranks labels, and FiftyOne's mistakenness,
both by the probabilities of a cross-validated logistic regression of scikit-learn.
"""

import argparse
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from class_folders import demo_folder
from features import load_feature_set
from fiftyone_autolabel import load_encoder
from fiftyone_autolabel.plugin.demo.class_folders import embed_folder
from fiftyone_autolabel.plugin.engine.label_errors import find_label_errors
from rich.console import Console
from rich.table import Table
from scipy.stats import entropy
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sklearn.model_selection import StratifiedKFold, cross_val_predict
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

SHARES = (0.05, 0.2)
FEWEST = 5
"""Images of a class that is used: one for each fold of the cross-validation."""

Ranking = Callable[[np.ndarray, np.ndarray], dict[str, np.ndarray]]
"""From vectors (n, d) and labels (n,) to one or more mistakennesses (n,) by name."""


def main() -> None:
    """Print one table with a row per set, share of swapped labels and ranking."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("sets", nargs="*", type=Path, metavar="SET", help=".npz file, or a folder per class")
    parser.add_argument("--encoder", default="offline", help="of folders, as for auto_label")
    arguments = parser.parse_args()
    table = Table("set", "swapped", "ranking", "AUROC", "precision at k", "seconds")
    for place in arguments.sets or [demo_folder()]:
        X, truth = _read(place, arguments.encoder)
        for share in SHARES:
            labels, is_wrong = swapped(truth, share)
            for ranking in (ours, of_logistic_regression):
                began = time.perf_counter()
                scores = ranking(X, labels)
                seconds = time.perf_counter() - began
                for name, doubt in scores.items():
                    worst = np.argsort(-doubt, kind="stable")[: is_wrong.sum()]
                    area, precision = roc_auc_score(is_wrong, doubt), is_wrong[worst].mean()
                    figures = (f"{area:.3f}", f"{precision:.0%}", f"{seconds:.1f}")
                    table.add_row(place.stem, f"{share:.0%}", name, *figures)
    Console().print(table)


def swapped(truth: np.ndarray, share: float, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Labels of which a share is of another class, and which of them are."""
    rng, k = np.random.default_rng(seed), truth.max() + 1
    is_wrong = np.zeros(len(truth), bool)
    is_wrong[rng.permutation(len(truth))[: round(share * len(truth))]] = True
    return np.where(is_wrong, (truth + rng.integers(1, k, len(truth))) % k, truth), is_wrong


def ours(X: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
    """What `check_labels` ranks by."""
    return {"check_labels": find_label_errors(X, labels).mistakenness}


def of_logistic_regression(X: np.ndarray, labels: np.ndarray) -> dict[str, np.ndarray]:
    """Self-confidence, and the formula of `fiftyone.brain.compute_mistakenness` for logits."""
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=300))
    folds = StratifiedKFold(FEWEST, shuffle=True, random_state=0)
    P = cross_val_predict(model, X, labels, cv=folds, method="predict_proba")
    sign = np.where(P.argmax(axis=1) == labels, -1, 1)
    return {
        "self-confidence": 1 - P[np.arange(len(labels)), labels],
        "FiftyOne's mistakenness": (sign * np.exp(-entropy(P, axis=1)) + 1) / 2,
    }


def _read(place: Path, encoder: str) -> tuple[np.ndarray, np.ndarray]:
    """Vectors and true class numbers of the classes that have enough images."""
    if place.suffix == ".npz":
        features = load_feature_set(place)
        X, y = features.X, features.y
    else:
        photographs = embed_folder(place, load_encoder(encoder))
        X, y = photographs.vectors, photographs.truth
    rows = np.flatnonzero(np.bincount(y)[y] >= 2 * FEWEST)
    return X[rows], np.unique(y[rows], return_inverse=True)[1]


if __name__ == "__main__":
    main()
