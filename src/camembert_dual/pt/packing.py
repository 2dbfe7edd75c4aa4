"""Padding costs nothing: the encoder sees the tokens of all texts in one row, without padding.

Nothing changes but the speed, not even the states at padded places. There every ``<pad>`` of a text
has the same id and, in RoBERTa's numbering, the same position, and attends to the same keys: one of
them stands for all, and is computed.
"""

from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from camembert_dual.config import CamembertConfig
from camembert_dual.pt.attention_kernels import kernel_of, sdpa
from camembert_dual.pt.checks import can_read_values
from camembert_dual.pt.masks import positions_of_ids
from camembert_dual.pt.transforms import is_watched

PACKED = ("input_ids", "attention_mask", "token_type_ids")  # the inputs that can be packed
PAYS = 0.9  # with more tokens than this among its places, a batch is as fast as it is

OURS = __name__.rpartition(".")[0]


class Run(NamedTuple):
    """Texts of one length that follow each other: B texts of T queries, the first S also keys."""

    texts: int
    queries: int
    keys: int


class Packing(NamedTuple):
    """Where the N tokens of a batch (B, T) are in one row, texts of one length together.

    Attributes:
        shape: B and T.
        places: For each token its place in the flat batch (N).
        tokens: For each place of the flat batch the token that it has or is like (B T).
        runs: The texts in the order of the row.
    """

    shape: tuple[int, int]
    places: Tensor
    tokens: Tensor
    runs: tuple[Run, ...]

    def pack(self, values: Tensor) -> Tensor:
        """Bring values (B, T), or (1, T) for all texts, into the row (1, N)."""
        return values.expand(self.shape).reshape(-1)[self.places].unsqueeze(0)

    def unpack(self, states: Tensor) -> Tensor:
        """Bring states (1, N, D) back to the places of their tokens (B, T, D)."""
        return states[0].index_select(0, self.tokens).unflatten(0, self.shape)

    def inputs(self, given: Mapping[str, Any], padding_index: int) -> dict[str, Any]:
        """The inputs in one row, with the positions that the tokens have in their texts."""
        ids, types = given["input_ids"], given["token_type_ids"]
        return {
            **given,
            "input_ids": self.pack(ids),
            "attention_mask": self,
            "token_type_ids": None if types is None else self.pack(types),
            "position_ids": self.pack(positions_of_ids(ids, padding_index, 0)),
        }

    def attend(self, query: Tensor, key: Tensor, value: Tensor, dropout: float) -> Tensor:
        """Attend in each text alone: of query, key and value (1, H, N, K), to context as these."""
        contexts = []
        for run, *states in zip(self.runs, *map(self.texts, (query, key, value)), strict=True):
            queries, keys, values = (rows(one, run) for one in states)  # (B, H, T, K)
            mask = None
            if run.keys:
                keys, values = keys[:, :, : run.keys], values[:, :, : run.keys]  # (B, H, S, K)
            else:  # then each query attends to all alike
                mask = torch.zeros((1, 1, 1, run.queries), dtype=torch.bool)
            context = sdpa(queries, keys, values, mask, dropout)
            contexts.append(context.transpose(1, 2).flatten(0, 1))  # (B T, H, K)
        return torch.cat(contexts).transpose(0, 1).unsqueeze(0)  # (1, H, N, K)

    def texts(self, states: Tensor) -> Iterator[Tensor]:
        """Cut states (1, H, N, K) into those of each run (H, B T, K)."""
        return iter(states[0].split([run.texts * run.queries for run in self.runs], dim=1))


def rows(states: Tensor, run: Run) -> Tensor:
    """Put the texts of a run (H, B T, K) below each other: (B, H, T, K)."""
    return states.unflatten(1, (run.texts, run.queries)).transpose(0, 1)


def packing_of(
    model: nn.Module, config: CamembertConfig, inputs: Mapping[str, Tensor | None]
) -> Packing | None:
    """How to pack a call; None if it has too little padding, or needs it."""
    ids, mask, types = (inputs[name] for name in PACKED)
    if ids is None or mask is None or mask.ndim != 2:
        return None
    if not (can_read_values(ids) and can_read_values(mask)):
        return None
    has_others = any(inputs[name] is not None for name in inputs if name not in PACKED)
    if has_others or config.is_decoder or config.position_embedding_type != "absolute":
        return None
    if kernel_of(config.attn_implementation, needs_scores=False) is not sdpa:
        return None
    is_key = mask != 0
    # a text without keys attends to all of its places
    is_alike = ~is_key & (ids == config.pad_token_id) & is_key.any(1, keepdim=True)
    if types is not None:
        is_alike = is_alike & (types == 0)
    is_token = ~is_alike | (is_alike.cumsum(1) == 1)
    if int(is_token.sum()) > PAYS * ids.numel():
        return None
    if is_watched(model) or not is_own(model):
        return None
    return arranged(is_token, is_key, is_alike)


def is_own(model: Any) -> bool:
    """Whether the parts that would see texts in one row are those of this package."""

    def is_ours(part: Any) -> bool:
        return type(part).__module__.startswith(OURS)

    return is_ours(model.embeddings) and all(
        is_ours(layer) and is_ours(layer.attention) and is_ours(layer.attention.self)
        for layer in model.encoder.layer
    )


def arranged(is_token: Tensor, is_key: Tensor, is_alike: Tensor) -> Packing:
    """Order tokens by the lengths of their texts, and in each text the keys first.

    Args:
        is_token: Which places of a batch (B, T) have a token of their own.
        is_key: Which of them queries attend to.
        is_alike: Which places are like the first of their text that is.
    """
    batch, length = is_token.shape
    counts, keys = is_token.sum(1), is_key.sum(1)
    order = torch.argsort(counts * (length + 1) + keys)
    first = torch.argsort(2 - is_token.long() - is_key.long(), dim=1, stable=True)  # keys, tokens
    flat = (torch.arange(batch)[:, None] * length + first)[order]
    places = flat[torch.arange(length) < counts[order][:, None]]
    tokens = torch.zeros(batch * length, dtype=torch.long)
    tokens[places] = torch.arange(len(places))
    tokens = tokens.reshape(batch, length)
    like = tokens.gather(1, is_alike.long().argmax(1, keepdim=True))
    sizes = zip(counts[order].tolist(), keys[order].tolist(), strict=True)
    runs = tuple(Run(len(list(texts)), *size) for size, texts in groupby(sizes))
    return Packing((batch, length), places, torch.where(is_token, tokens, like).flatten(), runs)
