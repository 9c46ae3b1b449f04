"""Which images are exported with which labels: what a person said wins over what a run said."""

import fiftyone as fo
import pytest
from fiftyone_autolabel import ExportOptions, InputError
from fiftyone_autolabel.plugin.dataset.fields import FieldNames, declare_reviews
from fiftyone_autolabel.plugin.export.selection import select_images

from .conftest import CLASSES


def labels_of(selection):
    return [label.label for image in selection.images for label in image.labels]


def correct(dataset, row, label):
    """Correct a label as a person does."""
    sample = dataset.skip(row).first()
    sample["auto_label_corrected"] = fo.Classification(label=label)
    sample.save()
    return sample


def test_every_labelled_image_is_exported_and_the_others_are_counted(dataset):
    selection = select_images(dataset, ExportOptions())
    assert len(selection.images) == sum(CLASSES.values())
    assert selection.left_out == {"without a label": 1}


def test_an_image_in_which_nothing_was_found_counts_as_not_labelled(dataset):
    sample = dataset.first()
    sample["auto_label"] = fo.Classification(label=None)
    sample.save()
    assert select_images(dataset, ExportOptions()).left_out == {"without a label": 2}


def test_a_view_is_exported_in_its_order(dataset):
    view = dataset.sort_by("auto_label.confidence", reverse=True).limit(5)
    selection = select_images(view, ExportOptions())
    assert [image.sample_id for image in selection.images] == view.values("id")


def test_selected_samples_are_a_view_like_any(dataset):
    chosen = dataset.values("id")[3:6]
    selection = select_images(dataset.select(chosen), ExportOptions())
    assert [image.sample_id for image in selection.images] == chosen


def test_labels_below_the_minimum_confidence_are_left_out_and_counted(dataset):
    selection = select_images(dataset, ExportOptions(minimum_confidence=0.6))
    assert min(image.labels[0].confidence for image in selection.images) >= 0.6
    assert selection.left_out == {"without a label": 1, "below the minimum confidence": 10}


def test_every_class_may_have_its_own_minimum_confidence(dataset):
    name = dataset.first().auto_label.label
    selection = select_images(dataset, ExportOptions(minimum_confidence={name: 0.6}))
    sure = [one.confidence for image in selection.images for one in image.labels if one.label == name]
    every = select_images(dataset, ExportOptions())
    assert min(sure) >= 0.6
    assert labels_of(selection).count(name) == len(sure) < labels_of(every).count(name)
    others = [one for one in labels_of(selection) if one != name]
    assert others == [one for one in labels_of(every) if one != name]


def test_a_minimum_confidence_of_no_class_is_refused(dataset):
    with pytest.raises(InputError, match="names 'cow', which is not one of the classes"):
        select_images(dataset, ExportOptions(minimum_confidence={"cow": 0.6}))


def test_a_corrected_label_wins_and_needs_no_confidence(dataset):
    sample = correct(dataset, 0, "horse")
    selection = select_images(dataset, ExportOptions(minimum_confidence=0.9))
    assert [image.sample_id for image in selection.images] == [sample.id]
    assert labels_of(selection) == ["horse"]


def test_an_image_without_a_label_can_be_corrected_too(dataset):
    correct(dataset, len(dataset) - 1, "horse")
    assert select_images(dataset, ExportOptions()).left_out == {}


def test_approved_only_means_approved_or_corrected(dataset):
    correct(dataset, 0, "horse")
    dataset.skip(1).limit(2).tag_samples("approved")
    selection = select_images(dataset, ExportOptions(approved_only=True, minimum_confidence=0.9))
    assert labels_of(selection) == ["horse", "cat", "cat"]
    assert selection.left_out == {"not approved": sum(CLASSES.values()) - 3, "without a label": 1}


def test_what_is_approved_on_another_label_field_is_not_approved_here(dataset):
    dataset.clone_sample_field("auto_label", "auto_label_other")
    declare_reviews(dataset, FieldNames())
    sample = correct(dataset, 0, "horse")
    sample.tags.append("approved")
    sample.save()
    with pytest.raises(InputError, match="36 not approved"):
        select_images(dataset, ExportOptions(label_field="auto_label_other", approved_only=True))


def test_boxes_are_not_approved_with_the_class_of_their_image(boxes):
    boxes.tag_samples("approved")
    with pytest.raises(InputError, match="3 not approved"):
        select_images(boxes, ExportOptions(label_field="objects", approved_only=True))
    boxes.limit(1).tag_labels("approved", label_fields="objects")
    selection = select_images(boxes, ExportOptions(label_field="objects", approved_only=True))
    assert labels_of(selection) == ["cat", "dog"]


def test_boxes_below_the_minimum_confidence_are_left_out_one_by_one(boxes):
    selection = select_images(boxes, ExportOptions(label_field="objects", minimum_confidence=0.5))
    assert labels_of(selection) == ["cat", "cat"]
    assert selection.left_out == {"below the minimum confidence": 1}
    assert selection.missing_labels == {"below the minimum confidence": 1}


def test_images_that_would_lack_a_box_are_left_out_when_asked_for(boxes):
    options = ExportOptions(label_field="objects", minimum_confidence=0.5, complete_only=True)
    selection = select_images(boxes, options)
    assert [image.sample_id for image in selection.images] == boxes.values("id")[1:2]
    assert selection.left_out == {"with labels that are left out": 1, "below the minimum confidence": 1}
    assert selection.missing_labels == {}


def test_boxes_that_nobody_approved_are_missing_from_images_that_stay(boxes):
    sample = boxes.first()
    sample.objects.detections[0].tags = ["approved"]
    sample.save()
    selection = select_images(boxes, ExportOptions(label_field="objects", approved_only=True))
    assert (labels_of(selection), selection.missing_labels) == (["cat"], {"not approved": 1})


def test_boxes_without_a_class_are_missing_from_images_that_stay(boxes):
    sample = boxes.first()
    sample.objects.detections[1].label = None
    sample.save()
    selection = select_images(boxes, ExportOptions(label_field="objects"))
    assert selection.missing_labels == {"without a label": 1}


@pytest.mark.parametrize("view", ["patches", "filter"])
def test_boxes_that_the_view_does_not_show_are_missing_from_images_that_stay(boxes, view):
    shown = boxes.filter_labels("objects", fo.ViewField("label") == "cat")
    samples = shown.to_patches("objects") if view == "patches" else shown
    selection = select_images(samples, ExportOptions(label_field="objects"))
    assert (labels_of(selection), selection.missing_labels) == (["cat", "cat"], {"not in the view": 1})


@pytest.mark.parametrize("box", [[1.2, 0, 0.1, 0.1], [0.5, 0.5, 0, 0.1], None])
def test_boxes_with_nothing_in_the_image_are_missing_from_images_that_stay(boxes, box):
    sample = boxes.first()
    sample.objects.detections[1].bounding_box = box
    sample.save()
    selection = select_images(boxes, ExportOptions(label_field="objects"))
    assert selection.missing_labels == {"outside the image": 1}


def test_a_label_of_none_of_the_given_classes_is_refused(dataset):
    with pytest.raises(InputError, match="'Dog' is not one of the classes that were given: add it"):
        select_images(dataset, ExportOptions(classes=("cat", "dog", "sports car/van")))


def test_patches_are_gathered_image_by_image(boxes):
    patches = boxes.to_patches("objects")
    selection = select_images(patches, ExportOptions(label_field="objects"))
    assert [image.sample_id for image in selection.images] == boxes.values("id")
    assert [len(image.labels) for image in selection.images] == [2, 1, 1]


def test_any_field_of_classes_can_be_exported(dataset):
    dataset.set_values("ground_truth", [fo.Classification(label="x")] * len(dataset))
    assert set(labels_of(select_images(dataset, ExportOptions(label_field="ground_truth")))) == {"x"}


@pytest.mark.parametrize("field", ["guess", "confidence", "filepath"])
def test_a_field_without_labels_is_refused_with_those_there_are(dataset, field):
    with pytest.raises(InputError, match=f"no field '{field}' of classes or boxes.*there are: auto_label"):
        select_images(dataset, ExportOptions(label_field=field))


def test_when_nothing_is_left_the_reasons_are_named(dataset):
    with pytest.raises(InputError, match=r"Nothing is left to export .*36 not approved"):
        select_images(dataset, ExportOptions(approved_only=True))


def test_what_is_no_collection_of_images_is_refused(dataset):
    with pytest.raises(InputError, match="Give a FiftyOne dataset or view"):
        select_images("dataset", ExportOptions())
