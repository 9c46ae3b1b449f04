"""What is installed for users: every dependency is listed with its licence and reason, and none is AGPL."""

import re
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]
LINES = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
REQUIREMENTS = [Requirement(line) for line in LINES if line and not line.startswith("#")]
_ROW = re.compile(r"^\| `([\w-]+)` \| (.+) \| (\d+) \| (.+) \|$", re.MULTILINE)


def test_contributing_lists_every_dependency_with_licence_size_and_reason():
    _, _, section = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8").partition("## Dependencies\n")

    assert [name for name, *_ in _ROW.findall(section)] == [each.name for each in REQUIREMENTS]


def test_nothing_that_is_installed_for_users_is_under_the_agpl():
    installed = _everything_needed()

    assert len(installed) > len(REQUIREMENTS)
    assert [name for name, each in installed.items() if _is_agpl(each)] == []


def _everything_needed() -> dict[str, Distribution]:
    found: dict[str, Distribution] = {}
    todo = list(REQUIREMENTS)
    while todo:
        wanted = todo.pop()
        if wanted.name in found or (wanted.marker and not wanted.marker.evaluate({"extra": ""})):
            continue
        try:
            found[wanted.name] = distribution(wanted.name)
        except PackageNotFoundError:
            continue
        todo += map(Requirement, found[wanted.name].requires or [])
    return found


def _is_agpl(installed: Distribution) -> bool:
    stated = installed.metadata
    texts = [stated.get("License-Expression"), stated.get("License"), *stated.get_all("Classifier", [])]
    # Some give the whole text of their licence, followed by those of what they are built with.
    return any(re.search("AGPL|Affero", text.partition("\n")[0]) for text in texts if text)
