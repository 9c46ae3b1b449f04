"""Licence and installed size of everything that the package needs, for the table in CONTRIBUTING.md.

python benchmarks/dependencies.py
"""

from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from packaging.requirements import Requirement
from rich.console import Console
from rich.table import Table

REQUIREMENTS = Path(__file__).resolve().parents[1] / "requirements.txt"


def needed_here(requirements: list[str]) -> list[str]:
    """Names in a list of requirements that hold on this system, without extras."""
    wanted = [Requirement(line) for line in requirements]
    return [each.name for each in wanted if not each.marker or each.marker.evaluate({"extra": ""})]


def direct_dependencies() -> list[str]:
    """Names of what the package needs itself."""
    lines = REQUIREMENTS.read_text(encoding="utf-8").splitlines()
    return needed_here([line for line in lines if line and not line.startswith("#")])


def needed_by_all(packages: list[str]) -> dict[str, Distribution]:
    """Everything that is installed because of these packages, themselves included."""
    found: dict[str, Distribution] = {}
    todo = list(packages)
    while todo:
        name = todo.pop()
        try:
            installed = distribution(name)
        except PackageNotFoundError:
            continue
        if installed.name not in found:
            found[installed.name] = installed
            todo += needed_here(installed.requires or [])
    return found


def licence(installed: Distribution) -> str:
    """The licence that a package states: an expression, the short names of its classifiers, or a text."""
    stated = installed.metadata
    classifiers = [line for line in stated.get_all("Classifier", []) if line.startswith("License ::")]
    short = ", ".join(line.rpartition(" :: ")[2] for line in classifiers)
    return str(stated.get("License-Expression") or short or stated.get("License") or "not stated")


def megabytes(installed: Distribution) -> float:
    """Size on disk in MB."""
    paths = [file.locate() for file in installed.files or []]
    return sum(path.stat().st_size for path in paths if path.is_file()) / 1e6


def main() -> None:
    """Print a row per direct dependency, and what all of them bring."""
    table = Table("package", "licence", "MB")
    direct = direct_dependencies()
    for name in direct:
        installed = distribution(name)
        table.add_row(name, licence(installed), f"{megabytes(installed):.0f}")
    everything = needed_by_all(direct)
    total = sum(map(megabytes, everything.values()))
    table.add_row(f"all {len(everything)} packages that these need", "", f"{total:.0f}")
    Console().print(table)


if __name__ == "__main__":
    main()
