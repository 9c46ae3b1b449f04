"""What every ingredient of the anchored rule is worth: accuracy with and without it, under every stress.

python benchmarks/ablation.py FEATURES.npz [FEATURES.npz ...] [--draws 2] [--answers SHARE] [--only NAME ...]
    [--families PREFIX,PREFIX PREFIX ...]

Prints the rows of the tables in docs/engine.md. `benchmarks/features.py` says what a file holds. With
answers, a person has answered for the least confident share of the images, and the others are scored.
With families, sets whose names begin alike are related: a second table says what each variant adds in each
family, and what the variant that is best on the other families adds there.
"""

import argparse
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from unittest import mock

import numpy as np
from features import STRESSES, FeatureSet, load_feature_set, stressed
from fiftyone_autolabel import refine
from fiftyone_autolabel.plugin.engine import (
    anchored,
    answers,
    balance,
    clustering,
    confidence,
    gaussian,
    refinement,
    vectors,
)
from fiftyone_autolabel.plugin.engine.metrics import (
    accuracy,
    area_under_risk_coverage,
    expected_calibration_error,
)
from fiftyone_autolabel.plugin.engine.recalibration import Recalibration
from rich import box
from rich.console import Console
from rich.progress import track
from rich.table import Table


@dataclass(frozen=True)
class Variant:
    """The rule with something changed.

    Attributes:
        name: Row of the table.
        constants: (module, name, value) of the constants or functions that are replaced.
        settings: Overrides of the settings.
    """

    name: str
    constants: tuple[tuple[object, str, object], ...] = ()
    settings: dict[str, object] = field(default_factory=dict)


def without(name: str, *constants: tuple[object, str, object]) -> Variant:
    """The rule without an ingredient."""
    return Variant(f"without {name}", constants)


def trusting(images: float) -> tuple[tuple[object, str, object], ...]:
    """A class's images count as much as its name at another number of images."""
    return tuple((module, "TRUSTED_IMAGES", images) for module in (vectors, gaussian))


def half_known(*images: float) -> tuple[object, str, object]:
    """Other numbers of images, times log k, at which a mean may be half known."""
    return anchored, "HALF_KNOWN", images


def believing_all(rule: anchored.AnchoredRule) -> np.ndarray:
    """Every number of images is believed alike, whatever the data say."""
    return np.full(len(anchored.HALF_KNOWN), 1 / len(anchored.HALF_KNOWN))


def starting_from(own: float) -> tuple[object, str, object]:
    """A level that starts from a share of the names' own labels, the rest being the last level's."""

    def start(rule: anchored.AnchoredRule, z: np.ndarray) -> np.ndarray:
        return own * rule.text_view() + (1 - own) * z

    return anchored.AnchoredRule, "_start", start


def leaving_out_clusters() -> tuple[object, str, object]:
    """A cluster that is judged by means that none of its images helped to make."""
    judge = anchored.AnchoredRule._judge

    def judge_outside(
        rule: anchored.AnchoredRule,
        fitted: gaussian.GaussianClasses,
        units: anchored.Units,
        z: np.ndarray,
    ) -> np.ndarray:
        return judge(rule, fitted, units, units.sizes * z)

    return anchored.AnchoredRule, "_judge", judge_outside


def leaving_none_out() -> tuple[object, str, object]:
    """Micro-clusters of HDBSCAN that take in the images between them, each the one with the nearest mean."""
    hdbscan = clustering._hdbscan

    def extended(reduced: np.ndarray, min_cluster_size: int) -> np.ndarray:
        found = hdbscan(reduced, min_cluster_size)
        micro = clustering.summarise("micro", reduced, found)
        nearest = (reduced @ micro.means.T).argmax(axis=1) if len(micro) else found
        return np.where(found >= 0, found, nearest)

    return clustering, "_hdbscan", extended


def not_balanced(likelihood: np.ndarray, *_: object, **__: object) -> np.ndarray:
    """Offsets that leave the classes as frequent as they are."""
    return np.zeros(likelihood.shape[1], np.float32)


VARIANTS = (
    Variant("the rule"),
    without("balancing", (balance, "class_offset", not_balanced)),
    without("weakened balancing", (balance, "STRENGTHS", ())),
    without("bounded balancing", (balance, "BOUNDS", ())),
    without("a price on changed frequencies", (balance, "PRICE", 0.0)),
    without("the Gaussian", half_known(np.inf)),
    Variant("means half known at 2 log k images", (half_known(2.0),)),
    Variant("means half known at 10 log k images", (half_known(10.0),)),
    Variant("all numbers of images believed alike", ((anchored.AnchoredRule, "_beliefs", believing_all),)),
    without("the text giving way", (anchored, "TEXT_GIVES_WAY", 0.0)),
    without("shrinking to the text", (gaussian, "trust_in_classes", np.ones_like)),
    without("leaving the image out", (gaussian, "LEAVE_OUT", 0.0)),
    Variant("leaving it out once, as derived", ((gaussian, "LEAVE_OUT", 1.0),)),
    Variant("leaving whole clusters out", (leaving_out_clusters(),)),
    without("neighbours", (anchored, "NEIGHBOR_WEIGHT", 0.0)),
    Variant("neighbours at twice the weight", ((anchored, "NEIGHBOR_WEIGHT", 0.5),)),
    without("the class prior", (anchored, "PRIOR_WEIGHT", 0.0)),
    Variant("logits spread by 2", ((balance, "SPREAD_OF_LOGITS", 2.0),)),
    Variant("logits spread by 4.5", ((balance, "SPREAD_OF_LOGITS", 4.5),)),
    Variant("levels start from the last one alone", (starting_from(0.0),)),
    Variant("levels start from the names alone", (starting_from(1.0),)),
    Variant("images only, no levels", settings={"clustering": "none"}),
    Variant("no image between clusters", (leaving_none_out(),)),
    Variant("k-means clusters", settings={"clustering": "kmeans"}),
    Variant("trust at 5 images", trusting(5.0)),
    Variant("trust at 20 images", trusting(20.0)),
    without("a share of the names", (confidence, "SHARE_OF_NAMES", 0.0)),
    Variant("half the share of the names", ((confidence, "SHARE_OF_NAMES", 0.1),)),
    Variant("twice the share of the names", ((confidence, "SHARE_OF_NAMES", 0.4),)),
    Variant("the textbook rule", settings={"method": "prototype"}),
)

VARIANTS_OF_ANSWERS = (
    Variant("the rule"),
    without("answers in the text", (answers, "SPREADS", (0.0,))),
    without("guesses", (answers, "GUESS_WEIGHT", 0.0)),
    Variant("guesses count as 30 answers", ((answers, "GUESS_WEIGHT", 30.0),)),
    Variant("guesses count as 100 answers", ((answers, "GUESS_WEIGHT", 100.0),)),
    without("recalibration", (refinement, "fit_recalibration", lambda *_: Recalibration())),
)


@dataclass(frozen=True)
class Score:
    """How one variant does on one set under one stress, means over draws, all in percent."""

    name: str
    stress: str
    gain: float
    accuracy: float
    calibration_error: float
    risk: float


def score(
    variant: Variant, features: FeatureSet, stress: str, draws: int, answered: float = 0.0
) -> Score | None:
    """Refine every draw; None where the set is too small for the stress."""
    rows = []
    with ExitStack() as stack:
        for module, name, value in variant.constants:
            stack.enter_context(mock.patch.object(module, name, value))
        for drawn in stressed(features, stress, draws):
            anchors = answers_for(drawn, answered)
            result = refine(drawn.X, drawn.T, anchors=anchors, **variant.settings)
            is_open = anchors < 0
            right, sure = (result.labels == drawn.y)[is_open], result.confidence[is_open]
            zero_shot = accuracy(result.zero_shot_labels[is_open], drawn.y[is_open])
            rows.append(
                (
                    right.mean() - zero_shot,
                    right.mean(),
                    expected_calibration_error(sure, right),
                    area_under_risk_coverage(sure, right),
                )
            )
    return Score(features.name, stress, *(100 * np.mean(rows, axis=0)).tolist()) if rows else None


def answers_for(features: FeatureSet, share: float) -> np.ndarray:
    """(n,) true classes of the least confident share of the images, -1 for the others."""
    anchors = np.full(len(features.y), -1)
    if share:
        rows = np.argsort(refine(features.X, features.T).confidence, kind="stable")
        rows = rows[: round(share * len(rows))]
        anchors[rows] = features.y[rows]
    return anchors


def main() -> None:
    """Print one row per variant."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("files", nargs="+", type=Path, metavar="FEATURES.npz")
    parser.add_argument("--draws", type=int, default=2, help="subsets per stress (default 2)")
    parser.add_argument("--answers", type=float, default=0, metavar="SHARE", help="of the images, in [0, 1)")
    parser.add_argument("--only", nargs="*", default=[], help="parts of the names of the variants to run")
    parser.add_argument(
        "--families", nargs="*", default=[], metavar="PREFIX,PREFIX", help="how names of related sets begin"
    )
    arguments = parser.parse_args()
    sets = [load_feature_set(path) for path in arguments.files]
    every = VARIANTS_OF_ANSWERS if arguments.answers else VARIANTS
    variants = [v for v in every if not arguments.only or any(part in v.name for part in arguments.only)]

    table = Table("accuracy (%)", *STRESSES, "all", "worst gain", "ECE", "AURC", box=box.MARKDOWN)
    scores = {}
    for variant in track(variants, console=Console(stderr=True)):
        measured = [
            score(variant, features, stress, arguments.draws, arguments.answers)
            for features in sets
            for stress in STRESSES
        ]
        scores[variant.name] = [one for one in measured if one]
        table.add_row(variant.name, *row(scores[variant.name]))
    console = Console(width=200)
    console.print(table)
    if arguments.families:
        console.print(family_table(scores, arguments.families))


def family_table(scores: dict[str, list[Score]], families: list[str]) -> Table:
    """What variants add to the first one in each family of sets, and what choosing on the others adds.

    Args:
        scores: Name of a variant → its scores, the rule's own first.
        families: How the names of related sets begin, separated by commas.
    """
    means = np.array(
        [
            [
                np.mean([one.accuracy for one in each if one.name.startswith(tuple(family.split(",")))])
                for family in families
            ]
            for each in scores.values()
        ]
    )
    added = means - means[0]
    table = Table("added to the rule", *families, "mean", "least", box=box.MARKDOWN)
    for name, gains in zip(scores, added, strict=True):
        table.add_row(name, *(f"{gain:+.2f}" for gain in (*gains, gains.mean(), gains.min())))
    others = (added.sum(axis=1, keepdims=True) - added).argmax(axis=0)
    chosen = added[others, np.arange(len(families))]
    table.add_section()
    table.add_row(
        "best on the other families", *(f"{gain:+.2f}" for gain in (*chosen, chosen.mean(), chosen.min()))
    )
    return table


def row(scores: list[Score]) -> list[str]:
    """Accuracy per stress and over all, worst gain over zero-shot, calibration error and risk."""

    def mean(name: str, stress: str | None = None) -> str:
        values = [getattr(one, name) for one in scores if stress in (None, one.stress)]
        return f"{np.mean(values):.2f}" if values else ""

    return [
        *(mean("accuracy", stress) for stress in STRESSES),
        mean("accuracy"),
        f"{min(one.gain for one in scores):+.2f}",
        mean("calibration_error"),
        mean("risk"),
    ]


if __name__ == "__main__":
    main()
