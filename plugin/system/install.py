"""Registers this package with FiftyOne as a plugin, and unregisters it.

FiftyOne knows no entry points: a plugin is a folder with a `fiftyone.yml` below its plugins folder.
"""

import shutil
from dataclasses import dataclass
from pathlib import Path

from ..engine.errors import InputError
from .database import ensure_mongod

PLUGIN_NAME = "@autolabel/prototypes"
PACKAGE_FOLDER = Path(__file__).resolve().parents[2]
COPY_MARK = ".copied-from"
"""File in a copy of the package with the path of the original."""


@dataclass(frozen=True)
class Installation:
    """The result of an installation.

    Attributes:
        plugin: Folder of the plugin below FiftyOne's plugins folder.
        is_new: Whether this installation created it.
        database: Address of a MongoDB server, or path of the `mongod` that FiftyOne starts.
    """

    plugin: Path
    is_new: bool
    database: str


def install() -> Installation:
    """Make sure that FiftyOne has a database and finds this package as a plugin, exactly once.

    A link to another checkout is redirected to this one.

    Raises:
        InputError: There is no database, or another copy of the plugin or an unrelated folder is there.
    """
    database = ensure_mongod()
    place = _place()
    if place.is_symlink() and place.resolve() != PACKAGE_FOLDER:
        place.unlink()  # it leads to an earlier checkout, which stays as it is, or nowhere
    own = _find_own()
    if own and own.resolve() == PACKAGE_FOLDER:
        return Installation(own, False, database)
    if own:
        shutil.rmtree(own)  # a copy, made where links are impossible, which may be out of date
    if place.exists():
        raise InputError(f"{place} exists but is not a plugin: move it elsewhere and install again.")
    place.parent.mkdir(parents=True, exist_ok=True)
    _link_or_copy(place)
    try:
        _find_own()
    except InputError:
        uninstall()
        raise
    return Installation(place, own is None, database)


def uninstall() -> Path | None:
    """Unregister the plugin from FiftyOne; the package itself stays.

    Returns:
        The folder that was removed, or None if there was none.

    Raises:
        InputError: The folder is this package itself, or a repository that may hold unsaved work.
    """
    place = _place()
    if place.is_symlink():
        place.unlink()
    elif not place.exists():
        return None
    elif place.resolve() == PACKAGE_FOLDER or (place / ".git").exists():
        raise InputError(f"{place} is a repository, not an installed copy: delete it yourself.")
    else:
        shutil.rmtree(place)
    return place


def _place() -> Path:
    import fiftyone as fo

    return Path(fo.config.plugins_dir) / PLUGIN_NAME


def _find_own() -> Path | None:
    """The link or copy through which FiftyOne finds this package, None if there is none.

    Raises:
        InputError: FiftyOne finds another copy of the plugin.
    """
    import fiftyone.plugins as fop

    plugins = fop.list_plugins(enabled="all", shadowed="all")
    copies = [Path(plugin.directory) for plugin in plugins if plugin.name == PLUGIN_NAME]
    own = [copy for copy in copies if PACKAGE_FOLDER in (copy.resolve(), _copied_from(copy))]
    others = [copy for copy in copies if copy not in own] + own[1:]
    if others:
        raise InputError(
            f"FiftyOne has another copy of the plugin in {others[0]}: delete it and install again."
        )
    return own[0] if own else None


def _copied_from(copy: Path) -> Path | None:
    mark = copy / COPY_MARK
    return Path(mark.read_text(encoding="utf-8")) if mark.is_file() else None


def _link_or_copy(place: Path) -> None:
    try:
        place.symlink_to(PACKAGE_FOLDER, target_is_directory=True)
    except OSError:  # Windows allows symbolic links to administrators and developers only
        hidden_and_built = shutil.ignore_patterns(".*", "build", "dist", "*.egg-info", "__pycache__")
        shutil.copytree(PACKAGE_FOLDER, place, ignore=hidden_and_built)
        (place / COPY_MARK).write_text(str(PACKAGE_FOLDER), encoding="utf-8")
