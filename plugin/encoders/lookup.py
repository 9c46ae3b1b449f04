"""Finding what a user named: the nearest valid name, files on disk, weights on the Hugging Face Hub.

Answers come in seconds, so that a wrong name or a missing network is reported before any work starts.
"""

import difflib
import hashlib
import threading
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from enum import Enum
from pathlib import Path

HUB_SECONDS = 4.0


class Weights(Enum):
    """Where a model's weights are."""

    ON_DISK = "on disk"
    ON_HUB = "on the Hugging Face Hub"
    OUT_OF_REACH = "neither on disk nor to be fetched"


def nearest(name: str, valid: Iterable[str]) -> str:
    """The valid name that is most like the given one, whatever its case; `valid` is not empty."""
    by_lower_case = {known.lower(): known for known in valid}
    return by_lower_case[difflib.get_close_matches(name.lower(), by_lower_case, n=1, cutoff=0)[0]]


def fingerprint(path: Path) -> str:
    """Twelve hexadecimal digits that change with the sizes and times of a file, or of a folder's files."""
    files = sorted(file for file in path.rglob("*") if file.is_file()) if path.is_dir() else [path]
    digest = hashlib.sha256()
    for file in files:
        status = file.stat()
        digest.update(f"{file.relative_to(path)} {status.st_size} {status.st_mtime_ns}\n".encode())
    return digest.hexdigest()[:12]


def reason(error: Exception) -> str:
    """The first line of an error's message, or its kind where it has none, to go into a sentence."""
    lines = str(error).strip().splitlines()
    return lines[0] if lines else type(error).__name__


def locate_weights(
    repository: str, files: Sequence[str], seconds: float = HUB_SECONDS, cache_folder: str | None = None
) -> Weights:
    """Say whether one of the files is in the hub's cache on disk, or else can be fetched right now.

    Args:
        repository: E.g. "laion/CLIP-ViT-B-32-laion2B-s34B-b79K".
        files: Alternatives, e.g. a safetensors file and its older form.
        seconds: How long to wait for the network. HF_HUB_OFFLINE means not to ask at all.
        cache_folder: Where downloads are kept; the hub's own folder if None.
    """
    if cached_file(repository, files, cache_folder):
        return Weights.ON_DISK
    reachable: list[bool] = []

    def ask() -> None:
        reachable.append(any(_hub_offers(repository, file, seconds) for file in files))

    # A request's own timeout does not bound the name look-up, which can hang where there is no network.
    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    asking.join(seconds)
    return Weights.ON_HUB if any(reachable) else Weights.OUT_OF_REACH


@contextmanager
def closed_network() -> Iterator[None]:
    """Keep the hub's libraries from asking the network, which costs minutes where it never answers."""
    from huggingface_hub import constants

    before = constants.HF_HUB_OFFLINE
    constants.HF_HUB_OFFLINE = True
    try:
        yield
    finally:
        constants.HF_HUB_OFFLINE = before


def cached_file(repository: str, files: Sequence[str], cache_folder: str | None = None) -> Path | None:
    """The first of the files that is in the hub's cache on disk, None if none is; the arguments as above."""
    from huggingface_hub import try_to_load_from_cache

    paths = (try_to_load_from_cache(repository, file, cache_folder) for file in files)
    return next((Path(path) for path in paths if isinstance(path, str)), None)


def _hub_offers(repository: str, file: str, seconds: float) -> bool:
    from huggingface_hub import get_hf_file_metadata, hf_hub_url

    try:
        get_hf_file_metadata(hf_hub_url(repository, file), timeout=seconds)
    except Exception:  # no such file, no network, no permission: it cannot be fetched
        return False
    return True
