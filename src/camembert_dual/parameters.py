"""THE TABLE: every weight of the family, its two names, its shape and its layout.

A row is identity or transpose, nothing else. The published names are those of the hub's files and
of the torch modules; the Keras paths are those of the layers. One letter stands for one size:

    V  vocab_size                  Y  type_vocab_size      D  hidden_size
    P  max_position_embeddings     R  2 P - 1 distances    F  intermediate_size
    L  num_labels                  K  size of a head       A  sizes of a layer's heads together
    1, 2  themselves
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from camembert_dual.common import model_names as names
from camembert_dual.common.errors import require
from camembert_dual.config import CamembertConfig

BACKBONE = "roberta"


class Row(NamedTuple):
    """One line of the table.

    Attributes:
        name: Published name, as in the hub's files.
        path: Keras path below the model's own name.
        shape: Sizes of the published tensor, as letters.
        transposed: Whether Keras holds the transpose.
        padded: Whether the row of the padding id starts at zero and gets no gradient by look-up.
    """

    name: str
    path: str
    shape: str
    transposed: bool = False
    padded: bool = False


EMBEDDINGS = (
    Row(
        "embeddings.word_embeddings.weight",
        "embeddings/word_embeddings/embeddings",
        "VD",
        padded=True,
    ),
    Row(
        "embeddings.position_embeddings.weight",
        "embeddings/position_embeddings/embeddings",
        "PD",
        padded=True,
    ),
    Row(
        "embeddings.token_type_embeddings.weight",
        "embeddings/token_type_embeddings/embeddings",
        "YD",
    ),
    Row("embeddings.LayerNorm.weight", "embeddings/LayerNorm/gamma", "D"),
    Row("embeddings.LayerNorm.bias", "embeddings/LayerNorm/beta", "D"),
)
SELF_ATTENTION = (
    Row("attention.self.query.weight", "attention/self/query/kernel", "AD", True),
    Row("attention.self.query.bias", "attention/self/query/bias", "A"),
    Row("attention.self.key.weight", "attention/self/key/kernel", "AD", True),
    Row("attention.self.key.bias", "attention/self/key/bias", "A"),
    Row("attention.self.value.weight", "attention/self/value/kernel", "AD", True),
    Row("attention.self.value.bias", "attention/self/value/bias", "A"),
    Row("attention.output.dense.weight", "attention/output/dense/kernel", "DA", True),
    Row("attention.output.dense.bias", "attention/output/dense/bias", "D"),
    Row("attention.output.LayerNorm.weight", "attention/output/LayerNorm/gamma", "D"),
    Row("attention.output.LayerNorm.bias", "attention/output/LayerNorm/beta", "D"),
)
RELATIVE_POSITIONS = (
    Row(
        "attention.self.distance_embedding.weight",
        "attention/self/distance_embedding/embeddings",
        "RK",
    ),
)
CROSS_ATTENTION = tuple(
    row._replace(
        name=f"cross{row.name}", path=f"cross{row.path}", shape=row.shape.replace("A", "D")
    )
    for row in SELF_ATTENTION
)
FEED_FORWARD = (
    Row("intermediate.dense.weight", "intermediate/dense/kernel", "FD", True),
    Row("intermediate.dense.bias", "intermediate/dense/bias", "F"),
    Row("output.dense.weight", "output/dense/kernel", "DF", True),
    Row("output.dense.bias", "output/dense/bias", "D"),
    Row("output.LayerNorm.weight", "output/LayerNorm/gamma", "D"),
    Row("output.LayerNorm.bias", "output/LayerNorm/beta", "D"),
)
POOLER = (
    Row("pooler.dense.weight", "pooler/dense/kernel", "DD", True),
    Row("pooler.dense.bias", "pooler/dense/bias", "D"),
)
LM_HEAD = (
    Row("lm_head.dense.weight", "lm_head/dense/kernel", "DD", True),
    Row("lm_head.dense.bias", "lm_head/dense/bias", "D"),
    Row("lm_head.layer_norm.weight", "lm_head/layer_norm/gamma", "D"),
    Row("lm_head.layer_norm.bias", "lm_head/layer_norm/beta", "D"),
    Row("lm_head.bias", "lm_head/bias", "V"),
)
DECODER = (Row("lm_head.decoder.weight", "lm_head/decoder/embeddings", "VD"),)
SEQUENCE_CLASSIFIER = (
    Row("classifier.dense.weight", "classifier/dense/kernel", "DD", True),
    Row("classifier.dense.bias", "classifier/dense/bias", "D"),
    Row("classifier.out_proj.weight", "classifier/out_proj/kernel", "LD", True),
    Row("classifier.out_proj.bias", "classifier/out_proj/bias", "L"),
)
CHOICE_CLASSIFIER = (
    Row("classifier.weight", "classifier/kernel", "1D", True),
    Row("classifier.bias", "classifier/bias", "1"),
)
TOKEN_CLASSIFIER = (
    Row("classifier.weight", "classifier/kernel", "LD", True),
    Row("classifier.bias", "classifier/bias", "L"),
)
QUESTION_ANSWERING = (
    Row("qa_outputs.weight", "qa_outputs/kernel", "2D", True),
    Row("qa_outputs.bias", "qa_outputs/bias", "2"),
)


class Network(NamedTuple):
    """What a model class puts on top of the encoder: its head, and maybe the pooler."""

    head: tuple[Row, ...]
    pooler: bool


NETWORKS = {
    names.MODEL: Network((), True),
    names.CAUSAL_LM: Network(LM_HEAD, False),
    names.MASKED_LM: Network(LM_HEAD, False),
    names.SEQUENCE_CLASSIFICATION: Network(SEQUENCE_CLASSIFIER, False),
    names.MULTIPLE_CHOICE: Network(CHOICE_CLASSIFIER, True),
    names.TOKEN_CLASSIFICATION: Network(TOKEN_CLASSIFIER, False),
    names.QUESTION_ANSWERING: Network(QUESTION_ANSWERING, False),
}
HEAD_NAMES = frozenset(row.name for one in NETWORKS.values() for row in one.head) | {
    row.name for row in DECODER
}


@dataclass(frozen=True)
class Parameter:
    """One weight of one model.

    Attributes:
        name: Published name; without the backbone's prefix if the model is the bare one.
        path: Keras path below the model's own name.
        shape: Shape of the published tensor.
        transposed: Whether Keras holds the transpose.
        padded: Whether the row of the padding id starts at zero and gets no gradient by look-up.
        own: Whether it is of a user's own layer, of which the table has no row; it has no path.
    """

    name: str
    path: str
    shape: tuple[int, ...]
    transposed: bool
    padded: bool
    own: bool = False


def parameters(
    config: CamembertConfig, architecture: str | None, *, pooler: bool | None = None
) -> tuple[Parameter, ...]:
    """List every weight of a model.

    Args:
        config: The model's configuration.
        architecture: Name of the torch class, a key of ``NETWORKS``; None for a class of a user's
            own, of which the table has the network alone.
        pooler: Whether the pooler is there; None for what the class does by default.

    Returns:
        The weights in the order of the network.

    Raises:
        ValueError: If there is no such class.
    """
    rule = f"An architecture must be one of {', '.join(NETWORKS)}"
    require(architecture is None or architecture in NETWORKS, rule, repr(architecture))
    head, has_pooler = Network((), False) if architecture is None else NETWORKS[architecture]
    bare = architecture == names.MODEL
    rows = [(row, 0) for row in EMBEDDINGS]
    for layer in range(config.num_hidden_layers):
        rows += [(in_layer(row, layer), layer) for row in _layer_rows(config)]
    if has_pooler if pooler is None else pooler:
        rows += [(row, 0) for row in POOLER]
    prefixed = [(in_backbone(row, bare), layer) for row, layer in rows]
    decoder = DECODER if head is LM_HEAD and not config.tie_word_embeddings else ()
    return tuple(
        Parameter(row.name, row.path, _shape(row, config, layer), row.transposed, row.padded)
        for row, layer in [*prefixed, *((row, 0) for row in (*head, *decoder))]
    )


def beside_table(table: Sequence[Parameter], stored: Sequence[Parameter]) -> tuple[Parameter, ...]:
    """The weights of a model with layers of a user's own.

    Args:
        table: What the table says of the class that it is made from.
        stored: Every weight that it has, by its name in the module.

    Returns:
        The table's, but for a head that the model has not or has in another shape; then its own.
        What PyTorch computes a weight of the table from is no weight of its own.
    """
    shapes = {one.name: one.shape for one in stored}
    kept = [
        one
        for one in table
        if one.path.startswith(f"{BACKBONE}/") or shapes.get(one.name) == one.shape
    ]
    known = {one.name for one in kept}
    return (*kept, *(one for one in stored if computed_name(one.name) not in known))


def computed_name(name: str) -> str:
    """The name of the weight that one is for, where PyTorch computes it from others."""
    module, found, rest = name.partition(".parametrizations.")
    return f"{module}.{rest.partition('.')[0]}" if found else name


def _layer_rows(config: CamembertConfig) -> tuple[Row, ...]:
    relative = RELATIVE_POSITIONS if config.position_embedding_type != "absolute" else ()
    cross = CROSS_ATTENTION if config.add_cross_attention else ()
    return (*SELF_ATTENTION, *relative, *cross, *FEED_FORWARD)


def in_layer(row: Row, layer: int | str) -> Row:
    """The row at its place in a layer."""
    name, path = f"encoder.layer.{layer}.{row.name}", f"encoder/layer_{layer}/{row.path}"
    return row._replace(name=name, path=path)


def in_backbone(row: Row, bare: bool = False) -> Row:
    """The row under the backbone's name; files of a bare model leave it out."""
    name = row.name if bare else f"{BACKBONE}.{row.name}"
    return row._replace(name=name, path=f"{BACKBONE}/{row.path}")


def _shape(row: Row, config: CamembertConfig, layer: int) -> tuple[int, ...]:
    sizes = {
        "V": config.vocab_size,
        "P": config.max_position_embeddings,
        "Y": config.type_vocab_size,
        "D": config.hidden_size,
        "F": config.intermediate_size,
        "A": config.kept_head_count(layer) * config.head_size,
        "K": config.head_size,
        "R": 2 * config.max_position_embeddings - 1,
        "L": config.num_labels,
        "1": 1,
        "2": 2,
    }
    return tuple(sizes[letter] for letter in row.shape)
