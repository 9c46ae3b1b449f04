"""Whatever is given in place of what is asked for gets one sentence, or works."""

import os
from collections.abc import Callable

import fiftyone as fo
import fiftyone_autolabel as autolabel
import pytest
from fiftyone_autolabel import InputError, Settings
from hypothesis import given, strategies as st

CLASSES = ["red", "green"]
VECTORS = {"embeddings": [[1.0, 0.1], [0.1, 1.0]], "text_embeddings": [[1.0, 0.0], [0.0, 1.0]]}
NUMBERS = st.one_of(st.booleans(), st.integers(), st.floats())
JUNK = st.one_of(st.none(), NUMBERS, st.text(max_size=5), st.lists(st.integers(), max_size=2))

ON_SAMPLES = {
    "auto_label": lambda samples: autolabel.auto_label(samples, CLASSES),
    "approve": autolabel.approve,
    "correct": lambda samples: autolabel.correct(samples, "rose"),
    "withdraw": autolabel.withdraw,
    "review_next": autolabel.review_next,
    "refine_with_corrections": autolabel.refine_with_corrections,
    "add_classes": lambda samples: autolabel.add_classes(samples, ["blue"]),
    "compute_embeddings": autolabel.compute_embeddings,
    "compute_clusters": autolabel.compute_clusters,
    "evaluate": lambda samples: autolabel.evaluate(samples, "truth"),
    "export_labels": lambda samples: autolabel.export_labels(samples, "/nowhere/export", "csv"),
    "list_runs": autolabel.list_runs,
    "load_run": autolabel.load_run,
    "delete_run": lambda samples: autolabel.delete_run(samples, "key"),
    "cancel_run": lambda samples: autolabel.cancel_run(samples, "key"),
    "compare_runs": lambda samples: autolabel.compare_runs(samples, "one", "other"),
}


@pytest.fixture
def labelled():
    """A dataset of two samples with the labels of a run."""
    dataset = fo.Dataset()
    dataset.add_samples([fo.Sample(filepath=f"/photos/{number}.jpg") for number in range(2)])
    autolabel.auto_label(dataset, CLASSES, **VECTORS)
    yield dataset
    dataset.delete()


class TestSamples:
    @pytest.mark.parametrize("name", ON_SAMPLES)
    @pytest.mark.parametrize("junk", [None, 5, "a name", ["a"], {}], ids=repr)
    def test_what_is_not_a_dataset_is_refused_in_a_sentence(self, name, junk):
        with pytest.raises(InputError, match="Give a FiftyOne dataset or view, not") as caught:
            ON_SAMPLES[name](junk)
        assert "\n" not in str(caught.value)

    def test_a_single_sample_can_be_reviewed(self, labelled):
        first, last = labelled.first(), labelled.last()

        assert autolabel.correct(first, "rose").sample_ids == [first.id]
        assert autolabel.approve(last).sample_ids == [last.id]
        assert autolabel.withdraw(labelled.view().first()).sample_ids == [first.id]
        assert [one.label for one in labelled.values("auto_label")] == CLASSES

    def test_a_single_patch_can_be_reviewed(self, labelled):
        boxes = [fo.Detection(label="thing", bounding_box=[0.1, 0.1, 0.3, 0.3]) for _ in range(2)]
        labelled.set_values("boxes", [fo.Detections(detections=[box]) for box in boxes])
        autolabel.auto_label(labelled, CLASSES, objects="boxes", **VECTORS)
        patch = labelled.to_patches("auto_label_boxes").last()

        assert autolabel.correct(patch, "red", "auto_label_boxes").sample_ids == [patch.id]

    def test_a_sample_of_no_dataset_is_refused(self):
        with pytest.raises(InputError, match="This sample is in no dataset"):
            autolabel.correct(fo.Sample(filepath="a.jpg"), "rose")

    def test_a_class_that_is_not_a_text_is_refused(self, labelled):
        for name in (None, 5, " ", "\udce9"):
            with pytest.raises(InputError, match="The class name is blank or not a text"):
                autolabel.correct(labelled, name)


class TestPaths:
    def test_a_folder_is_labelled(self, photos, label):
        assert label(photos).counts == label(str(photos)).counts == {"red": 2, "green": 2}

    def test_one_image_is_labelled(self, photos, label):
        assert label(photos / "0.png").paths == [str(photos / "0.png")]

    def test_whatever_yields_paths_is_labelled(self, photos, label):
        assert len(label(path for path in photos.iterdir()).paths) == 4
        assert len(label({os.fsencode(path) for path in photos.iterdir()}).paths) == 4

    @pytest.mark.parametrize("paths", [None, 5, [5], [None], [["a"]]], ids=repr)
    def test_what_is_not_a_path_is_refused(self, label, paths):
        with pytest.raises(InputError, match="Give a folder of images or their paths, not"):
            label(paths)

    @pytest.mark.parametrize("paths", [[], iter(()), ()], ids=["list", "iterator", "tuple"])
    def test_no_paths_are_refused(self, label, paths):
        with pytest.raises(InputError, match="There are no images to label"):
            label(paths)

    @pytest.mark.parametrize("path", ["", "/no/such", "\0", "~nobody-of-this-name/x"], ids=repr)
    def test_a_path_that_is_not_there_is_refused(self, label, path):
        with pytest.raises(InputError):
            label(path)


class TestSettings:
    def test_they_may_come_by_name(self, photos, encoder):
        for given_settings in ({"iterations": 2}, Settings(iterations=2)):
            run = autolabel.label_files(photos, CLASSES, encoder=encoder, settings=given_settings)
            assert run.refinement.settings.iterations == 2

    @pytest.mark.parametrize("make", [Settings, Settings().with_overrides, lambda **given: label_with(given)])
    def test_an_unknown_one_names_the_nearest(self, make):
        with pytest.raises(InputError, match=r"Unknown setting 'iteration': .*did you mean 'iterations'\?"):
            make(iteration=4)

    @given(st.one_of(JUNK, st.dictionaries(st.text(max_size=3), JUNK, max_size=2)))
    def test_anything_else_is_refused(self, junk):
        if not junk and (junk is None or isinstance(junk, dict)):
            return
        with pytest.raises(InputError):
            label_with(junk)

    @given(st.sampled_from(sorted(Settings.__dataclass_fields__)), JUNK)
    def test_any_value_is_usable_or_refused(self, name, value):
        sentence = refusal(lambda: Settings(**{name: value}))

        assert name in sentence or not sentence


def refusal(call: Callable[[], object]) -> str:
    """The sentence with which a call is refused, "" if it is not."""
    try:
        call()
    except InputError as error:
        return str(error)
    return ""


def label_with(junk: object) -> object:
    """Label with these settings."""
    return autolabel.label_files(["a.jpg", "b.jpg"], CLASSES, settings=junk, **VECTORS)


class TestClassesAndEncoders:
    @given(JUNK)
    def test_any_classes_are_usable_or_refused(self, junk):
        sentence = refusal(lambda: autolabel.label_files(["a.jpg", "b.jpg"], junk, **VECTORS))

        assert "\n" not in sentence

    @given(st.one_of(st.integers(), st.text(max_size=8), st.lists(st.text(max_size=2))))
    def test_any_encoder_is_refused_in_a_sentence(self, junk):
        if junk in ("auto", "offline", "openclip"):
            return
        with pytest.raises(InputError):
            autolabel.label_files(["a.jpg"], CLASSES, encoder=junk)

    @given(st.sampled_from(["embeddings", "text_embeddings", "second_embeddings"]), JUNK)
    def test_any_vectors_are_refused_in_a_sentence(self, name, junk):
        if junk is None:
            return
        with pytest.raises(InputError):
            autolabel.label_files(["a.jpg", "b.jpg"], CLASSES, **VECTORS | {name: junk})
