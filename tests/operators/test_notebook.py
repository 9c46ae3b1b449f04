"""In a notebook, where a loop is running, each operator is called from Python with `await`."""

import asyncio
from collections.abc import Callable

import fiftyone as fo
import fiftyone.operators as foo
import numpy as np
import pytest
from fiftyone.operators.executor import ExecutionResult
from fiftyone_autolabel import ExportOptions, auto_label
from fiftyone_autolabel.operators import OPERATORS
from PIL import Image

PLUGIN = "@autolabel/prototypes"
X = np.eye(4)[[0, 0, 1, 1, 0, 1] * 2] + np.random.default_rng(0).normal(scale=0.01, size=(12, 4))

CALLS: dict[str, Callable] = {
    "auto_label": lambda call, dataset, folder: call(
        dataset, ["a", "b"], embeddings="vector", text_embeddings=str(folder / "T.npy"), run_key="third"
    ),
    "add_class": lambda call, dataset, folder: call(dataset, "c", label_field="auto_label_named"),
    "embed_images": lambda call, dataset, folder: call(dataset, encoder="offline"),
    "cluster_images": lambda call, dataset, folder: call(dataset, embeddings="vector"),
    "review_next": lambda call, dataset, folder: call(dataset, 2, label_field="auto_label_first"),
    "correct": lambda call, dataset, folder: call(dataset.limit(1), "b", label_field="auto_label_first"),
    "approve": lambda call, dataset, folder: call(dataset.limit(2), label_field="auto_label_first"),
    "undo_review": lambda call, dataset, folder: call(dataset, label_field="auto_label_first"),
    "withdraw": lambda call, dataset, folder: call(dataset.limit(2), label_field="auto_label_first"),
    "audit": lambda call, dataset, folder: call(dataset, 2, label_field="auto_label_first"),
    "refine_with_corrections": lambda call, dataset, folder: call(dataset, label_field="auto_label_second"),
    "evaluate": lambda call, dataset, folder: call(dataset, "truth", label_field="auto_label_first"),
    "check_labels": lambda call, dataset, folder: call(
        dataset.exists("truth"), label_field="truth", embeddings="vector"
    ),
    "add_brain_runs": lambda call, dataset, folder: call(dataset, "first", method="pca"),
    "show_run": lambda call, dataset, folder: call(dataset, "first"),
    "compare_runs": lambda call, dataset, folder: call(dataset, "first", "second"),
    "cancel_run": lambda call, dataset, folder: call(dataset, "waiting"),
    "delete_run": lambda call, dataset, folder: call(dataset, "spare"),
    "export_labels": lambda call, dataset, folder: call(
        dataset, folder / "out", "csv", options=ExportOptions(label_field="auto_label_first")
    ),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("notebook")


@pytest.fixture(scope="module")
def dataset(folder):
    """Four runs, an approved label, a run that waits, and a truth; no call stands in another's way."""
    dataset = fo.Dataset(persistent=True)
    for number, vector in enumerate(X):
        path = folder / f"{number}.png"
        Image.new("RGB", (16, 16), (20 * number, 0, 0)).save(path)
        truth = fo.Classification(label="ab"[number % 2])
        dataset.add_sample(fo.Sample(filepath=str(path), vector=vector, truth=truth))
    T = folder / "T.npy"
    np.save(T, np.eye(4)[:2])
    for key in ("first", "second", "spare"):
        auto_label(dataset, ["a", "b"], embeddings="vector", text_embeddings=str(T), run_key=key)
    auto_label(dataset, ["a", "b"], encoder="offline", run_key="named")
    foo.get_operator(f"{PLUGIN}/approve")(dataset.limit(1), label_field="auto_label_second")
    foo.get_operator(f"{PLUGIN}/auto_label")(dataset, ["a"], run_key="waiting", delegate=True)
    yield dataset
    dataset.delete()


def test_every_operator_is_tested():
    assert sorted(CALLS) == sorted(each().config.name for each in OPERATORS)


@pytest.mark.parametrize("name", CALLS)
def test_an_operator_is_awaited_and_returns_what_it_declares(dataset, folder, name):
    async def cell() -> ExecutionResult:
        return await CALLS[name](foo.get_operator(f"{PLUGIN}/{name}"), dataset, folder)

    result = asyncio.run(cell()).result
    declared = foo.get_operator(f"{PLUGIN}/{name}").resolve_output(foo.ExecutionContext())
    assert set(result) == set(declared.type.properties)
