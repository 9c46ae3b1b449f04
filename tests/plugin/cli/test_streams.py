"""What a command prints in a user's shell: its data and nothing else, although FiftyOne logs there."""

import json
import os
import subprocess
import sys

import fiftyone as fo
import pytest

OF_THE_SUITE = ("FIFTYONE_DO_NOT_TRACK", "FIFTYONE_SHOW_PROGRESS_BARS")
"""Settings of FiftyOne that a user's shell does not have."""

TALKATIVE = (
    "import sys\n"
    "from fiftyone_autolabel.plugin.cli import runs\n"
    "from fiftyone_autolabel.plugin.cli.app import app\n"
    "runs.require_database = lambda: logged()\n"
    "def logged():\n"
    "    import fiftyone.core.odm.database as database\n"
    "    database.logger.warning('a warning of FiftyOne')\n"
    "    print('a line that FiftyOne prints')\n"
    "app(sys.argv[1:])\n"
)
"""The command line, with a FiftyOne that logs and prints for certain."""


@pytest.fixture
def dataset():
    dataset = fo.Dataset()
    yield dataset
    dataset.delete()


def in_a_shell(*arguments):
    """Run the command line in a process of its own, with FiftyOne's own settings and logging."""
    own = {name: value for name, value in os.environ.items() if name not in OF_THE_SUITE}
    command = [sys.executable, "-c", TALKATIVE, *arguments]
    return subprocess.run(command, env=own, capture_output=True, text=True, check=True)


def test_json_is_json_while_fiftyone_logs(dataset):
    done = in_a_shell("runs", dataset.name, "--json")
    assert json.loads(done.stdout) == []
    assert "a warning of FiftyOne\na line that FiftyOne prints\n" in done.stderr


def test_quiet_silences_the_log_of_fiftyone(dataset):
    done = in_a_shell("runs", dataset.name, "--quiet")
    assert (done.stdout, "a warning of FiftyOne" in done.stderr) == ("", False)
