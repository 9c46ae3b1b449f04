"""A Ray cluster of two workers on this machine, which the tests share: to start one takes seconds."""

from collections.abc import Iterator

import pytest

N_WORKERS = 2
TRIES = 3
"""Ray gives its processes half a minute to start, which a busy machine may exceed."""


@pytest.fixture(scope="session")
def ray_of_two() -> Iterator[None]:
    """A cluster of two workers on this machine."""
    import ray

    for left in reversed(range(TRIES)):
        try:
            ray.init(num_cpus=N_WORKERS, include_dashboard=False, log_to_driver=False, logging_level="ERROR")
            break
        except Exception:
            ray.shutdown()
            if not left:
                raise
    yield
    ray.shutdown()
