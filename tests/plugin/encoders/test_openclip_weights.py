"""Local checkpoints get the settings of published weights, and architectures run end to end on tiny ones.

Random weights; the hub is never asked.
"""

import json
import logging
from pathlib import Path

import numpy as np
import pytest
from fiftyone_autolabel.plugin.encoders.openclip import OpenCLIPEncoder
from fiftyone_autolabel.plugin.encoders.openclip_weights import checkpoint_on_disk, is_archive, settings_of
from fiftyone_autolabel.plugin.encoders.torchvision_compat import ensure_torchvision_imports
from fiftyone_autolabel.plugin.engine.errors import InputError
from PIL import Image

from .conftest import CLIP, SIGLIP, register

ensure_torchvision_imports()
open_clip = pytest.importorskip("open_clip")
torch = pytest.importorskip("torch")


@pytest.fixture
def siglip(tmp_path, tokenizer_folder) -> OpenCLIPEncoder:
    text = SIGLIP["text_cfg"] | {"hf_tokenizer_name": str(tokenizer_folder)}
    weights = register(tmp_path, "tiny-siglip", SIGLIP | {"text_cfg": text})
    return OpenCLIPEncoder("tiny-siglip", str(weights), device="cpu")


@pytest.fixture
def openai_archive(tmp_path) -> Path:
    """Weights as OpenAI published CLIP: TorchScript, with three numbers among them."""

    class Clip(torch.nn.Module):
        def __init__(self, weights: dict) -> None:
            super().__init__()
            for name in ("input_resolution", "context_length", "vocab_size"):
                self.register_buffer(name, torch.tensor(1))
            for name, values in weights.items():
                *path, leaf = name.split(".")
                place = self
                for step in path:
                    if step not in dict(place.named_children()):
                        place.add_module(step, torch.nn.Module())
                    place = place.get_submodule(step)
                place.register_buffer(leaf, values)

        def forward(self, pixels: torch.Tensor) -> torch.Tensor:
            return pixels

    weights = torch.load(register(tmp_path, "tiny-openai", CLIP))
    path = tmp_path / "ViT-tiny.pt"
    torch.jit.script(Clip(weights)).save(str(path))
    return path


def test_siglip_runs_end_to_end_with_its_own_tokenizer(siglip):
    images = siglip.embed_images([Image.new("RGB", (50, 40), "red"), Image.new("L", (9, 30))])
    texts = siglip.embed_texts(["a photo of a cat", "a photo of a dog"])

    assert images.errors == {}
    assert images.vectors.shape == texts.shape == (2, 64)
    assert not np.allclose(texts[0], texts[1])


def test_siglip_reads_texts_without_case_and_punctuation(siglip):
    np.testing.assert_allclose(*siglip.embed_texts(["A photo of a CAT.", "a photo of a cat"]), atol=1e-6)


def test_the_logit_scale_of_siglip_is_the_models(siglip):
    assert siglip.logit_scale == pytest.approx(1 / 0.07, rel=1e-4)


def test_a_folder_of_siglip_brings_its_own_tokenizer(tmp_path, siglip, tokenizer_folder):
    text = SIGLIP["text_cfg"] | {"hf_tokenizer_name": "not/asked"}
    (tokenizer_folder / "open_clip_config.json").write_text(
        json.dumps({"model_cfg": SIGLIP | {"text_cfg": text}})
    )
    (tokenizer_folder / "open_clip_model.pth").write_bytes((tmp_path / "weights.pt").read_bytes())

    encoder = OpenCLIPEncoder(f"local-dir:{tokenizer_folder}", device="cpu")

    np.testing.assert_allclose(encoder.embed_texts(["a cat"]), siglip.embed_texts(["a cat"]), atol=1e-6)


def test_a_missing_tokenizer_is_told_apart_from_missing_weights(tmp_path, monkeypatch):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    text = SIGLIP["text_cfg"] | {"hf_tokenizer_name": str(tmp_path / "nowhere")}
    weights = register(tmp_path, "tiny-mute", SIGLIP | {"text_cfg": text})

    with pytest.raises(InputError, match="cannot load the tokenizer of tiny-mute"):
        OpenCLIPEncoder("tiny-mute", str(weights), device="cpu")


def test_a_checkpoint_of_siglip_gets_the_pixels_of_siglip():
    settings = settings_of(open_clip, "ViT-B-16-SigLIP", "any.pt", Path("any.pt"))

    assert settings["image_mean"] == settings["image_std"] == (0.5, 0.5, 0.5)
    assert settings["image_resize_mode"] == "squash"


@pytest.mark.parametrize(
    ("path", "quick"),
    [
        ("weights/ViT-B-32-openai.pt", True),
        ("models--timm--vit_base_patch32_clip_224.openai/snapshots/abc/open_clip_model.safetensors", True),
        ("models--laion--CLIP-ViT-B-32-laion2B-s34B-b79K/snapshots/abc/open_clip_model.safetensors", None),
    ],
)
def test_a_checkpoint_named_after_its_weights_gets_their_gelu(path, quick):
    assert settings_of(open_clip, "ViT-B-32", path, Path(path)).get("force_quick_gelu") is quick


def test_a_checkpoint_of_unknown_origin_says_how_to_choose_quick_gelu(caplog):
    with caplog.at_level(logging.WARNING, "fiftyone_autolabel"):
        settings = settings_of(open_clip, "ViT-B-32", "mine.pt", Path("mine.pt"))

    assert "force_quick_gelu" not in settings
    assert "Otherwise name the architecture ViT-B-32-quickgelu." in caplog.text


def test_quick_gelu_of_a_checkpoint_is_in_the_model(tmp_path, monkeypatch):
    weights = register(tmp_path, "tiny-quick", CLIP)
    tag = {"hf_hub": "any/where/", "quick_gelu": True}
    monkeypatch.setitem(open_clip.pretrained._PRETRAINED, "tiny-quick", {"weights": tag})

    encoder = OpenCLIPEncoder("tiny-quick", str(weights), device="cpu")

    assert any(isinstance(module, open_clip.transformer.QuickGELU) for module in encoder._model.modules())


def test_clip_as_openai_published_it_is_loaded(openai_archive, tmp_path):
    usual = OpenCLIPEncoder("tiny-openai", str(tmp_path / "weights.pt"), device="cpu")

    encoder = OpenCLIPEncoder("tiny-openai", str(openai_archive), device="cpu")

    np.testing.assert_allclose(encoder.embed_texts(["a cat"]), usual.embed_texts(["a cat"]), atol=1e-6)


def test_a_pickle_that_passes_for_torchscript_is_not_run(tmp_path):
    import zipfile

    path = tmp_path / "evil.pt"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", b"")
        archive.writestr("other/constants.pkl", b"")

    assert not is_archive(path)


def test_clip_in_the_old_cache_of_open_clip_is_found(monkeypatch, tmp_path):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setenv("HOME", str(tmp_path))
    (tmp_path / ".cache" / "clip").mkdir(parents=True)
    (tmp_path / ".cache" / "clip" / "ViT-B-16.pt").write_bytes(b"")

    found = checkpoint_on_disk(open_clip, "ViT-B-16", "openai")

    assert found == tmp_path / ".cache" / "clip" / "ViT-B-16.pt"
