"""Labels reach the samples, whole and in one place."""

import fiftyone as fo
import fiftyone.brain as fob
import numpy as np
import pytest
from fiftyone_autolabel import FieldNames, refine
from fiftyone_autolabel.plugin.dataset import writing
from fiftyone_autolabel.plugin.dataset.fields import EXPLANATIONS
from fiftyone_autolabel.plugin.dataset.labels import labels_of
from fiftyone_autolabel.plugin.dataset.outcome import Outcome
from fiftyone_autolabel.plugin.dataset.writing import write_outcome
from scipy.special import softmax
from scipy.stats import entropy

CLASSES = ["red", "green"]


@pytest.fixture
def refinement():
    rng = np.random.default_rng(0)
    return refine(rng.normal(size=(6, 4)), rng.normal(size=(2, 4)))


def write(dataset, refinement, ids=None, failures=None, progress=lambda done, total: None):
    outcome = Outcome.of(refinement, CLASSES, ids or dataset.values("id"), failures or {})
    write_outcome(dataset, outcome, FieldNames(), progress)


def test_every_sample_gets_label_confidence_and_clusters(dataset, refinement):
    write(dataset, refinement)
    assert dataset.values("auto_label.label") == [CLASSES[label] for label in refinement.labels]
    np.testing.assert_allclose(dataset.values("confidence"), refinement.confidence)
    assert dataset.values("auto_label.confidence") == dataset.values("confidence")
    assert dataset.values("auto_label_micro_cluster") == refinement.clusters["micro"].assignments.tolist()
    assert dataset.values("auto_label_meta_cluster") == refinement.clusters["meta"].assignments.tolist()


def test_the_logits_give_the_probabilities_of_the_run(dataset, refinement):
    write(dataset, refinement)
    logits = np.stack(dataset.values("auto_label.logits"))
    np.testing.assert_allclose(softmax(logits, axis=1), refinement.probabilities, atol=0.01)


@pytest.mark.parametrize("broken", [0, 3])
def test_brain_methods_read_the_logits_also_with_an_unreadable_image(dataset, broken):
    rng, ids = np.random.default_rng(1), dataset.values("id")
    readable = [one for one in ids if one != ids[broken]]
    five = refine(rng.normal(size=(5, 4)), rng.normal(size=(2, 4)))
    write(dataset, five, readable, {ids[broken]: "Broken."})
    dataset.set_values("truth", [fo.Classification(label="red")] * 6)
    labelled = dataset.exists("auto_label")
    fob.compute_hardness(labelled, "auto_label", progress=False)
    fob.compute_mistakenness(labelled, "auto_label", "truth", use_logits=True, progress=False)
    np.testing.assert_allclose(labelled.values("hardness"), entropy(five.probabilities, axis=1), atol=0.01)
    assert all(0 <= one <= 1 for one in labelled.values("mistakenness"))


def test_the_grid_can_sort_by_confidence(dataset, refinement):
    write(dataset, refinement)
    assert {"confidence", "auto_label.confidence", "auto_label.label"} <= set(dataset.list_indexes())


def test_reviews_and_edited_labels_are_found_by_an_index(dataset, refinement):
    write(dataset, refinement)
    labels = labels_of(dataset, FieldNames())
    of_samples = dataset._sample_collection
    before = of_samples.database.command("profile", 2)["was"]
    try:
        labels.edited()
        labels.values("corrected", "label")
        labels.count()
    finally:
        of_samples.database.command("profile", before)
    looked = of_samples.database["system.profile"].find({"ns": of_samples.full_name})
    plans = {one["op"] + one.get("planSummary", "") for one in looked}
    assert plans
    assert not any("COLLSCAN" in plan for plan in plans)


def test_a_failed_sample_has_its_reason_and_loses_an_earlier_label(dataset, refinement):
    ids = dataset.values("id")
    write(dataset, refinement)
    rng = np.random.default_rng(1)
    five = refine(rng.normal(size=(5, 4)), rng.normal(size=(2, 4)))
    write(dataset, five, ids[:5], {ids[5]: "Cannot read it."})
    assert dataset[ids[5]].auto_label_error == "Cannot read it."
    assert dataset[ids[5]].auto_label is None
    assert dataset[ids[5]].confidence is None


def test_a_sample_that_works_again_loses_its_error(dataset, refinement):
    ids = dataset.values("id")
    rng = np.random.default_rng(1)
    write(dataset, refine(rng.normal(size=(5, 4)), rng.normal(size=(2, 4))), ids[:5], {ids[5]: "Broken."})
    write(dataset, refinement)
    assert dataset.values("auto_label_error") == [None] * 6


def test_samples_are_written_in_chunks_with_progress(dataset, refinement, monkeypatch):
    monkeypatch.setattr(writing, "CHUNK_LABELS", 4)
    seen = []
    write(dataset, refinement, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(4, 6), (6, 6)]
    assert dataset.count("auto_label") == 6


def test_every_label_says_what_explains_it(dataset, refinement):
    write(dataset, refinement)
    why, label = refinement.explanation, dataset.first().auto_label
    assert label.second_choice == CLASSES[why.second_labels[0]]
    for name in ("margin", "text_support", "image_support", "agreement", "novelty"):
        np.testing.assert_allclose(dataset.values(f"auto_label.{name}"), getattr(why, name))
    changed = [level != "" for level in dataset.values("auto_label.changed_by")]
    assert changed == (why.changed_by("image")).tolist()
    schema = dataset.get_field_schema(flat=True)
    assert {f"auto_label.{name}" for name in EXPLANATIONS} <= set(schema)


def test_samples_that_were_deleted_meanwhile_are_passed_over(dataset, refinement):
    ids = dataset.values("id")
    dataset.delete_samples(ids[:1])
    write(dataset, refinement, ids)
    assert dataset.values("id") == ids[1:]
    assert dataset.count("auto_label") == 5


def test_labels_are_stored_as_fiftyone_stores_its_own(dataset, refinement):
    write(dataset, refinement)
    sample = dataset.first()
    dataset.clone_sample_field("auto_label", "copied")
    label = sample.auto_label
    attributes = {name: label[name] for name in ("label", "confidence", "logits", *EXPLANATIONS)}
    dataset.set_values("copied", [fo.Classification(**attributes)] + [None] * 5)

    stored = dataset._sample_collection.find_one()
    ours, theirs = stored["auto_label"], stored["copied"]
    assert ours | {"_id": theirs["_id"]} == theirs


def test_a_sample_in_memory_and_its_time_of_modification_follow(dataset, refinement):
    sample = dataset.first()
    before = sample.last_modified_at
    write(dataset, refinement)
    assert sample.auto_label.label in CLASSES
    assert sample.last_modified_at > before


def test_the_annotate_tab_offers_the_classes(dataset, refinement):
    write(dataset, refinement)
    assert dataset.label_schemas["auto_label"]["classes"] == CLASSES
    assert dataset.active_label_schemas == ["auto_label"]


def test_classes_that_the_annotate_tab_offers_already_stay(dataset, refinement):
    write(dataset, refinement)
    schema = dataset.label_schemas["auto_label"]
    dataset.update_label_schema("auto_label", schema | {"classes": ["mine"]})
    write(dataset, refinement)
    assert dataset.label_schemas["auto_label"]["classes"] == ["mine", *CLASSES]


def test_a_text_field_that_somebody_chose_for_the_annotate_tab_stays(dataset, refinement):
    write(dataset, refinement)
    mine = {"type": "classification", "component": "text", "attributes": []}
    dataset.update_label_schema("auto_label", mine)
    write(dataset, refinement)
    assert dataset.label_schemas["auto_label"] == mine
