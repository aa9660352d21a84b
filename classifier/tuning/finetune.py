"""Tunes the encoder and its heads together on labelled messages. Minutes an epoch on two cores."""

import copy
import logging
import math
import random
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

import numpy as np
import sentencepiece
import torch
from torch import nn
from transformers import BertModel

from classifier.encoder.pieces import BOS, EOS, PAD, PREFIX, cleaned
from classifier.messages import Labelled
from store.domain import Factor, Kind, Lane

log = logging.getLogger(__name__)

_WIDTHS = 8


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How to tune. Rates are peaks; they rise over the first tenth of the steps and fall to nought."""

    epochs: int = 4
    batch: int = 16
    longest: int = 256
    rate: float = 1.5e-4
    head_rate: float = 2e-3
    layer_decay: float = 0.95
    other_share: float = 0.3  # what the second defensible label is worth
    weights: dict[str, float] = field(
        default_factory=lambda: {"type": 1.0, "factor": 1.0, "area": 0.3, "lanes": 2.0}
    )
    slips: float = 0.15  # the share of texts that get slips of the pen in each epoch
    sampling: float = 0.3  # the share of texts that are cut into unusual pieces
    averaging: float = 0.995
    seed: int = 0


class Tuned(nn.Module):
    """The encoder with a head for each axis on the mean of its vectors."""

    def __init__(self, bert: BertModel, labels: dict[str, list[str]]) -> None:
        super().__init__()
        self.bert = bert
        self.labels = labels
        self.dropout = nn.Dropout(0.1)
        # A list, since a module already has an attribute `type`.
        self.heads = nn.ModuleList(nn.Linear(bert.config.hidden_size, len(each)) for each in labels.values())

    def vectors(self, ids: torch.Tensor, mask: torch.Tensor) -> torch.Tensor:
        """Return the mean vector of each text."""
        hidden = self.bert(input_ids=ids, attention_mask=mask).last_hidden_state
        share = mask.to(hidden.dtype).unsqueeze(-1)
        return (hidden * share).sum(1) / share.sum(1)

    def forward(self, ids: torch.Tensor, mask: torch.Tensor) -> dict[str, torch.Tensor]:
        """Return the logits of each axis."""
        pooled = self.dropout(self.vectors(ids, mask))
        return {name: head(pooled) for name, head in zip(self.labels, self.heads, strict=True)}


@dataclass(frozen=True, kw_only=True)
class Targets:
    """True shares of each axis; a row of noughts teaches nothing. `known` tells which lanes are labelled."""

    type: torch.Tensor
    factor: torch.Tensor
    area: torch.Tensor
    lanes: torch.Tensor
    known: torch.Tensor


def labels_of(messages: Sequence[Labelled]) -> dict[str, list[str]]:
    """Return the labels of each axis in their fixed order."""
    return {
        "type": [each.value for each in Kind],
        "factor": [each.value for each in Factor],
        "area": sorted({each.area for each in messages if each.area}),
        "lanes": [each.value for each in Lane],
    }


def targets_of(messages: Sequence[Labelled], labels: dict[str, list[str]], recipe: Recipe) -> Targets:
    """Return what is to be learnt from messages."""
    rows: dict[str, list[list[float]]] = {name: [] for name in (*labels, "known")}
    for each in messages:
        for name, label, other in (
            ("type", each.kind if each.has_kind else "", each.alt_kind),
            ("factor", each.factor if each.special != "spam" else "", each.alt_factor),
            ("area", each.area, ""),
        ):
            share = recipe.other_share if label and other and other != label else 0.0
            rows[name].append([(1 - share) * (at == label) + share * (at == other) for at in labels[name]])
        has = [each.has_lane(lane) for lane in labels["lanes"]]
        rows["lanes"].append([float(bool(one)) for one in has])
        rows["known"].append([float(one is not None) for one in has])
    return Targets(**{name: torch.tensor(each) for name, each in rows.items()})


def with_slips(text: str, chance: random.Random) -> str:
    """Return the text as a hurried hand might have left it."""
    way = chance.randrange(7)
    if way == 0:
        return text.upper()
    if way == 1:
        return text.lower()
    if way == 2:
        return text.translate(str.maketrans("åäöÅÄÖ", "aaoAAO"))
    if way == 3:
        return "".join(sign for sign in text if sign not in ".,!?;:")
    words = text.split(" ")
    for _ in range(max(1, len(words) // 12)):
        at = chance.randrange(len(words))
        word = words[at]
        if len(word) < 4:
            continue
        spot = chance.randrange(1, len(word) - 1)
        words[at] = chance.choice(
            (
                word[:spot] + word[spot + 1 :],
                word[:spot] + word[spot + 1] + word[spot] + word[spot + 2 :],
                word[:spot] + word[spot] + word[spot:],
                word[:spot] + " " + word[spot:],
            )
        )
    return " ".join(words)


class Batches:
    """Cuts texts into pieces and groups those of like length, anew for each epoch."""

    def __init__(self, pieces: bytes, recipe: Recipe) -> None:
        self._cut = sentencepiece.SentencePieceProcessor()
        self._cut.LoadFromSerializedProto(pieces)
        self._prefix = self._cut.EncodeAsIds(PREFIX)
        self._recipe = recipe

    def ids(self, text: str, *, chance: random.Random | None = None) -> list[int]:
        """Return the pieces of a text between the signs of start and end."""
        if chance is not None and chance.random() < self._recipe.slips:
            text = with_slips(text, chance)
        text = cleaned(text)
        if chance is not None and chance.random() < self._recipe.sampling:
            found = self._cut.Encode(text, out_type=int, enable_sampling=True, alpha=0.3, nbest_size=-1)
        else:
            found = self._cut.EncodeAsIds(text)
        return [BOS, *self._prefix, *found[: self._recipe.longest - len(self._prefix) - 2], EOS]

    def padded(self, rows: Sequence[list[int]]) -> tuple[torch.Tensor, torch.Tensor]:
        """Return ids and mask, texts x pieces."""
        # Few widths, since each new one makes the library compile its kernels anew.
        longest = -(-max(map(len, rows)) // _WIDTHS) * _WIDTHS
        ids = torch.full((len(rows), longest), PAD)
        for at, row in enumerate(rows):
            ids[at, : len(row)] = torch.tensor(row)
        return ids, (
            torch.arange(longest)[None, :] < torch.tensor([len(row) for row in rows])[:, None]
        ).long()

    def epoch(
        self, texts: Sequence[str], chance: random.Random
    ) -> list[tuple[list[int], torch.Tensor, torch.Tensor]]:
        """Return (which texts, ids, mask) for every batch, in random order."""
        rows = [self.ids(text, chance=chance) for text in texts]
        order = sorted(range(len(rows)), key=lambda at: len(rows[at]) * chance.uniform(0.85, 1.15))
        groups = [order[at : at + self._recipe.batch] for at in range(0, len(order), self._recipe.batch)]
        chance.shuffle(groups)
        return [(group, *self.padded([rows[at] for at in group])) for group in groups]


def finetune(
    bert: BertModel,
    pieces: bytes,
    messages: Sequence[Labelled],
    *,
    recipe: Recipe,
    after_epoch: Callable[[int, Tuned], None] | None = None,
) -> Tuned:
    """Tune on messages and return the model with the moving average of its weights."""
    torch.manual_seed(recipe.seed)
    chance = random.Random(recipe.seed)  # noqa: S311  # not for secrets
    np.random.seed(recipe.seed)
    labels = labels_of(messages)
    model = Tuned(bert, labels)
    targets = targets_of(messages, labels, recipe)
    batches = Batches(pieces, recipe)
    optimizer = torch.optim.AdamW(_groups(model, recipe), weight_decay=0.01, fused=True)
    steps = math.ceil(len(messages) / recipe.batch) * recipe.epochs
    schedule = torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(step / (0.1 * steps), (steps - step) / (0.9 * steps))
    )
    average: Tuned | None = None
    step, began = 0, time.monotonic()
    for epoch in range(recipe.epochs):
        model.train()
        for group, ids, mask in batches.epoch([each.text for each in messages], chance):
            with torch.autocast("cpu", dtype=torch.bfloat16):
                logits = model(ids, mask)
            loss = _loss({name: each.float() for name, each in logits.items()}, targets, group, recipe)
            optimizer.zero_grad()
            loss.backward()
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            step += 1
            if step == steps // 2:
                average = copy.deepcopy(model)
            elif average is not None:
                _move(average, model, recipe.averaging)
            if step % 50 == 0:
                log.info(
                    "step %d of %d, loss %.3f, %.0f s", step, steps, loss.item(), time.monotonic() - began
                )
        if after_epoch is not None:
            after_epoch(epoch, average or model)
    return (average or model).eval()


def _groups(model: Tuned, recipe: Recipe) -> list[dict[str, object]]:
    for name, each in model.bert.embeddings.named_parameters():
        each.requires_grad = "LayerNorm" in name
    layers = model.bert.encoder.layer
    rated = [(model.bert.embeddings.LayerNorm, recipe.rate * recipe.layer_decay ** len(layers))]
    rated += [
        (layer, recipe.rate * recipe.layer_decay ** (len(layers) - 1 - at)) for at, layer in enumerate(layers)
    ]
    rated += [(model.heads, recipe.head_rate)]
    return [{"params": list(part.parameters()), "lr": rate} for part, rate in rated]


def _loss(
    logits: dict[str, torch.Tensor], targets: Targets, group: list[int], recipe: Recipe
) -> torch.Tensor:
    total = torch.zeros(())
    for name in ("type", "factor", "area"):
        wanted = getattr(targets, name)[group]
        found = -(wanted * logits[name].log_softmax(-1)).sum(-1)
        total = total + recipe.weights[name] * found.sum() / max(float(wanted.sum()), 1.0)
    known = targets.known[group]
    flags = nn.functional.binary_cross_entropy_with_logits(
        logits["lanes"], targets.lanes[group], reduction="none", pos_weight=torch.tensor(3.0)
    )
    return total + recipe.weights["lanes"] * (flags * known).sum() / known.sum()


@torch.no_grad()
def _move(average: Tuned, model: Tuned, share: float) -> None:
    for old, new in zip(average.parameters(), model.parameters(), strict=True):
        if new.requires_grad:
            old.lerp_(new, 1 - share)
