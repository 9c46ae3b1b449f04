"""Weights go from one cache into another in one file, and a damaged or foreign file changes nothing.

The models are tiny and random; the hub is never asked.
"""

import json
import zipfile
from pathlib import Path

import numpy as np
import open_clip
import pytest
import torch
from fiftyone_autolabel.plugin.encoders.lookup import Weights
from fiftyone_autolabel.plugin.encoders.openclip import OpenCLIPEncoder
from fiftyone_autolabel.plugin.encoders.openclip_weights import locate
from fiftyone_autolabel.plugin.encoders.packing import install_encoder, pack_encoder
from fiftyone_autolabel.plugin.engine.errors import InputError
from PIL import Image
from safetensors.torch import save_file

from .conftest import SIGLIP, register

NAME = "openclip:tiny-packed/any"
PICTURE = [Image.new("RGB", (50, 40), "red")]


@pytest.fixture
def connected(tmp_path, monkeypatch, tokenizer_folder) -> Path:
    """The cache of a connected machine, which holds a SigLIP model with its tokenizer."""
    text = SIGLIP["text_cfg"] | {"hf_tokenizer_name": "us/tiny"}
    weights = register(tmp_path, "tiny-packed", SIGLIP | {"text_cfg": text})
    monkeypatch.setitem(open_clip.pretrained._PRETRAINED, "tiny-packed", {"any": {"hf_hub": "us/tiny/"}})
    cache = tmp_path / "connected"
    snapshot = cache / "models--us--tiny" / "snapshots" / "abc"
    snapshot.mkdir(parents=True)
    (cache / "models--us--tiny" / "refs").mkdir()
    (cache / "models--us--tiny" / "refs" / "main").write_text("abc")
    save_file(torch.load(weights), snapshot / "open_clip_model.safetensors")
    for file in tokenizer_folder.iterdir():
        (snapshot / file.name).write_bytes(file.read_bytes())
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(cache))
    return cache


@pytest.fixture
def packed(connected, tmp_path) -> Path:
    return pack_encoder(NAME, tmp_path / "out.zip").path


@pytest.fixture
def closed(packed, tmp_path, monkeypatch) -> Path:
    """The empty cache of a machine without a network."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "closed"))
    return tmp_path / "closed"


def rewritten(path: Path, change: dict[str, bytes]) -> Path:
    """A pack with other contents in some of its files, or with further files."""
    with zipfile.ZipFile(path) as archive:
        files = {name: archive.read(name) for name in archive.namelist() if not name.endswith("/")}
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in (files | change).items():
            archive.writestr(name, content)
    return path


def manifest_of(path: Path) -> dict:
    with zipfile.ZipFile(path) as archive:
        return json.loads(archive.read("manifest.json"))


def test_an_installed_encoder_gives_the_vectors_of_the_packed_one(connected, packed, tmp_path, monkeypatch):
    before = OpenCLIPEncoder("tiny-packed", "any", device="cpu")
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path / "closed"))
    install_encoder(packed)

    after = OpenCLIPEncoder("tiny-packed", "any", device="cpu")

    np.testing.assert_array_equal(after.embed_images(PICTURE).vectors, before.embed_images(PICTURE).vectors)
    np.testing.assert_array_equal(after.embed_texts(["a cat"]), before.embed_texts(["a cat"]))
    assert (after.name, after.version) == (before.name, before.version)


def test_an_installed_encoder_is_found_on_disk(closed, packed):
    assert locate(open_clip, "tiny-packed", "any") is Weights.OUT_OF_REACH

    install_encoder(packed)

    assert locate(open_clip, "tiny-packed", "any") is Weights.ON_DISK


def test_a_pack_holds_safetensors_and_json_with_checksums_and_where_they_are_from(packed):
    manifest = manifest_of(packed)

    assert sorted(manifest["files"]) == [
        "us/tiny/open_clip_model.safetensors",
        "us/tiny/tokenizer.json",
        "us/tiny/tokenizer_config.json",
    ]
    assert manifest["encoder"] == NAME
    assert manifest["licence"] == "see https://huggingface.co/us/tiny"
    assert manifest["revisions"] == {"us/tiny": "abc"}


def test_installing_twice_changes_nothing(closed, packed):
    install_encoder(packed)
    before = {path: path.stat().st_mtime_ns for path in closed.rglob("*") if path.is_file()}

    install_encoder(packed)

    assert {path: path.stat().st_mtime_ns for path in closed.rglob("*") if path.is_file()} == before


def test_what_the_cache_has_of_another_revision_stays_usable(closed, packed):
    repository = closed / "models--us--tiny"
    (repository / "snapshots" / "def").mkdir(parents=True)
    (repository / "snapshots" / "def" / "README.md").write_text("here before")
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("def")

    install_encoder(packed)

    assert (repository / "refs" / "main").read_text() == "def"
    assert locate(open_clip, "tiny-packed", "any") is Weights.ON_DISK


def test_a_damaged_file_is_refused_before_anything_is_written(closed, packed):
    damaged = rewritten(packed, {"us/tiny/tokenizer.json": b"{}"})

    with pytest.raises(InputError, match="is damaged: copy it again"):
        install_encoder(damaged)
    assert not closed.exists()


def test_half_a_file_is_refused(closed, packed):
    packed.write_bytes(packed.read_bytes()[:-100])

    with pytest.raises(InputError, match="is not a whole file of `fiftyone-autolabel pack-encoder`"):
        install_encoder(packed)
    assert not closed.exists()


@pytest.mark.parametrize(
    "member", ["../../evil.json", "/evil.json", "us/tiny/../evil.json", "us/tiny/evil.py", "us/tiny/evil.pt"]
)
def test_a_path_out_of_the_cache_or_code_is_refused(closed, packed, member):
    manifest = manifest_of(packed)
    empty = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    manifest["files"][member] = empty
    hostile = rewritten(packed, {member: b"", "manifest.json": json.dumps(manifest).encode()})

    with pytest.raises(InputError, match="copy it again"):
        install_encoder(hostile)
    assert not closed.exists()


def test_a_revision_that_leads_out_of_the_cache_is_refused(closed, packed):
    manifest = manifest_of(packed) | {"revisions": {"us/tiny": "../../../evil"}}

    with pytest.raises(InputError, match="copy it again"):
        install_encoder(rewritten(packed, {"manifest.json": json.dumps(manifest).encode()}))
    assert not closed.exists()


def test_a_foreign_archive_is_refused(closed, tmp_path):
    with zipfile.ZipFile(tmp_path / "photos.zip", "w") as archive:
        archive.writestr("a.jpg", b"")

    with pytest.raises(InputError, match="is not a whole file of `fiftyone-autolabel pack-encoder`"):
        install_encoder(tmp_path / "photos.zip")


def test_a_missing_file_is_said_to_be_missing(closed, tmp_path):
    with pytest.raises(InputError, match="is not a file: name what"):
        install_encoder(tmp_path / "gone.zip")


def test_weights_that_are_only_a_pickle_are_not_packed(connected, tmp_path, monkeypatch):
    tags = {"old": {"hf_hub": "us/tiny/weights.pickle"}}
    monkeypatch.setitem(open_clip.pretrained._PRETRAINED, "tiny-packed", tags)
    monkeypatch.setattr("fiftyone_autolabel.plugin.encoders.packing.check_names", lambda *_: None)

    with pytest.raises(InputError, match=r"us/tiny/weights\.safetensors cannot be fetched"):
        pack_encoder("tiny-packed/old", tmp_path / "old.zip")
    assert not (tmp_path / "old.zip").exists()


@pytest.mark.parametrize(
    "name", ["openclip:ViT-B-32/openai", "openclip:hf-hub:us/other", "openclip:tiny/packed/no", "photos"]
)
def test_what_cannot_be_packed_is_refused_in_a_sentence(connected, tmp_path, name):
    with pytest.raises(InputError, match=r"[.?]$"):
        pack_encoder(name, tmp_path / "out.zip")
    assert not (tmp_path / "out.zip").exists()


def test_a_file_that_was_not_packed_here_is_not_replaced(connected, tmp_path):
    (tmp_path / "out.zip").write_bytes(b"mine")

    with pytest.raises(InputError, match="not overwritten"):
        pack_encoder(NAME, tmp_path / "out.zip", overwrite=True)
    assert (tmp_path / "out.zip").read_bytes() == b"mine"


def test_a_pack_replaces_an_earlier_one_when_told_to(packed):
    assert pack_encoder(NAME, packed, overwrite=True).encoder == NAME
