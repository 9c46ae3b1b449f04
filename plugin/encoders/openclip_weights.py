"""Where the weights of an OpenCLIP model are, and the settings that belong to them.

Looks in the Hugging Face cache, where open_clip keeps them, and for CLIP itself where older versions of
open_clip and FiftyOne's model zoo keep it.
"""

import logging
import os
import re
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from types import ModuleType

from ..engine.errors import InputError
from .lookup import Weights, cached_file, fingerprint, locate_weights, nearest

# Models of these kinds bring their own weights, and open_clip ignores any others.
HUB_PREFIX = "hf-hub:"
FOLDER_PREFIX = "local-dir:"

TOKENIZER_FILES = ("tokenizer.json", "tokenizer_config.json")

_OPENAI = "openai"
_SETTINGS = {
    "quick_gelu": "force_quick_gelu",
    "mean": "image_mean",
    "std": "image_std",
    "interpolation": "image_interpolation",
    "resize_mode": "image_resize_mode",
}
"""What open_clip knows of published weights → what it has to be told of a checkpoint."""

logger = logging.getLogger("fiftyone_autolabel")


@dataclass(frozen=True)
class HubFile:
    """A file that a model needs from the Hugging Face Hub.

    Attributes:
        repository: E.g. "laion/CLIP-ViT-B-32-laion2B-s34B-b79K".
        names: Alternatives, the first choice first.
    """

    repository: str
    names: Sequence[str]


def is_self_contained(model: str) -> bool:
    """Say whether a model of this name brings its own weights."""
    return model.startswith((HUB_PREFIX, FOLDER_PREFIX))


def hub_files(open_clip: ModuleType, model: str, pretrained: str) -> list[HubFile]:
    """What a published model needs from the hub: its weights first, then its tokenizer if it has one."""
    from open_clip.constants import HF_CONFIG_NAME, HF_SAFE_WEIGHTS_NAME, HF_WEIGHTS_NAME

    if model.startswith(HUB_PREFIX):
        return [HubFile(model.removeprefix(HUB_PREFIX), [HF_CONFIG_NAME])]
    repository, file = os.path.split(open_clip.get_pretrained_cfg(model, pretrained)["hf_hub"])
    names = [str(Path(file).with_suffix(".safetensors")), file] if file else []
    needed = [HubFile(repository, names or [HF_SAFE_WEIGHTS_NAME, HF_WEIGHTS_NAME])]
    text = open_clip.get_model_config(model)["text_cfg"]
    if "hf_tokenizer_name" in text:
        needed += [HubFile(text["hf_tokenizer_name"], [name]) for name in TOKENIZER_FILES]
    if "hf_model_name" in text:
        needed.append(HubFile(text["hf_model_name"], ["config.json"]))
    return needed


def locate(open_clip: ModuleType, model: str, pretrained: str, ask: bool = True) -> Weights:
    """Say where everything is that a published model needs.

    Args:
        open_clip: The package.
        model: An architecture, or "hf-hub:ORG/REPOSITORY".
        pretrained: A tag of published weights.
        ask: Whether the network may be asked, which takes a few seconds at most.
    """
    missing = _missing(open_clip, model, pretrained)
    if not missing or checkpoint_on_disk(open_clip, model, pretrained):
        return Weights.ON_DISK
    return locate_weights(missing[0].repository, missing[0].names) if ask else Weights.OUT_OF_REACH


def is_on_disk(open_clip: ModuleType, model: str, pretrained: str) -> bool:
    """Say whether all files of published weights are in the hub's cache."""
    is_published = not is_self_contained(model) and open_clip.is_pretrained_cfg(model, pretrained)
    return is_published and not _missing(open_clip, model, pretrained)


def check_names(open_clip: ModuleType, model: str, pretrained: str) -> None:
    """Check that there is such a model, and that its weights can be had.

    Raises:
        InputError: It is not so; the message names the nearest valid name.
    """
    if model.startswith(FOLDER_PREFIX) or (model in open_clip.list_models() and os.path.isfile(pretrained)):
        return
    if not model.startswith(HUB_PREFIX):
        _check_published(open_clip, model, pretrained)
    if locate(open_clip, model, pretrained) is Weights.OUT_OF_REACH:
        source = model if is_self_contained(model) else f"{model}/{pretrained}"
        raise InputError(
            f"The weights of {source} are not on disk and cannot be fetched from the Hugging Face Hub; "
            'name the file of a checkpoint as the weights, or use the encoder "offline".'
        )


def checkpoint_on_disk(open_clip: ModuleType, model: str, pretrained: str) -> Path | None:
    """The file to load instead of asking the hub: a checkpoint that was named, or OpenAI's own of CLIP."""
    if is_self_contained(model):
        return None
    if os.path.isfile(pretrained):
        return Path(pretrained)
    published = open_clip.get_pretrained_cfg(model, pretrained)
    archive = os.path.basename(published.get("url", ""))
    if pretrained != _OPENAI or not _missing(open_clip, model, pretrained):
        return None
    places = (Path("~/.cache/clip").expanduser() / archive, _zoo_folder() / f"CLIP-{archive}")
    return next((place for place in places if place.is_file()), None)


def is_archive(checkpoint: Path) -> bool:
    """Say whether a file is TorchScript, by the same mark as torch does."""
    if not zipfile.is_zipfile(checkpoint):
        return False
    with zipfile.ZipFile(checkpoint) as archive:
        names = archive.namelist()
    root = names[0].partition("/")[0]
    return f"{root}/constants.pkl" in names and all(name.startswith(f"{root}/") for name in names)


def settings_of(open_clip: ModuleType, model: str, pretrained: str, checkpoint: Path | None) -> dict:
    """What open_clip has to be told about weights, as arguments of `create_model_from_pretrained`.

    It knows the pixels of published weights, but only warns where they were trained with another GELU than
    the architecture has. Of a checkpoint it knows nothing: that gets the settings of the published weights
    that its path names, or else those on which all published weights of the architecture agree.
    """
    if is_self_contained(model):
        return {}
    if checkpoint is None:
        return {"force_quick_gelu": open_clip.get_pretrained_cfg(model, pretrained).get("quick_gelu", False)}
    published = _published_like(open_clip, model, checkpoint)
    shared = (
        {
            key: published[0].get(key)
            for key in _SETTINGS
            if all(p.get(key) == published[0].get(key) for p in published)
        }
        if published
        else {}
    )
    if published and "quick_gelu" not in shared:
        logger.warning(
            "Some published weights of %s were trained with QuickGELU, and the name of %s does not tell "
            "whether it was too: it is taken for one without. Otherwise name the architecture %s-quickgelu.",
            model,
            checkpoint,
            model,
        )
    return {_SETTINGS[key]: value for key, value in shared.items() if value is not None}


def weights_version(model: str, pretrained: str) -> str:
    """What changes whenever the weights do: a tag, or the fingerprint of what is on disk."""
    local = model.removeprefix(FOLDER_PREFIX) if model.startswith(FOLDER_PREFIX) else pretrained
    return fingerprint(Path(local)) if os.path.exists(local) else local


def _check_published(open_clip: ModuleType, model: str, pretrained: str) -> None:
    if model not in open_clip.list_models():
        closest = nearest(model, open_clip.list_models())
        raise InputError(f"OpenCLIP has no model {model!r}; did you mean {closest!r}?")
    tags = open_clip.list_pretrained_tags_by_model(model)
    if not tags:
        raise InputError(
            f"OpenCLIP has no published weights for {model!r} and {pretrained!r} is no file; "
            "name the file of a checkpoint as the weights."
        )
    if not open_clip.is_pretrained_cfg(model, pretrained):
        raise InputError(
            f"OpenCLIP has no weights {pretrained!r} for {model!r} and there is no such file; "
            f"did you mean {nearest(pretrained, tags)!r} (there are {', '.join(tags)})?"
        )


def _missing(open_clip: ModuleType, model: str, pretrained: str) -> list[HubFile]:
    files = hub_files(open_clip, model, pretrained)
    return [each for each in files if not cached_file(each.repository, each.names)]


def _published_like(open_clip: ModuleType, model: str, checkpoint: Path) -> list[dict]:
    """Published weights of the architecture whose tag a path names, or else all of them."""
    tags = open_clip.list_pretrained_tags_by_model(model)
    published = {tag: open_clip.get_pretrained_cfg(model, tag) for tag in tags}
    if is_archive(checkpoint) and _OPENAI in published:
        return [published[_OPENAI]]
    path = re.sub(r"\W", "_", str(checkpoint).lower())
    return [each for tag, each in published.items() if tag in path] or list(published.values())


def _zoo_folder() -> Path:
    """Where FiftyOne's model zoo keeps models; importing FiftyOne only for this would start its database."""
    fiftyone = sys.modules.get("fiftyone")
    default = os.environ.get("FIFTYONE_MODEL_ZOO_DIR", "~/fiftyone/__models__")
    return Path(fiftyone.config.model_zoo_dir if fiftyone else default).expanduser()
