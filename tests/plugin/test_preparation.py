"""Embeddings and clusters are kept in fields that runs can start from."""

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel import InputError, auto_label, load_encoder
from fiftyone_autolabel.plugin.demo import DEMO_CLASSES
from fiftyone_autolabel.plugin.preparation import compute_clusters, compute_embeddings


def test_a_run_from_the_embeddings_labels_as_one_that_embeds(demo_dataset):
    computed = compute_embeddings(demo_dataset, encoder="offline")
    assert (computed.n_written, computed.failures) == (len(demo_dataset), {})
    auto_label(demo_dataset, DEMO_CLASSES, encoder="offline")
    expected = demo_dataset.values("auto_label.label")
    auto_label(demo_dataset, DEMO_CLASSES, encoder="offline", embeddings="embeddings")
    assert demo_dataset.values("auto_label.label") == expected


def test_the_field_says_which_encoder_its_vectors_are_from(demo_dataset):
    compute_embeddings(demo_dataset, "vectors", encoder="offline")
    info = demo_dataset.get_field("vectors").info
    assert (info["encoder"], info["encoder_version"]) == ("offline", load_encoder("offline").version)


def test_an_unreadable_image_has_no_vector_and_no_cluster(demo_dataset):
    broken = demo_dataset.add_sample(fo.Sample(filepath="/nowhere.jpg"))
    assert list(compute_embeddings(demo_dataset, encoder="offline").failures) == [broken]
    assert list(compute_clusters(demo_dataset, encoder="offline").failures) == [broken]
    assert demo_dataset[broken].embeddings is None
    assert demo_dataset[broken].cluster is None


def test_nothing_is_written_when_no_image_can_be_read():
    dataset = fo.Dataset()
    dataset.add_sample(fo.Sample(filepath="/nowhere.jpg"))
    for compute in (compute_embeddings, compute_clusters):
        with pytest.raises(InputError, match="None of the 1 images can be used"):
            compute(dataset, encoder="offline")
    assert not {"embeddings", "cluster"} & set(dataset.get_field_schema())
    dataset.delete()


def test_clusters_group_what_looks_alike_and_a_run_can_start_from_them(demo_dataset):
    rng = np.random.default_rng(0)
    groups = np.arange(len(demo_dataset)) % 4
    vectors = np.eye(8)[groups] + rng.normal(scale=0.02, size=(len(groups), 8))
    computed = compute_clusters(demo_dataset, "group", embeddings=vectors)
    clusters = np.array(demo_dataset.values("group"))
    assert computed.n_clusters == clusters.max() + 1 >= 4
    assert computed.n_unclustered == (clusters < 0).sum()
    assert all(len(set(groups[clusters == number])) == 1 for number in range(computed.n_clusters))
    labelling = auto_label(demo_dataset, DEMO_CLASSES, encoder="offline", clusters="group")
    assert len(labelling.refinement.clusters["micro"]) == computed.n_clusters


def test_progress_goes_through_the_stages(demo_dataset):
    seen = []
    compute_clusters(
        demo_dataset, encoder="offline", progress=lambda stage, done, total: seen.append((stage, done))
    )
    assert list(dict.fromkeys(stage for stage, _ in seen)) == ["embed", "cluster", "write"]
    assert seen[-1] == ("write", len(demo_dataset))


def test_a_field_can_be_computed_again_and_on_a_view(demo_dataset):
    compute_embeddings(demo_dataset.limit(3), encoder="offline")
    assert demo_dataset.count("embeddings") == 3
    compute_embeddings(demo_dataset, encoder="offline")
    assert demo_dataset.count("embeddings") == len(demo_dataset)


@pytest.mark.parametrize("compute", [compute_embeddings, compute_clusters])
@pytest.mark.parametrize(
    ("field", "sentence"),
    [
        ("ground_truth", "'ground_truth' exists and does not hold"),
        ("two words", "cannot be a field name"),
        ("", "cannot be a field name"),
    ],
)
def test_a_field_that_is_not_ours_is_refused_before_any_work(demo_dataset, compute, field, sentence):
    with pytest.raises(InputError, match=sentence):
        compute(demo_dataset, field, encoder="no encoder")


def test_embeddings_and_clusters_do_not_take_each_others_field(demo_dataset):
    compute_embeddings(demo_dataset, "mine", encoder="offline")
    with pytest.raises(InputError, match="'mine' exists and does not hold clusters"):
        compute_clusters(demo_dataset, "mine", encoder="offline")
