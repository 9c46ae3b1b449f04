"""Checks of the arrays that a user hands in, one sentence for each thing that can be wrong.

What passes comes back as float32 unit rows or as clean integers.
"""

from collections.abc import Iterable

import numpy as np

from .errors import InputError
from .rows import ChunkedRows, ComputedRows, Matrix, is_large
from .vectors import are_unit, row_chunks, unit_rows


def check_vectors(vectors: object, name: str) -> Matrix:
    """Check a matrix of embeddings.

    Args:
        vectors: (n, d) real numbers of any type.
        name: What to call it in a message, e.g. "image embeddings".

    Returns:
        (n, d) float32 unit rows, n ≥ 1; of a large matrix, chunks are brought to length when they are read.

    Raises:
        InputError: It is no matrix of finite numbers with at least one row, or a row is all zeros.
    """
    if isinstance(vectors, ChunkedRows):
        return vectors
    try:
        array = np.asarray(vectors)
    except ValueError as error:
        raise InputError(f"The {name} have rows of different lengths: give one matrix.") from error
    if array.dtype.kind not in "fiub":
        raise InputError(f"The {name} must be numbers, but their type is {array.dtype}.")
    if array.ndim != 2:
        raise InputError(f"The {name} must be a matrix with one row each, but have the shape {array.shape}.")
    if 0 in array.shape:
        raise InputError(f"The {name} are empty (shape {array.shape}): give at least one row.")
    finite, any_at_all = np.empty((2, len(array)), bool)
    for rows in row_chunks(len(array)):
        chunk = array[rows].astype(np.float32, copy=False)
        finite[rows], any_at_all[rows] = np.isfinite(chunk).all(axis=1), chunk.any(axis=1)
    if not finite.all():
        bad = _rows(np.flatnonzero(~finite))
        raise InputError(f"The {name} have NaN or infinite values in {bad}: leave those rows out.")
    if not any_at_all.all():
        zero = _rows(np.flatnonzero(~any_at_all))
        raise InputError(f"The {name} are all zeros in {zero}: leave those rows out.")
    if is_large(*array.shape) and not are_unit(array):
        return ComputedRows(array.shape, lambda rows: unit_rows(array[rows]))
    return unit_rows(array)


def check_pair(embeddings: object, text_embeddings: object) -> tuple[Matrix, np.ndarray]:
    """Check image and text embeddings, which must live in one space.

    Returns:
        (n, d) and (k, d) float32 unit rows.

    Raises:
        InputError: Either is unusable, or their dimensions differ.
    """
    X = check_vectors(embeddings, "image embeddings")
    T = check_vectors(text_embeddings, "text embeddings")[:]
    if X.shape[1] != T.shape[1]:
        raise InputError(
            f"Image embeddings have {X.shape[1]} dimensions and text embeddings {T.shape[1]}: "
            "both must come from the same model."
        )
    return X, T


def check_second(second_embeddings: object, n: int) -> Matrix:
    """Check the embeddings of a second image encoder.

    Args:
        second_embeddings: (n, v) real numbers of any type.
        n: Number of images.

    Returns:
        (n, v) float32 unit rows.

    Raises:
        InputError: They are unusable, or not one row per image.
    """
    V = check_vectors(second_embeddings, "visual embeddings")
    if len(V) != n:
        raise InputError(
            f"There are {len(V)} visual embeddings for {n} images: give one row per image, in the same order."
        )
    return V


def check_anchors(anchors: object, n: int, k: int) -> np.ndarray:
    """Check the labels that people gave.

    Args:
        anchors: (n,) class numbers, -1 for an image without one; None for no anchors at all.
        n: Number of images.
        k: Number of classes.

    Returns:
        (n,) int64 in [-1, k).

    Raises:
        InputError: The array has another length, is not of whole numbers, or names an unknown class.
    """
    if anchors is None:
        return np.full(n, -1)
    array = _numbers(anchors, "Anchors")
    if array.shape != (n,):
        raise InputError(f"Anchors must be one number per image: expected shape ({n},), got {array.shape}.")
    if array.dtype.kind not in "iu":
        raise InputError(f"Anchors must be whole numbers, but their type is {array.dtype}.")
    bad = np.flatnonzero((array < -1) | (array >= k))
    if len(bad):
        raise InputError(
            f"Anchors must be -1 (none) or a class number below {k}, but {_rows(bad)} hold others, "
            f"e.g. {array[bad[0]]}."
        )
    return array.astype(np.int64)


def check_drawn(drawn: object, n: int) -> np.ndarray:
    """Check with which probability images were drawn to be reviewed.

    Args:
        drawn: (n,) numbers in [0, 1]; None where none was drawn.
        n: Number of images.

    Returns:
        (n,) float64.

    Raises:
        InputError: The array has another length, or holds what is not a number in [0, 1].
    """
    if drawn is None:
        return np.zeros(n)
    array = _numbers(drawn, "Probabilities of being drawn")
    if array.shape != (n,):
        raise InputError(
            f"Probabilities of being drawn must be one number per image: expected ({n},), got {array.shape}."
        )
    if array.dtype.kind not in "iuf" or not ((array >= 0) & (array <= 1)).all():
        raise InputError("Probabilities of being drawn must be numbers from 0 (not drawn) to 1.")
    return array.astype(np.float64)


def check_frequencies(frequencies: object, k: int) -> np.ndarray | None:
    """Check an idea of the class frequencies.

    Args:
        frequencies: (k,) numbers ≥ 0, not all 0; None where there is no idea.
        k: Number of classes.

    Returns:
        (k,) float64 that sum to 1; None where nothing is given.

    Raises:
        InputError: The array has another length, or holds what is not such a number.
    """
    if frequencies is None:
        return None
    array = _numbers(frequencies, "Class frequencies", "class")
    if array.shape != (k,):
        raise InputError(
            f"Class frequencies must be one number per class: expected ({k},), got {array.shape}."
        )
    if array.dtype.kind not in "iuf" or not ((array >= 0) & np.isfinite(array)).all() or not array.any():
        raise InputError("Class frequencies must be numbers from 0, and not all of them 0.")
    return array / array.sum()


def check_name_reliability(name_reliability: object, k: int) -> np.ndarray | None:
    """Check how well each class name is known.

    Args:
        name_reliability: (k,) numbers in [0, 1]; None where nobody says.
        k: Number of classes.

    Returns:
        (k,) float64; None where nothing is given.

    Raises:
        InputError: The array has another length, or holds what is not a number in [0, 1].
    """
    if name_reliability is None:
        return None
    array = _numbers(name_reliability, "Name reliability", "class")
    if array.shape != (k,):
        raise InputError(
            f"Name reliability must be one number per class: expected ({k},), got {array.shape}."
        )
    if array.dtype.kind not in "iuf" or not ((array >= 0) & (array <= 1)).all():
        raise InputError("Name reliability must be numbers from 0 (name not known) to 1 (known).")
    return array.astype(np.float64)


def check_clusters(assignments: object, n: int) -> np.ndarray:
    """Check a cluster number per image and close the gaps in the numbering.

    Args:
        assignments: (n,) whole numbers; negative means in no cluster.
        n: Number of images.

    Returns:
        (n,) int32 in [-1, clusters), clusters in ascending order of the given numbers.

    Raises:
        InputError: The array has another length or is not of whole numbers.
    """
    array = _numbers(assignments, "Clusters")
    if array.shape != (n,):
        raise InputError(f"Clusters must be one number per image: expected shape ({n},), got {array.shape}.")
    if array.dtype.kind not in "iu":
        raise InputError(f"Clusters must be whole numbers, but their type is {array.dtype}.")
    inside = array >= 0
    result = np.full(n, -1, np.int32)
    if inside.any():
        result[inside] = np.unique(array[inside], return_inverse=True)[1]
    return result


def check_class_names(classes: object) -> list[str]:
    """Check the names of the classes.

    Args:
        classes: Sequence of names; blanks around a name are dropped.

    Raises:
        InputError: It is a single string or a set, there is none, one is blank, or one is given twice.
    """
    if isinstance(classes, str):
        raise InputError(f"Classes must be a list of names, not the single text {classes!r}.")
    if isinstance(classes, set | frozenset):
        raise InputError("Classes must be in an order, and a set has none: give a list of names.")
    if not isinstance(classes, Iterable):
        raise InputError(f"Classes must be a list of names, not {classes!r}.")
    names = list(classes)
    if not names:
        raise InputError("No classes given: name at least one.")
    if not all(isinstance(name, str) for name in names):
        raise InputError("Class names must be text: convert numbers with str().")
    names = [name.strip() for name in names]
    if not all(names):
        raise InputError(f"Class name number {names.index('') + 1} is blank: remove it or fill it in.")
    seen: dict[str, str] = {}
    for name in names:
        if name.casefold() in seen:
            raise InputError(f"Class {name!r} is given twice: remove one of them.")
        seen[name.casefold()] = name
    return names


def _numbers(values: object, name: str, each: str = "image") -> np.ndarray:
    try:
        return np.asarray(values)
    except ValueError as error:
        raise InputError(f"{name} must be one number per {each}, but some hold several.") from error


def _rows(numbers: np.ndarray) -> str:
    shown = ", ".join(map(str, numbers[:5]))
    more = f" and {len(numbers) - 5} more" if len(numbers) > 5 else ""
    return f"row{'s' if len(numbers) > 1 else ''} {shown}{more}"
