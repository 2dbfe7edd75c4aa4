"""One step of a decoder: read tokens after what was read before, from the cache or all again.

Letters of shapes beside those of attention: R texts that are searched, L columns of a text at most,
W beams of a row, C candidates looked at.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import tensorflow as tf

from camembert_dual.generation.plan import Plan
from camembert_dual.tf.layers import size_of
from camembert_dual.tf.tensors import wide_dtype

Rule = Callable[..., tf.Tensor]


class Prompt(NamedTuple):
    """What texts begin with.

    ``tokens`` (R, T), without columns where the prompts are embedded; ``mask`` (R, P) of all that
    is read first; ``inputs`` of the model besides; ``past``, the cache of tokens that were read.
    """

    tokens: tf.Tensor
    mask: tf.Tensor
    inputs: dict[str, tf.Tensor]
    past: tuple[tuple[tf.Tensor, ...], ...] = ()


class Call(NamedTuple):
    """What stays the same in all steps of a search.

    ``limit`` is L; ``uniforms`` hold numbers in [0, 1) for each step; ``process``, ``warp`` and
    ``stops`` are functions of scores (R, V), tokens (R, L) and how many columns are written;
    ``observer`` is told of each step, if there is one. ``is_fixed`` says that no shape may change,
    as XLA wants it: then masks and caches are windows, whose first column goes when one is added.
    """

    model: Any
    plan: Plan
    prompt: Prompt
    limit: Any
    uniforms: tf.Tensor
    process: Rule
    warp: Rule
    stops: Rule
    observer: Any
    is_fixed: bool = False

    @property
    def start(self) -> Any:
        """Columns of the prompts."""
        return size_of(self.prompt.tokens, 1)


class DecoderCache(NamedTuple):
    """What the model has read of each row.

    ``mask`` (R, S) marks the attended columns, ``length`` (R) counts the positions used, ``past``
    is the cache, empty where the model keeps none.
    """

    mask: tf.Tensor
    length: tf.Tensor
    past: tuple[tuple[tf.Tensor, ...], ...]


class Answer(NamedTuple):
    """What the model says of read tokens.

    ``logits`` (R, V) of what follows, in float32 at least; all that is read; of each layer
    ``attentions`` and ``hidden_states`` if they were asked for.
    """

    logits: tf.Tensor
    cache: DecoderCache
    attentions: tuple[tf.Tensor, ...]
    hidden_states: tuple[tf.Tensor, ...]

    @property
    def internals(self) -> dict[str, tuple[tf.Tensor, ...]]:
        """What an observer may want."""
        return {"attentions": self.attentions, "hidden_states": self.hidden_states}


def read_prompt(call: Call) -> Answer:
    """Read the prompts."""
    if call.prompt.past:
        return read_rest(call)
    answer = read_whole(call, call.prompt.tokens, call.prompt.mask)
    return answer._replace(cache=windowed(call, answer.cache)) if call.is_fixed else answer


def windowed(call: Call, cache: DecoderCache) -> DecoderCache:
    """What was read of the prompts, behind as many empty columns as there is room for."""
    room = call.limit - call.start
    mask = tf.pad(cache.mask, [[0, 0], [room, 0]])
    past = tuple(
        (*(tf.pad(one, [[0, 0], [0, 0], [room - 1, 0], [0, 0]]) for one in layer[:2]), *layer[2:])
        for layer in cache.past
    )
    return DecoderCache(mask, cache.length, past)


def read_rest(call: Call) -> Answer:
    """Read the tokens of the prompts behind those that the given cache has read."""
    prompt, columns = call.prompt, call.prompt.past[0][0].shape[2]
    mask, tokens = prompt.mask[:, :columns], prompt.tokens[:, :columns]
    is_token = mask & (tokens != call.model.config.pad_token_id)
    length = tf.cumsum(tf.cast(is_token, tf.int32), axis=1)[:, -1]
    cache = DecoderCache(mask, length, prompt.past)
    return read_tokens(call, prompt.tokens[:, columns:], cache)[1]


def read_next(call: Call, tokens: tf.Tensor, length: Any, cache: DecoderCache) -> Answer:
    """Read the last of the columns written of tokens (R, L), or all of them without a cache."""
    last = column(tokens, length - 1)
    if cache.past:
        return read_token(call, last, cache)
    # the columns that are not written yet come round to the front, where the mask hides them
    written = tf.roll(tokens, call.limit - length, 1) if call.is_fixed else tokens[:, :length]
    return read_whole(call, written, with_new(call, cache.mask, last))


def read_token(call: Call, last: tf.Tensor, cache: DecoderCache) -> Answer:
    """Read one token of each row (R, 1) after what was read."""
    return read_tokens(call, last, cache)[1]


def read_tokens(call: Call, tokens: tf.Tensor, cache: DecoderCache) -> tuple[tf.Tensor, Answer]:
    """Read some tokens of each row (R, T) after what was read; give all logits (R, T, V), too."""
    is_token = tf.cast(tokens != call.model.config.pad_token_id, tf.int32)
    count = tf.cumsum(is_token, axis=1) + cache.length[:, None]  # (R, T)
    inputs = {
        name: stretched(value[:, -1:], tokens.shape[1]) if name == "token_type_ids" else value
        for name, value in call.prompt.inputs.items()
        if name != "inputs_embeds"
    }
    inputs["input_ids"] = tokens
    cache = cache._replace(mask=with_new(call, cache.mask, tokens))
    return ask(call, inputs, count, is_token, cache, keep=tokens.shape[1])


def read_whole(call: Call, tokens: tf.Tensor, mask: tf.Tensor) -> Answer:
    """Read whole texts (R, T); positions count the attended tokens, so padding moves none."""
    inputs, is_token = dict(call.prompt.inputs), mask
    if "token_type_ids" in inputs:
        inputs["token_type_ids"] = stretched(inputs["token_type_ids"], size_of(mask, 1))
    if "inputs_embeds" not in inputs:
        inputs["input_ids"] = tokens
        is_token = mask & (tokens != call.model.config.pad_token_id)
    is_token = tf.cast(is_token, tf.int32)
    count = tf.cumsum(is_token, axis=1)  # (R, T)
    return ask(call, inputs, count, is_token, DecoderCache(mask, count[:, -1], ()), keep=1)[1]


def ask(
    call: Call,
    inputs: dict[str, Any],
    count: tf.Tensor,
    is_token: tf.Tensor,
    cache: DecoderCache,
    keep: Any,
) -> tuple[tf.Tensor, Answer]:
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
        training=False,
    )
    logits = tf.cast(output.logits, wide_dtype(output.logits))  # (R, T, V)
    past = output.past_key_values or ()
    if call.is_fixed and cache.past:
        past = tuple((*(one[:, :, 1:] for one in layer[:2]), *layer[2:]) for layer in past)
    cache = DecoderCache(cache.mask, count[:, -1], past)
    return logits, Answer(logits[:, -1], cache, output.attentions or (), output.hidden_states or ())


def with_new(call: Call, mask: tf.Tensor, tokens: tf.Tensor) -> tf.Tensor:
    """A mask (R, S) and columns for more tokens (R, T), which are attended."""
    return appended(call, mask, tf.ones_like(tokens, dtype=tf.bool))


def appended(call: Call, values: tf.Tensor, more: tf.Tensor) -> tf.Tensor:
    """Columns (R, S, ...) and more of them (R, T, ...)."""
    values = tf.concat([values, more], axis=1)
    return values[:, size_of(more, 1) :] if call.is_fixed else values


def stretched(types: tf.Tensor, columns: Any) -> tf.Tensor:
    """Types of tokens (R, T), and the last again for each token that follows."""
    more = tf.repeat(types[:, -1:], columns - size_of(types, 1), axis=1)
    return tf.concat([types, more], axis=1)


def column(tokens: tf.Tensor, index: Any) -> tf.Tensor:
    """One column (R, 1) of tokens (R, L)."""
    return tf.gather(tokens, index, axis=1)[:, None]


def write(tokens: tf.Tensor, chosen: tf.Tensor, length: Any) -> tf.Tensor:
    """Tokens (..., L) with the chosen ones (...) in the column that follows."""
    is_next = tf.range(size_of(tokens, -1)) == length
    return tf.where(is_next, tf.cast(chosen[..., None], tokens.dtype), tokens)


def room_for(tokens: tf.Tensor, limit: Any, padding: int) -> tf.Tensor:
    """Tokens (R, T) with padding up to the limit: (R, L)."""
    return tf.pad(tokens, [[0, 0], [0, limit - size_of(tokens, 1)]], constant_values=padding)


def ends_text(tokens: tf.Tensor, plan: Plan) -> tf.Tensor:
    """Which tokens end a text."""
    ends = tf.constant(plan.ends, dtype=tokens.dtype, shape=[len(plan.ends)])
    return tf.reduce_any(tokens[..., None] == ends, axis=-1)


def take(values: tf.Tensor, index: tf.Tensor) -> tf.Tensor:
    """Pick (B, C, ...) out of (B, A, ...) by an index (B, C) into the second axis."""
    return tf.gather(values, index, batch_dims=1)


def repeat_rows(values: tf.Tensor, times: int) -> tf.Tensor:
    """Repeat each row: (B, ...) to (B W, ...)."""
    return tf.repeat(values, times, axis=0)


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


def has_rows(name: str, value: tf.Tensor) -> bool:
    """Whether an input of the model has a row for each text, not one for all of them."""
    return name != "head_mask" and not (name == "token_type_ids" and value.shape[0] == 1)


def take_rows(cache: DecoderCache, rows: tf.Tensor) -> DecoderCache:
    """What was read by some rows."""
    return DecoderCache(
        tf.gather(cache.mask, rows), tf.gather(cache.length, rows), reordered(cache.past, rows)
    )


def reordered(past: Any, rows: tf.Tensor) -> Any:
    """Some rows of each tensor of a cache."""
    return tuple(tuple(tf.gather(one, rows) for one in layer) for layer in past)


def rows_of(index: tf.Tensor, width: int) -> tf.Tensor:
    """The rows (B C,) of (B W, ...) that an index (B, C) into W means."""
    first = tf.range(size_of(index, 0))[:, None] * width
    return tf.reshape(first + index, [-1])
