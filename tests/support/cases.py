"""The test matrix, once for both trees: configs, weights, inputs, labels. It imports no framework.

Sizes are small and differ, so that a swapped axis cannot pass:

    B 2 rows, H 3 heads, C 4 choices, L 5 labels, S 6 encoder states, T 7 tokens, K 8 head size,
    D 24 = H K hidden, F 35 intermediate, V 101 words, P 19 positions; 2 layers, 2 token types,
    4 cached positions
"""

import zlib
from collections.abc import Callable, Mapping
from typing import Any, NamedTuple

import numpy as np

from camembert_dual.config import CamembertConfig

B, C, T, S, CACHED = 2, 4, 7, 6, 4
SIZES: dict[str, Any] = {
    "vocab_size": 101,
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 35,
    "max_position_embeddings": 19,
    "type_vocab_size": 2,
    "num_labels": 5,
    "layer_norm_eps": 1e-5,
}
CONFIGS: dict[str, dict[str, Any]] = {
    "plain": {},
    "pad 0": {"pad_token_id": 0},
    "pad 5": {"pad_token_id": 5},
    "one token type": {"type_vocab_size": 1},
    "large epsilon": {"layer_norm_eps": 0.3},
    "gelu_new": {"hidden_act": "gelu_new"},
    "relu": {"hidden_act": "relu"},
    "silu": {"hidden_act": "silu"},
    "relative_key": {"position_embedding_type": "relative_key"},
    "relative_key_query": {"position_embedding_type": "relative_key_query"},
    "untied": {"tie_word_embeddings": False},
    "pruned": {"pruned_heads": {0: [1], 1: [0, 2]}},
    "regression": {"problem_type": "regression"},
    "single label": {"problem_type": "single_label_classification"},
    "multi label": {"problem_type": "multi_label_classification"},
    "decoder": {"is_decoder": True},
    "decoder, pad 5": {"is_decoder": True, "pad_token_id": 5},
    "decoder, relative_key": {"is_decoder": True, "position_embedding_type": "relative_key"},
    "crossed": {"is_decoder": True, "add_cross_attention": True},
    "crossed, relative_key_query": {
        "is_decoder": True,
        "add_cross_attention": True,
        "position_embedding_type": "relative_key_query",
    },
    "crossed, pruned": {
        "is_decoder": True,
        "add_cross_attention": True,
        "pruned_heads": {0: [1], 1: [0, 2]},
    },
    "everything": {
        "is_decoder": True,
        "add_cross_attention": True,
        "position_embedding_type": "relative_key",
        "pruned_heads": {1: [1, 2]},
        "tie_word_embeddings": False,
        "type_vocab_size": 1,
    },
}
BARE = "CamembertModel"
HEADS = (
    "CamembertForCausalLM",
    "CamembertForMaskedLM",
    "CamembertForSequenceClassification",
    "CamembertForMultipleChoice",
    "CamembertForTokenClassification",
    "CamembertForQuestionAnswering",
)
TASKS = (BARE, *HEADS)
DECODERS = (BARE, "CamembertForCausalLM", "CamembertForMaskedLM")


def config(name: str = "plain", **overrides: Any) -> CamembertConfig:
    """A config of the list above, with other values where given."""
    return CamembertConfig(**{**SIZES, **CONFIGS[name], **overrides})


def generator(*key: object) -> np.random.Generator:
    """Random numbers that depend on the words of ``key`` only."""
    return np.random.default_rng(zlib.crc32(repr(key).encode()))


# weights ----------------------------------------------------------------------------------------


def published_shapes(config: CamembertConfig, task: str, pooler: bool | None = None):
    """Names and shapes of the hub's files, spelt out independently of the package's table."""
    hidden, wide, words = config.hidden_size, config.intermediate_size, config.vocab_size
    positions = config.max_position_embeddings
    size = hidden // config.num_attention_heads
    shapes: dict[str, tuple[int, ...]] = {
        "embeddings.word_embeddings.weight": (words, hidden),
        "embeddings.position_embeddings.weight": (positions, hidden),
        "embeddings.token_type_embeddings.weight": (config.type_vocab_size, hidden),
        **_norm("embeddings.LayerNorm", hidden),
    }
    for layer in range(config.num_hidden_layers):
        name = f"encoder.layer.{layer}"
        kept = config.num_attention_heads - len(config.pruned_heads.get(layer, ()))
        shapes |= _attention(f"{name}.attention", hidden, kept * size)
        if config.position_embedding_type != "absolute":
            table = f"{name}.attention.self.distance_embedding.weight"
            shapes[table] = (2 * positions - 1, size)
        if config.add_cross_attention:
            shapes |= _attention(f"{name}.crossattention", hidden, hidden)
        shapes |= _dense(f"{name}.intermediate.dense", wide, hidden)
        shapes |= _dense(f"{name}.output.dense", hidden, wide)
        shapes |= _norm(f"{name}.output.LayerNorm", hidden)
    has_pooler = task in (BARE, "CamembertForMultipleChoice") if pooler is None else pooler
    if has_pooler:
        shapes |= _dense("pooler.dense", hidden, hidden)
    if task == BARE:
        return shapes
    shapes = {f"roberta.{name}": shape for name, shape in shapes.items()}
    if task.endswith("LM"):
        shapes |= _dense("lm_head.dense", hidden, hidden) | _norm("lm_head.layer_norm", hidden)
        shapes["lm_head.bias"] = (words,)
        if not config.tie_word_embeddings:
            shapes["lm_head.decoder.weight"] = (words, hidden)
        return shapes
    labels = config.num_labels
    return (
        shapes
        | {
            "CamembertForSequenceClassification": _dense("classifier.dense", hidden, hidden)
            | _dense("classifier.out_proj", labels, hidden),
            "CamembertForMultipleChoice": _dense("classifier", 1, hidden),
            "CamembertForTokenClassification": _dense("classifier", labels, hidden),
            "CamembertForQuestionAnswering": _dense("qa_outputs", 2, hidden),
        }[task]
    )


def _dense(name: str, out_size: int, in_size: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (out_size, in_size), f"{name}.bias": (out_size,)}


def _norm(name: str, size: int) -> dict[str, tuple[int, ...]]:
    return {f"{name}.weight": (size,), f"{name}.bias": (size,)}


def _attention(name: str, hidden: int, width: int) -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {}
    for part in ("query", "key", "value"):
        shapes |= _dense(f"{name}.self.{part}", width, hidden)
    return (
        shapes
        | _dense(f"{name}.output.dense", hidden, width)
        | _norm(f"{name}.output.LayerNorm", hidden)
    )


def weights(
    config: CamembertConfig, task: str, pooler: bool | None = None
) -> dict[str, np.ndarray]:
    """Random float64 weights: no bias is zero, no norm is one, no row is empty."""
    random = generator("weights", task)
    arrays = {}
    for name, shape in published_shapes(config, task, pooler).items():
        is_norm = "orm.weight" in name
        spread = 0.3 if len(shape) == 1 or "embeddings" in name else 0.2
        arrays[name] = random.normal(1.0 if is_norm else 0.0, spread, shape)
    return arrays


# inputs -----------------------------------------------------------------------------------------

Inputs = dict[str, Any]
Make = Callable[[CamembertConfig, np.random.Generator, int], Inputs]


class Case(NamedTuple):
    """One way to call a model: ``make(config, random, rows)`` gives its inputs."""

    name: str
    make: Make
    config: str = "plain"
    tasks: tuple[str, ...] = TASKS

    def __str__(self) -> str:
        return self.name


def ids(config: CamembertConfig, random: np.random.Generator, rows: int, length: int = T):
    """Token ids without padding."""
    tokens = [token for token in range(config.vocab_size) if token != config.pad_token_id]
    return random.choice(tokens, (rows, length))


def padded(
    config: CamembertConfig, random: np.random.Generator, rows: int, kept: np.ndarray
) -> Inputs:
    """Ids with padding where ``kept`` (rows of zeros and ones) is zero, and the mask."""
    mask = np.resize(kept, (rows, kept.shape[1]))
    tokens = ids(config, random, rows, kept.shape[1])
    return {
        "input_ids": np.where(mask == 1, tokens, config.pad_token_id),
        "attention_mask": mask,
    }


RIGHT = np.array([[1, 1, 1, 1, 1, 0, 0], [1, 1, 1, 0, 0, 0, 0]])
LEFT = np.array([[0, 0, 1, 1, 1, 1, 1], [0, 0, 0, 0, 1, 1, 1]])
INNER = np.array([[1, 0, 1, 1, 0, 1, 1], [0, 1, 1, 0, 0, 1, 0]])
NOTHING = np.array([[1, 1, 1, 1, 0, 0, 0], [0, 0, 0, 0, 0, 0, 0]])


def only_ids(config, random, rows):
    return {"input_ids": ids(config, random, rows)}


def with_padding(kept: np.ndarray) -> Make:
    return lambda config, random, rows: padded(config, random, rows, kept)


def pads_without_mask(config, random, rows):
    return {"input_ids": padded(config, random, rows, INNER)["input_ids"]}


def one_token(config, random, rows):
    return {"input_ids": ids(config, random, rows, 1)}


def longest(config, random, rows):
    return {
        "input_ids": ids(
            config, random, rows, config.max_position_embeddings - config.pad_token_id - 1
        )
    }


def given_positions(config, random, rows):
    places = random.integers(0, config.max_position_embeddings, (rows, T))
    return padded(config, random, rows, RIGHT) | {"position_ids": places}


def token_types(config, random, rows):
    types = random.integers(0, config.type_vocab_size, (rows, T))
    return padded(config, random, rows, RIGHT) | {"token_type_ids": types}


def embedded(config, random, rows):
    return {"inputs_embeds": random.normal(0, 1, (rows, T, config.hidden_size))}


def embedded_with_all(config, random, rows):
    given = token_types(config, random, rows) | given_positions(config, random, rows)
    del given["input_ids"]
    return given | embedded(config, random, rows)


def three_dimensional(config, random, rows):
    mask = random.integers(0, 2, (rows, T, T))
    mask[0, 3] = 0  # one query that sees nothing
    mask[1] |= np.eye(T, dtype=int)
    return {"input_ids": ids(config, random, rows), "attention_mask": mask}


def head_mask(shape: str) -> Make:
    def make(config, random, rows):
        layers, heads = config.num_hidden_layers, config.num_attention_heads
        factors = random.uniform(0.2, 1.5, (layers, heads) if shape == "2-D" else (heads,))
        factors[..., 1] = 0
        return padded(config, random, rows, RIGHT) | {"head_mask": factors}

    return make


def crossed(mask: str, kept: np.ndarray = RIGHT) -> Make:
    def make(config, random, rows):
        given = padded(config, random, rows, kept)
        given["encoder_hidden_states"] = random.normal(0, 1, (rows, S, config.hidden_size))
        if mask == "2-D":
            seen = np.array([[1, 1, 0, 1, 1, 0], [0, 0, 1, 1, 1, 1]])
            given["encoder_attention_mask"] = np.resize(seen, (rows, S))
        elif mask == "3-D":
            given["encoder_attention_mask"] = random.integers(0, 2, (rows, T, S))
        return given

    return make


def with_factors(make: Make) -> Make:
    return lambda config, random, rows: {
        **make(config, random, rows),
        "head_mask": random.uniform(
            0.2, 1.5, (config.num_hidden_layers, config.num_attention_heads)
        ),
    }


def cached(tokens: int, kept: np.ndarray | None = None, states: bool = False) -> Make:
    """A random cache of ``CACHED`` positions before ``tokens`` new ones."""

    def make(config, random, rows):
        heads, size = config.num_attention_heads, config.head_size
        given = {"input_ids": ids(config, random, rows, tokens)}
        lengths = [CACHED, CACHED, *((S, S) if states else ())]
        given["past_key_values"] = tuple(
            tuple(
                random.normal(0, 1, (rows, heads - len(pruned) * (index < 2), length, size))
                for index, length in enumerate(lengths)
            )
            for pruned in (
                config.pruned_heads.get(layer, ()) for layer in range(config.num_hidden_layers)
            )
        )
        if kept is not None:
            given["attention_mask"] = np.resize(kept, (rows, CACHED + tokens))
        if states:
            given["encoder_hidden_states"] = random.normal(0, 1, (rows, S, config.hidden_size))
        return given

    return make


CACHE_MASK = np.array([[0, 1, 1, 1, 1, 1, 1], [0, 0, 0, 1, 1, 1, 1]])  # CACHED + 3 columns

CASES = (
    Case("ids alone", only_ids),
    Case("a full mask", with_padding(np.ones((2, T), int))),
    Case("right padding", with_padding(RIGHT)),
    Case("left padding", with_padding(LEFT)),
    Case("inner padding", with_padding(INNER)),
    Case("a row that is all padding", with_padding(NOTHING)),
    Case("padding without a mask", pads_without_mask),
    Case("one token", one_token),
    Case("the longest text", longest),
    Case("given positions", given_positions),
    Case("token types", token_types),
    Case("embedded inputs", embedded),
    Case("embedded inputs with everything", embedded_with_all),
    Case("a mask for every query", three_dimensional),
    Case("a head mask", head_mask("1-D")),
    Case("a head mask for every layer", head_mask("2-D")),
    *(
        Case(f"{place} padding with pad {pad}", with_padding(kept), f"pad {pad}", (BARE,))
        for pad in (0, 5)
        for place, kept in (("left", LEFT), ("inner", INNER), ("full", NOTHING))
    ),
    Case("embedded inputs with pad 5", embedded, "pad 5", (BARE,)),
    Case("one row of token types", with_padding(RIGHT), "one token type", (BARE,)),
    Case("a large epsilon", with_padding(RIGHT), "large epsilon"),
    *(
        Case(f"activation {name}", with_padding(RIGHT), name, (BARE, "CamembertForMaskedLM"))
        for name in ("gelu_new", "relu", "silu")
    ),
    *(
        Case(f"{kind}, {name}", make, kind, (BARE,))
        for kind in ("relative_key", "relative_key_query")
        for name, make in (
            ("left padding", with_padding(LEFT)),
            ("head mask", head_mask("2-D")),
            ("embedded", embedded),
            ("given positions", given_positions),
            ("longest text", longest),
        )
    ),
    Case("an untied decoder", with_padding(RIGHT), "untied", ("CamembertForMaskedLM", HEADS[0])),
    Case("pruned heads", with_padding(RIGHT), "pruned"),
    Case("pruned heads and a head mask", head_mask("2-D"), "pruned", (BARE,)),
    Case("pruned heads and a flat head mask", head_mask("1-D"), "pruned", (BARE,)),
    Case("causal", only_ids, "decoder", DECODERS),
    Case("causal, right padding", with_padding(RIGHT), "decoder", DECODERS),
    Case("causal, left padding", with_padding(LEFT), "decoder", DECODERS),
    Case("causal, inner padding", with_padding(INNER), "decoder", (BARE,)),
    Case("causal, a row that is all padding", with_padding(NOTHING), "decoder", (BARE,)),
    Case("causal, a mask for every query", three_dimensional, "decoder", (BARE,)),
    Case("causal, embedded", embedded, "decoder", (BARE,)),
    Case("causal, pad 5", with_padding(LEFT), "decoder, pad 5", (BARE,)),
    Case("causal, relative_key", with_padding(LEFT), "decoder, relative_key", (BARE,)),
    Case("crossed without states", with_padding(RIGHT), "crossed", (BARE,)),
    Case("crossed", crossed("none"), "crossed", DECODERS),
    Case("crossed, masked states", crossed("2-D", LEFT), "crossed", DECODERS),
    Case("crossed, a mask for every query", crossed("3-D"), "crossed", (BARE,)),
    Case("crossed, head mask", with_factors(crossed("2-D")), "crossed", (BARE,)),
    Case("crossed, relative", crossed("2-D"), "crossed, relative_key_query", (BARE,)),
    Case("crossed, pruned", with_factors(crossed("2-D")), "crossed, pruned", (BARE,)),
    Case("cached, one token", cached(1), "decoder", (BARE, HEADS[0])),
    Case("cached, three tokens", cached(3), "decoder", (BARE, HEADS[0])),
    Case("cached, padding", cached(3, CACHE_MASK), "decoder", (BARE, HEADS[0])),
    Case("cached, pad 5", cached(3, CACHE_MASK), "decoder, pad 5", (BARE,)),
    Case("cached, relative_key", cached(3, CACHE_MASK), "decoder, relative_key", (BARE,)),
    Case(
        "cached, relative_key, one", cached(1, CACHE_MASK[:, 2:]), "decoder, relative_key", (BARE,)
    ),
    Case("cached, crossed", cached(3, CACHE_MASK, states=True), "crossed", (BARE, HEADS[0])),
    Case("cached, pruned", cached(3, states=True), "crossed, pruned", (BARE,)),
)


# what the parameter table is held against: each kind of weight alone, and all kinds in every task
LAYOUTS = (
    *((task, name) for task in TASKS for name in ("plain", "everything")),
    *((BARE, name) for name in ("relative_key", "pruned", "crossed", "one token type")),
    *((task, "untied") for task in HEADS[:2]),
)
CALLS = tuple((task, case) for task in TASKS for case in CASES if task in case.tasks)
# single precision: the bare model on everything, the heads on what reaches their own weights
SINGLE_NAMES = {"right padding", "embedded inputs", "an untied decoder", "cached, crossed"}
SINGLE_CALLS = tuple(
    (task, case) for task, case in CALLS if task == BARE or case.name in SINGLE_NAMES
)


def case(name: str) -> Case:
    """A case of the matrix by its name."""
    return next(one for one in CASES if one.name == name)


def call_name(value: object) -> str:
    """The identifier of a parameter."""
    return str(value)


def inputs(task: str, case: Case) -> Inputs:
    """The inputs of a call; for multiple choice each row is C choices."""
    settings = config(case.config)
    random = generator(task, case.name)
    if task != "CamembertForMultipleChoice":
        return case.make(settings, random, B)
    flat = case.make(settings, random, B * C)
    return {
        name: value if name == "head_mask" else value.reshape(B, C, *value.shape[1:])
        for name, value in flat.items()
    }


# labels -----------------------------------------------------------------------------------------


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


CAUSAL, MASKED, SEQUENCE, CHOICE, TOKEN, QUESTION = HEADS
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


def stages(
    output: Mapping[str, Any], as_array: Callable[[Any], np.ndarray]
) -> dict[str, np.ndarray]:
    """Flatten a model's output: ``hidden_states.0``, ``past_key_values.1.0``, ``logits``..."""
    flat = {}

    def walk(name: str, value: Any) -> None:
        if isinstance(value, tuple | list):
            for index, one in enumerate(value):
                walk(f"{name}.{index}", one)
        else:
            flat[name] = as_array(value)

    for name, value in output.items():
        walk(name, value)
    return flat


ALL_OUTPUTS = {"output_attentions": True, "output_hidden_states": True, "return_dict": True}


# training ---------------------------------------------------------------------------------------


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


# positions by hand ------------------------------------------------------------------------------


class Numbering(NamedTuple):
    """Ids of one row, the padding id, cached positions before it, and the positions wanted."""

    name: str
    pad: int
    ids: list[int]
    positions: list[int]
    past: int = 0

    def __str__(self) -> str:
        return self.name


NUMBERINGS = (
    Numbering("no padding", 1, [5, 11, 12, 6], [2, 3, 4, 5]),
    Numbering("right padding", 1, [5, 11, 6, 1, 1], [2, 3, 4, 1, 1]),
    Numbering("left padding", 1, [1, 1, 5, 11, 6], [1, 1, 2, 3, 4]),
    Numbering("inner padding", 1, [5, 1, 11, 1, 6], [2, 1, 3, 1, 4]),
    Numbering("all padding", 1, [1, 1, 1], [1, 1, 1]),
    Numbering("pad 0", 0, [7, 0, 8, 1, 0], [1, 0, 2, 3, 0]),
    Numbering("pad 5", 5, [5, 7, 1, 5, 8], [5, 6, 7, 5, 8]),
    Numbering("one token after a cache", 1, [9], [6], 4),
    Numbering("tokens and padding after a cache", 1, [9, 1, 8], [6, 1, 7], 4),
    Numbering("pad 0 after a cache", 0, [0, 9, 8], [0, 4, 5], 3),
)

# the order of the inputs, as the reference page has it ------------------------------------------

SWITCHES = ["output_attentions", "output_hidden_states", "return_dict"]
TEXT = [
    "input_ids",
    "attention_mask",
    "token_type_ids",
    "position_ids",
    "head_mask",
    "inputs_embeds",
]
STATES = ["encoder_hidden_states", "encoder_attention_mask"]
CACHE = ["past_key_values", "use_cache"]
PAGE_ORDER = {
    "pt": {
        BARE: [*TEXT, *STATES, *CACHE, *SWITCHES],
        CAUSAL: [*TEXT, *STATES, "labels", *CACHE, *SWITCHES],
        MASKED: [*TEXT, *STATES, "labels", *SWITCHES],
        SEQUENCE: [*TEXT, "labels", *SWITCHES],
        CHOICE: [
            "input_ids",
            "token_type_ids",
            "attention_mask",
            "labels",
            "position_ids",
            "head_mask",
            "inputs_embeds",
            *SWITCHES,
        ],
        TOKEN: [*TEXT, "labels", *SWITCHES],
        QUESTION: [*TEXT, "start_positions", "end_positions", *SWITCHES],
    },
    "tf": {
        BARE: [*TEXT, *STATES, *CACHE, *SWITCHES, "training"],
        CAUSAL: [*TEXT, *STATES, *CACHE, *SWITCHES, "labels", "training"],
        MASKED: [*TEXT, *SWITCHES, "labels", "training"],
        SEQUENCE: [*TEXT, *SWITCHES, "labels", "training"],
        CHOICE: [*TEXT, *SWITCHES, "labels", "training"],
        TOKEN: [*TEXT, *SWITCHES, "labels", "training"],
        QUESTION: [*TEXT, *SWITCHES, "start_positions", "end_positions", "training"],
    },
}
