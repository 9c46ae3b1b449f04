"""Which class names an encoder would not know, for a form that waits neither for the network nor for files.

What "auto" stands for is asked of the network, and the offline encoder prepares files once: both go on in a
thread, and the answer is kept.
"""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from functools import lru_cache

from ..plugin.encoders.base import Encoder
from ..plugin.encoders.descriptions import ClassDescription
from ..plugin.encoders.known_names import code_warnings, name_warnings
from ..plugin.encoders.registry import choose_encoder, load_encoder
from ..plugin.engine.errors import InputError

SECONDS_TO_WAIT = 3.0
SECONDS_TO_KEEP = 600
NOT_YET = "The names are being checked: change something in the form to see what the encoder does not know."

_threads = ThreadPoolExecutor(2, thread_name_prefix="auto-label-names")


def warnings_of(encoder: str, classes: Sequence[ClassDescription]) -> list[str]:
    """What is wrong with class names for an encoder, in a sentence or two each.

    Args:
        encoder: Name of an encoder, which may be "auto".
        classes: k classes; with none of them the answer is prepared for, and not waited for.
    """
    asked = _threads.submit(_ask, encoder, classes)
    if not classes:
        return []
    wait([asked], SECONDS_TO_WAIT)
    if not asked.done():
        asked.cancel()
        return [NOT_YET]
    return asked.result()


def _ask(encoder: str, classes: Sequence[ClassDescription]) -> list[str]:
    try:
        chosen = _usual_encoder(int(time.monotonic() / SECONDS_TO_KEEP)) if encoder == "auto" else encoder
        return name_warnings(_offline_encoder(), classes) if chosen == "offline" else code_warnings(classes)
    except InputError:  # the form or the run tells what is wrong with the encoder
        return []


@lru_cache(maxsize=1)
def _usual_encoder(period: int) -> str:
    """What "auto" stands for; it may change from one period to the next."""
    return choose_encoder().spec


@lru_cache(maxsize=1)
def _offline_encoder() -> Encoder:
    return load_encoder("offline", cache=False)
