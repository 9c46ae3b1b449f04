"""Names that every file system takes, for classes of any name and images of the same name.

Two names count as the same if Windows or macOS would put them into one file: letter case and the way
that accents are encoded do not tell names apart.
"""

import os
import re
import unicodedata
from collections.abc import Sequence

MOST_BYTES = 200
"""File systems take 255 bytes of a name; the rest is left for a number."""

FILES_BESIDE = ("manifest.json", "classes.json")
"""What lies beside the folders of the classes."""

_FORBIDDEN = re.compile(r'[<>:"/\\|?*\x00-\x1f\x7f]')
_RESERVED = re.compile(r"(con|prn|aux|nul|com[1-9¹²³]|lpt[1-9¹²³])\s*(\..*)?", re.IGNORECASE)


def safe_folder_names(names: Sequence[str]) -> dict[str, str]:
    """Choose a folder for every class.

    A name that is safe already is kept; two classes never share a folder.

    Args:
        names: Distinct class names, of any characters. The files beside the folders keep their names.

    Returns:
        Class name → name of its folder, whatever the order of `names`, in that order.
    """
    safe = {name: _safe(name) for name in names}
    # Those that can keep their names go first, so that no other takes them away.
    order = sorted(names, key=lambda name: (safe[name] != name, name))
    told_apart = _told_apart([*FILES_BESIDE, *(safe[name] for name in order)])[len(FILES_BESIDE) :]
    folders = dict(zip(order, told_apart, strict=True))
    return {name: folders[name] for name in names}


def unique_file_names(paths: Sequence[str]) -> list[str]:
    """Choose a file name for every image, so that all could lie in one folder.

    Names differ in more than their extension, because YOLO keeps the labels of `a.jpg` in `a.txt`.

    Args:
        paths: (n,) paths of images; the same path twice gets two names.

    Returns:
        (n,) file names with the extensions that they had; the first of equal names keeps it.
    """
    parts = [os.path.splitext(os.path.basename(path)) for path in paths]
    stems = _told_apart([stem for stem, _ in parts])
    return [stem + extension for stem, (_, extension) in zip(stems, parts, strict=True)]


def _safe(name: str) -> str:
    """The name without what some file system refuses."""
    name = _FORBIDDEN.sub("_", unicodedata.normalize("NFC", name))
    name = name.encode("utf-8", "replace")[:MOST_BYTES].decode("utf-8", "ignore")
    name = name.strip().rstrip(". ")
    if not name or name.startswith("."):  # hidden files are passed over by most readers
        name = f"_{name}"
    return f"{name}_" if _RESERVED.fullmatch(name) else name


def _told_apart(names: list[str]) -> list[str]:
    """Append -2, -3, … to names that are taken, never producing one that another needs."""
    wanted = {_key(name) for name in names}
    taken: set[str] = set()
    last: dict[str, int] = {}
    result = []
    for name in names:
        key, candidate = _key(name), name
        while _key(candidate) in taken or (candidate != name and _key(candidate) in wanted):
            last[key] = last.get(key, 1) + 1
            candidate = f"{name}-{last[key]}"
        taken.add(_key(candidate))
        result.append(candidate)
    return result


def _key(name: str) -> str:
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold())
