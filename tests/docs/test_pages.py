"""The pages in `docs` say what the program does."""

import re
import runpy
from pathlib import Path

from fiftyone_autolabel.plugin.cli import app
from typer.testing import CliRunner

DOCS = Path(__file__).resolve().parents[2] / "docs"


def test_the_page_of_settings_is_up_to_date():
    page = runpy.run_path(str(DOCS / "make_settings.py"))["page"]()
    assert (DOCS / "settings.md").read_text(encoding="utf-8") == page, "Run: python docs/make_settings.py"


def test_the_page_of_commands_lists_every_command():
    text = (DOCS / "command-line.md").read_text(encoding="utf-8")
    shown = CliRunner().invoke(app, ["--help"], env={"COLUMNS": "200"}).stdout
    commands = re.findall(r"^│ ([a-z][a-z-]*) ", shown, re.MULTILINE)
    assert len(commands) > 8
    assert [name for name in commands if f"`{name}`" not in text] == []


def test_every_option_that_the_page_names_exists():
    text = (DOCS / "command-line.md").read_text(encoding="utf-8")
    commands = ("label", "predict", "report")
    runs = [
        CliRunner().invoke(app, [command, "--help"], env={"COLUMNS": "200"}).stdout for command in commands
    ]
    known = {option for shown in runs for option in re.findall(r"--[a-z-]+", shown)}
    assert set(re.findall(r"--[a-z-]+[a-z]", text)) - known == {"--install-completion"}
