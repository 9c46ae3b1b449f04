"""From a folder of images, or the name of a dataset, to a FiftyOne dataset.

A folder becomes a dataset once; later it is found again and only new images are added.
"""

import contextlib
import difflib
import logging
from collections.abc import Iterator
from pathlib import Path

import fiftyone as fo

from ..encoders.image_files import image_files
from ..engine.errors import InputError
from ..wording import counted, is_readable, listed, readable
from .internals import dataset_documents

FOLDER_KEY = "auto_label_folder"
"""Where the `info` of a dataset keeps the folder that it was made from."""

MOST_NEAR_NAMES = 5

logger = logging.getLogger("fiftyone_autolabel")


@contextlib.contextmanager
def opened_source(source: str, name: str | None = None) -> Iterator[fo.Dataset]:
    """Open what a user named; a new dataset of a folder is kept only if the block ends well.

    Args:
        source: Path of a folder, or name of a dataset.
        name: Name of the dataset made from a folder; by default the folder's own.

    Raises:
        InputError: There is neither, or the folder cannot become a dataset.
    """
    dataset = open_source(source, name)
    if FOLDER_KEY in dataset.info and not dataset.persistent:
        with _kept_if_done(dataset):
            yield dataset
    else:
        yield dataset


@contextlib.contextmanager
def new_dataset(name: str) -> Iterator[fo.Dataset]:
    """Make a dataset that is kept only if the block ends well.

    Raises:
        InputError: The name is unusable or taken.
    """
    dataset = _made(name)
    with _kept_if_done(dataset):
        yield dataset


def open_source(source: str, name: str | None = None) -> fo.Dataset:
    """Open what a user named: a folder of images if there is one, else a FiftyOne dataset.

    Args:
        source: Path of a folder, or name of a dataset.
        name: Name of the dataset made from a folder; by default the folder's own.

    Raises:
        InputError: There is neither, or the folder cannot become a dataset.
    """
    if _is_folder(source):
        return dataset_from_folder(Path(source), name)
    dataset = _dataset_named(source)
    if name and name != source:
        raise InputError(f"{source!r} is a dataset already: leave out the name {name!r}.")
    return dataset


def find_source(source: str) -> fo.Dataset:
    """Open a dataset that is there, by its name or by the folder that it was made from; nothing is made.

    Raises:
        InputError: There is none, or there are several of that folder.
    """
    if not _is_folder(source):
        return _dataset_named(source)
    made_from_it = {f"info.{FOLDER_KEY}": str(Path(source).expanduser().resolve())}
    names = sorted(dataset_documents().distinct("name", made_from_it))
    if len(names) > 1:
        raise InputError(f"Several datasets were made from {source}: name one of {', '.join(names)}.")
    if not names and not fo.dataset_exists(source):
        raise InputError(f"No dataset was made from the folder {source} yet: label it first.")
    return fo.load_dataset(names[0] if names else source)


def dataset_from_folder(folder: Path, name: str | None = None) -> fo.Dataset:
    """Make a dataset of the images below a folder, or find it and add what is new.

    A new dataset is not persistent yet: FiftyOne deletes it when the last process that uses FiftyOne ends.
    Images are left out, with a warning, whose names are not UTF-8: no database holds them.

    Args:
        folder: Folder of images, in subfolders too.
        name: Name of the dataset; by default the folder's own.

    Raises:
        InputError: The folder holds no images, or the name is unusable or another dataset's.
    """
    folder = folder.expanduser().resolve()
    paths = _readable_paths(folder)
    dataset = _dataset_of_folder(folder, name or folder.name)
    known = set(dataset.values("filepath"))
    dataset.add_images([path for path in paths if path not in known], progress=False)
    return dataset


def _readable_paths(folder: Path) -> list[str]:
    paths = image_files(folder)
    readable_paths = [path for path in paths if is_readable(path)]
    unreadable = [readable(path) for path in paths if not is_readable(path)]
    if unreadable:
        logger.warning(
            "%s left out, because the name is not UTF-8 and no database can hold it: rename %s.",
            counted(len(unreadable), "image"),
            listed(unreadable),
        )
    if not readable_paths:
        raise InputError(f"No image in {readable(str(folder))} has a name in UTF-8: rename them.")
    return readable_paths


def _is_folder(source: str) -> bool:
    # The empty path would be the current folder, which an empty name does not mean.
    return bool(source) and Path(source).expanduser().is_dir()


def _dataset_named(name: str) -> fo.Dataset:
    if not is_readable(name) or not fo.dataset_exists(name):
        name = readable(name)
        raise InputError(f"{name!r} {_what_it_is(name)}: check the path or name{_near_names(name)}.")
    return fo.load_dataset(name)


def _what_it_is(name: str) -> str:
    if Path(name).expanduser().is_file():
        return "is a file, not a folder or a FiftyOne dataset"
    return "is neither a folder nor a FiftyOne dataset"


def _near_names(name: str) -> str:
    near = difflib.get_close_matches(name, fo.list_datasets(), n=MOST_NEAR_NAMES)
    return f"; similar datasets are {', '.join(near)}" if near else ""


def _dataset_of_folder(folder: Path, name: str) -> fo.Dataset:
    if is_readable(name) and fo.dataset_exists(name):
        dataset = fo.load_dataset(name)
        if dataset.info.get(FOLDER_KEY) != str(folder):
            raise InputError(f"A dataset {name!r} exists and was not made from {folder}: give another name.")
        return dataset
    dataset = _made(name)
    dataset.info[FOLDER_KEY] = str(folder)
    dataset.save()
    return dataset


def _made(name: str) -> fo.Dataset:
    if not is_readable(name):
        raise InputError(f"{readable(name)} is not UTF-8 and cannot be the name of a dataset: give another.")
    if fo.dataset_exists(name):
        raise InputError(f"A dataset {name!r} exists: give another name.")
    try:
        return fo.Dataset(name)
    except ValueError as error:
        raise InputError(f"{name!r} cannot be used as a dataset name: give another name.") from error


@contextlib.contextmanager
def _kept_if_done(dataset: fo.Dataset) -> Iterator[None]:
    try:
        yield
    except BaseException:
        dataset.delete()
        raise
    dataset.persistent = True
