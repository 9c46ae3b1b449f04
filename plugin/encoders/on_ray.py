"""An encoder on a Ray cluster: its workers embed the images, and class names are embedded here.

Whoever uses it sees one encoder: the same name, version and vectors, so the cache knows what was computed.
"""

import os
import socket
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from ..engine.errors import InputError
from .base import Encoder, ImageEmbeddings, KnowsNames, Progress
from .lookup import reason
from .opening import ImageLike

IMAGES_PER_TASK = 64
CONNECT_SECONDS = 5


class RayEncoder:
    """An encoder of which every worker of a Ray cluster has a copy.

    The cluster is that of `ray.init()`: one that was joined before, that of the environment variable
    RAY_ADDRESS, or this machine. There is a worker per GPU, without GPUs one per core. A worker that dies is
    replaced, and what it was at is computed again.

    Attributes:
        batch_size: Images of one task of every worker.
    """

    def __init__(self, encoder: Encoder, load: Callable[[], Encoder]) -> None:
        """Start the workers.

        Args:
            encoder: The encoder, which embeds class names here.
            load: Loads the same one on a worker.

        Raises:
            InputError: Ray is not installed, its cluster cannot be joined, or a worker has no such encoder.
        """
        self.name, self.version, self.dimension = encoder.name, encoder.version, encoder.dimension
        self.logit_scale, self.prompt_templates = encoder.logit_scale, encoder.prompt_templates
        if isinstance(encoder, KnowsNames):
            self.name_reliability, self.nearest_names = encoder.name_reliability, encoder.nearest_names
        self._encoder, self._ray = encoder, joined()
        self._workers = self._start(load)
        self.batch_size = IMAGES_PER_TASK * len(self._workers)

    def embed_images(self, images: Sequence[ImageLike], progress: Progress | None = None) -> ImageEmbeddings:
        """Embed images on the workers.

        Args:
            images: As for `BatchEncoder.embed_images`; files must have the same paths on every machine.
            progress: Called with (images done, images in all) after every task.

        Returns:
            Unit rows in the order of `images`, with the reason for each image that has none.
        """
        from ray.util import ActorPool

        result = ImageEmbeddings(np.zeros((len(images), self.dimension), np.float32), {})
        starts = range(0, len(images), IMAGES_PER_TASK)
        tasks = [
            [_as_seen_by_all(one) for one in images[start : start + IMAGES_PER_TASK]] for start in starts
        ]
        parts = ActorPool(self._workers).map(lambda worker, task: worker.embed.remote(task), tasks)
        for start, part in zip(starts, parts, strict=True):
            end = start + len(part.vectors)
            result.vectors[start:end] = part.vectors
            result.errors.update((start + row, error) for row, error in part.errors.items())
            result.digests.update((start + row, digest) for row, digest in part.digests.items())
            if progress:
                progress(end, len(images))
        return result

    def embed_texts(self, texts: Sequence[str]) -> np.ndarray:
        """Embed texts here, as (k, d) float32 unit rows."""
        return self._encoder.embed_texts(texts)

    def release(self) -> None:
        """End the workers, whose cores or GPUs others may use then."""
        for worker in self._workers:
            self._ray.kill(worker)

    def process_ids(self) -> list[int]:
        """Process of each worker, on the machine where it is."""
        return self._ray.get([worker.process_id.remote() for worker in self._workers])

    def _start(self, load: Callable[[], Encoder]) -> list[Any]:
        resources = self._ray.cluster_resources()
        gpus, cores = int(resources.get("GPU", 0)), int(resources.get("CPU", 1))
        needed = {"num_gpus": 1} if gpus else {"num_cpus": 1}
        # Without limits on restarts and retries, a worker that dies costs time alone.
        kind = self._ray.remote(max_restarts=-1, max_task_retries=-1, **needed)(_Worker)
        workers = [kind.remote(load) for _ in range(gpus or max(cores, 1))]
        try:
            versions = set(self._ray.get([worker.version.remote() for worker in workers]))
        except self._ray.exceptions.RayError as error:
            raise InputError(
                f"A Ray worker cannot load the encoder {self.name!r}: {reason(error)}"
            ) from error
        if versions != {self.version}:
            raise InputError(
                f"Ray workers have other weights of {self.name} than this machine: install the same on all."
            )
        return workers


class _Worker:
    """A copy of the encoder in a process of its own."""

    def __init__(self, load: Callable[[], Encoder]) -> None:
        self._encoder = load()

    def version(self) -> str:
        """Version of the copy."""
        return self._encoder.version

    def process_id(self) -> int:
        """Process of the copy."""
        return os.getpid()

    def embed(self, images: list[ImageLike]) -> ImageEmbeddings:
        """Embed images."""
        return self._encoder.embed_images(images)


def joined(address: str | None = None) -> ModuleType:
    """Ray, with a cluster.

    Args:
        address: Of a cluster, as `ray.init` takes it; None for one that was joined before, that of
            RAY_ADDRESS, or this machine.

    Raises:
        InputError: Ray is not installed, or the cluster cannot be joined.
    """
    try:
        import ray
    except ImportError as error:
        raise InputError(
            "Work on Ray needs the package ray: pip install 'fiftyone-autolabel[ray]'."
        ) from error
    if not ray.is_initialized():
        _check_reachable(address or os.environ.get("RAY_ADDRESS", ""))
        try:
            ray.init(address, log_to_driver=False, logging_level="ERROR")
        except Exception as error:  # Ray raises nothing narrower where a node starts too slowly
            raise InputError(f"No Ray cluster can be joined: {reason(error)}") from error
    return ray


def _check_reachable(address: str) -> None:
    """Check that something answers at "host:port": Ray would try for minutes and then end the process.

    Raises:
        InputError: Nothing does.
    """
    host, _, port = address.removeprefix("ray://").rpartition(":")
    if not port.isdigit():
        return
    try:
        socket.create_connection((host, int(port)), CONNECT_SECONDS).close()
    except OSError as error:
        raise InputError(
            f"No Ray cluster answers at {address} ({reason(error)}): check the address, or start Ray there."
        ) from error


def _as_seen_by_all(image: ImageLike) -> ImageLike:
    """A path that does not depend on the folder that a process works in."""
    return os.path.abspath(image) if isinstance(image, str | os.PathLike) else image
