"""Text generation the slow way: one row at a time, lists, no cache, the NumPy forward pass."""

import itertools
from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

import cases
import reference
import reference_losses

TASK = "CamembertForCausalLM"
PROMPTS = ((5 + 2, 17, 9, 33), (8, 20), (64,))
SEVERAL = tuple(range(3, 101, 9))  # end tokens that random weights meet now and then
Score = Callable[[Sequence[int]], np.ndarray]


def scorer(config: Any, weights: Any, states: Any = None, seen: Any = None) -> Score:
    """The log-probabilities (V) of what follows a text without padding."""

    def score(tokens: Sequence[int]) -> np.ndarray:
        inputs: dict[str, Any] = {"input_ids": np.array([list(tokens)])}
        if states is not None:
            inputs |= {"encoder_hidden_states": states[None], "encoder_attention_mask": seen[None]}
        logits = reference.forward(config, weights, TASK, inputs)["logits"]
        return reference_losses.log_softmax(logits[0, -1])

    return score


def greedy(score: Score, prompt: Sequence[int], limit: int, ends: Sequence[int]) -> list[int]:
    """Take the most probable token until one ends the text."""
    return _continued(prompt, limit, ends, lambda text, step: int(np.argmax(score(text))))


def drawn(
    score: Score,
    prompt: Sequence[int],
    limit: int,
    ends: Sequence[int],
    numbers: np.ndarray,
    **filters: Any,
) -> list[int]:
    """Draw each token by its number in [0, 1)."""

    def choose(text: list[int], step: int) -> int:
        left = numbers[step]
        for token, probability in filtered(score(text), **filters):
            left -= probability
            if left < 0:
                return token
        raise AssertionError("probabilities that do not sum to one")

    return _continued(prompt, limit, ends, choose)


def _continued(prompt, limit, ends, choose) -> list[int]:
    new: list[int] = []
    while len(new) < limit and not (new and new[-1] in ends):
        new.append(choose([*prompt, *new], len(new)))
    return new


def filtered(logits: np.ndarray, temperature=1.0, top_k=None, top_p=None):
    """Tokens that may be drawn and their probabilities, the most probable first."""
    order = sorted(range(len(logits)), key=lambda token: -logits[token])[:top_k]
    weights = np.exp(logits[order] / temperature)
    weights = list(weights / weights.sum())
    if top_p is not None:
        kept = next(
            n for n in range(1, len(weights) + 1) if sum(weights[:n]) >= min(top_p, 1 - 1e-9)
        )
        order, weights = order[:kept], weights[:kept]
    return [(token, weight / sum(weights)) for token, weight in zip(order, weights, strict=False)]


class Text(NamedTuple):
    """A continuation, its log-probability, and the score that ended ones are compared by."""

    tokens: tuple[int, ...]
    total: float
    score: float = 0.0


def beam_search(
    score: Score,
    prompt: Sequence[int],
    limit: int,
    ends: Sequence[int],
    width: int,
    penalty: float = 1.0,
    early: bool | str = False,
) -> list[int]:
    """Beam search as in the documentation of transformers 4.34, for one row."""
    start = len(prompt)
    beams = [Text((), 0.0)]
    ended: list[Text] = []
    for step in range(limit):
        candidates = [
            Text((*beam.tokens, token), beam.total + value)
            for beam in beams
            for token, value in enumerate(score([*prompt, *beam.tokens]))
        ]
        candidates.sort(key=lambda one: -one.total)
        length = start + step
        for one in candidates[:width]:
            if one.tokens[-1] in ends:
                ended.append(one._replace(score=one.total / length**penalty))
        ended = sorted(ended, key=lambda one: -one.score)[:width]
        beams = [one for one in candidates if one.tokens[-1] not in ends][:width]
        if len(ended) == width:
            longest = start + limit if early == "never" and penalty > 0 else length + 1
            best = candidates[0].total / longest**penalty
            if early is True or ended[-1].score >= best:
                return list(ended[0].tokens)
    ended += [one._replace(score=one.total / (start + limit) ** penalty) for one in beams]
    return list(max(ended, key=lambda one: one.score).tokens)


def best_of_all(
    score: Score, prompt: Sequence[int], limit: int, ends: Sequence[int], words: int, penalty: float
) -> list[int]:
    """Score every possible text and give the best one."""
    found = []
    for tokens in itertools.product(range(words), repeat=limit):
        stop = next((n for n, token in enumerate(tokens) if token in ends), limit)
        text = tokens[: stop + 1]
        total = sum(score([*prompt, *text[:n]])[token] for n, token in enumerate(text))
        found.append((total / (len(prompt) + min(stop, limit)) ** penalty, text))
    return list(max(found)[1])


def batch(prompts: Sequence[Sequence[int]], pad: int) -> dict[str, np.ndarray]:
    """Prompts as rows padded on the left, and the mask."""
    longest = max(map(len, prompts))
    return {
        "input_ids": np.array([[pad] * (longest - len(row)) + list(row) for row in prompts]),
        "attention_mask": np.array(
            [[0] * (longest - len(row)) + [1] * len(row) for row in prompts]
        ),
    }


def continued(prompts, new: Sequence[Sequence[int]], pad: int) -> np.ndarray:
    """What generate is to return for these new tokens."""
    longest = max(map(len, new))
    rows = [[*row, *[pad] * (longest - len(row))] for row in new]
    return np.concatenate([batch(prompts, pad)["input_ids"], np.array(rows)], axis=1)


class Beam(NamedTuple):
    """One case of beam search."""

    width: int
    ends: tuple[int, ...] = SEVERAL
    penalty: float = 1.0
    early: bool | str = False
    config: str = "decoder"

    @property
    def options(self) -> dict[str, Any]:
        return {
            "num_beams": self.width,
            "eos_token_id": self.ends,
            "length_penalty": self.penalty,
            "early_stopping": self.early,
        }


BEAMS = (
    Beam(2),
    Beam(3, ends=()),
    Beam(3, early=True),
    Beam(3, early="never"),
    Beam(3, penalty=2.5),
    Beam(3, penalty=0.0, early="never"),
    Beam(4, penalty=-1.0, early="never"),
    Beam(5, (12,), config="decoder, pad 5"),
    Beam(3, config="decoder, relative_key"),
    Beam(3, config="crossed"),
)
GREEDY = ("decoder", "decoder, pad 5", "decoder, relative_key", "crossed", "crossed, pruned")


def crossed_inputs(config: Any, rows: int) -> dict[str, np.ndarray]:
    """Encoder states (rows, S, D) and a mask for models with cross-attention, else nothing."""
    if not config.add_cross_attention:
        return {}
    random = cases.generator("generation", "states")
    seen = random.integers(0, 2, (rows, cases.S))
    seen[:, 0] = 1
    states = random.normal(0, 1, (rows, cases.S, config.hidden_size))
    return {"encoder_hidden_states": states, "encoder_attention_mask": seen}


def scorers(config_name: str) -> tuple[list[Score], dict[str, np.ndarray]]:
    """One oracle per prompt, and all of generate's inputs."""
    config = cases.config(config_name)
    weights = cases.weights(config, TASK)
    crossed = crossed_inputs(config, len(PROMPTS))
    inputs = batch(PROMPTS, config.pad_token_id) | crossed
    rows = zip(*crossed.values(), strict=True) if crossed else [(None, None)] * len(PROMPTS)
    return [scorer(config, weights, *row) for row in rows], inputs
