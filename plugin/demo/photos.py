"""A demo without downloads: crops of photos in scikit-image, scikit-learn and Matplotlib.

The true class of every crop is known, so the demo can show the measured accuracy.
"""

from collections import Counter
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from PIL import Image, ImageEnhance, ImageOps

from ..encoders.cache import default_cache_folder
from ..encoders.offline.files import replacing
from ..engine.config import Settings
from ..engine.errors import InputError
from ..engine.metrics import accuracy
from ..engine.progress import Progress
from ..run.pipeline import auto_label
from ..run.results import FinishedRun

if TYPE_CHECKING:
    import fiftyone as fo

DEMO_SEED = 51
DEMO_SOURCES = ("photos", "quickstart")
DEMO_TAG = "autolabel-demo"
TRUTH_FIELD = "ground_truth"


@dataclass(frozen=True)
class DemoPhoto:
    """One image of the demo.

    Attributes:
        path: JPEG file.
        label: Its true class.
    """

    path: Path
    label: str


@dataclass(frozen=True)
class _Source:
    """A photo inside an installed package, and how to crop it so that the crops show its class.

    Attributes:
        label: Class of the photo.
        package: Import name of the package that contains it.
        path: Path inside the package.
        crops: Number of crops; classes differ in size, as in real datasets.
        center: (left, top, right, bottom), in shares of the photo, of the region of crop centres.
        scale: (smallest, largest) side of a crop as a share of the photo's side.
        mirrored: Whether a mirrored crop still shows the class.
    """

    label: str
    package: str
    path: str
    crops: int
    center: tuple[float, float, float, float]
    scale: tuple[float, float]
    mirrored: bool = True


_ANYWHERE = (0.0, 0.0, 1.0, 1.0)
_MIDDLE = (0.4, 0.3, 0.6, 0.6)

_SOURCES = (
    _Source("astronaut", "skimage", "data/astronaut.png", 30, (0.35, 0.25, 0.50, 0.55), (0.50, 0.95)),
    _Source("brick wall", "skimage", "data/brick.png", 28, _ANYWHERE, (0.30, 0.90)),
    _Source("cat", "skimage", "data/chelsea.png", 30, (0.35, 0.35, 0.65, 0.65), (0.60, 1.0)),
    _Source("coins", "skimage", "data/coins.png", 24, (0.1, 0.1, 0.9, 0.9), (0.35, 0.90)),
    _Source("cup of coffee", "skimage", "data/coffee.png", 34, (0.40, 0.30, 0.60, 0.55), (0.55, 1.0)),
    _Source("flower", "sklearn", "datasets/images/flower.jpg", 28, (0.42, 0.35, 0.58, 0.60), (0.50, 0.95)),
    _Source("galaxies", "skimage", "data/hubble_deep_field.jpg", 30, _ANYWHERE, (0.25, 0.80)),
    _Source("grass", "skimage", "data/grass.png", 22, _ANYWHERE, (0.30, 0.90)),
    _Source("motorcycle", "skimage", "data/motorcycle_left.png", 20, (0.4, 0.4, 0.6, 0.65), (0.60, 1.0)),
    _Source("motorcycle", "skimage", "data/motorcycle_right.png", 20, (0.4, 0.4, 0.6, 0.65), (0.60, 1.0)),
    _Source("naval officer", "matplotlib", "mpl-data/sample_data/grace_hopper.jpg", 20, _MIDDLE, (0.60, 1.0)),
    _Source("pagoda", "sklearn", "datasets/images/china.jpg", 26, (0.32, 0.35, 0.48, 0.60), (0.50, 1.0)),
    _Source("photographer", "skimage", "data/camera.png", 24, (0.35, 0.3, 0.6, 0.6), (0.60, 1.0)),
    _Source("printed page", "skimage", "data/page.png", 16, _MIDDLE, (0.60, 1.0), False),
    _Source("rocket", "skimage", "data/rocket.jpg", 18, (0.45, 0.45, 0.55, 0.70), (0.50, 0.95)),
)

DEMO_CLASSES = sorted({source.label for source in _SOURCES})


@dataclass(frozen=True)
class DemoOutcome:
    """A labelled demo dataset and the accuracy of its labels.

    Attributes:
        dataset: The dataset, with the true classes in `ground_truth`.
        labelling: The finished run.
        zero_shot_accuracy: Share of images whose nearest class name is right, in [0, 1].
        accuracy: Share of images whose refined label is right, in [0, 1].
        mistakes: (true class, wrong label) → number of images, most frequent first.
    """

    dataset: "fo.Dataset"
    labelling: FinishedRun
    zero_shot_accuracy: float
    accuracy: float
    mistakes: dict[tuple[str, str], int]


def run_demo(
    source: str = "photos",
    *,
    encoder: str = "auto",
    settings: Settings | None = None,
    progress: Progress | None = None,
) -> DemoOutcome:
    """Label a demo dataset and compare the labels with the truth.

    Args:
        source: One of `DEMO_SOURCES`.
        encoder: Name of an encoder, see `auto_label`.
        settings: How to cluster and refine.
        progress: Called with (stage, done, total), see `auto_label`.

    Raises:
        InputError: There is no such source or encoder, or it cannot be downloaded.
    """
    dataset = build_demo_dataset(source)
    truth = dict(zip(*dataset.values(["id", f"{TRUTH_FIELD}.label"]), strict=True))
    classes = sorted(set(truth.values()) - {None})
    labelling = auto_label(dataset, classes, encoder=encoder, settings=settings, progress=progress)

    known = np.array([truth[sample_id] is not None for sample_id in labelling.sample_ids])
    true_names = np.array([truth[sample_id] for sample_id in labelling.sample_ids])[known]
    names = np.array(labelling.classes)
    found = names[labelling.refinement.labels[known]]
    pairs = zip(true_names.tolist(), found.tolist(), strict=True)
    return DemoOutcome(
        dataset,
        labelling,
        zero_shot_accuracy=accuracy(names[labelling.refinement.zero_shot_labels[known]], true_names),
        accuracy=accuracy(found, true_names),
        mistakes=dict(Counter(pair for pair in pairs if pair[0] != pair[1]).most_common()),
    )


def build_demo_dataset(source: str = "photos", name: str | None = None) -> "fo.Dataset":
    """Create a persistent dataset with known true classes, or load the one that was created before.

    Args:
        source: "photos" for `demo_photos`, or "quickstart" for 200 images of FiftyOne's dataset zoo,
            downloaded once, where the class of an image is that of its largest object.
        name: Name of the dataset; by default "autolabel-demo-" and the source.

    Returns:
        Images with the true class as a Classification in `ground_truth`.

    Raises:
        InputError: There is no such source, it cannot be downloaded, another dataset has the name, or the
            cache folder cannot be written.
    """
    import fiftyone as fo

    if source not in DEMO_SOURCES:
        raise InputError(f"There is no demo {source!r}: choose one of {', '.join(DEMO_SOURCES)}.")
    name = name or f"autolabel-demo-{source}"
    if fo.dataset_exists(name):
        dataset = fo.load_dataset(name)
        if DEMO_TAG not in dataset.tags:
            raise InputError(f"Another dataset is named {name!r}: rename or delete it.")
        if dataset.persistent and all(Path(path).is_file() for path in dataset.values("filepath")):
            return dataset
        dataset.delete()
    dataset = _photos_dataset() if source == "photos" else _quickstart_dataset()
    dataset.tags = [DEMO_TAG]
    dataset.name = name  # last, so that an incomplete dataset is never used
    dataset.persistent = True
    return dataset


def _photos_dataset() -> "fo.Dataset":
    import fiftyone as fo

    photos = demo_photos(default_cache_folder() / "demo")
    dataset = fo.Dataset()
    samples = [
        fo.Sample(filepath=photo.path, **{TRUTH_FIELD: fo.Classification(label=photo.label)})
        for photo in photos
    ]
    dataset.add_samples(samples, progress=False)
    return dataset


def _quickstart_dataset() -> "fo.Dataset":
    import fiftyone as fo
    import fiftyone.zoo as foz

    try:
        dataset = foz.load_zoo_dataset("quickstart", dataset_name=fo.get_default_dataset_name())
    except OSError as error:
        raise InputError(
            "FiftyOne could not download the quickstart dataset: check the network, or use the demo photos."
        ) from error
    dataset.rename_sample_field(TRUTH_FIELD, "objects")
    add_largest_object(dataset, "objects", TRUTH_FIELD)
    return dataset


def add_largest_object(dataset: "fo.Dataset", objects_field: str, class_field: str) -> None:
    """Give every image the class of its largest box.

    Args:
        dataset: Images with Detections.
        objects_field: Field that holds the Detections.
        class_field: Classification field to write; left empty where an image has no object.
    """
    import fiftyone as fo

    classes = []
    for objects in dataset.values(objects_field):
        largest = max(
            objects.detections if objects else [],
            key=lambda box: box.bounding_box[2] * box.bounding_box[3],
            default=None,
        )
        classes.append(fo.Classification(label=largest.label) if largest else None)
    dataset.set_values(class_field, classes)


def demo_photos(folder: Path, seed: int = DEMO_SEED) -> list[DemoPhoto]:
    """Crops of real photos with their true classes; written once, then reused.

    Args:
        folder: Where the JPEG files go, in one folder per class.
        seed: Seed of position, scale, mirroring and brightness of the crops.

    Returns:
        370 images of 14 classes, between 16 and 40 of each, in alphabetical order of their classes.

    Raises:
        InputError: The folder cannot be created or written.
    """
    photos = []
    for number, source in enumerate(_SOURCES):
        stem = Path(source.path).stem
        paths = [folder / source.label / f"{stem}-{index:03}.jpg" for index in range(source.crops)]
        if not all(path.is_file() for path in paths):
            _write_crops(source, paths, np.random.default_rng([seed, number]))
        photos += [DemoPhoto(path, source.label) for path in paths]
    return photos


def _write_crops(source: _Source, paths: list[Path], rng: np.random.Generator) -> None:
    photo = Image.open(Path(find_spec(source.package).origin).parent / source.path).convert("RGB")
    for path in paths:
        with replacing(path) as unfinished:
            _random_crop(photo, source, rng).save(unfinished, format="JPEG", quality=90)


def _random_crop(photo: Image.Image, source: _Source, rng: np.random.Generator) -> Image.Image:
    size = np.array(photo.size)
    sides = np.round(size * rng.uniform(*source.scale) * rng.uniform(0.85, 1, size=2)).astype(int)
    middle = size * rng.uniform(source.center[:2], source.center[2:])
    corner = np.clip(np.round(middle - sides / 2).astype(int), 0, size - sides)
    crop = photo.crop((*corner.tolist(), *(corner + sides).tolist()))
    if source.mirrored and rng.random() < 0.5:
        crop = ImageOps.mirror(crop)
    return ImageEnhance.Brightness(crop).enhance(rng.uniform(0.8, 1.2))
