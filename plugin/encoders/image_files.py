"""Which files of a folder are images, told by their names.

Whether one can be read shows when it is embedded.
"""

import mimetypes
import os
from pathlib import Path

from ..engine.errors import InputError
from ..wording import readable


def image_files(folder: Path) -> list[str]:
    """Absolute paths of the images below a folder, hidden files and folders left out, in order.

    Raises:
        InputError: There are none.
    """
    folder = folder.expanduser().resolve()
    visible = (path for path in folder.rglob("*") if not _is_hidden(path.relative_to(folder)))
    paths = sorted(str(path) for path in visible if _is_image(path) and path.is_file())
    if not paths:
        raise InputError(f"There are no images in {readable(str(folder))} or its subfolders.")
    return paths


def images_at(path: str) -> list[str]:
    """Paths of the images below a folder, see `image_files`, or of the one image that is there.

    Raises:
        InputError: There is neither.
    """
    place = os.path.expanduser(path)
    if place and os.path.isdir(place):
        return image_files(Path(place))
    if not os.path.isfile(place):
        raise InputError(f"There is no folder or image {readable(path)!r}: check the path.")
    return [place]


def _is_image(path: Path) -> bool:
    kind, _ = mimetypes.guess_type(path.name)
    return (kind or "").startswith("image/")


def _is_hidden(path: Path) -> bool:
    return any(part.startswith(".") for part in path.parts)
