"""A database that goes away in the middle of a run costs neither a clear error nor the dataset."""

import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest
from fiftyone_autolabel.plugin.system.database import answers, mongod_folder

PATIENCE = 60
"""Seconds that the process may take to end, with 1 s for the database to come back."""

LABELS = """
import os, signal, sys
from datetime import timedelta
import fiftyone as fo, numpy as np
from fiftyone.core.odm import get_db_conn
from fiftyone_autolabel import InputError, auto_label
from fiftyone_autolabel.plugin.dataset import lock

lock.LEASE = timedelta(seconds=1)
dataset = fo.Dataset("kept", persistent=True)
dataset.add_samples([fo.Sample(filepath=f"/{number}.jpg") for number in range(6)])
at = (sys.argv[2], int(sys.argv[3]))

def kill(stage, done, total):
    if (stage, done) == at:
        get_db_conn().client.admin.command("fsync")  # or MongoDB forgets the last tenth of a second
        os.kill(int(sys.argv[1]), signal.SIGKILL)

rng = np.random.default_rng(0)
X, T = rng.normal(size=(6, 4)), rng.normal(size=(2, 4))
try:
    auto_label(dataset, ["red", "green"], embeddings=X, text_embeddings=T, progress=kill)
except InputError as error:
    print(error)
"""
"""A run whose database is killed at a stage."""

LOOKS = """
from datetime import timedelta
import fiftyone as fo
from fiftyone_autolabel.plugin.dataset import record as runs
from fiftyone_autolabel.plugin.dataset.running import complete_interrupted

runs.LONGEST_SILENCE = timedelta(0)
dataset = fo.load_dataset("kept")
complete_interrupted(dataset)
labels = dataset.count("auto_label") if dataset.has_sample_field("auto_label") else 0
print(dataset.count(), labels, runs.list_runs(dataset)[0].state.value)
"""


@pytest.fixture
def start(tmp_path):
    """Starts a server of the test's own, always on the same data."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    uri, servers = f"mongodb://127.0.0.1:{port}/?serverSelectionTimeoutMS=1000", []

    def started() -> tuple[subprocess.Popen, str]:
        place = ["--dbpath", tmp_path, "--bind_ip", "127.0.0.1", "--port", str(port), "--nounixsocket"]
        mongod = [mongod_folder() / "mongod", *place, "--wiredTigerCacheSizeGB", "0.25"]
        servers.append(subprocess.Popen(mongod, stdout=subprocess.DEVNULL))
        while not answers(uri, patience=1):
            assert servers[-1].poll() is None, "mongod does not start"
        return servers[-1], uri

    yield started
    for server in servers:
        server.kill()
        server.wait()


def python(script: str, uri: str, *arguments: object) -> str:
    """Last line that a script prints in a process of its own."""
    environment = os.environ | {"FIFTYONE_DATABASE_URI": uri, "FIFTYONE_DATABASE_NAME": "gone"}
    command = [sys.executable, "-c", script, *map(str, arguments)]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=PATIENCE + 60)
    return (done.stdout.splitlines() or [done.stderr])[-1]


@pytest.mark.skipif(
    not Path(mongod_folder() / "mongod").is_file(), reason="FiftyOne's own server is not here"
)
@pytest.mark.parametrize(
    ("stage", "done", "after"),
    [("refine", 0, "6 0 failed"), ("write", 6, "6 6 completed")],
)
def test_a_database_that_is_killed_during_a_run(start, stage, done, after):
    server, uri = start()
    since = time.monotonic()
    message = python(LABELS, uri, server.pid, stage, done)
    assert message.startswith("The database does not answer any more: start it again")
    assert time.monotonic() - since < PATIENCE
    start()
    assert python(LOOKS, uri) == after
