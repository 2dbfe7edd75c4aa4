"""Assisted search: a smaller model guesses tokens, and the model reads several at once.

The texts are those of the model alone (Leviathan et al. 2022, https://arxiv.org/abs/2211.17192, for
the most probable tokens).
"""

from typing import Any

import torch
from torch import Tensor

from camembert_dual.common.errors import require
from camembert_dual.pt.generation.cache import (
    Answer,
    Call,
    DecoderCache,
    ends_text,
    read_prompt,
    read_tokens,
    write,
)
from camembert_dual.pt.generation.loop import Found, may_grow
from camembert_dual.pt.generation.sampling import (
    Sequences,
    extend_sequences,
    grow_sequences,
    next_tokens,
    start_sequences,
)

GUESSES = 5  # at first; more where all were right, fewer where one was wrong


def search_assisted(call: Call, assistant: Any) -> Found:
    """Continue one prompt with the help of a smaller model.

    Raises:
        ValueError: If there are several prompts or texts, the prompt is embedded, or no cache is
            kept.
    """
    texts = call.prompt.tokens.shape[0] * call.plan.num_returned
    require(texts == 1, "assistant_model must go with one prompt and one text", texts)
    rule = "assistant_model must go with input_ids and use_cache=True"
    require(call.plan.use_cache and call.start > 0, rule, call.plan.use_cache)
    prompt = call.prompt._replace(inputs={})
    helper = call._replace(model=assistant, prompt=prompt, observer=None)
    answer = read_prompt(call)
    sequences = grow_sequences(call, start_sequences(call, answer), answer)
    cache, wanted = read_prompt(helper).cache, GUESSES
    while may_grow(call, sequences):
        room = call.limit - sequences.length - 1
        guessed, guesses, cache = guess(helper, sequences, cache, min(wanted, room))
        before = sequences.length
        sequences = verify(call, sequences, guessed, guesses)
        is_right = sequences.length - before > guesses
        cache = cropped(helper, cache, sequences.tokens, sequences.length - 1)
        wanted = wanted + 2 if is_right else max(1, wanted - 1)
    return Found(sequences.tokens, sequences.length)


def guess(
    helper: Call, sequences: Sequences, cache: DecoderCache, wanted: int
) -> tuple[Tensor, int, DecoderCache]:
    """Let the smaller model continue a text.

    Returns:
        The tokens (1, L) with the guesses, their number, and what the smaller model has read.
    """
    tokens, count = sequences.tokens, 0
    while count < wanted:
        length = sequences.length + count
        unread = tokens[:, cache.mask.shape[1] : length]
        _, answer = read_tokens(helper, unread, cache)
        cache, count = answer.cache, count + 1
        chosen = next_tokens(helper.process(answer.logits, tokens, length), None, False)
        tokens = write(tokens, chosen, length)
        if bool(ends_text(chosen, helper.plan)[0]):
            break
    return tokens, count, cache


def verify(call: Call, sequences: Sequences, guessed: Tensor, guesses: int) -> Sequences:
    """Read all guesses at once, and take the model's own tokens up to the first wrong one."""
    start = sequences.length
    every, answer = read_tokens(call, guessed[:, start - 1 : start + guesses], sequences.cache)
    for number in range(guesses + 1):
        tokens, length = sequences.tokens, sequences.length
        scores = call.process(every[:, number], tokens, length)
        scores = call.warp(scores, tokens, length)
        if call.observer is not None:
            call.observer.saw(scores=scores, **internals_of(answer, number, guesses))
        uniforms = call.uniforms[length - call.start]
        chosen = next_tokens(scores, uniforms, call.plan.do_sample)
        sequences = extend_sequences(call, sequences, scores, chosen)
        if not may_grow(call, sequences) or int(chosen[0]) != int(guessed[0, length]):
            break
    cache = cropped(call, answer.cache, sequences.tokens, sequences.length - 1)
    return sequences._replace(cache=cache)


def internals_of(answer: Answer, number: int, guesses: int) -> dict[str, tuple[Tensor, ...]]:
    """The attentions and hidden states of one of the tokens that were read at once."""
    behind = guesses - number
    return {
        "attentions": tuple(
            one[:, :, number : number + 1, : one.shape[3] - behind] for one in answer.attentions
        ),
        "hidden_states": tuple(one[:, number : number + 1] for one in answer.hidden_states),
    }


def cropped(call: Call, cache: DecoderCache, tokens: Tensor, columns: int) -> DecoderCache:
    """What was read of the first columns of tokens (1, L)."""
    mask = cache.mask[:, :columns]
    is_token = mask & (tokens[:, : mask.shape[1]] != call.model.config.pad_token_id)
    past = tuple(
        (layer[0][:, :, :columns], layer[1][:, :, :columns], *layer[2:]) for layer in cache.past
    )
    return DecoderCache(mask, torch.count_nonzero(is_token, dim=1).to(torch.int32), past)
