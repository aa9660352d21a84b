"""Writes a tuned model as what the service reads:

an int8 ONNX graph, the pieces, and a spaCy pipeline of heads.
"""

import tempfile
from pathlib import Path

import numpy as np
import onnx
import torch
from onnxruntime.quantization import QuantType, quantize_dynamic
from spacy.language import Language
from spacy.util import load_config, load_model_from_config
from torch import nn

from classifier.axis import axes_of
from classifier.encoder.component import GRAPH, PIECES, encoder_of
from classifier.tuning.finetune import Tuned

CONFIG = Path(__file__).parents[1] / "full.cfg"
_OPSET = 17
_HEADS = {"type": "type", "factor": "factor", "area": "area", "special": "lanes"}


class _Hidden(nn.Module):
    """The encoder alone, with plain tensors in and out."""

    def __init__(self, model: Tuned) -> None:
        super().__init__()
        self.bert = model.bert

    def forward(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        """Return one vector for each piece."""
        hidden: torch.Tensor = self.bert(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        return hidden


def write_encoder(model: Tuned, pieces: bytes, folder: Path) -> None:
    """Write graph and pieces. Weights of the linear layers and of the pieces are kept in eight bits."""
    folder.mkdir(parents=True, exist_ok=True)
    ids = torch.tensor([[1, 5, 6, 7, 8, 2], [1, 5, 6, 2, 3, 3]])
    mask = (ids != 3).long()
    axes = {0: "texts", 1: "pieces"}
    with tempfile.TemporaryDirectory() as scratch:
        exact = Path(scratch) / "exact.onnx"
        torch.onnx.export(
            _Hidden(model).eval().float(),
            (ids, mask),
            str(exact),
            input_names=["input_ids", "attention_mask"],
            output_names=["hidden"],
            dynamic_axes={"input_ids": axes, "attention_mask": axes, "hidden": axes},
            opset_version=_OPSET,
            dynamo=False,
        )
        small = Path(scratch) / "small.onnx"
        quantize_dynamic(
            str(exact),
            str(small),
            weight_type=QuantType.QInt8,
            per_channel=True,
            op_types_to_quantize=["MatMul", "Gather"],
        )
        graph = onnx.load(str(small))
        graph.doc_string, graph.producer_name, graph.producer_version = "", "", ""
        for node in graph.graph.node:
            node.doc_string = ""
        (folder / GRAPH).write_bytes(graph.SerializeToString())
    (folder / PIECES).write_bytes(pieces)


def pipeline_of(model: Tuned, encoder: Path) -> Language:
    """Return the spaCy pipeline with this encoder and the heads of the model. Nothing is calibrated yet."""
    nlp = load_model_from_config(load_config(CONFIG), auto_fill=True)
    encoder_of(nlp).from_disk(encoder)
    heads = dict(zip(model.labels, model.heads, strict=True))
    for name, axis in axes_of(nlp).items():
        head = heads[_HEADS[name]]
        for label in model.labels[_HEADS[name]]:
            axis.add_label(label)
        axis.cfg["weights"] = [1.0] * len(axis.labels)
        axis.set_weights(
            np.asarray(head.weight.detach().numpy(), np.float32),
            np.asarray(head.bias.detach().numpy(), np.float32),
        )
    return nlp
