"""Results show themselves in a few lines, however much they hold."""

from dataclasses import dataclass

import numpy as np
from fiftyone_autolabel import refine
from fiftyone_autolabel.plugin.engine.display import Displayed, in_short


@dataclass(frozen=True, repr=False)
class Found(Displayed):
    name: str
    rows: np.ndarray
    parts: tuple[str, ...]


def test_arrays_are_shown_by_type_and_shape_and_long_collections_by_length():
    found = Found("a<b", np.zeros((300, 10), np.float32), tuple("abcdefgh"))
    assert repr(found) == "Found(name='a<b', rows=float32 (300, 10), parts=tuple of 8)"
    assert found._repr_html_() == "<b>Found(name='a&lt;b', rows=float32 (300, 10), parts=tuple of 8)</b>"


def test_empty_collections_are_not_shown():
    assert repr(Found("a", np.zeros((3, 1), np.float32), ())) == "Found(name='a', rows=float32 (3, 1))"


def test_small_values_are_shown_as_they_are():
    assert [in_short(value) for value in ({"a": 1}, (1, None), 2.5, "x" * 99)] == [
        "{'a': 1}",
        "(1, None)",
        "2.5",
        f"'{'x' * 58}…",
    ]


def test_a_refinement_of_many_images_is_shown_in_a_few_lines():
    X = np.random.default_rng(0).normal(size=(400, 8)).astype(np.float32)
    refinement = refine(X, np.eye(8, dtype=np.float32)[:3])
    shown = [refinement, refinement.explanation, refinement.clusters["micro"], refinement.novel_clusters[0]]
    assert repr(refinement).startswith("Refinement of 400 images into 3 classes, 8 dimensions")
    assert all(len(repr(each).splitlines()) <= 6 for each in shown)
    assert all(len(line) <= 110 for each in shown for line in repr(each).splitlines())
