"""Arrays in `.npy` and `.npz` files, which may be damaged: no more is read than they hold.

NumPy's own readers make room for what a header says before they look how long the file is.
"""

import io
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np


def read_array(file: Path) -> np.ndarray:
    """Read a `.npy` file.

    Raises:
        FileNotFoundError: It is missing.
        ValueError: It is damaged, or was not written by `numpy.save` from numbers.
    """
    return _array(file.read_bytes())


def read_arrays(file: Path, names: Sequence[str]) -> dict[str, np.ndarray]:
    """Read some arrays of a `.npz` file.

    Args:
        file: As `numpy.savez` writes it, without compression.
        names: Names of the arrays.

    Raises:
        FileNotFoundError: It is missing.
        ValueError: It is damaged, compressed, or lacks an array.
    """
    try:
        with zipfile.ZipFile(file) as archive:
            members = {name: archive.getinfo(f"{name}.npy") for name in names}
            if any(member.compress_type != zipfile.ZIP_STORED for member in members.values()):
                raise ValueError("its arrays are compressed")
            return {name: _array(archive.read(member)) for name, member in members.items()}
    except FileNotFoundError:
        raise
    except Exception as error:  # every kind of damage raises its own
        raise ValueError(f"{file} is damaged ({error})") from error


def _array(data: bytes) -> np.ndarray:
    stream = io.BytesIO(data)
    try:
        if np.lib.format.read_magic(stream) != (1, 0):
            raise ValueError("another version of the format")
        shape, is_fortran, kind = np.lib.format.read_array_header_1_0(stream)
        flat = np.frombuffer(data, kind, offset=stream.tell())
        return flat.reshape(shape, order="F" if is_fortran else "C").copy()
    except Exception as error:  # NumPy runs Python's tokenizer on a damaged header
        raise ValueError(f"not an array of numbers ({error})") from error
