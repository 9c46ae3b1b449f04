"""Writes `settings.md` from the dataclass: `python docs/make_settings.py`.

A test fails when the page is older than the settings.
"""

from dataclasses import fields
from pathlib import Path

from fiftyone_autolabel import Settings
from fiftyone_autolabel.plugin.engine.config import PRESETS, setting_docs

PAGE = Path(__file__).with_name("settings.md")

HEAD = """# Settings
How a run clusters and refines. The defaults suit most datasets. This page is generated from the dataclass
`Settings` by `python docs/make_settings.py`; do not edit it.

In Python: `Settings(iterations=4)`. On the command line: `--iterations 4`, or `--settings FILE` with a YAML
or TOML file that has one setting per line, such as `iterations: 4`. Options override the file, the file
overrides the preset, and the preset overrides the defaults.
"""


def page() -> str:
    """The page as it should be."""
    docs = setting_docs()
    lines = [HEAD, "| setting | default | meaning |", "|---|---|---|"]
    lines += [f"| `{each.name}` | {_value(each.default)} | {docs[each.name]} |" for each in fields(Settings)]
    lines += ["", "## Presets", "`auto` chooses a preset by the number of images.", ""]
    lines += [f"- `{name}`: {_changes(name)}" for name in PRESETS]
    return "\n".join(lines) + "\n"


def _value(value: object) -> str:
    return "automatic" if value is None else f"`{value}`"


def _changes(preset: str) -> str:
    settings, plain = Settings.preset(preset), Settings()
    changed = {each.name: getattr(settings, each.name) for each in fields(Settings)}
    words = [f"{name} {_value(value)}" for name, value in changed.items() if value != getattr(plain, name)]
    return ", ".join(words) or "chosen when the images are counted"


if __name__ == "__main__":
    PAGE.write_text(page(), encoding="utf-8")
