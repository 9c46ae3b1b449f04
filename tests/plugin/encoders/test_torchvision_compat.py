"""torchvision imports, whether or not its compiled part fits the installed torch.

Every case runs in a process of its own, because an import happens once; the broken and the healthy
torchvision are small packages that do on import what the real one does.
"""

import os
import subprocess
import sys
from importlib.util import find_spec

import pytest

ENSURE = (
    "from fiftyone_autolabel.plugin.encoders import torchvision_compat as compat\n"
    "compat.ensure_torchvision_imports()\n"
)


def run(script: str, torchvision_source: str | None = None, tmp_path=None) -> subprocess.CompletedProcess:
    environment = dict(os.environ)
    if torchvision_source is not None:
        (tmp_path / "torchvision.py").write_text(torchvision_source)
        environment["PYTHONPATH"] = str(tmp_path)
    return subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, env=environment)


@pytest.mark.skipif(find_spec("torchvision") is None, reason="torchvision is not installed")
def test_the_installed_torchvision_gives_its_transforms():
    done = run(ENSURE + "from torchvision.transforms import Resize; print(Resize(4).size)")

    assert done.stdout.strip() == "4", done.stderr


def test_a_torchvision_without_its_operators_imports(tmp_path):
    broken = "import torch\n" + "".join(
        f"@torch.library.register_fake('torchvision::{name}')\ndef {name}(dets, scores, iou): ...\n"
        for name in ("nms", "qnms")
    )

    assert "does not exist" in run("import torchvision", broken, tmp_path).stderr
    done = run(ENSURE + "import torchvision; print('imported')", broken, tmp_path)
    assert done.stdout.strip() == "imported", done.stderr


def test_an_earlier_failed_import_does_no_harm(tmp_path):
    broken = "import torch\ntorch.library.register_fake('torchvision::nms')(lambda dets, scores, iou: None)\n"
    failed = "try:\n    import torchvision\nexcept RuntimeError:\n    print('failed first')\n"

    done = run(failed + ENSURE + "import torchvision; print('imported')", broken, tmp_path)

    assert done.stdout.split("\n")[:2] == ["failed first", "imported"], done.stderr


def test_a_healthy_torchvision_is_left_alone(tmp_path):
    done = run(ENSURE + "print(compat._declarations)", "", tmp_path)

    assert done.stdout.strip() == "None", done.stderr


def test_any_other_fault_of_torchvision_is_shown_as_it_is(tmp_path):
    done = run(ENSURE, "raise RuntimeError('out of luck')", tmp_path)

    assert "out of luck" in done.stderr
