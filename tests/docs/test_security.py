"""The promises of `docs/security.md` that can be read from the source.

That reports load nothing and that a password is not shown is tested where those are made.
"""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from .conftest import ROOT

PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
FILES = {
    ".".join(["fiftyone_autolabel", *file.relative_to(ROOT).with_suffix("").parts]).removesuffix(
        ".__init__"
    ): file
    for folder in ("operators", "panels", "plugin")
    for file in (ROOT / folder).rglob("*.py")
}


def nodes(file: Path, kind: type) -> Iterator:
    """The nodes of a kind in the source of a file."""
    return (node for node in ast.walk(ast.parse(file.read_text("utf-8"))) if isinstance(node, kind))


def imported(file: Path) -> set[str]:
    """Absolute names of what a file imports, lazily too."""
    package = ("fiftyone_autolabel", *file.relative_to(ROOT).parent.parts)
    names = {alias.name for node in nodes(file, ast.Import) for alias in node.names}
    for node in nodes(file, ast.ImportFrom):
        base = package[: len(package) - node.level + 1] if node.level else ()
        module = ".".join([*base, *filter(None, [node.module])])
        names |= {module, *(f"{module}.{alias.name}" for alias in node.names)}
    return names


def reached_from(rooms: tuple[str, ...]) -> set[str]:
    """Modules that the modules of some rooms import, directly or through others."""
    todo = [name for name in FILES if name.split(".")[1] in rooms]
    reached: set[str] = set()
    while todo:
        name = todo.pop()
        if name not in reached:
            reached.add(name)
            todo += imported(FILES[name]) & set(FILES)
    return reached


def called(file: Path) -> Iterator[tuple[str, ast.Call]]:
    """The calls in a file, each with what is called, e.g. "np.load"."""
    return ((ast.unparse(node.func), node) for node in nodes(file, ast.Call))


def test_no_operator_and_no_panel_reaches_what_installs_or_starts_programs():
    reached = reached_from(("operators", "panels"))
    assert "fiftyone_autolabel.plugin.run.pipeline" in reached
    assert not {name for name in reached if name.endswith((".system.install", ".system.database"))}
    assert not {name for name in reached if imported(FILES[name]) & {"subprocess", "pip", "ensurepip"}}


def test_nothing_that_is_read_is_run():
    unsafe = {"eval", "exec", "yaml.load", "yaml.unsafe_load", "os.system", "pickle.load", "pickle.loads"}
    calls = {(file.name, name) for file in FILES.values() for name, _ in called(file)}
    assert {call for call in calls if call[1] in unsafe} == set()


def test_arrays_are_read_without_pickled_objects():
    loads = [call for file in FILES.values() for name, call in called(file) if name == "np.load"]
    given = [{word.arg: ast.unparse(word.value) for word in call.keywords} for call in loads]
    assert loads
    assert [words for words in given if words.get("allow_pickle") != "False"] == []


def test_every_environment_variable_that_is_read_is_listed():
    listed = set(re.findall(r"^\| `([A-Z_]+)` \|", PAGE, re.MULTILINE))
    read = set()
    for file in FILES.values():
        constants = {
            target.id: node.value.value
            for node in nodes(file, ast.Assign)
            for target in node.targets
            if isinstance(target, ast.Name) and isinstance(node.value, ast.Constant)
        }
        for name, call in called(file):
            if name in ("os.environ.get", "os.getenv"):
                argument = call.args[0]
                read.add(constants[argument.id] if isinstance(argument, ast.Name) else argument.value)
    assert read == listed
