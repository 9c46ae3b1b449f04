"""FiftyOne's Embeddings panel and similarity search work on the vectors of a run."""

import json

import fiftyone as fo
import fiftyone.brain as fob
import numpy as np
import pytest
from fiftyone_autolabel import InputError, add_brain_runs, auto_label
from fiftyone_autolabel.plugin.dataset import delete_run, find_run, what_deleting_does
from fiftyone_autolabel.plugin.encoders.torchvision_compat import ensure_torchvision_imports

CLASSES = ["cat", "rocket"]
TINY = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "layers": 1, "width": 32, "head_width": 16, "patch_size": 16},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1},
}


@pytest.fixture
def labelled(labelled_demo):
    return labelled_demo


def test_the_images_of_a_run_can_be_seen_and_searched(labelled):
    made = add_brain_runs(labelled, progress=False)
    points = labelled.load_brain_results(made.visualization_key).points
    assert points.shape == (len(labelled), 2)
    first = labelled.first()
    found = labelled.sort_by_similarity(first.id, k=5, brain_key=made.similarity_key)
    assert found.first().id == first.id
    assert len({*found.values("ground_truth.label")}) == 1


def test_the_encoder_that_finds_no_texts_is_named(labelled):
    made = add_brain_runs(labelled, progress=False)
    assert "offline" in made.why_no_text_search
    assert not labelled.load_brain_results(made.similarity_key).supports_prompts


def test_an_unreadable_image_is_left_out(demo_dataset, tmp_path):
    (tmp_path / "broken.jpg").write_bytes(b"no image")
    demo_dataset.add_sample(fo.Sample(filepath=str(tmp_path / "broken.jpg")))
    auto_label(demo_dataset, CLASSES, encoder="offline", progress=False)
    made = add_brain_runs(demo_dataset, progress=False)
    assert len(demo_dataset.load_brain_results(made.visualization_key).points) == len(demo_dataset) - 1


def test_a_second_call_replaces_the_first(labelled):
    add_brain_runs(labelled, progress=False)
    assert add_brain_runs(labelled, method="pca", progress=False).method == "pca"
    assert len(labelled.list_brain_runs()) == 2


def test_they_are_deleted_with_the_run(labelled):
    made = add_brain_runs(labelled, method="pca", progress=False)
    run = find_run(labelled, made.run_key)
    assert "brain runs too: auto_label_similarity, auto_label_visualization." in what_deleting_does(
        labelled, run
    )
    deleted = delete_run(labelled, made.run_key)
    assert deleted.brain_runs == ("auto_label_similarity", "auto_label_visualization")
    assert made.embeddings_field in deleted.fields
    assert labelled.list_brain_runs() == labelled.list_runs() == []
    assert not labelled.has_sample_field(made.embeddings_field)


def test_those_of_a_later_run_of_the_same_field_stay(labelled):
    first = add_brain_runs(labelled, method="pca", progress=False).run_key
    auto_label(labelled, CLASSES, encoder="offline", progress=False)
    made = add_brain_runs(labelled, method="pca", progress=False)
    assert delete_run(labelled, first).brain_runs == ()
    assert len(labelled.load_brain_results(made.visualization_key).points) == len(labelled)


def test_vectors_of_a_field_are_used_as_they_are(demo_dataset):
    X = np.random.default_rng(0).normal(size=(len(demo_dataset), 8))
    demo_dataset.set_values("vectors", list(X))
    auto_label(demo_dataset, CLASSES, embeddings="vectors", text_embeddings=np.eye(8)[:2], progress=False)
    made = add_brain_runs(demo_dataset, progress=False)
    assert made.embeddings_field == "vectors"
    assert "vectors" not in delete_run(demo_dataset, made.run_key).fields
    assert demo_dataset.list_brain_runs() == []


def test_vectors_of_an_array_are_refused(demo_dataset):
    X = np.random.default_rng(0).normal(size=(len(demo_dataset), 8))
    auto_label(demo_dataset, CLASSES, embeddings=X, text_embeddings=np.eye(8)[:2], progress=False)
    with pytest.raises(InputError, match="not in a field"):
        add_brain_runs(demo_dataset)


def test_a_brain_run_of_other_vectors_is_not_replaced(labelled):
    labelled.set_values("vectors", list(np.random.default_rng(0).normal(size=(len(labelled), 8))))
    fob.compute_similarity(labelled, embeddings="vectors", brain_key="auto_label_similarity")
    with pytest.raises(InputError, match="auto_label_similarity"):
        add_brain_runs(labelled)
    assert "auto_label_embeddings" not in labelled.get_field_schema()


@pytest.fixture
def tiny_openclip(tmp_path):
    """A tiny random OpenCLIP model in a local checkpoint."""
    ensure_torchvision_imports()
    open_clip, torch = pytest.importorskip("open_clip"), pytest.importorskip("torch")
    (tmp_path / "tiny-brain.json").write_text(json.dumps(TINY))
    open_clip.add_model_config(tmp_path / "tiny-brain.json")
    torch.save(open_clip.create_model("tiny-brain").state_dict(), tmp_path / "tiny.pt")
    return f"openclip:tiny-brain/{tmp_path / 'tiny.pt'}"


def test_an_openclip_run_can_be_searched_by_text(demo_dataset, tiny_openclip):
    auto_label(demo_dataset, CLASSES, encoder=tiny_openclip, progress=False)
    made = add_brain_runs(demo_dataset, progress=False)
    assert made.why_no_text_search == ""
    index = demo_dataset.load_brain_results(made.similarity_key)
    assert index.supports_prompts
    assert len(demo_dataset.sort_by_similarity("a cat", k=3, brain_key=made.similarity_key)) == 3
