"""Reviewed labels that similar images contradict are shown, stay as they are, and can be given once more."""

from collections.abc import Iterator

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel import approve, auto_label, correct, load_run, refine_with_corrections, withdraw
from fiftyone_autolabel.plugin.run.results import FinishedRun

CLASSES = ["red", "green", "blue"]
N, SLIPS = 90, (3, 6)
VIEW = "auto_label contradictions"


@pytest.fixture(scope="module")
def refined() -> Iterator[FinishedRun]:
    """A run refined with thirty reviewed labels, of which two are wrong: red samples that are called blue."""
    truth = np.arange(N) % 3
    dataset = fo.Dataset()
    X = np.eye(8)[truth] + 0.2 * np.random.default_rng(0).normal(size=(N, 8))
    dataset.add_samples(fo.Sample(filepath=f"/{row}.jpg", vector=each) for row, each in enumerate(X))
    auto_label(dataset, CLASSES, embeddings="vector", text_embeddings=np.eye(8)[:3])
    correct(dataset.select([dataset.values("id")[row] for row in SLIPS]), "blue")
    approve(dataset.limit(30))
    yield refine_with_corrections(dataset, text_embeddings=np.eye(8)[:3])
    dataset.delete()


def test_contradicted_reviews_are_shown_and_stay_as_they_are(refined):
    slips = [refined.dataset.values("id")[row] for row in SLIPS]
    assert refined.contradictions == dict.fromkeys(slips, ("blue", "red"))
    assert refined.dataset.load_saved_view(VIEW).values("id") == slips
    assert refined.dataset.select(slips).values("auto_label.label") == ["blue", "blue"]


def test_a_sentence_leads_to_them(refined):
    sentence = f"2 reviewed labels contradict similar images: look at the saved view '{VIEW}'"
    assert sentence in repr(refined)
    assert sentence in repr(load_run(refined.dataset))


def test_a_second_look_closes_them_and_is_not_contradicted_again(refined):
    dataset, (first, second) = refined.dataset, refined.contradictions
    correct(dataset.select(first), "blue")
    assert [*load_run(dataset).contradictions] == [second]
    correct(dataset.select(second), "red")
    assert load_run(dataset).contradictions == {}
    again = refine_with_corrections(dataset, text_embeddings=np.eye(8)[:3])
    assert again.contradictions == {}
    assert not dataset.has_saved_view(VIEW)
    withdraw(dataset.select(first))
