"""One step of a decoder: read tokens after what was read before, from the cache or all again.

Letters of shapes beside those of attention: R texts that are searched, L columns of a text at most,
W beams of a row, C candidates looked at.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import torch
from torch import Tensor

from camembert_dual.generation.plan import Plan
from camembert_dual.pt.tensors import wide_dtype

Rule = Callable[..., Tensor]


class Prompt(NamedTuple):
    """What texts begin with.

    ``tokens`` (R, T), without columns where the prompts are embedded; ``mask`` (R, P) of all that
    is read first; ``inputs`` of the model besides; ``past``, the cache of tokens that were read.
    """

    tokens: Tensor
    mask: Tensor
    inputs: dict[str, Tensor]
    past: tuple[tuple[Tensor, ...], ...] = ()


class Call(NamedTuple):
    """What stays the same in all steps of a search.

    ``limit`` is L; ``uniforms`` hold numbers in [0, 1) for each step; ``process``, ``warp`` and
    ``stops`` are functions of scores (R, V), tokens (R, L) and how many columns are written;
    ``observer`` is told of each step, if there is one.
    """

    model: Any
    plan: Plan
    prompt: Prompt
    limit: Any
    uniforms: Tensor
    process: Rule
    warp: Rule
    stops: Rule
    observer: Any

    @property
    def start(self) -> Any:
        """Columns of the prompts."""
        return self.prompt.tokens.shape[1]


class DecoderCache(NamedTuple):
    """What the model has read of each row.

    ``mask`` (R, S) marks the attended columns, ``length`` (R) counts the positions used, ``past``
    is the cache, empty where the model keeps none.
    """

    mask: Tensor
    length: Tensor
    past: tuple[tuple[Tensor, ...], ...]


class Answer(NamedTuple):
    """What the model says of read tokens.

    ``logits`` (R, V) of what follows, in float32 at least; all that is read; of each layer
    ``attentions`` and ``hidden_states`` if they were asked for.
    """

    logits: Tensor
    cache: DecoderCache
    attentions: tuple[Tensor, ...]
    hidden_states: tuple[Tensor, ...]

    @property
    def internals(self) -> dict[str, tuple[Tensor, ...]]:
        """What an observer may want."""
        return {"attentions": self.attentions, "hidden_states": self.hidden_states}


def read_prompt(call: Call) -> Answer:
    """Read the prompts."""
    if call.prompt.past:
        return read_rest(call)
    return read_whole(call, call.prompt.tokens, call.prompt.mask)


def read_rest(call: Call) -> Answer:
    """Read the tokens of the prompts behind those that the given cache has read."""
    prompt, columns = call.prompt, call.prompt.past[0][0].shape[2]
    mask, tokens = prompt.mask[:, :columns], prompt.tokens[:, :columns]
    is_token = mask & (tokens != call.model.config.pad_token_id)
    length = torch.cumsum(is_token.to(torch.int32), dim=1, dtype=torch.int32)[:, -1]
    cache = DecoderCache(mask, length, prompt.past)
    return read_tokens(call, prompt.tokens[:, columns:], cache)[1]


def read_next(call: Call, tokens: Tensor, length: Any, cache: DecoderCache) -> Answer:
    """Read the last of the columns written of tokens (R, L), or all of them without a cache."""
    last = column(tokens, length - 1)
    if cache.past:
        return read_token(call, last, cache)
    return read_whole(call, tokens[:, :length], with_new(call, cache.mask, last))


def read_token(call: Call, last: Tensor, cache: DecoderCache) -> Answer:
    """Read one token of each row (R, 1) after what was read."""
    return read_tokens(call, last, cache)[1]


def read_tokens(call: Call, tokens: Tensor, cache: DecoderCache) -> tuple[Tensor, Answer]:
    """Read some tokens of each row (R, T) after what was read; give all logits (R, T, V), too."""
    is_token = (tokens != call.model.config.pad_token_id).to(torch.int32)
    count = torch.cumsum(is_token, dim=1, dtype=torch.int32) + cache.length[:, None]  # (R, T)
    inputs = {
        name: stretched(value[:, -1:], tokens.shape[1]) if name == "token_type_ids" else value
        for name, value in call.prompt.inputs.items()
        if name != "inputs_embeds"
    }
    inputs["input_ids"] = tokens
    cache = cache._replace(mask=with_new(call, cache.mask, tokens))
    return ask(call, inputs, count, is_token, cache, keep=tokens.shape[1])


def read_whole(call: Call, tokens: Tensor, mask: Tensor) -> Answer:
    """Read whole texts (R, T); positions count the attended tokens, so padding moves none."""
    inputs, is_token = dict(call.prompt.inputs), mask
    if "token_type_ids" in inputs:
        inputs["token_type_ids"] = stretched(inputs["token_type_ids"], mask.shape[1])
    if "inputs_embeds" not in inputs:
        inputs["input_ids"] = tokens
        is_token = mask & (tokens != call.model.config.pad_token_id)
    is_token = is_token.to(torch.int32)
    count = torch.cumsum(is_token, dim=1, dtype=torch.int32)  # (R, T)
    return ask(call, inputs, count, is_token, DecoderCache(mask, count[:, -1], ()), keep=1)[1]


def ask(
    call: Call,
    inputs: dict[str, Any],
    count: Tensor,
    is_token: Tensor,
    cache: DecoderCache,
    keep: Any,
) -> tuple[Tensor, Answer]:
    """Call the model on inputs whose tokens are numbered by a count (R, T).

    Returns:
        The logits of the last tokens, as many as are to be kept, and the answer.
    """
    asked = call.model.prepare_inputs_for_generation(
        inputs.pop("input_ids", None),
        past_key_values=cache.past or None,
        attention_mask=cache.mask,
        position_ids=count * is_token + call.model.config.pad_token_id,
        use_cache=call.plan.use_cache,
        logits_to_keep=keep,
        **inputs,
    )
    output = call.model(
        **asked,
        output_attentions=call.plan.output_attentions,
        output_hidden_states=call.plan.output_hidden_states,
        return_dict=True,
    )
    logits = output.logits.to(wide_dtype(output.logits))  # (R, T, V)
    cache = DecoderCache(cache.mask, count[:, -1], output.past_key_values or ())
    return logits, Answer(logits[:, -1], cache, output.attentions or (), output.hidden_states or ())


def with_new(call: Call, mask: Tensor, tokens: Tensor) -> Tensor:
    """A mask (R, S) and columns for more tokens (R, T), which are attended."""
    return appended(call, mask, torch.ones_like(tokens, dtype=torch.bool))


def appended(call: Call, values: Tensor, more: Tensor) -> Tensor:
    """Columns (R, S, ...) and more of them (R, T, ...)."""
    return torch.cat([values, more], dim=1)


def stretched(types: Tensor, columns: int) -> Tensor:
    """Types of tokens (R, T), and the last again for each token that follows."""
    return torch.cat([types, types[:, -1:].expand(-1, columns - types.shape[1])], dim=1)


def column(tokens: Tensor, index: Any) -> Tensor:
    """One column (R, 1) of tokens (R, L)."""
    return tokens[:, index][:, None]


def write(tokens: Tensor, chosen: Tensor, length: Any) -> Tensor:
    """Tokens (..., L) with the chosen ones (...) in the column that follows."""
    is_next = torch.arange(tokens.shape[-1], device=tokens.device) == length
    return torch.where(is_next, chosen[..., None].to(tokens.dtype), tokens)


def room_for(tokens: Tensor, limit: Any, padding: int) -> Tensor:
    """Tokens (R, T) with padding up to the limit: (R, L)."""
    return torch.nn.functional.pad(tokens, (0, limit - tokens.shape[1]), value=padding)


def ends_text(tokens: Tensor, plan: Plan) -> Tensor:
    """Which tokens end a text."""
    ends = torch.tensor(plan.ends, dtype=tokens.dtype, device=tokens.device)
    return (tokens[..., None] == ends).any(dim=-1)


def take(values: Tensor, index: Tensor) -> Tensor:
    """Pick (B, C, ...) out of (B, A, ...) by an index (B, C) into the second axis."""
    rows = torch.arange(values.shape[0], device=values.device)[:, None]
    return values[rows, index]


def repeat_rows(values: Tensor, times: int) -> Tensor:
    """Repeat each row: (B, ...) to (B W, ...)."""
    return values.repeat_interleave(times, dim=0)


def repeat_cache(cache: DecoderCache, times: int) -> DecoderCache:
    """Repeat each row of what was read."""
    past = tuple(tuple(repeat_rows(one, times) for one in layer) for layer in cache.past)
    return DecoderCache(repeat_rows(cache.mask, times), repeat_rows(cache.length, times), past)


def repeat_answer(answer: Answer, times: int) -> Answer:
    """Repeat each row of what the model said of the prompts."""
    return Answer(
        repeat_rows(answer.logits, times),
        repeat_cache(answer.cache, times),
        tuple(repeat_rows(one, times) for one in answer.attentions),
        tuple(repeat_rows(one, times) for one in answer.hidden_states),
    )


def repeat_prompt(prompt: Prompt, times: int) -> Prompt:
    """Repeat each row of the prompts; what has no rows, or one for all, stays as it is."""
    inputs = {
        name: repeat_rows(value, times) if has_rows(name, value) else value
        for name, value in prompt.inputs.items()
    }
    return Prompt(repeat_rows(prompt.tokens, times), repeat_rows(prompt.mask, times), inputs)


def has_rows(name: str, value: Tensor) -> bool:
    """Whether an input of the model has a row for each text, not one for all of them."""
    return name != "head_mask" and not (name == "token_type_ids" and value.shape[0] == 1)


def take_rows(cache: DecoderCache, rows: Tensor) -> DecoderCache:
    """What was read by some rows."""
    return DecoderCache(cache.mask[rows], cache.length[rows], reordered(cache.past, rows))


def reordered(past: Any, rows: Tensor) -> Any:
    """Some rows of each tensor of a cache."""
    return tuple(tuple(one[rows] for one in layer) for layer in past)


def rows_of(index: Tensor, width: int) -> Tensor:
    """The rows (B C,) of (B W, ...) that an index (B, C) into W means."""
    first = torch.arange(index.shape[0], device=index.device)[:, None] * width
    return (first + index).reshape(-1)
