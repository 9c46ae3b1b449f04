"""What a person says of class frequencies is read in words and numbers, kept with the run, and used again."""

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel import InputError, auto_label, label_files, list_runs
from fiftyone_autolabel.plugin.run.again import last_run
from fiftyone_autolabel.plugin.run.balance import class_frequencies

CLASSES = ["cat", "dog", "horse"]


@pytest.mark.parametrize(
    ("balance", "frequencies"),
    [
        ("equal", [1, 1, 1]),
        ({}, [1, 1, 1]),
        ({"cat": "common", "dog": "rare"}, [9, 1, 3]),
        ("cat: common, dog: rare", [9, 1, 3]),
        ({"cat": 80, "dog": 20, "horse": 0}, [4, 1, 0]),
        ("cat: 0.6, dog: 0.2", [3, 1, 2]),
        ('{"cat": 300, "horse": "absent"}', [1, 1, 0]),
    ],
)
def test_words_counts_and_shares_become_frequencies(balance, frequencies):
    found = class_frequencies(balance, CLASSES)
    np.testing.assert_allclose(found / found.sum(), np.array(frequencies) / np.sum(frequencies))


def test_nothing_said_is_no_idea():
    assert class_frequencies(None, CLASSES) is None


@pytest.mark.parametrize(
    ("balance", "sentence"),
    [
        ({"bird": "rare"}, "'bird', which is not one of the classes"),
        ({"cat": "often"}, "give a count, a share, or one of common"),
        ({"cat": -1}, "give a count"),
        ({"cat": []}, "give a count"),
        ("cat", "write, for example"),
        ("{cat: 1}", "no word or number for '{cat: 1}'"),
        (dict.fromkeys(CLASSES, "absent"), "every class is absent"),
    ],
)
def test_what_cannot_be_read_is_refused_in_one_sentence(balance, sentence):
    with pytest.raises(InputError, match=sentence):
        class_frequencies(balance, CLASSES)


@pytest.fixture
def dataset():
    """Thirty samples without image files: the vectors are given."""
    dataset = fo.Dataset()
    dataset.add_samples([fo.Sample(filepath=f"/{number}.jpg") for number in range(30)])
    yield dataset
    dataset.delete()


def test_a_record_keeps_it_and_the_next_run_uses_it_again(dataset):
    given = {"embeddings": np.random.default_rng(0).normal(size=(30, 4)), "text_embeddings": np.eye(4)[:3]}
    auto_label(dataset, CLASSES, class_balance={"cat": "common", "dog": 5}, **given)
    (run,) = list_runs(dataset)
    assert run.inputs["class_balance"] == '{"cat": "common", "dog": 5}'
    again = last_run(dataset, "auto_label").inputs(given)
    assert class_frequencies(again.class_balance, CLASSES).tolist() == [15, 5, 5]


def test_a_wrong_class_is_refused_before_any_work(dataset):
    with pytest.raises(InputError, match="'bird'"):
        auto_label(dataset, CLASSES, class_balance={"bird": "rare"})
    assert list_runs(dataset) == []


def test_files_are_labelled_with_it_too():
    X = np.random.default_rng(0).normal(size=(60, 4))
    given = {"embeddings": X, "text_embeddings": np.eye(4)[:3]}
    paths = [f"{number}.jpg" for number in range(60)]
    free, said = (
        label_files(paths, CLASSES, class_balance=balance, **given).counts["horse"]
        for balance in (None, {"horse": "absent"})
    )
    assert said < free
