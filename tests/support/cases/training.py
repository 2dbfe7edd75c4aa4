"""Labels, losses and batches whose gradients are compared."""

from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from camembert_dual.config import CamembertConfig
from cases.configs import (
    CAUSAL,
    CHOICE,
    CONFIGS,
    MASKED,
    QUESTION,
    SEQUENCE,
    TOKEN,
    B,
    C,
    S,
    T,
    config,
    generator,
)
from cases.texts import RIGHT, Inputs, padded


class Loss(NamedTuple):
    """One way to train a model: ``make(config, random)`` gives its labels."""

    name: str
    task: str
    make: Callable[[CamembertConfig, np.random.Generator], Inputs]
    config: Mapping[str, Any] = {}

    def __str__(self) -> str:
        return f"{self.task.removeprefix('CamembertFor')}, {self.name}"


def token_labels(limit: str, kept: float = 0.6):
    def make(config, random):
        labels = random.integers(0, getattr(config, limit), (B, T))
        return {"labels": np.where(random.random((B, T)) < kept, labels, -100)}

    return make


def of_words():
    return token_labels("vocab_size")


def of_labels():
    return token_labels("num_labels")


def spans(starts: list[int], ends: list[int]):
    return lambda config, random: {
        "start_positions": np.array(starts),
        "end_positions": np.array(ends),
    }


def numbers(*shape: int):
    return lambda config, random: {"labels": random.normal(0, 1, shape)}


def classes(limit: int, ignored: bool = False):
    def make(config, random):
        labels = random.integers(0, limit, B)
        labels[0] = -100 if ignored else labels[0]
        return {"labels": labels}

    return make


def zeros_and_ones(config, random):
    return {"labels": random.integers(0, 2, (B, config.num_labels)).astype(float)}


REGRESSION, SINGLE, MULTI = (
    CONFIGS[name] for name in ("regression", "single label", "multi label")
)
LOSSES = (
    Loss("some labels", MASKED, of_words()),
    Loss("all labels", MASKED, token_labels("vocab_size", 1.0)),
    Loss("no label", MASKED, token_labels("vocab_size", 0.0)),
    Loss("untied", MASKED, of_words(), {"tie_word_embeddings": False}),
    Loss("some labels", CAUSAL, of_words(), {"is_decoder": True}),
    Loss("all labels", CAUSAL, token_labels("vocab_size", 1.0), {"is_decoder": True}),
    Loss("no label", CAUSAL, token_labels("vocab_size", 0.0), {"is_decoder": True}),
    Loss("inferred classes", SEQUENCE, classes(5)),
    Loss("an ignored text", SEQUENCE, classes(5, ignored=True)),
    Loss("inferred labels", SEQUENCE, zeros_and_ones),
    Loss("inferred number", SEQUENCE, numbers(B), {"num_labels": 1}),
    Loss("a column of numbers", SEQUENCE, numbers(B, 1), {"num_labels": 1}),
    Loss("numbers", SEQUENCE, numbers(B, 5), REGRESSION),
    Loss("classes", SEQUENCE, classes(5), SINGLE),
    Loss("labels", SEQUENCE, zeros_and_ones, MULTI),
    Loss("classes", CHOICE, classes(C)),
    Loss("an ignored question", CHOICE, classes(C, ignored=True)),
    Loss("some labels", TOKEN, of_labels()),
    Loss("no label", TOKEN, token_labels("num_labels", 0.0)),
    Loss("spans", QUESTION, spans([1, 0], [4, 6])),
    Loss("a span beyond the text", QUESTION, spans([1, 7], [4, 300])),
    Loss("all beyond the text", QUESTION, spans([7, 7], [8, 9])),
    Loss("a column of spans", QUESTION, spans([[1], [2]], [[4], [3]])),
    Loss("a negative start", QUESTION, spans([-1, 2], [4, 3])),
)


def loss_call(loss: Loss, kept: np.ndarray = RIGHT) -> tuple[CamembertConfig, Inputs]:
    """Config and inputs of a loss, on padded text."""
    settings = config(**loss.config)
    random = generator(str(loss))
    choice = loss.task == CHOICE
    given = padded(settings, random, B * C if choice else B, kept)
    if choice:
        given = {name: value.reshape(B, C, T) for name, value in given.items()}
    return settings, given | loss.make(settings, random)


class Training(NamedTuple):
    """A model and a batch whose gradients are compared; together they reach every weight."""

    name: str
    loss: Loss
    with_states: bool = False

    def __str__(self) -> str:
        return self.name


CROSSED = {
    "is_decoder": True,
    "add_cross_attention": True,
    "position_embedding_type": "relative_key_query",
}
TRAININGS = (
    Training("masked", Loss("train", MASKED, of_words())),
    Training(
        "masked, untied",
        Loss("train", MASKED, of_words(), {"tie_word_embeddings": False}),
    ),
    Training("causal, crossed", Loss("train", CAUSAL, of_words(), CROSSED), True),
    Training("sequence", Loss("train", SEQUENCE, classes(5))),
    Training("sequence, numbers", Loss("train", SEQUENCE, numbers(B, 5), REGRESSION)),
    Training("sequence, labels", Loss("train", SEQUENCE, zeros_and_ones, MULTI)),
    Training("choice", Loss("train", CHOICE, classes(C))),
    Training("token", Loss("train", TOKEN, of_labels())),
    Training("token, pruned", Loss("train", TOKEN, of_labels(), CONFIGS["pruned"])),
    Training(
        "token, relative_key",
        Loss("train", TOKEN, of_labels(), CONFIGS["relative_key"]),
    ),
    Training("question", Loss("train", QUESTION, spans([1, 0], [4, 2]))),
)


def training_call(training: Training) -> tuple[CamembertConfig, Inputs]:
    """Config and inputs of a training step: padding, token types, encoder states where wanted."""
    settings, given = loss_call(training.loss)
    random = generator("training", training.name)
    given["token_type_ids"] = random.integers(0, 2, given["input_ids"].shape)
    if training.with_states:
        given["encoder_hidden_states"] = random.normal(0, 1, (B, S, settings.hidden_size))
    return settings, given
