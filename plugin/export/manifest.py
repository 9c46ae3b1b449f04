"""What an export holds, and `manifest.json`, which says so beside the files with a checksum of each.

The manifest also marks a folder as an export, which another may overwrite.
"""

import hashlib
import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import datetime, timezone
from pathlib import Path

from ..system.versions import package_versions

MANIFEST_NAME = "manifest.json"
WHOLE = "all"
"""What stands for the name of a split where there are none."""

_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Exported:
    """A finished export.

    Attributes:
        path: The folder or the .zip file.
        format: Name of the format.
        images: Split, "all" where there are none → number of images.
        labels: Split, "all" where there are none → class → number of labels.
        left_out: Reason → number of samples, or patches, that were not exported.
        folders: Class → name of its folder; empty for formats that have none.
    """

    path: Path
    format: str
    images: dict[str, int]
    labels: dict[str, dict[str, int]]
    left_out: dict[str, int]
    folders: dict[str, str]

    @property
    def n_images(self) -> int:
        """Number of images in all splits."""
        return sum(self.images.values())


def write_manifest(
    folder: Path, exported: Exported, settings: dict, dataset: str, progress: Callable[[int, int], None]
) -> None:
    """Write `manifest.json` into a folder that is otherwise complete.

    Args:
        folder: The export as it is now.
        exported: What it holds.
        settings: Option → value, as used.
        dataset: Name of the dataset.
        progress: Called with (files with a checksum, files in all).
    """
    counts = asdict(exported)
    del counts["path"]
    manifest = {
        "dataset": dataset,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        **counts,
        "settings": settings,
        "versions": package_versions("fiftyone"),
        "files": _checksums(folder, progress),
    }
    text = json.dumps(manifest, indent=2, ensure_ascii=False)
    (folder / MANIFEST_NAME).write_text(text, encoding="utf-8")


def _checksums(folder: Path, progress: Callable[[int, int], None]) -> dict[str, str]:
    """Path below the folder, with forward slashes → SHA-256 of the content."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    checksums = {}
    for number, file in enumerate(files, 1):
        checksums[file.relative_to(folder).as_posix()] = _sha256(file)
        progress(number, len(files))
    return checksums


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
