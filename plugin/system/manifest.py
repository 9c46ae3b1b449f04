"""`manifest.json`: who made a folder or an archive, and every file in it with a checksum.

By it a folder is known as one that may be replaced, whatever its name.
"""

import hashlib
import json
import zipfile
from collections.abc import Callable
from datetime import datetime, timezone
from pathlib import Path

from ..engine.errors import InputError

MANIFEST_NAME = "manifest.json"
MAKER = "fiftyone-autolabel"

MOST_COMPRESSED = 100
"""How many times an archive a manifest in it may be at most; digests hardly compress."""

Progress = Callable[[int, int], None]

_CHUNK_BYTES = 1 << 20


def write_manifest(folder: Path, kind: str, facts: dict, progress: Progress | None = None) -> None:
    """Write `manifest.json` into a folder that is otherwise complete.

    Args:
        folder: The folder as it is now.
        kind: What it is, e.g. "export".
        facts: What else is to be said, in values that go through JSON.
        progress: Called with (files with a checksum, files in all).
    """
    manifest = {
        "made_by": MAKER,
        "kind": kind,
        "created": datetime.now(timezone.utc).isoformat(timespec="seconds"),
        **facts,
        "files": _checksums(folder, progress),
    }
    text = json.dumps(manifest, indent=2, ensure_ascii=False)
    (folder / MANIFEST_NAME).write_text(text, encoding="utf-8")


def read_manifest(path: Path, kind: str) -> dict:
    """The manifest of a folder or archive that was made here, in which nothing else lies.

    Returns:
        What `write_manifest` wrote, and as "fingerprint" the SHA-256 of its text.

    Raises:
        InputError: It was made by somebody else, is of another kind, or holds a file that is not listed.
    """
    try:
        names, text = _archived(path) if path.is_file() else _in_folder(path)
        manifest = json.loads(text)
        made_by, listed = (manifest["made_by"], manifest["kind"]), {MANIFEST_NAME, *manifest["files"]}
    except Exception as error:  # every kind of damage raises its own
        if isinstance(error, OSError) and not isinstance(error, FileNotFoundError):
            raise
        made_by, listed, names = None, set(), []
    if made_by != (MAKER, kind):
        raise InputError(f"{path} is not an earlier {kind}, and is not overwritten: choose another folder.")
    if foreign := sorted(set(names) - listed):
        raise InputError(
            f"{path} also holds {foreign[0]}, which is not part of the {kind}, and is not overwritten: "
            "move that elsewhere, or choose another folder."
        )
    return manifest | {"fingerprint": hashlib.sha256(text).hexdigest()}


def _in_folder(folder: Path) -> tuple[list[str], bytes]:
    """Files and links below a folder, and the text of its manifest."""
    manifest = folder / MANIFEST_NAME
    if not manifest.is_file():
        raise FileNotFoundError(manifest)
    found = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return [path.relative_to(folder).as_posix() for path in found], manifest.read_bytes()


def _archived(archive: Path) -> tuple[list[str], bytes]:
    """The same of an archive."""
    with zipfile.ZipFile(archive) as opened:
        names = [name for name in opened.namelist() if not name.endswith("/")]
        if opened.getinfo(MANIFEST_NAME).file_size > MOST_COMPRESSED * archive.stat().st_size:
            raise ValueError("no manifest takes so little room in an archive")
        return names, opened.read(MANIFEST_NAME)


def _checksums(folder: Path, progress: Progress | None) -> dict[str, str]:
    """Path below the folder, with forward slashes → SHA-256 of the content."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    checksums = {}
    for number, file in enumerate(files, 1):
        checksums[file.relative_to(folder).as_posix()] = _sha256(file)
        if progress:
            progress(number, len(files))
    return checksums


def _sha256(path: Path) -> str:
    digest = hashlib.sha256()
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()
