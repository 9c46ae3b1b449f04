"""Sets of classes as texts and as rows of numbers."""

import numpy as np
import pytest
from fiftyone_autolabel import InputError
from fiftyone_autolabel.plugin.engine.label_sets import check_class_names, classes_in, membership, set_text


@pytest.mark.parametrize("classes", [[], ["cat"], ["cat", "dog", "owl"]])
def test_a_set_is_read_back_from_its_text(classes):
    assert classes_in(set_text(classes)) == classes


def test_the_text_of_a_set_has_one_order_and_no_class_twice():
    assert set_text(["dog", "cat", "dog"]) == "cat|dog"


def test_a_name_with_the_separator_is_refused():
    with pytest.raises(InputError, match="rename it"):
        check_class_names(["cat", "either|or"])


def test_membership_tells_absent_classes_from_sets_that_are_not_known():
    found = membership({"a": "cat|wolf", "b": ""}, ["a", "b", "c"], ["cat", "dog"])
    np.testing.assert_array_equal(found, [[1, 0], [0, 0], [-1, -1]])
