"""Fields are only written where nobody else wrote."""

import fiftyone as fo
import pytest
from fiftyone_autolabel import FieldNames, InputError
from fiftyone_autolabel.plugin.dataset.fields import (
    AUTHOR,
    check_fields,
    check_names,
    declare_fields,
    declare_reviews,
    review_fields,
)


def test_a_fresh_dataset_has_room_for_every_field(dataset):
    check_fields(dataset, FieldNames())


def test_fields_of_an_earlier_run_may_be_written_again(dataset):
    declare_fields(dataset, FieldNames())
    check_fields(dataset, FieldNames())


def test_a_field_that_somebody_else_wrote_is_refused(dataset):
    dataset.add_sample_field("auto_label", fo.EmbeddedDocumentField, embedded_doc_type=fo.Classification)
    with pytest.raises(InputError, match="'auto_label' exists and was not written by auto-label"):
        check_fields(dataset, FieldNames())


def test_a_field_of_ours_is_refused_for_another_purpose(dataset):
    declare_fields(dataset, FieldNames())
    with pytest.raises(InputError, match="'confidence' holds FloatField values"):
        check_fields(dataset, FieldNames(label="confidence", confidence="other"))


def test_clusters_that_were_computed_on_their_own_are_not_overwritten(dataset):
    info = {"author": AUTHOR, "role": "clusters"}
    dataset.add_sample_field("auto_label_micro_cluster", fo.IntField, info=info)
    with pytest.raises(InputError, match="'auto_label_micro_cluster' holds clusters, not labels of a run"):
        check_fields(dataset, FieldNames())


def test_a_field_of_the_users_is_not_taken_for_corrections(dataset):
    dataset.add_sample_field("auto_label_corrected", fo.StringField)
    with pytest.raises(InputError, match="'auto_label_corrected' exists, but reviewed labels are kept"):
        check_fields(dataset, FieldNames())
    with pytest.raises(InputError, match="'auto_label_corrected' exists"):
        declare_reviews(dataset, FieldNames())


def test_the_field_for_corrections_is_known_by_its_role(dataset):
    declare_reviews(dataset, FieldNames())
    declare_reviews(dataset, FieldNames(label="other"))
    check_fields(dataset, FieldNames())
    assert review_fields(dataset) == ["auto_label_corrected", "other_corrected"]


def test_no_other_field_can_be_that_of_the_corrections():
    with pytest.raises(InputError, match="need different names"):
        check_names(FieldNames(confidence="auto_label_corrected"))


@pytest.mark.parametrize("name", ["", "two words", "1st", "a.b", "_private"])
def test_a_name_that_cannot_be_a_field_is_refused(name):
    with pytest.raises(InputError, match="cannot be a field name"):
        check_names(FieldNames(label=name))


@pytest.mark.parametrize("name", ["id", "filepath", "tags", "metadata"])
def test_fields_of_fiftyone_itself_are_refused(dataset, name):
    with pytest.raises(InputError, match=f"'{name}' exists"):
        check_fields(dataset, FieldNames(label=name))


def test_one_name_for_two_purposes_is_refused(dataset):
    with pytest.raises(InputError, match="need different names"):
        check_fields(dataset, FieldNames(label="x", confidence="x"))


def test_a_read_only_field_is_refused(dataset):
    declare_fields(dataset, FieldNames())
    field = dataset.get_field("confidence")
    field.read_only = True
    field.save()
    with pytest.raises(InputError, match="'confidence' is read-only"):
        check_fields(dataset, FieldNames())


def test_runs_under_different_label_fields_share_no_field_but_the_confidence():
    first, second = FieldNames().by_role(), FieldNames(label="guess").by_role()
    assert set(first.values()) & set(second.values()) == {"confidence"}


def test_declared_fields_say_what_they_hold(dataset):
    declare_fields(dataset, FieldNames())
    assert dataset.get_field("confidence").description == "Probability that the label is right"
    assert dataset.get_field("auto_label").document_type is fo.Classification


def test_the_usual_names_get_the_key_of_a_run_and_chosen_ones_stay():
    assert FieldNames.of_run(None) == FieldNames()
    assert FieldNames.of_run("clip") == FieldNames("auto_label_clip", "confidence_clip")
    assert FieldNames.of_run("clip", label="mine") == FieldNames("mine", "confidence_clip")
