"""Continue texts: greedily, by drawing, or by beam search; N is the number of new tokens."""

from collections.abc import Callable
from typing import Any, TypeVar

import torch
from torch import Tensor

from camembert_dual.common.errors import require
from camembert_dual.config import CamembertConfig
from camembert_dual.generation.options_old import GenerationOptions, check_room
from camembert_dual.generation.uniforms import SEEDS, draw_uniforms
from camembert_dual.pt.checks import as_tensor, check_inputs, shape_of
from camembert_dual.pt.generation.beams import (
    Beams,
    best_sequences,
    continue_beams,
    grow_beams,
    start_beams,
)
from camembert_dual.pt.generation.cache import (
    Encoder,
    next_logits,
    repeat_cache,
    repeat_encoder,
    repeat_rows,
)
from camembert_dual.pt.generation.sampling import (
    Sequences,
    continue_sequences,
    grow_sequences,
    start_sequences,
)
from camembert_dual.pt.layers import evaluation

State = TypeVar("State", Sequences, Beams)


def generate(
    model: Any,
    input_ids: Any,
    attention_mask: Any,
    encoder_hidden_states: Any,
    encoder_attention_mask: Any,
    options: GenerationOptions,
) -> Tensor:
    """Continue a batch of prompts; see :meth:`CamembertForCausalLM.generate`."""
    inputs = {
        "input_ids": input_ids,
        "attention_mask": attention_mask,
        "encoder_hidden_states": encoder_hidden_states,
        "encoder_attention_mask": encoder_attention_mask,
    }
    inputs = {name: as_tensor(value, model.device) for name, value in inputs.items()}
    check_prompt(model.config, inputs)
    prompt, mask, encoder = prompt_of(model.config, inputs)
    longest = torch.count_nonzero(mask, dim=1).max()
    check_room(model.config, int(longest), options.max_new_tokens)
    rule = "Every row must end in a token to continue (pad prompts on the left)"
    require(bool(mask[:, -1].all()), rule, mask[:, -1].tolist())
    numbers = draw_uniforms(options.max_new_tokens, prompt.shape[0], seed_of(options))
    uniforms = torch.tensor(numbers, device=model.device)
    with torch.no_grad(), evaluation():
        limit = options.max_new_tokens
        new_tokens = search(model, prompt, mask, encoder, uniforms, limit, options)
    return torch.cat([prompt, new_tokens], dim=1)  # (B, T + N)


def seed_of(options: GenerationOptions) -> int:
    """The seed of the draws: the caller's, or one that the framework's generator draws.

    Raises:
        ValueError: If the generator is not one of this framework.
    """
    if options.seed is not None or not options.do_sample:
        return options.seed or 0
    generator = options.generator
    fits = generator is None or isinstance(generator, torch.Generator)
    require(fits, "generator must be a torch.Generator", type(generator).__name__)
    device = None if generator is None else generator.device
    return int(torch.randint(SEEDS, (), generator=generator, device=device))


def check_prompt(config: CamembertConfig, inputs: dict[str, Any]) -> None:
    """Check the inputs as the model does; masks for each query make no sense here.

    Raises:
        ValueError: If an input breaks its rule.
    """
    check_inputs(config, inputs, None)
    for name in ("attention_mask", "encoder_attention_mask"):
        shape = (0, 0) if inputs[name] is None else shape_of(inputs[name])
        require(len(shape) == 2, f"{name} must be of shape (batch, length) to generate", shape)


def prompt_of(config: CamembertConfig, inputs: dict[str, Any]) -> tuple[Tensor, Tensor, Encoder]:
    """Give ids (B, T) and mask (B, T), and encoder states (B, S, D) and mask (B, S), if any."""
    prompt, mask = inputs["input_ids"], inputs["attention_mask"]
    mask = prompt != config.pad_token_id if mask is None else mask.to(torch.bool)
    states, seen = inputs["encoder_hidden_states"], inputs["encoder_attention_mask"]
    if states is None:
        return prompt, mask, ()
    every = torch.ones_like(states[..., 0], dtype=torch.bool)
    seen = every if seen is None else seen.to(torch.bool)
    return prompt, mask, (states, seen)


def search(
    model: Any,
    prompt: Tensor,
    mask: Tensor,
    encoder: Encoder,
    uniforms: Tensor,
    limit: int,
    options: GenerationOptions,
) -> Tensor:
    """Give the new tokens (B, N), at most ``limit``, of a batch of prompts (B, T)."""
    logits, cache = next_logits(model, prompt, mask, None, encoder)
    if options.num_beams > 1:
        width = options.num_beams
        logits, cache = repeat_rows(logits, width), repeat_cache(cache, width)
        encoder = repeat_encoder(encoder, width)
        beams = start_beams(prompt, mask, logits, cache, limit, options)
        beams = grow_beams(beams, logits, cache, options)
        beams = repeat(beams, lambda one: continue_beams(model, one, encoder, options))
        return best_sequences(beams, options)
    sequences = start_sequences(prompt, cache, limit)
    sequences = grow_sequences(sequences, logits, cache, uniforms, options)
    sequences = repeat(
        sequences, lambda one: continue_sequences(model, one, encoder, uniforms, options)
    )
    return sequences.new_tokens


def repeat(state: State, step: Callable[[State], State]) -> State:
    """Take steps until all rows have finished or are as long as they may be."""
    while any_unfinished(state):
        state = step(state)
    return state


def any_unfinished(state: Sequences | Beams) -> bool:
    """Whether a row is unfinished and may still grow."""
    return state.new_tokens.shape[-1] < state.limit and bool(state.is_unfinished.any())
