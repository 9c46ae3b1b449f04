"""The operator, the Python call and the command line tell one story: the same labels, to the last digit."""

import fiftyone.operators as foo
import pytest
from fiftyone_autolabel import auto_label
from fiftyone_autolabel.plugin.cli.app import app
from fiftyone_autolabel.plugin.demo.photos import DEMO_CLASSES
from typer.testing import CliRunner

PLAIN = {name: [] for name in DEMO_CLASSES}
DESCRIBED = PLAIN | {"cat": ["kitten", "tabby"], "rocket": ["space shuttle"]}


def entries(classes):
    """Every class as a person types it."""
    return [f"{name}: {', '.join(said)}" if said else name for name, said in classes.items()]


def label_with_python(dataset, classes):
    auto_label(dataset, classes, encoder="offline")


def label_with_the_operator(dataset, classes):
    params = {"classes": entries(classes), "encoder": "offline"}
    foo.execute_operator("@autolabel/prototypes/auto_label", {"dataset": dataset}, params=params)


def label_with_the_command_line(dataset, classes):
    options = [part for entry in entries(classes) for part in ("--classes", entry)]
    assert CliRunner().invoke(app, ["label", dataset.name, *options, "--encoder", "offline"]).exit_code == 0
    dataset.reload()


@pytest.mark.parametrize("classes", [PLAIN, DESCRIBED], ids=["names", "descriptions"])
@pytest.mark.parametrize("label", [label_with_the_operator, label_with_the_command_line])
def test_every_way_in_gives_the_same_labels(demo_dataset, label, classes):
    copy = demo_dataset.clone()
    label_with_python(demo_dataset, classes)
    label(copy, classes)
    written = ["auto_label.label", "confidence", "auto_label_micro_cluster"]
    assert copy.values(written) == demo_dataset.values(written)
    copy.delete()
