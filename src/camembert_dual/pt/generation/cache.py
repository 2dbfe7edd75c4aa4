"""One step of a decoder: read tokens after what was read before, from the cache."""

from typing import Any, NamedTuple

import torch
from torch import Tensor

from camembert_dual.generation.options_old import GenerationOptions
from camembert_dual.pt.tensors import wide_dtype

Encoder = tuple[Tensor, Tensor] | tuple[()]


class DecoderCache(NamedTuple):
    """What the model has read of each row.

    ``mask`` (B, S) marks the attended columns, ``length`` (B) counts the positions used, ``past``
    is the cache.
    """

    mask: Tensor
    length: Tensor
    past: tuple[tuple[Tensor, ...], ...]


def next_logits(
    model: Any, input_ids: Tensor, mask: Tensor, cache: DecoderCache | None, encoder: Encoder
) -> tuple[Tensor, DecoderCache]:
    """Read tokens (B, T) after what was read before, if anything.

    Positions count the attended tokens, so padding on the left moves none.

    Returns:
        Logits (B, V) of what follows, in float32 at least, and all that is read now.
    """
    padding = model.config.pad_token_id
    is_token = (mask & (input_ids != padding)).to(input_ids.dtype)
    count = torch.cumsum(is_token, dim=1, dtype=input_ids.dtype)  # (B, T)
    if cache is not None:
        count = count + cache.length[:, None]
        mask = torch.cat([cache.mask, mask], dim=1)  # (B, S)
    states, states_mask = encoder or (None, None)
    output = model(
        input_ids=input_ids,
        attention_mask=mask,
        position_ids=count * is_token + padding,
        encoder_hidden_states=states,
        encoder_attention_mask=states_mask,
        past_key_values=None if cache is None else cache.past,
        use_cache=True,
        logits_to_keep=1,
        output_attentions=False,
        output_hidden_states=False,
        return_dict=True,
    )
    logits = output.logits[:, -1]  # (B, V)
    return logits.to(wide_dtype(logits)), DecoderCache(mask, count[:, -1], output.past_key_values)


def last_tokens(new_tokens: Tensor) -> tuple[Tensor, Tensor]:
    """The last tokens (..., N) of all texts as a batch to read (B, 1), and its mask."""
    last = new_tokens[..., -1:].reshape(-1, 1)
    return last, torch.ones_like(last, dtype=torch.bool)


def ends_text(tokens: Tensor, options: GenerationOptions) -> Tensor:
    """Which tokens end a text."""
    ends = torch.tensor(options.ends, dtype=tokens.dtype, device=tokens.device)
    return (tokens[..., None] == ends).any(dim=-1)


def take(values: Tensor, index: Tensor) -> Tensor:
    """Pick (B, C, ...) out of (B, A, ...) by an index (B, C) into the second axis."""
    rows = torch.arange(values.shape[0], device=values.device)[:, None]
    return values[rows, index]


def repeat_rows(values: Tensor, times: int) -> Tensor:
    """Repeat each row: (B, ...) to (B W, ...)."""
    return values.repeat_interleave(times, dim=0)


def repeat_encoder(encoder: Encoder, times: int) -> Encoder:
    """Repeat each row of the encoder's states and mask, if any."""
    if not encoder:
        return ()
    return repeat_rows(encoder[0], times), repeat_rows(encoder[1], times)


def repeat_cache(cache: DecoderCache, times: int) -> DecoderCache:
    """Repeat each row of what was read."""
    past = tuple(tuple(repeat_rows(one, times) for one in layer) for layer in cache.past)
    return DecoderCache(repeat_rows(cache.mask, times), repeat_rows(cache.length, times), past)


def reorder_cache(cache: DecoderCache, parents: Tensor) -> DecoderCache:
    """Give each beam what its parent (B, W) has read; encoder states are the same in a row."""
    width = parents.shape[1]
    first = torch.arange(parents.shape[0], device=parents.device)[:, None] * width
    rows = (first + parents).reshape(-1)  # (B W,)
    past = tuple((layer[0][rows], layer[1][rows], *layer[2:]) for layer in cache.past)
    return DecoderCache(cache.mask[rows], cache.length[rows], past)
