"""Tiny architectures with random weights, which the tests of OpenCLIP share."""

import json
from pathlib import Path

import pytest
from fiftyone_autolabel.plugin.encoders.torchvision_compat import ensure_torchvision_imports

ensure_torchvision_imports()

WORDS = ["<pad>", "</s>", "<unk>", "a", "photo", "of", "cat", "dog"]
CLIP = {
    "embed_dim": 16,
    "vision_cfg": {"image_size": 32, "layers": 1, "width": 32, "head_width": 16, "patch_size": 16},
    "text_cfg": {"context_length": 77, "vocab_size": 49408, "width": 16, "heads": 2, "layers": 1},
}
SIGLIP = {
    "embed_dim": 64,
    "init_logit_bias": -10,
    "custom_text": True,
    "vision_cfg": {"image_size": 160, "timm_model_name": "test_vit", "timm_pool": "map", "timm_proj": "none"},
    "text_cfg": {
        "context_length": 8,
        "vocab_size": len(WORDS),
        "tokenizer_kwargs": {"clean": "canonicalize"},
        "width": 64,
        "heads": 2,
        "layers": 1,
        "no_causal_mask": True,
        "proj_bias": True,
        "pool_type": "last",
    },
}


@pytest.fixture
def tokenizer_folder(tmp_path) -> Path:
    """A tokenizer of eight words in Hugging Face's format."""
    from tokenizers import Tokenizer, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    tokenizer = Tokenizer(models.WordLevel({word: row for row, word in enumerate(WORDS)}, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    special = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    PreTrainedTokenizerFast(tokenizer_object=tokenizer, **special).save_pretrained(tmp_path / "tokenizer")
    return tmp_path / "tokenizer"


def register(folder: Path, name: str, config: dict) -> Path:
    """Tell open_clip of an architecture, and write random weights of it."""
    import open_clip
    import torch

    (folder / f"{name}.json").write_text(json.dumps(config))
    open_clip.add_model_config(folder / f"{name}.json")
    torch.manual_seed(0)
    path = folder / "weights.pt"
    torch.save(open_clip.create_model(name).state_dict(), path)
    return path
