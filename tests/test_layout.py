"""The rules of the house, read from the source: who may import whom, and lists that must agree.

A rule that is only written down is forgotten; these are checked.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from fiftyone_autolabel.operators import OPERATORS
from fiftyone_autolabel.panels import PANELS

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

ROOT = Path(__file__).resolve().parents[1]
PACKAGE_FOLDERS = [folder for name in ("operators", "panels", "plugin") if (folder := ROOT / name).is_dir()]
PACKAGE_FILES = [
    ROOT / "__init__.py",
    *sorted(file for folder in PACKAGE_FOLDERS for file in folder.rglob("*.py")),
]
ALL_FILES = [*PACKAGE_FILES, *sorted([*ROOT.glob("tests/**/*.py"), *ROOT.glob("benchmarks/**/*.py")])]

MAY_IMPORT = {
    "engine": {"engine"},
    "encoders": {"encoders", "engine"},
    "dataset": {"dataset", "encoders", "engine", "versions"},
    "export": {"export", "dataset", "encoders", "engine", "target", "versions"},
    "report": {"report", "engine", "target"},
}
"""Room of `plugin` → rooms and modules of `plugin` that its modules may import from."""

READS_OR_WRITES_FILES = {"open", "load", "save", "savez", "savetxt", "loadtxt", "read_text", "write_text"}


@pytest.mark.parametrize("room", MAY_IMPORT)
def test_rooms_import_only_what_lies_below_them(room):
    modules = {name for file in _files_of(room) for name in _imported_modules(file)}
    inside = {name.split(".")[2] for name in modules if name.startswith("fiftyone_autolabel.plugin.")}
    assert inside <= MAY_IMPORT[room]


def test_the_package_below_the_operators_knows_nothing_of_them():
    modules = {name for file in (ROOT / "plugin").rglob("*.py") for name in _imported_modules(file)}
    above = ("fiftyone_autolabel.operators", "fiftyone_autolabel.panels")
    assert not [name for name in modules if name.startswith(above)]


def test_the_engine_works_without_fiftyone():
    modules = {name for file in _files_of("engine") for name in _imported_modules(file)}
    assert not [name for name in modules if name.split(".")[0] in ("fiftyone", "eta")]


def test_the_engine_touches_no_files():
    calls = {(file.name, name) for file in _files_of("engine") for name in _called_names(file)}
    assert not {call for call in calls if call[1] in READS_OR_WRITES_FILES}


@pytest.mark.parametrize("file", ALL_FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_file_says_what_lives_in_it(file):
    assert ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))


@pytest.mark.parametrize(("room", "registered"), [("operators", OPERATORS), ("panels", PANELS)])
def test_the_plugin_lists_every_operator_and_panel_that_it_registers(room, registered):
    assert sorted(_plugin_definition()[room]) == sorted(each().config.name for each in registered)


@pytest.mark.parametrize("room", ["operators", "panels"])
def test_every_operator_and_panel_has_a_file_of_its_name(room):
    missing = [name for name in _plugin_definition()[room] if not (ROOT / room / f"{name}.py").is_file()]
    assert missing == []


def test_every_package_is_installed():
    folders = [ROOT, *(file.parent for folder in PACKAGE_FOLDERS for file in folder.rglob("__init__.py"))]
    packages = [".".join(["fiftyone_autolabel", *folder.relative_to(ROOT).parts]) for folder in folders]
    assert sorted(_pyproject()["tool"]["setuptools"]["packages"]) == sorted(packages)


def test_plugin_and_package_have_one_version():
    assert str(_plugin_definition()["version"]) == _pyproject()["project"]["version"]


def test_fiftyone_installs_the_requirements_of_the_package():
    lines = (ROOT / "requirements.txt").read_text().splitlines()
    requirements = [line for line in lines if line and not line.startswith("#")]
    assert requirements == _pyproject()["project"]["dependencies"]


def _files_of(room: str) -> list[Path]:
    return sorted((ROOT / "plugin" / room).rglob("*.py"))


def _imported_modules(file: Path) -> Iterator[str]:
    """Absolute names of everything that a file of the package imports, at any depth."""
    package = ("fiftyone_autolabel", *file.relative_to(ROOT).parent.parts)
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = package[: len(package) - node.level + 1] if node.level else ()
            module = ".".join([*base, *filter(None, [node.module])])
            yield from (f"{module}.{alias.name}" for alias in node.names)


def _called_names(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield getattr(node.func, "id", getattr(node.func, "attr", ""))


def _plugin_definition() -> dict:
    return yaml.safe_load((ROOT / "fiftyone.yml").read_text())


def _pyproject() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())
