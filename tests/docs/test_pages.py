"""The pages say what the program does: links lead somewhere, commands and sentences are the program's own."""

import ast
import os
import re
import runpy
import shlex
from pathlib import Path
from urllib.parse import unquote

import fiftyone_autolabel
import numpy as np
import pytest
import typer
import yaml
from fiftyone_autolabel.operators import OPERATORS
from fiftyone_autolabel.plugin.cli.app import app
from fiftyone_autolabel.plugin.engine.audit import estimate_accuracy
from fiftyone_autolabel.plugin.export.formats import BOX_COLUMNS, COLUMNS as EXPORT_COLUMNS
from fiftyone_autolabel.plugin.export.options import Format
from fiftyone_autolabel.plugin.report.images_table import COLUMNS as REPORT_COLUMNS
from fiftyone_autolabel.plugin.report.measured import interval

from .conftest import PAGES, ROOT, blocks

DOCS = ROOT / "docs"
CLI = typer.main.get_command(app)

_LINK = re.compile(r"!?\[[^\]]*\]\(([^)\s]+)\)")
_HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)

RENAMED = {"--visual-encoder", "--visual-embeddings"}
"""Options of earlier versions, which the changelog names."""

every_page = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)


def prose(page: Path) -> str:
    """The page without its blocks of code."""
    return re.sub(r"^```.*?^```$", "", page.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """What a link to a heading of the page may end with, made as GitHub makes it."""
    headings = _HEADING.findall(prose(page))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


def commands(page: Path) -> list[list[str]]:
    """The words of every command of ours that a page shows in a block."""
    shown = []
    for code in blocks(page, "bash"):
        for line in code.replace("\\\n", " ").splitlines():
            words = shlex.split(line, comments=True)
            shown += [words[1:]] if words[:1] == ["fiftyone-autolabel"] else []
    return shown


def sentences(folder: Path) -> set[str]:
    """Every text of the program, with … for what is put in."""
    nodes = [node for file in folder.rglob("*.py") for node in ast.walk(ast.parse(file.read_text("utf-8")))]
    return {re.sub(r"%[sd]", "…", _template(node)) for node in nodes}


def _template(node: ast.AST) -> str:
    if isinstance(node, ast.Constant):
        return node.value if isinstance(node.value, str) else ""
    if isinstance(node, ast.JoinedStr):
        return "".join(_template(part) or "…" for part in node.values)
    return ""


def test_the_page_of_settings_is_up_to_date():
    page = runpy.run_path(str(DOCS / "make_settings.py"))["page"]()
    assert (DOCS / "settings.md").read_text(encoding="utf-8") == page, "Run: python docs/make_settings.py"


@every_page
def test_every_link_leads_somewhere(page):
    broken = []
    for link in [*_LINK.findall(prose(page)), *re.findall(r'src="([^"]+)"', prose(page))]:
        path, _, anchor = unquote(link).partition("#")
        target = page.parent / path if path else page
        is_there = target.exists() and (not anchor or anchor in anchors(target))
        broken += [] if link.startswith("https://") or is_there else [link]
    assert broken == []


def test_every_page_can_be_reached_from_the_readme():
    reached, open_pages = set(), [ROOT / "README.md"]
    while open_pages:
        page = open_pages.pop()
        reached.add(page)
        links = [(page.parent / link.partition("#")[0]).resolve() for link in _LINK.findall(prose(page))]
        open_pages += [link for link in links if link.suffix == ".md" and link not in reached]
    assert set(PAGES) - reached == set()


@every_page
def test_every_command_is_understood_as_it_stands(page):
    for name, *words in commands(page):
        arguments = words[: words.index(">")] if ">" in words else words
        CLI.commands[name].make_context(name, list(arguments))


@every_page
def test_every_option_exists(page):
    uses = [use for each in (CLI, *CLI.commands.values()) for use in each.params]
    known = {option for use in uses for option in use.opts}
    known |= {"--install-completion", "--help", "--install"}
    known |= _options_of_benchmarks()
    known |= RENAMED if page.name == "CHANGELOG.md" else set()
    assert set(re.findall(r"(?<![\w-])--[a-z][a-z-]*[a-z]", page.read_text(encoding="utf-8"))) <= known


def _options_of_benchmarks() -> set[str]:
    files = ROOT.glob("benchmarks/*.py")
    return {option for file in files for option in re.findall(r'"(--[a-z-]+)"', file.read_text("utf-8"))}


@every_page
def test_every_file_that_is_named_to_be_run_exists(page):
    named = re.findall(r"python ([\w/]+\.py)", page.read_text(encoding="utf-8"))
    assert [name for name in named if not (ROOT / name).is_file()] == []


@every_page
def test_every_path_that_is_named_exists(page):
    named = re.findall(r"`((?:plugin|operators|panels|tests|benchmarks|docs|skills)/[\w./-]*)`", prose(page))
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_the_changelog_begins_with_the_present_version():
    version = yaml.safe_load((ROOT / "fiftyone.yml").read_text(encoding="utf-8"))["version"]
    headings = _HEADING.findall((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))
    assert headings[:2] == ["Changelog", str(version)]


def test_the_table_of_operators_is_that_of_the_program():
    text = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \| (.*)\|$", text, re.MULTILINE)
    named = {command for *_, cell in rows for command in re.findall(r"`([\w-]+)`", cell)}
    assert [name for name, *_ in rows] == [each().config.name for each in OPERATORS]
    assert {python for _, python, _ in rows} <= set(dir(fiftyone_autolabel))
    assert named <= set(CLI.commands)


def test_the_page_of_commands_lists_every_command():
    text = (DOCS / "command-line.md").read_text(encoding="utf-8")
    assert [name for name in CLI.commands if f"`{name}`" not in text] == []


def test_the_intervals_of_the_page_on_reviews_are_those_of_the_program():
    text = (DOCS / "review.md").read_text(encoding="utf-8")
    rows = re.findall(r"^\| (\d+) \| (\d+) \| (\S+) \|$", text, re.MULTILINE)
    assert len(rows) == 6
    for audited, right, shown in ((int(one), int(two), three) for one, two, three in rows):
        estimate = estimate_accuracy(np.arange(audited) < right, np.ones(audited), 100_000)
        assert interval(estimate) == shown


def test_every_sentence_that_is_explained_is_one_of_the_programs():
    page = (DOCS / "troubleshooting.md").read_text(encoding="utf-8")
    explained = re.findall(r"^> (.+)$", page, re.MULTILINE)
    assert len(explained) > 30
    assert sorted(set(explained) - sentences(ROOT / "plugin") - sentences(ROOT / "panels")) == []


def test_the_page_of_formats_tells_every_format_and_column():
    text = (DOCS / "formats.md").read_text(encoding="utf-8")
    names = [*[each.value for each in Format], *EXPORT_COLUMNS, *BOX_COLUMNS, *REPORT_COLUMNS]
    assert [name for name in names if f"`{name}`" not in text] == []


@every_page
def test_every_variable_of_the_environment_is_read(page):
    named = set(re.findall(r"\bFIFTYONE_[A-Z_]+", page.read_text(encoding="utf-8")))
    rooms = ("plugin", "operators", "panels")
    source = "\n".join(file.read_text("utf-8") for room in rooms for file in (ROOT / room).rglob("*.py"))
    assert [name for name in sorted(named) if name not in source and name not in os.environ] == []
