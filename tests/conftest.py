"""A FiftyOne of its own for the tests: own server, own database, own plugins folder.

Everything that FiftyOne and NumPy read when they are imported is set here, before any test module is.
"""

import atexit
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING

import pytest
from fiftyone_autolabel.plugin.system.database import ensure_mongod
from hypothesis import settings

if TYPE_CHECKING:
    import fiftyone as fo

# How long an example takes says more about the machine than about the code.
settings.register_profile("autolabel", deadline=None)
settings.load_profile("autolabel")

# A shell that starts the tests in the background has them ignore Ctrl-C, and so do the programs they start.
signal.signal(signal.SIGINT, signal.default_int_handler)

MEMORY, SMALLEST_MEMORY = Path("/dev/shm"), 8 << 30
"""Where Linux keeps files in memory, and the bytes to be free there: the tests then wait for no disk."""

# Small matrices are no faster with more threads, which spin while they wait and slow the other workers down.
os.environ.setdefault("OMP_NUM_THREADS", "1")

if "TMPDIR" not in os.environ and MEMORY.is_dir() and shutil.disk_usage(MEMORY).free >= SMALLEST_MEMORY:
    tempfile.tempdir = os.environ["TMPDIR"] = str(MEMORY)

REPOSITORY = Path(__file__).resolve().parents[1]
SCRATCH = Path(tempfile.mkdtemp(prefix="fiftyone-autolabel-tests-"))
PLUGINS_DIR = SCRATCH / "plugins"

SCENE_CLASSES = ("cat", "rocket", "cup of coffee")

# The shell waits for the pipe to close, so the server ends with this process however that ends.
SERVER_SCRIPT = '"$@" >/dev/null 2>&1 & server=$!; read -r _; kill $server; wait $server'


def _isolate_fiftyone() -> None:
    plugin = PLUGINS_DIR / "@autolabel" / "prototypes"
    plugin.parent.mkdir(parents=True)
    plugin.symlink_to(REPOSITORY, target_is_directory=True)
    os.environ |= {
        "FIFTYONE_CONFIG_PATH": str(SCRATCH / "config.json"),
        "FIFTYONE_APP_CONFIG_PATH": str(SCRATCH / "app_config.json"),
        "FIFTYONE_PLUGINS_DIR": str(PLUGINS_DIR),
        "FIFTYONE_DEFAULT_DATASET_DIR": str(SCRATCH / "datasets"),
        "FIFTYONE_DATABASE_NAME": f"autolabel-tests-{os.getpid()}",
        "FIFTYONE_DO_NOT_TRACK": "1",
        "FIFTYONE_SHOW_PROGRESS_BARS": "0",
    }
    # Kept between runs, so that models are prepared once per checkout.
    os.environ.setdefault("FIFTYONE_AUTOLABEL_CACHE", str(REPOSITORY / ".cache" / "autolabel"))


def _start_server() -> subprocess.Popen:
    """Start a server for these tests alone: left to itself, FiftyOne shares that of a running App."""
    mongod = ensure_mongod()
    data = SCRATCH / "database"
    data.mkdir()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    os.environ["FIFTYONE_DATABASE_URI"] = f"mongodb://127.0.0.1:{port}"
    place = ["--dbpath", str(data), "--bind_ip", "127.0.0.1", "--port", str(port)]
    small = ["--nounixsocket", "--wiredTigerCacheSizeGB", "0.5"]
    small += ["--setParameter", "diagnosticDataCollectionEnabled=false"]
    return subprocess.Popen(["sh", "-c", SERVER_SCRIPT, "sh", mongod, *place, *small], stdin=subprocess.PIPE)


def _stop_server(server: subprocess.Popen) -> None:
    server.stdin.close()
    server.wait()


def _drop_database() -> None:
    """Leave nothing behind on a server that is not ours."""
    from pymongo import MongoClient

    with MongoClient(os.environ["FIFTYONE_DATABASE_URI"]) as client:
        client.drop_database(os.environ["FIFTYONE_DATABASE_NAME"])


# Registered before FiftyOne is imported, so that all this runs after FiftyOne's own leave-taking.
atexit.register(shutil.rmtree, SCRATCH, ignore_errors=True)
_isolate_fiftyone()
if os.environ.get("FIFTYONE_DATABASE_URI"):
    atexit.register(_drop_database)
else:
    atexit.register(_stop_server, _start_server())


@pytest.fixture(scope="session")
def plugins_dir() -> Path:
    """FiftyOne's plugins folder, with this checkout linked into it as the plugin."""
    return PLUGINS_DIR


@pytest.fixture
def in_plugin() -> Callable[[str], ModuleType]:
    """Find a module by its path in the repository, as FiftyOne has loaded it: not the installed package's."""
    import fiftyone.operators as foo

    operator = type(foo.get_operator("@autolabel/prototypes/auto_label")).__module__
    return lambda path: sys.modules[f"{operator.rpartition('.operators.')[0]}.{path}"]


def _demo_dataset() -> "fo.Dataset":
    import fiftyone as fo
    from fiftyone_autolabel.plugin.demo.photos import demo_photos
    from fiftyone_autolabel.plugin.encoders.cache import default_cache_folder

    dataset = fo.Dataset()
    dataset.add_samples(
        fo.Sample(filepath=str(photo.path), ground_truth=fo.Classification(label=photo.label))
        for photo in demo_photos(default_cache_folder() / "demo")[::4]
    )
    return dataset


@pytest.fixture
def demo_dataset() -> Iterator["fo.Dataset"]:
    """Every fourth demo photo with its true class, in a dataset that is deleted afterwards."""
    dataset = _demo_dataset()
    yield dataset
    dataset.delete()


@pytest.fixture(scope="module")
def labelled_once() -> Iterator["fo.Dataset"]:
    """The same photos, labelled by one run; to be cloned."""
    from fiftyone_autolabel import auto_label
    from fiftyone_autolabel.plugin.demo.photos import DEMO_CLASSES

    dataset = _demo_dataset()
    auto_label(dataset, DEMO_CLASSES, encoder="offline")
    yield dataset
    dataset.delete()


@pytest.fixture
def labelled_demo(labelled_once: "fo.Dataset") -> Iterator["fo.Dataset"]:
    """The same, for one test to change."""
    dataset = labelled_once.clone()
    yield dataset
    dataset.delete()


@pytest.fixture
def dataset_of() -> Iterator[Callable[[Sequence[str]], "fo.Dataset"]]:
    """Make datasets of paths, for vectors that stand in for images; they are deleted afterwards."""
    import fiftyone as fo

    made = []

    def make(paths: Sequence[str]) -> fo.Dataset:
        made.append(fo.Dataset())
        made[-1].add_samples([fo.Sample(filepath=path) for path in paths])
        return made[-1]

    yield make
    for dataset in made:
        dataset.delete()


@dataclass(frozen=True)
class Scene:
    """An image file of one demo photo per class of `SCENE_CLASSES`, and (4,) relative box of each."""

    path: Path
    boxes: tuple[list[float], ...]


@pytest.fixture(scope="session")
def scene_files(tmp_path_factory: pytest.TempPathFactory) -> list[Scene]:
    """Eight images of three demo photos each, made once."""
    from fiftyone_autolabel.plugin.demo.photos import demo_photos
    from fiftyone_autolabel.plugin.encoders.cache import default_cache_folder
    from PIL import Image

    folder, photos = tmp_path_factory.mktemp("scenes"), demo_photos(default_cache_folder() / "demo")
    shown = [[photo for photo in photos if photo.label == label] for label in SCENE_CLASSES]
    scenes = []
    for number in range(8):
        canvas, boxes = Image.new("RGB", (900, 400), "grey"), []
        for place in range(len(SCENE_CLASSES)):
            with Image.open(shown[place][number].path) as photo:
                canvas.paste(photo.resize((240, 300)), (30 + 300 * place, 50))
            boxes.append([(30 + 300 * place) / 900, 50 / 400, 240 / 900, 300 / 400])
        scenes.append(Scene(folder / f"scene-{number}.png", tuple(boxes)))
        canvas.save(scenes[-1].path)
    return scenes


def _dataset_of_scenes(scenes: Sequence[Scene]) -> "fo.Dataset":
    import fiftyone as fo

    def sample(scene: Scene) -> fo.Sample:
        boxes = [
            fo.Detection(label=label, bounding_box=box, occluded=place == 1)
            for place, (label, box) in enumerate(zip(SCENE_CLASSES, scene.boxes, strict=True))
        ]
        return fo.Sample(filepath=str(scene.path), ground_truth=fo.Detections(detections=boxes))

    dataset = fo.Dataset()
    # No sample stays in memory: FiftyOne would load each anew with the dataset, dozens of times a run.
    dataset.add_samples(map(sample, scenes), dynamic=True)
    return dataset


@pytest.fixture
def scenes(scene_files: list[Scene], tmp_path: Path) -> Iterator["fo.Dataset"]:
    """The scenes with a box around every photo, in a dataset that is deleted afterwards."""
    copies = [Scene(Path(shutil.copy(scene.path, tmp_path)), scene.boxes) for scene in scene_files]
    dataset = _dataset_of_scenes(copies)
    yield dataset
    dataset.delete()


@pytest.fixture(scope="module")
def scenes_to_clone(scene_files: list[Scene]) -> Iterator["fo.Dataset"]:
    """The same for a module to label; to be cloned, as that takes a fifth of the time of a run."""
    dataset = _dataset_of_scenes(scene_files)
    yield dataset
    dataset.delete()
