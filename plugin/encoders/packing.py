"""OpenCLIP weights in one file, for machines that reach no network.

A pack is a zip of safetensors and JSON files with a manifest; installing puts them into the Hugging Face
cache, where OpenCLIP and "auto" find them.
"""

import contextlib
import hashlib
import os
import re
import shutil
import zipfile
from dataclasses import dataclass
from pathlib import Path

from ..engine.errors import InputError
from ..system.manifest import read_manifest
from ..system.targets import check_target, new_file, new_folder
from .lookup import cached_file, reason
from .openclip import choose_published, import_open_clip
from .openclip_models import BEST_FIRST
from .openclip_weights import HubFile, check_names, hub_files, is_self_contained

KIND = "encoder"

_NAME = r"\w[\w.-]*"
_MEMBER = re.compile(rf"({_NAME}/{_NAME})/({_NAME}\.(?:safetensors|json))")
"""ORG/REPOSITORY/FILE: nothing else is packed or unpacked, so nothing leads out of the cache."""

_REVISION = re.compile(_NAME)
_CHUNK_BYTES = 1 << 20


@dataclass(frozen=True)
class Pack:
    """A pack, made or installed.

    Attributes:
        encoder: Name of the encoder, "openclip:MODEL/PRETRAINED".
        licence: Of the weights.
        path: The file, or the cache that it was installed into.
        megabytes: Size of what is in it.
    """

    encoder: str
    licence: str
    path: Path
    megabytes: float


def pack_encoder(name: str, target: str | os.PathLike[str], overwrite: bool = False) -> Pack:
    """Write the weights and the tokenizer of a published model into one file, fetching what is not on disk.

    Args:
        name: "openclip:MODEL/PRETRAINED", or "openclip" for what "auto" takes on this machine.
        target: A file to make, which ends in `.zip`.
        overwrite: Whether an earlier pack there may be replaced.

    Raises:
        InputError: There is no such model, no network, no safetensors file of it, or no place for the file.
    """
    model, pretrained = _published(name)
    path = check_target(target, overwrite, KIND)
    if path.suffix != ".zip":
        raise InputError(f"{path} does not end in .zip: choose such a name.")
    needed = [
        _safe(each, f"{model}/{pretrained}") for each in hub_files(import_open_clip(), model, pretrained)
    ]
    found = {f"{each.repository}/{each.names[0]}": _fetched(each) for each in needed}
    encoder = f"openclip:{model}/{pretrained}"
    revisions = {member.rpartition("/")[0]: file.parent.name for member, file in found.items()}
    facts = {"encoder": encoder, "licence": _licence(encoder, needed[0]), "revisions": revisions}
    with new_folder(path, KIND, overwrite=overwrite, facts=facts) as folder:
        for member, file in found.items():
            (folder / member).parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(file, folder / member)
    size = sum(file.stat().st_size for file in found.values())
    return Pack(encoder, facts["licence"], path, size / 1e6)


def install_encoder(file: str | os.PathLike[str]) -> Pack:
    """Put what `pack_encoder` packed into the Hugging Face cache of this machine.

    Everything is checked before anything is written; files that are there already are left.

    Raises:
        InputError: It is not such a file, it is damaged, or the cache cannot be written to.
    """
    from huggingface_hub import constants

    path, cache = Path(file).expanduser(), Path(constants.HF_HUB_CACHE)
    manifest = _checked(path)
    with zipfile.ZipFile(path) as archive:
        for member in manifest["files"]:
            repository, name = _MEMBER.fullmatch(member).groups()
            target = _snapshot(cache, repository, manifest["revisions"][repository]) / name
            if not target.exists():
                _extract(archive, member, target)
        size = sum(archive.getinfo(member).file_size for member in manifest["files"])
    for repository, revision in manifest["revisions"].items():
        _name_revision(cache, repository, revision)
    return Pack(manifest["encoder"], manifest["licence"], cache, size / 1e6)


def _published(name: str) -> tuple[str, str]:
    """Architecture and tag of a name.

    Raises:
        InputError: It is not the name of published weights that can be had.
    """
    model, _, pretrained = name.removeprefix("openclip").removeprefix(":").partition("/")
    if is_self_contained(model):
        raise InputError(f"{name} names its own files: pack published weights, openclip:MODEL/PRETRAINED.")
    if not pretrained:
        chosen, _ = choose_published(model)
        model, pretrained = model or chosen.model, chosen.pretrained
    if os.path.isfile(pretrained):
        raise InputError(f"{pretrained} is a file: copy it, and name it as openclip:{model}/FILE there.")
    check_names(import_open_clip(), model, pretrained)
    return model, pretrained


def _safe(needed: HubFile, name: str) -> HubFile:
    """The same without alternatives that are pickles."""
    safe = [file for file in needed.names if _MEMBER.fullmatch(f"{needed.repository}/{file}")]
    if not safe:
        raise InputError(f"There is no safetensors file of {name}: choose other weights.")
    return HubFile(needed.repository, safe[:1])


def _fetched(needed: HubFile) -> Path:
    """The file in the cache, fetched if it is not there."""
    if found := cached_file(needed.repository, needed.names):
        return found
    from huggingface_hub import hf_hub_download

    try:
        return Path(hf_hub_download(needed.repository, needed.names[0]))
    except Exception as error:  # the hub and the network each have their own
        raise InputError(
            f"{needed.repository}/{needed.names[0]} cannot be fetched ({reason(error)}): pack where the "
            "Hugging Face Hub can be reached."
        ) from error


def _licence(encoder: str, weights: HubFile) -> str:
    known = {each.spec: each.licence for each in BEST_FIRST}
    return known.get(encoder, f"see https://huggingface.co/{weights.repository}")


def _checked(path: Path) -> dict:
    """The manifest of a pack whose files are all as they were packed.

    Raises:
        InputError: It is not a pack, or is damaged.
    """
    if not path.is_file():
        raise InputError(f"{path} is not a file: name what `fiftyone-autolabel pack-encoder` wrote.")
    try:
        manifest = read_manifest(path, KIND)
        is_whole = _is_complete(manifest)
        with zipfile.ZipFile(path) as archive:
            is_whole &= all(
                _sha256(archive, member) == digest for member, digest in manifest["files"].items()
            )
    except Exception as error:  # every kind of damage raises its own
        raise InputError(
            f"{path} is not a whole file of `fiftyone-autolabel pack-encoder`: copy it again, or pack again."
        ) from error
    if not is_whole:
        raise InputError(f"{path} is damaged: copy it again, or pack it again.")
    return manifest


def _is_complete(manifest: dict) -> bool:
    """Whether a manifest names only files that belong into the cache, and all that is said of them."""
    members = [_MEMBER.fullmatch(member) for member in manifest["files"]]
    revisions = manifest["revisions"]
    return (
        all(members)
        and {member.group(1) for member in members} == set(revisions)
        and all(_REVISION.fullmatch(revision) for revision in revisions.values())
        and isinstance(manifest["encoder"], str)
        and isinstance(manifest["licence"], str)
    )


def _sha256(archive: zipfile.ZipFile, member: str) -> str:
    digest = hashlib.sha256()
    with archive.open(member) as file:
        while chunk := file.read(_CHUNK_BYTES):
            digest.update(chunk)
    return digest.hexdigest()


def _extract(archive: zipfile.ZipFile, member: str, target: Path) -> None:
    with new_file(target) as made, archive.open(member) as source, made.open("wb") as file:
        shutil.copyfileobj(source, file, _CHUNK_BYTES)


def _repository_folder(cache: Path, repository: str) -> Path:
    return cache / f"models--{repository.replace('/', '--')}"


def _snapshot(cache: Path, repository: str, revision: str) -> Path:
    """Folder of the files of a repository: of the revision in the cache if there is one, else of this one."""
    folder = _repository_folder(cache, repository)
    with contextlib.suppress(FileNotFoundError):
        revision = (folder / "refs" / "main").read_text(encoding="utf-8")
    return folder / "snapshots" / revision


def _name_revision(cache: Path, repository: str, revision: str) -> None:
    """Say which revision the cache has, unless it has one already."""
    target = _repository_folder(cache, repository) / "refs" / "main"
    if not target.exists():
        with new_file(target) as made:
            made.write_text(revision, encoding="utf-8")
