"""A disk that is full while files are prepared or written, on a file system of a few pages."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from fiftyone_autolabel import CachedEncoder, InputError
from fiftyone_autolabel.plugin.encoders.offline.bridge import Bridge
from fiftyone_autolabel.plugin.encoders.offline.encoder import OfflineEncoder
from fiftyone_autolabel.plugin.encoders.offline.files import open_prepared


@pytest.fixture
def small_disk(tmp_path) -> Iterator[Path]:
    """A file system of 64 kB; only the administrator of Linux may make one."""
    disk = tmp_path / "disk"
    disk.mkdir()
    options = ["-t", "tmpfs", "-o", "size=64k", "tmpfs", str(disk)]
    try:
        subprocess.run(["mount", *options], check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("no file system can be mounted here")
    yield disk
    subprocess.run(["umount", "--lazy", str(disk)], check=True)


FULL = r"Cannot write to the cache folder .*disk.* \(No space left on device\): set FIFTYONE_AUTOLABEL_CACHE"


def test_the_offline_encoder_says_that_the_disk_is_full_while_it_prepares_the_image_tower(small_disk):
    with pytest.raises(InputError, match=FULL):
        OfflineEncoder(small_disk).forward_images(np.zeros((1, 3, 224, 224), np.float32))

    assert [path for path in small_disk.rglob("*") if path.is_file()] == []


def test_it_says_so_while_it_prepares_the_bridge(small_disk):
    bridge = Bridge(
        np.zeros(384, np.float32), np.zeros((100, 384), np.float32), np.zeros((100, 9), np.float32)
    )

    with pytest.raises(InputError, match=FULL):
        open_prepared(small_disk / "bridge.npz", bridge.save, Bridge.load)

    assert list(small_disk.iterdir()) == []


def test_a_disk_that_is_full_while_a_file_is_prepared_is_said_where_none_can_be_mounted(tmp_path):
    """What a system does that has no small disk: the writer is told that there is no space."""

    def prepare(path: Path) -> None:
        if not os.path.exists("/dev/full"):
            pytest.skip("there is no full device here")
        path.write_bytes(b"a part")
        with open("/dev/full", "wb") as full:
            full.write(b"the rest")

    with pytest.raises(InputError, match="Cannot write to the cache folder"):
        open_prepared(tmp_path / "file", prepare, lambda path: path.read_bytes())

    assert list(tmp_path.iterdir()) == []


def test_a_full_cache_costs_one_warning_and_no_vectors(small_disk, encoder, tmp_path, caplog):
    rng = np.random.default_rng(0)
    pictures = [rng.integers(0, 256, (8, 8, 3), np.uint8) for _ in range(3000)]

    result = CachedEncoder(encoder, small_disk).embed_images(pictures)

    assert result.vectors.any(axis=1).all()
    assert [record.getMessage() for record in caplog.records] == [
        f"Vectors are not cached in this run, because {next(small_disk.rglob('*.sqlite3'))} cannot be used: "
        "database or disk is full"
    ]


def test_a_report_on_a_full_disk_leaves_nothing(small_disk, photos, label):
    run = label(photos)

    with pytest.raises(InputError, match="is full: nothing was written"):
        run.report(small_disk / "report")

    assert list(small_disk.iterdir()) == []
