"""Arrays come back as they were saved, and what is damaged is refused without making room for it."""

import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
from fiftyone_autolabel.plugin.system.arrays import read_array, read_arrays
from hypothesis import HealthCheck, given, settings, strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

ANY_ARRAY = arrays(st.sampled_from([np.float32, np.int64, np.uint8]), array_shapes(min_dims=0, max_dims=3))


@pytest.fixture
def file(tmp_path) -> Path:
    """A place for a file."""
    return tmp_path / "file"


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(ANY_ARRAY, st.booleans())
def test_an_array_comes_back(file, array, is_fortran):
    with file.open("wb") as opened:
        np.save(opened, np.asfortranarray(array) if is_fortran else array)
    np.testing.assert_array_equal(read_array(file), array)


def test_arrays_come_back_by_name(file):
    with file.open("wb") as opened:
        np.savez(opened, a=np.arange(3), b=np.eye(2))
    found = read_arrays(file, ["b", "a"])
    np.testing.assert_array_equal(found["a"], [0, 1, 2])
    np.testing.assert_array_equal(found["b"], np.eye(2))


def test_a_missing_file_is_told_from_a_damaged_one(file):
    for read in (read_array, lambda file: read_arrays(file, ["a"])):
        with pytest.raises(FileNotFoundError):
            read(file)


def test_a_header_that_promises_more_than_the_file_holds_is_refused_without_making_room(file):
    header = io.BytesIO()
    shape = {"descr": "<f8", "fortran_order": False, "shape": (10**12,)}
    np.lib.format.write_array_header_1_0(header, shape)
    with zipfile.ZipFile(file, "w") as archive:
        archive.writestr("a.npy", header.getvalue())
    with pytest.raises(ValueError, match="damaged"):
        read_arrays(file, ["a"])
    file.write_bytes(header.getvalue())
    with pytest.raises(ValueError, match="not an array of numbers"):
        read_array(file)


def test_compressed_arrays_are_refused_as_they_may_be_of_any_size(file):
    with file.open("wb") as opened:
        np.savez_compressed(opened, a=np.zeros(1_000_000))
    with pytest.raises(ValueError, match="compressed"):
        read_arrays(file, ["a"])


def test_objects_are_not_loaded(file):
    with file.open("wb") as opened:
        np.save(opened, np.array([print], object), allow_pickle=True)
    with pytest.raises(ValueError, match="not an array of numbers"):
        read_array(file)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_a_damaged_file_is_refused_or_read_whole(file, data):
    with file.open("wb") as opened:
        np.savez(opened, a=np.arange(20), b=np.eye(3))
    whole = bytearray(file.read_bytes())
    for place in data.draw(st.lists(st.integers(0, len(whole) - 1), min_size=1, max_size=3)):
        whole[place] ^= data.draw(st.integers(1, 255))
    file.write_bytes(whole[: data.draw(st.integers(0, len(whole)))])
    try:
        found = read_arrays(file, ["a", "b"])
    except ValueError:
        return
    np.testing.assert_array_equal(found["a"], np.arange(20))
    np.testing.assert_array_equal(found["b"], np.eye(3))
