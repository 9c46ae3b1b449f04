"""The wheel: what people install is complete, and FiftyOne loads it as a plugin without errors.

It is built from a copy, because setuptools leaves a build folder where it works.
"""

import json
import os
import shutil
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
PACKAGE = "fiftyone_autolabel"

LOAD_PLUGINS = """
import json
from fiftyone.operators.registry import OperatorRegistry
registry = OperatorRegistry()
operators = [operator.uri for operator in registry.list_operators(builtin=False)]
print(json.dumps([registry.list_errors(), operators]))
"""


@pytest.fixture(scope="module")
def unpacked(tmp_path_factory) -> Path:
    """The folder of the package in the unpacked wheel."""
    pytest.importorskip("setuptools", minversion="77", reason="Wheels are built with setuptools 77 or newer")
    folder = tmp_path_factory.mktemp("distribution")
    hidden_and_built = shutil.ignore_patterns(".*", "build", "dist", "*.egg-info", "__pycache__")
    shutil.copytree(ROOT, folder / "sources", ignore=hidden_and_built)
    pip = [sys.executable, "-m", "pip", "wheel", "--quiet", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--wheel-dir", folder, folder / "sources"], check=True)
    (wheel,) = folder.glob("*.whl")
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(folder / "unpacked")
    return folder / "unpacked" / PACKAGE


def test_the_wheel_holds_every_file_of_the_package(unpacked):
    patterns = ("operators/**/*.py", "panels/**/*.py", "plugin/**/*.py", "plugin/**/*.tsv", "skills/**/*.md")
    files = [file.relative_to(ROOT) for pattern in patterns for file in ROOT.glob(pattern)]
    files += [Path(name) for name in ("__init__.py", "fiftyone.yml", "requirements.txt")]
    assert [str(file) for file in files if not (unpacked / file).is_file()] == []


def test_the_wheel_holds_no_tests_and_no_benchmarks(unpacked):
    assert [name for name in ("tests", "benchmarks", "docs") if (unpacked / name).exists()] == []


def test_fiftyone_loads_the_unpacked_wheel_as_a_plugin_without_errors(unpacked, tmp_path):
    (tmp_path / "autolabel").symlink_to(unpacked, target_is_directory=True)
    environment = os.environ | {"FIFTYONE_PLUGINS_DIR": str(tmp_path)}
    command = [sys.executable, "-c", LOAD_PLUGINS]
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
    errors, operators = json.loads(answer.stdout.splitlines()[-1])
    assert (errors, "@autolabel/prototypes/auto_label" in operators) == ([], True)
