"""What the engine costs: seconds of every step and memory, beside a plain zero-shot pass.

python benchmarks/engine.py [--images N] [--dimensions D] [--classes K] [--baselines]

The features are synthetic: see `make_features`. The command `bench` prints the same without baselines.
"""

import argparse

import numpy as np
from fiftyone_autolabel.plugin.cli.console import steps_table
from fiftyone_autolabel.plugin.demo.bench import SEED, Costs, make_features, measure_engine, warm_up
from fiftyone_autolabel.plugin.engine.clustering import micro_cluster_assignments
from fiftyone_autolabel.plugin.engine.config import HDBSCAN_MOST_IMAGES, Settings
from rich.console import Console


def add_baselines(costs: Costs, X: np.ndarray, settings: Settings) -> None:
    """Other ways to cluster, HDBSCAN on as many images as it is ever given."""
    from sklearn.cluster import MiniBatchKMeans

    some = X[:HDBSCAN_MOST_IMAGES]
    hdbscan = settings.with_overrides(clustering="hdbscan")
    costs.time(f"HDBSCAN, {len(some):,} images", lambda: micro_cluster_assignments(some, hdbscan))
    count = len(X) // (2 * settings.min_cluster_size)
    model = MiniBatchKMeans(count, random_state=SEED, n_init=1)
    costs.time(f"scikit-learn k-means, {count:,} clusters", lambda: model.fit(X))


def main() -> None:
    """Print one row per step."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--images", type=int, default=100_000)
    parser.add_argument("--dimensions", type=int, default=512)
    parser.add_argument("--classes", type=int, default=100)
    parser.add_argument("--baselines", action="store_true", help="also HDBSCAN and scikit-learn's k-means")
    arguments = parser.parse_args()
    warm_up(arguments.images)
    X, T = make_features(arguments.images, arguments.dimensions, arguments.classes)
    settings = Settings().resolved(len(X), len(T))

    costs = measure_engine(X, T, settings)
    if arguments.baselines:
        add_baselines(costs, X, settings)
    Console().print(steps_table(X, T, costs.steps))


if __name__ == "__main__":
    main()
