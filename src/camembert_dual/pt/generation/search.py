"""Continue texts: greedily, by drawing, or by beam search; N is the number of new tokens."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple, TypeVar

import torch
from torch import Tensor, nn

from camembert_dual.common.errors import require
from camembert_dual.config import CamembertConfig
from camembert_dual.generation.config import GenerationOptions, check_room
from camembert_dual.generation.uniforms import SEEDS, draw_uniforms
from camembert_dual.inputs import check_shapes
from camembert_dual.pt.checks import as_tensor, check_ids
from camembert_dual.pt.generation.beams import (
    Beams,
    best_texts,
    continue_beams,
    grow_beams,
    start_beams,
)
from camembert_dual.pt.generation.cache import (
    Encoder,
    Prefix,
    ends_text,
    last_tokens,
    read,
    repeat_encoder,
    repeat_prefix,
    repeat_rows,
)


class Texts(NamedTuple):
    """One continuation of each row.

    ``new_tokens`` (B, N), at most ``limit`` of them; ``is_open`` (B), whether it has not ended.
    """

    new_tokens: Tensor
    is_open: Tensor
    limit: int
    prefix: Prefix


State = TypeVar("State", Texts, Beams)


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
    check_room(model.config, int(mask.sum(1).max()), options.max_new_tokens)
    rule = "Every row must end in a token to continue; pad prompts on the left"
    require(bool(mask[:, -1].all()), rule, mask[:, -1].tolist())
    numbers = draw_uniforms(options.max_new_tokens, prompt.shape[0], seed_of(options))
    uniforms = torch.as_tensor(numbers, device=model.device)
    with torch.no_grad(), evaluation(model):
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
    """Check shapes and ids as the model does; masks for each query make no sense here.

    Raises:
        ValueError: If an input breaks its rule.
    """
    shapes = {name: tuple(value.shape) for name, value in inputs.items() if value is not None}
    check_shapes(config, shapes, 0)
    check_ids("input_ids", inputs["input_ids"], config.vocab_size, "vocab_size")
    for name in ("attention_mask", "encoder_attention_mask"):
        shape = shapes.get(name, (0, 0))
        require(len(shape) == 2, f"{name} must be of shape (batch, length) to generate", shape)


def prompt_of(config: CamembertConfig, inputs: dict[str, Any]) -> tuple[Tensor, Tensor, Encoder]:
    """Give ids (B, T) and mask (B, T), and encoder states (B, S, D) and mask (B, S), if any."""
    prompt, mask = inputs["input_ids"], inputs["attention_mask"]
    mask = prompt != config.pad_token_id if mask is None else mask != 0
    states, seen = inputs["encoder_hidden_states"], inputs["encoder_attention_mask"]
    if states is None:
        return prompt, mask, ()
    seen = torch.ones_like(states[..., 0], dtype=torch.bool) if seen is None else seen != 0
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
    logits, prefix = read(model, prompt, mask, None, encoder)
    if options.num_beams > 1:
        width = options.num_beams
        logits, prefix = repeat_rows(logits, width), repeat_prefix(prefix, width)
        encoder = repeat_encoder(encoder, width)
        beams = start_beams(prompt, mask, logits, prefix, limit, options)
        beams = grow_beams(beams, logits, prefix, options)
        beams = repeat(beams, lambda beams: continue_beams(model, beams, encoder, options))
        return best_texts(beams, options)
    texts = start_texts(prompt, prefix, limit)
    texts = grow_texts(texts, logits, prefix, uniforms, options)
    texts = repeat(texts, lambda texts: continue_texts(model, texts, encoder, uniforms, options))
    return texts.new_tokens


def repeat(state: State, step: Callable[[State], State]) -> State:
    """Take steps until all rows have ended or are as long as they may be."""
    while is_unfinished(state):
        state = step(state)
    return state


def is_unfinished(state: Texts | Beams) -> bool:
    """Whether a row is open and may still grow."""
    return state.new_tokens.shape[-1] < state.limit and bool(state.is_open.any())


def start_texts(prompt: Tensor, prefix: Prefix, limit: int) -> Texts:
    """Rows without new tokens."""
    is_open = torch.ones_like(prompt[:, 0], dtype=torch.bool)
    return Texts(prompt[:, :0], is_open, limit, prefix)


def continue_texts(
    model: Any, texts: Texts, encoder: Encoder, uniforms: Tensor, options: GenerationOptions
) -> Texts:
    """Read the last tokens and choose the next ones."""
    logits, prefix = read(model, *last_tokens(texts.new_tokens), texts.prefix, encoder)
    return grow_texts(texts, logits, prefix, uniforms, options)


def grow_texts(
    texts: Texts, logits: Tensor, prefix: Prefix, uniforms: Tensor, options: GenerationOptions
) -> Texts:
    """Give each open row a token by its logits (B, V), and each ended row padding."""
    chosen = choose(logits, uniforms[texts.new_tokens.shape[1]], options).to(texts.new_tokens.dtype)
    chosen = torch.where(texts.is_open, chosen, options.padding)  # (B,)
    new_tokens = torch.cat([texts.new_tokens, chosen[:, None]], dim=1)
    is_open = texts.is_open & ~ends_text(chosen, options)
    return Texts(new_tokens, is_open, texts.limit, prefix)


def choose(logits: Tensor, uniforms: Tensor, options: GenerationOptions) -> Tensor:
    """Choose a token for each row: the most probable one, or by a number in [0, 1).

    Args:
        logits: (B, V).
        uniforms: (B).
        options: Whether to draw, and from what.

    Returns:
        Tokens (B).
    """
    if not options.do_sample:
        return logits.argmax(-1)
    ranked, tokens = torch.sort(logits / options.temperature, dim=-1, descending=True, stable=True)
    ranked = filter_top_p(filter_top_k(ranked, options.top_k), options.top_p)
    return torch.gather(tokens, 1, draw(ranked, uniforms)[:, None])[:, 0]


def filter_top_k(ranked: Tensor, top_k: int | None) -> Tensor:
    """Keep the ``top_k`` highest logits of each falling row (B, V), and those equal to the last."""
    if top_k is None or top_k >= ranked.shape[1]:
        return ranked
    return torch.where(ranked < ranked[:, top_k - 1 : top_k], -torch.inf, ranked)


def filter_top_p(ranked: Tensor, top_p: float | None) -> Tensor:
    """Keep the first logits of each falling row (B, V) that have ``top_p`` together."""
    if top_p is None:
        return ranked
    probabilities = torch.softmax(ranked, dim=-1)
    before = torch.cumsum(probabilities, dim=-1) - probabilities
    return torch.where(before < top_p, ranked, -torch.inf)


def draw(ranked: Tensor, uniforms: Tensor) -> Tensor:
    """Draw a column of logits (B, V): where the summed probability passes the row's number (B)."""
    sums = torch.cumsum(torch.softmax(ranked, dim=-1), dim=-1)
    return (sums <= uniforms[:, None].to(sums.dtype) * sums[:, -1:]).sum(-1)


@contextmanager
def evaluation(model: nn.Module) -> Iterator[None]:
    """Put dropout off, and each module back into its mode afterwards."""
    modes = [(module, module.training) for module in model.modules()]
    model.eval()
    try:
        yield
    finally:
        for module, is_training in modes:
            module.training = is_training
