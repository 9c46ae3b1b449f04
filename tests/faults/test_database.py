"""A database that goes away is told within seconds, and one that only pauses costs nothing."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import pytest
from fiftyone_autolabel.plugin.system.database import answers, mongod_folder

SECONDS_TO_TELL = 10
PAUSE = 4
"""Seconds; a call is given a fifth of that before the database is asked whether it is there."""

LABELS = """
import os, signal, sys, threading, time
from datetime import timedelta
import fiftyone as fo, numpy as np
from fiftyone.core.odm import get_db_conn
from fiftyone_autolabel import InputError, approve, auto_label, compute_clusters
from fiftyone_autolabel.plugin.dataset import lock, patience, record
from fiftyone_autolabel.plugin.dataset.running import complete_interrupted

server, signal_name, pause = int(sys.argv[1]), sys.argv[2], float(sys.argv[3])
at = (sys.argv[4], int(sys.argv[5]))
dataset = fo.Dataset("kept", persistent=True)
dataset.add_samples([fo.Sample(filepath=f"/{number}.jpg") for number in range(6)])
since = [0.0]

def disturb(stage, done, total):
    if (stage, done) != at:
        return
    get_db_conn().client.admin.command("fsync")  # or MongoDB forgets the last tenth of a second
    since[0] = time.monotonic()
    os.kill(server, getattr(signal, signal_name))
    if pause:
        patience.SECONDS_PER_CALL = pause / 5
        threading.Timer(pause, os.kill, (server, signal.SIGCONT)).start()

if not pause:
    lock.LEASE = timedelta(seconds=1)
rng = np.random.default_rng(0)
X, T = rng.normal(size=(6, 4)), rng.normal(size=(2, 4))
try:
    if at[0] == "fill":
        compute_clusters(dataset, embeddings=X, settings={"clustering": "kmeans"}, progress=disturb)
    else:
        run = auto_label(dataset, ["red", "green"], embeddings=X, text_embeddings=T, progress=disturb)
    if at[0] == "review":
        disturb(*at, 6)
        approve(dataset)
    print(f"SAYS {time.monotonic() - since[0]:.1f} labelled {len(run.sample_ids)}", flush=True)
except InputError as error:
    print(f"SAYS {time.monotonic() - since[0]:.1f} {error}", flush=True)

input()  # the server is there again
record.LONGEST_SILENCE = timedelta(0)
complete_interrupted(dataset)
labels = dataset.count("auto_label") if dataset.has_sample_field("auto_label") else 0
print("SAYS", dataset.count(), labels, record.list_all_runs(dataset)[0].state.value, flush=True)
os._exit(0)
"""
"""A run whose database gets a signal at a stage; says the seconds since then and what the user is told. After
a line of input it says what the next use finds: samples, labels and the state of the run."""


pytestmark = pytest.mark.skipif(
    not Path(mongod_folder() / "mongod").is_file(), reason="FiftyOne's own server is not here"
)


@pytest.fixture
def start(tmp_path):
    """Starts a server of the test's own, always on the same data."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    uri, servers = f"mongodb://127.0.0.1:{port}", []

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


class Script:
    """The script in a process of its own."""

    def __init__(self, uri: str, *arguments: object) -> None:
        environment = os.environ | {"FIFTYONE_DATABASE_URI": uri, "FIFTYONE_DATABASE_NAME": "gone"}
        command = [sys.executable, "-c", LABELS, *map(str, arguments)]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        self.process = subprocess.Popen(command, env=environment, **pipes)

    def says(self) -> str:
        """What it says next."""
        lines = (line for line in self.process.stdout if line.startswith("SAYS "))
        return next(lines).removeprefix("SAYS ").strip()

    def finds(self) -> str:
        """What the next use of the dataset finds."""
        self.process.stdin.write("\n")
        self.process.stdin.flush()
        return self.says()


@pytest.fixture
def script():
    """Starts the script."""
    scripts = []

    def started(*arguments: object) -> Script:
        scripts.append(Script(*arguments))
        return scripts[-1]

    yield started
    for each in scripts:
        each.process.kill()
        each.process.communicate()


@pytest.mark.parametrize(
    ("stage", "done", "after"),
    [
        ("refine", 0, "6 0 failed"),
        ("write", 6, "6 6 completed"),
        ("fill", 0, "6 0 failed"),
        ("review", 0, "6 6 completed"),
    ],
)
def test_a_database_that_is_killed_is_told_within_ten_seconds(start, script, stage, done, after):
    server, uri = start()
    labelling = script(uri, server.pid, "SIGKILL", 0, stage, done)
    seconds, _, message = labelling.says().partition(" ")
    assert message.startswith("The database does not answer any more: start it again")
    assert float(seconds) < SECONDS_TO_TELL
    server.wait()
    start()
    assert labelling.finds() == after


def test_a_database_that_pauses_while_labels_are_written_is_waited_for(start, script):
    server, uri = start()
    labelling = script(uri, server.pid, "SIGSTOP", PAUSE, "write", 0)
    seconds, _, message = labelling.says().partition(" ")
    assert message == "labelled 6"
    assert float(seconds) >= PAUSE
    assert labelling.finds() == "6 6 completed"
