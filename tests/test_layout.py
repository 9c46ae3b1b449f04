"""The rules of the house, read from the source: who may import whom, and lists that must agree.

A rule that is only written down is forgotten; these are checked.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml
from fiftyone_autolabel.operators import METRICS, OPERATORS
from fiftyone_autolabel.panels import PANELS
from fiftyone_autolabel.plugin import dataset as dataset_room

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

FACE = "fiftyone_autolabel.plugin.dataset"
INTERNALS = ROOT / "plugin" / "dataset" / "internals.py"
FILES_WITH_FIFTYONE = [
    file for file in PACKAGE_FILES if file != INTERNALS and not {"engine", "offline"} & set(file.parts)
]

BELOW = {
    "engine": {"engine"},
    "wording": set(),
    "system": {"system", "engine", "wording"},
    "encoders": {"encoders", "system", "engine", "wording"},
    "dataset": {"dataset", "encoders", "engine", "system", "wording"},
    "export": {"export", "dataset", "encoders", "engine", "system", "wording"},
    "report": {"report", "engine", "system", "wording"},
    "run": {"run", "report", "export", "dataset", "encoders", "engine", "system", "wording"},
    "estimator": {"engine"},
    "demo": {"demo", "run", "report", "dataset", "encoders", "engine", "system", "wording"},
    "cli": {"cli", "demo", "run", "report", "export", "dataset", "encoders", "engine", "system", "wording"},
    "operators": {
        "operators",
        "run",
        "report",
        "export",
        "dataset",
        "encoders",
        "engine",
        "system",
        "wording",
    },
    "panels": {"panels", "run", "report", "dataset", "encoders", "engine", "wording"},
}
"""Room → rooms that its modules may import from, wherever in a module the import stands."""

READS_OR_WRITES_FILES = {"open", "load", "save", "savez", "savetxt", "loadtxt", "read_text", "write_text"}


@pytest.mark.parametrize("room", BELOW)
def test_rooms_import_only_what_lies_below_them(room):
    imported = {(_room_of(name), file.name) for file in _files_of(room) for name in _imported_modules(file)}
    assert sorted(each for each in imported if each[0] not in BELOW[room] | {None}) == []


def test_every_room_has_its_list_of_what_lies_below_it():
    rooms = {_room_of(_module_of(file)) for file in PACKAGE_FILES}
    assert rooms - {None} == set(BELOW)


def test_modules_import_one_another_in_one_direction():
    graph = {_module_of(file): set(_imported_modules(file)) for file in PACKAGE_FILES}
    modules = sorted(graph, key=len, reverse=True)
    known = {module: {_owner(name, modules) for name in graph[module]} - {module, None} for module in modules}
    assert list(_circles(known)) == []


def test_the_other_rooms_import_from_the_face_of_the_dataset_room():
    """And from none of its modules."""
    outside = [
        file for file in (*PACKAGE_FILES, ROOT / "__init__.pyi") if _room_of(_module_of(file)) != "dataset"
    ]
    modules = {f"{FACE}.{file.stem}" for file in (ROOT / "plugin" / "dataset").glob("*.py")}
    past_it = {
        f"{file.relative_to(ROOT)}: {name}"
        for file in outside
        for name in _imported_modules(file)
        if any(name == module or name.startswith(f"{module}.") for module in modules)
    }
    assert sorted(past_it) == []


def test_the_face_of_the_dataset_room_has_what_the_others_use_and_no_more():
    used = {
        name.removeprefix(f"{FACE}.")
        for file in [*PACKAGE_FILES, ROOT / "__init__.pyi", *ROOT.glob("benchmarks/**/*.py")]
        if _room_of(_module_of(file)) != "dataset"
        for name in _imported_modules(file)
        if name.startswith(f"{FACE}.")
    }
    assert sorted(dataset_room.__all__) == sorted(used)


def test_only_internals_uses_private_names_of_fiftyone():
    used = {
        f"{file.relative_to(ROOT)}: {name}"
        for file in FILES_WITH_FIFTYONE
        for name in (*_foreign_private_names(file), *_database_imports(file))
    }
    assert sorted(used) == []


def test_only_wording_and_the_estimator_stand_alone_in_the_plugin():
    loose = sorted(file.name for file in (ROOT / "plugin").glob("*.py"))
    assert loose == ["__init__.py", "estimator.py", "wording.py"]


def test_the_engine_works_without_fiftyone():
    modules = {name for file in _files_of("engine") for name in _imported_modules(file)}
    assert not [name for name in modules if name.split(".")[0] in ("fiftyone", "eta")]


def test_the_engine_touches_no_files():
    calls = {(file.name, name) for file in _files_of("engine") for name in _called_names(file)}
    assert not {call for call in calls if call[1] in READS_OR_WRITES_FILES}


@pytest.mark.parametrize("file", ALL_FILES, ids=lambda file: str(file.relative_to(ROOT)))
def test_every_file_says_what_lives_in_it(file):
    assert ast.get_docstring(ast.parse(file.read_text(encoding="utf-8")))


@pytest.mark.parametrize(("room", "registered"), [("operators", (*OPERATORS, *METRICS)), ("panels", PANELS)])
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
    return [file for file in PACKAGE_FILES if _room_of(_module_of(file)) == room]


def _module_of(file: Path) -> str:
    """Absolute name of the module in a file of the package."""
    parts = file.relative_to(ROOT).with_suffix("").parts
    return ".".join(["fiftyone_autolabel", *(part for part in parts if part != "__init__")])


def _room_of(module: str) -> str | None:
    """The room that a module or a name in it belongs to, None outside of them."""
    package, *places = module.split(".")
    if package != "fiftyone_autolabel" or not places:
        return None
    if places[0] == "plugin":
        return places[1] if len(places) > 1 else None
    return places[0] if places[0] in ("operators", "panels") else None


def _owner(name: str, modules: list[str]) -> str | None:
    """The module that a name is imported from; `modules` are those of the package, longest first."""
    return next((module for module in modules if name == module or name.startswith(f"{module}.")), None)


def _circles(graph: dict[str, set[str]]) -> Iterator[list[str]]:
    """Groups of modules that import one another, directly or through others."""
    reached: dict[str, set[str]] = {}
    for module in graph:
        todo, seen = list(graph[module]), set()
        while todo:
            one = todo.pop()
            if one not in seen:
                seen.add(one)
                todo += graph.get(one, ())
        reached[module] = seen
    yield from sorted(
        {tuple(sorted(b for b in reached[a] if a in reached[b])) for a in graph if a in reached[a]}
    )


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


def _foreign_private_names(file: Path) -> Iterator[str]:
    """Private attributes that a file uses of objects whose class is in another."""
    nodes = list(ast.walk(ast.parse(file.read_text(encoding="utf-8"))))
    attributes = [node for node in nodes if isinstance(node, ast.Attribute)]
    own = {node.name for node in nodes if isinstance(node, ast.FunctionDef)}
    own |= {node.attr for node in attributes if isinstance(node.ctx, ast.Store) and _is_self(node.value)}
    for node in attributes:
        is_private = node.attr.startswith("_") and not node.attr.startswith("__")
        if is_private and node.attr not in own and not _is_self(node.value):
            yield f"line {node.lineno}: {ast.unparse(node)}"


def _is_self(node: ast.expr) -> bool:
    return isinstance(node, ast.Name) and node.id in ("self", "cls")


def _database_imports(file: Path) -> Iterator[str]:
    """What a file imports of FiftyOne's own access to its database."""
    return (name for name in _imported_modules(file) if name.startswith("fiftyone.core.odm"))


def _called_names(file: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Call):
            yield getattr(node.func, "id", getattr(node.func, "attr", ""))


def _plugin_definition() -> dict:
    return yaml.safe_load((ROOT / "fiftyone.yml").read_text())


def _pyproject() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())
