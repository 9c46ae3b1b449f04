"""From a name such as "openclip:ViT-B-16/openai" to an encoder, and the choice behind "auto".

A name is checked before anything is imported or loaded.
"""

import logging
import re
from dataclasses import dataclass
from functools import partial

from ..engine.errors import InputError
from .base import Encoder
from .cache import CachedEncoder
from .lookup import Weights, nearest

ENCODER_NAMES = ("auto", "offline", "openclip", "sentence-transformers", "zoo", "ray")

_FORMS = (
    '"auto", "offline", "openclip", "openclip:MODEL/PRETRAINED", "sentence-transformers:MODEL" or, for a '
    'second image encoder, "zoo:MODEL"; "ray:" before a name embeds on a Ray cluster'
)
_NEEDS_MODEL = {"sentence-transformers": "clip-ViT-B-32", "zoo": "dinov2-vits14-torch"}
"""Kind of encoder that is nothing without a model → example of a model."""

_CLIP_MODELS = (
    "ViT-L-14-336",
    "ViT-L-14",
    "ViT-B-32",
    "ViT-B-16",
    "RN50x64",
    "RN50x16",
    "RN50x4",
    "RN101",
    "RN50",
)
"""What OpenCLIP calls the models of CLIP, no name before one that begins with it."""

_CLIP_SPELLING = re.compile(r"ViT-\w/\d", re.IGNORECASE)
"""What CLIP itself calls them, which no name of OpenCLIP's looks like."""

logger = logging.getLogger("fiftyone_autolabel")


@dataclass(frozen=True)
class Choice:
    """An encoder that was chosen but not loaded yet.

    Attributes:
        spec: Its name, never "auto".
        reason: One sentence for the user that says which encoder "auto" took and why; "" if it was
            asked for by name.
    """

    spec: str
    reason: str


_NOTHING_TO_BE_HAD = Choice(
    "offline",
    'Using the encoder "offline", because OpenCLIP\'s weights are neither on disk nor to be fetched.',
)


def choose_encoder(spec: str = "auto") -> Choice:
    """Turn "auto" into a name: OpenCLIP where its weights can be had, else the offline encoder.

    Takes the best published model on disk; where there is none, asks the Hugging Face Hub for a few seconds.
    Callers that show the reason themselves load `choice.spec`, so that the user reads it exactly once.

    Raises:
        InputError: There is no such encoder.
    """
    kind, argument = _parse(spec)
    if kind == "ray":
        choice = choose_encoder(argument)
        return Choice(f"ray:{choice.spec}", choice.reason)
    if kind != "auto":
        return Choice(spec, "")
    from .openclip import choose_published

    try:
        published, weights = choose_published()
    except InputError as error:
        logger.debug("OpenCLIP is no choice: %s", error)
        return Choice("offline", 'Using the encoder "offline", because OpenCLIP cannot be imported here.')
    if weights is Weights.OUT_OF_REACH:
        return _NOTHING_TO_BE_HAD
    why = "is on disk" if weights is Weights.ON_DISK else f"is fetched once ({published.gigabytes:.1f} GB)"
    return Choice(published.spec, f'Using the encoder "{published.spec}", which {why}: {published.facts}.')


def load_encoder(spec: str = "auto", cache: bool = True) -> Encoder:
    """Load an encoder by name.

    Args:
        spec: "auto", "offline", "openclip" (the best published model that there is),
            "openclip:MODEL/PRETRAINED" (where PRETRAINED is a tag or the path of a checkpoint),
            "openclip:hf-hub:ORG/REPOSITORY", "openclip:local-dir:FOLDER", "sentence-transformers:MODEL" (a
            name or a folder) or "zoo:MODEL" (of FiftyOne's model zoo, images only). With "ray:" before the
            name the workers of a Ray cluster embed the images, see `on_ray`. For "auto" see
            `choose_encoder`, whose reason is logged here.
        cache: Whether vectors are kept in the cache folder and taken from there.

    Raises:
        InputError: There is no such encoder, or it cannot be loaded; the message says what to do.
    """
    choice = choose_encoder(spec)
    if choice.reason:
        logger.log(logging.WARNING if choice.spec == "offline" else logging.INFO, choice.reason)
    encoder = _load(*_parse(choice.spec))
    return CachedEncoder(encoder) if cache else encoder


def _parse(spec: str) -> tuple[str, str]:
    """Split a name into kind and argument, and refuse what cannot be meant."""
    if not isinstance(spec, str):
        raise InputError(f"Give the name of an encoder, not {spec!r}: {_FORMS}.")
    kind, _, argument = spec.partition(":")
    if kind not in ENCODER_NAMES or _CLIP_SPELLING.match(argument):
        raise InputError(f"There is no encoder {spec!r}; did you mean {_meant(spec)!r}? Give {_FORMS}.")
    if argument and kind in ("auto", "offline"):
        raise InputError(f"The encoder {kind!r} takes nothing after its name; leave out {':' + argument!r}.")
    if kind == "ray":
        if _parse(argument or "auto")[0] == "ray":
            raise InputError(f'Give one "ray:" before the name of an encoder, not {spec!r}.')
        return kind, argument or "auto"
    if kind in _NEEDS_MODEL and not argument:
        raise InputError(f'Name the model of "{kind}", e.g. "{kind}:{_NEEDS_MODEL[kind]}".')
    return kind, argument


def _meant(spec: str) -> str:
    """What somebody means by the name of an encoder that there is not."""
    dashed = re.sub("[/@]", "-", spec).lower()
    model = next((model for model in _CLIP_MODELS if model.lower() in dashed), None)
    return f"openclip:{model}/openai" if model else nearest(spec.partition(":")[0], ENCODER_NAMES)


def _load(kind: str, argument: str) -> Encoder:
    if kind == "ray":
        from .on_ray import RayEncoder

        load = partial(_load, *_parse(argument))
        return RayEncoder(load(), load)
    if kind == "offline":
        from .offline.encoder import OfflineEncoder

        return OfflineEncoder()
    if kind == "openclip":
        return _load_openclip(argument)
    if kind == "zoo":
        from .zoo import ZooEncoder

        return ZooEncoder(argument)
    from .sentence_transformers import SentenceTransformersEncoder

    return SentenceTransformersEncoder(argument)


def _load_openclip(argument: str) -> Encoder:
    from .openclip import OpenCLIPEncoder, choose_published
    from .openclip_weights import is_self_contained

    if is_self_contained(argument):
        return OpenCLIPEncoder(argument)
    # The weights may be a path with slashes of its own; no architecture's name has one.
    model, _, pretrained = argument.partition("/")
    if pretrained:
        return OpenCLIPEncoder(model, pretrained)
    published, _ = choose_published(model)
    return OpenCLIPEncoder(model or published.model, published.pretrained)
