"""The operator, the Python call and the command line tell one story: the same labels, to the last digit."""

import fiftyone.operators as foo
import pytest
from fiftyone_autolabel import auto_label
from fiftyone_autolabel.plugin.cli import app
from fiftyone_autolabel.plugin.demo import DEMO_CLASSES
from typer.testing import CliRunner


def label_with_python(dataset):
    auto_label(dataset, DEMO_CLASSES, encoder="offline")


def label_with_the_operator(dataset):
    params = {"classes": DEMO_CLASSES, "encoder": "offline"}
    foo.execute_operator("@autolabel/prototypes/auto_label", {"dataset": dataset}, params=params)


def label_with_the_command_line(dataset):
    arguments = ["label", dataset.name, "--classes", ",".join(DEMO_CLASSES), "--encoder", "offline"]
    assert CliRunner().invoke(app, arguments).exit_code == 0
    dataset.reload()


@pytest.fixture
def expected(demo_dataset):
    """Labels and confidences of the Python call."""
    label_with_python(demo_dataset)
    return demo_dataset.values(["auto_label.label", "confidence", "auto_label_micro_cluster"])


@pytest.mark.parametrize("label", [label_with_the_operator, label_with_the_command_line])
def test_every_way_in_gives_the_same_labels(demo_dataset, expected, label):
    copy = demo_dataset.exclude_fields(["auto_label", "confidence", "auto_label_micro_cluster"]).clone()
    label(copy)
    assert copy.values(["auto_label.label", "confidence", "auto_label_micro_cluster"]) == expected
    copy.delete()
