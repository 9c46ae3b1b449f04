"""Packages of `requirements.txt` that are not installed, as after `fiftyone plugins download` alone.

Form and panel open without them, and say with which command they are installed.
"""

from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path

REQUIREMENTS = Path(__file__).resolve().parents[2] / "requirements.txt"

_MODULES = {
    "faiss-cpu": "faiss",
    "open-clip-torch": "open_clip",
    "pillow": "PIL",
    "pyyaml": "yaml",
    "scikit-image": "skimage",
    "scikit-learn": "sklearn",
}
"""Packages that are imported by another name."""


@lru_cache(maxsize=1)
def missing_packages() -> tuple[str, ...]:
    """Names of the packages that cannot be found; nothing is imported."""
    from packaging.requirements import Requirement

    lines = REQUIREMENTS.read_text(encoding="utf-8").splitlines()
    wanted = [Requirement(line) for line in lines if line and not line.startswith("#")]
    here = [each.name for each in wanted if not each.marker or each.marker.evaluate()]
    return tuple(name for name in here if not _is_installed(_MODULES.get(name, name.replace("-", "_"))))


def what_is_missing() -> str:
    """What to do about missing packages, in a sentence each; "" where none is missing."""
    missing = missing_packages()
    if not missing:
        return ""
    return (
        f"Not installed: {', '.join(missing)}. Run `fiftyone plugins requirements @autolabel/prototypes "
        "--install`, then start the App again."
    )


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except (ImportError, ValueError):  # a package that is broken, or a module without a specification
        return False
