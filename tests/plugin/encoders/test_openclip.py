"""OpenCLIP's own loading code on a tiny model, whose random weights lie in a local checkpoint.

The hub is never asked: HF_HUB_OFFLINE is what a closed network looks like.
"""

import json
from pathlib import Path

import numpy as np
import pytest
from fiftyone_autolabel.plugin.encoders.openclip import OpenCLIPEncoder
from fiftyone_autolabel.plugin.encoders.torchvision_compat import ensure_torchvision_imports
from fiftyone_autolabel.plugin.engine.errors import InputError
from PIL import Image

ensure_torchvision_imports()
open_clip = pytest.importorskip("open_clip")
torch = pytest.importorskip("torch")

TINY = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "layers": 1, "width": 32, "head_width": 16, "patch_size": 16},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1},
}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("tiny")
    (folder / "tiny-test.json").write_text(json.dumps(TINY))
    open_clip.add_model_config(folder)
    torch.manual_seed(0)
    path = folder / "tiny.pt"
    torch.save(open_clip.create_model("tiny-test").state_dict(), path)
    return path


@pytest.fixture(scope="module")
def encoder(checkpoint) -> OpenCLIPEncoder:
    return OpenCLIPEncoder("tiny-test", str(checkpoint), device="cpu")


@pytest.fixture
def no_hub(monkeypatch, tmp_path):
    """A closed network with an empty cache; huggingface_hub reads its variables when first imported."""
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))


def test_both_towers_give_unit_rows_of_one_dimension(encoder):
    images = encoder.embed_images([Image.new("RGB", (50, 40), "red"), Image.new("L", (9, 30))]).vectors
    texts = encoder.embed_texts(["a cat", "a dog", "a house"])

    assert images.shape == (2, encoder.dimension)
    assert texts.shape == (3, encoder.dimension)
    assert images.dtype == texts.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(np.vstack([images, texts]), axis=1), 1, rtol=1e-5)


def test_vectors_are_those_of_the_loaded_checkpoint(encoder, checkpoint):
    model, _, transform = open_clip.create_model_and_transforms("tiny-test", pretrained=str(checkpoint))
    picture = Image.fromarray(np.random.default_rng(0).integers(0, 256, (40, 60, 3), np.uint8))
    with torch.no_grad():
        expected = model.eval().encode_image(transform(picture)[None], normalize=True).numpy()

    np.testing.assert_allclose(encoder.embed_images([picture]).vectors, expected, atol=1e-6)


def test_a_vector_does_not_depend_on_its_batch(encoder):
    pictures = [Image.new("RGB", (32, 32), (5 * i, 200, 255 - 6 * i)) for i in range(40)]

    together = encoder.embed_images(pictures).vectors
    alone = encoder.embed_images(pictures[37:38]).vectors

    np.testing.assert_allclose(together[37:38], alone, atol=1e-5)


def test_the_logit_scale_is_the_models(encoder):
    assert encoder.logit_scale == pytest.approx(1 / 0.07, rel=1e-4)


def test_the_prompt_templates_are_open_clips():
    theirs = tuple(template("{}") for template in open_clip.SIMPLE_IMAGENET_TEMPLATES)

    assert theirs == OpenCLIPEncoder.prompt_templates


def test_a_new_checkpoint_in_the_same_place_is_another_version(encoder, checkpoint, tmp_path):
    copy = tmp_path / "tiny.pt"
    copy.write_bytes(checkpoint.read_bytes())
    before = OpenCLIPEncoder("tiny-test", str(copy), device="cpu").version
    torch.manual_seed(1)
    torch.save(open_clip.create_model("tiny-test").state_dict(), copy)

    assert OpenCLIPEncoder("tiny-test", str(copy), device="cpu").version != before


def test_a_folder_brings_its_own_weights(tmp_path, checkpoint):
    (tmp_path / "open_clip_config.json").write_text(json.dumps({"model_cfg": TINY}))
    (tmp_path / "open_clip_model.pth").write_bytes(checkpoint.read_bytes())

    encoder = OpenCLIPEncoder(f"local-dir:{tmp_path}", device="cpu")

    assert encoder.name == f"openclip:local-dir:{tmp_path}"
    assert encoder.embed_texts(["a cat"]).shape == (1, 16)


def test_a_folder_without_weights_is_refused(tmp_path):
    (tmp_path / "open_clip_config.json").write_text(json.dumps({"model_cfg": TINY}))

    with pytest.raises(InputError, match="cannot load local-dir"):
        OpenCLIPEncoder(f"local-dir:{tmp_path}", device="cpu")


def test_a_misspelt_model_names_the_nearest():
    with pytest.raises(InputError, match="'vit-b32'; did you mean 'ViT-B-32'"):
        OpenCLIPEncoder("vit-b32")


def test_misspelt_weights_name_the_nearest_of_that_model():
    with pytest.raises(InputError, match="did you mean 'laion2b_s32b_b82k'"):
        OpenCLIPEncoder("ViT-L-14", "laion2b_s34b_b79k")


def test_a_model_without_published_weights_asks_for_a_checkpoint(checkpoint):
    with pytest.raises(InputError, match=r"'gone\.pt' is no file; name the file of a checkpoint"):
        OpenCLIPEncoder("tiny-test", "gone.pt")


@pytest.mark.parametrize("model", ["ViT-B-32-256", "hf-hub:laion/CLIP-ViT-B-32-laion2B-s34B-b79K"])
def test_weights_out_of_reach_say_what_to_do(no_hub, model):
    with pytest.raises(InputError, match=r"not on disk and cannot be fetched.*offline"):
        OpenCLIPEncoder(model)


def test_a_checkpoint_of_another_model_is_refused_in_one_sentence(tmp_path, checkpoint):
    path = tmp_path / "other.pt"
    torch.save({"visual.proj": torch.zeros(3, 3)}, path)

    with pytest.raises(InputError, match="cannot load tiny-test with the weights") as caught:
        OpenCLIPEncoder("tiny-test", str(path), device="cpu")
    assert "\n" not in str(caught.value)


def test_a_damaged_checkpoint_is_refused(tmp_path, checkpoint):
    path = tmp_path / "half.pt"
    path.write_bytes(checkpoint.read_bytes()[:20_000])

    with pytest.raises(InputError, match="cannot load tiny-test"):
        OpenCLIPEncoder("tiny-test", str(path), device="cpu")


def test_a_device_that_is_not_there_is_refused(checkpoint):
    with pytest.raises(InputError, match="'cuda:77' cannot be used"):
        OpenCLIPEncoder("tiny-test", str(checkpoint), device="cuda:77")


def test_quick_gelu_follows_the_published_weights(monkeypatch, checkpoint):
    """The weights were trained with it, the architecture of that name has none, and open_clip only warns."""
    from open_clip import pretrained

    tag = {"file": str(checkpoint), "hf_hub": "any/where/", "quick_gelu": True}
    monkeypatch.setitem(pretrained._PRETRAINED, "tiny-test", {"quick": tag})
    monkeypatch.setattr("huggingface_hub.try_to_load_from_cache", lambda *_: str(checkpoint))

    encoder = OpenCLIPEncoder("tiny-test", "quick", device="cpu")

    assert any(isinstance(module, open_clip.transformer.QuickGELU) for module in encoder._model.modules())
