"""The one configuration class under both model trees.

It describes the network of RoBERTa (Liu et al. 2019, https://arxiv.org/abs/1907.11692), which
CamemBERT (Martin et al. 2020, https://arxiv.org/abs/1911.03894) trains on French, and reads and
writes the published ``config.json``.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from camembert_dual.common.errors import require
from camembert_dual.common.id_layout import (
    ADDED_ROWS,
    BOS_ID,
    EOS_ID,
    PAD_ID,
    POSITIONS,
    longest_text,
)
from camembert_dual.common.model_names import FAMILIES, FAMILY
from camembert_dual.config_rules import MODEL_TYPES, check
from camembert_dual.pretrained_config import PretrainedConfig

ARCHITECTURES = "architectures"  # the key of a file that names the class that wrote it
NORM_EPSILON = {"camembert": 1e-5, "camembertv2": 1e-7}  # of the published models


class CamembertConfig(PretrainedConfig):
    """The numbers that define a CamemBERT, with the defaults of the published configuration class.

    The bare defaults are BERT's, not camembert-base's: use :meth:`camembert_base` for that.
    Attributes may be set after construction; the values are checked at construction and again when
    a model is built. A name that is not known is kept as an attribute, too; one that looks like a
    known one misspelt is warned of.

    Args:
        *values: Values of the network, in the order below.
        **attributes: Values by name: these, those of
            :class:`camembert_dual.config_attributes.ConfigAttributes`, or others.

    Attributes:
        model_type: The published family name: camembert, roberta or xlm-roberta, one network under
            three names; or a subclass's own.
        vocab_size: Rows of the word embedding table.
        hidden_size: Width of every hidden state; a multiple of ``num_attention_heads``.
        num_hidden_layers: Number of encoder layers.
        num_attention_heads: Heads of each attention layer.
        intermediate_size: Width of the feed-forward layer.
        hidden_act: ``"gelu"`` (exact), ``"gelu_new"`` (tanh form), ``"relu"``, ``"silu"``, or a
            callable on tensors.
        hidden_dropout_prob: Dropout of embeddings, projections and heads, in [0, 1).
        attention_probs_dropout_prob: Dropout of the attention probabilities, in [0, 1).
        max_position_embeddings: Rows of the position table; a text may have
            ``max_position_embeddings - pad_token_id - 1`` tokens, since positions start after the
            padding index.
        type_vocab_size: Rows of the token type table (1 in every published CamemBERT).
        initializer_range: Standard deviation of new weights.
        layer_norm_eps: Epsilon of every layer normalisation.
        pad_token_id: Id of the padding token, also the padding row of word and position tables.
        bos_token_id: Id of the first token, or None.
        eos_token_id: Id of the last token, or None.
        position_embedding_type: ``"absolute"``, ``"relative_key"`` (Shaw et al. 2018) or
            ``"relative_key_query"`` (Huang et al. 2020, method 4).
        use_cache: Whether a decoder returns its keys and values.
        classifier_dropout: Dropout of the classification heads; ``hidden_dropout_prob`` when None.

    Raises:
        ValueError: If a value breaks its rule; the message names the field, the rule and the value.
    """

    model_type: str = FAMILIES[FAMILY]
    vocab_size: int = 30522
    hidden_size: int = 768
    num_hidden_layers: int = 12
    num_attention_heads: int = 12
    intermediate_size: int = 3072
    hidden_act: str | Callable[..., Any] = "gelu"
    hidden_dropout_prob: float = 0.1
    attention_probs_dropout_prob: float = 0.1
    max_position_embeddings: int = 512
    type_vocab_size: int = 2
    initializer_range: float = 0.02
    layer_norm_eps: float = 1e-12
    pad_token_id: int = 1
    bos_token_id: int | None = 0
    eos_token_id: int | None = 2
    position_embedding_type: str = "absolute"
    use_cache: bool = True
    classifier_dropout: float | None = None

    def __init__(self, *values: Any, **attributes: Any) -> None:
        rule = f"{FAMILY}Config must be given at most {len(NETWORK)} values by position"
        require(len(values) <= len(NETWORK), rule, len(values))
        super().__init__(**dict(zip(NETWORK, values, strict=False)), **attributes)
        self.validate()

    @property
    def head_size(self) -> int:
        """Width of one attention head."""
        return self.hidden_size // self.num_attention_heads

    @property
    def max_sequence_length(self) -> int:
        """The longest text in tokens: RoBERTa numbers positions from ``pad_token_id + 1``."""
        return longest_text(self.max_position_embeddings, self.pad_token_id)

    def kept_head_count(self, layer: int) -> int:
        """How many heads of a layer's self-attention are not pruned."""
        return self.num_attention_heads - len(self.pruned_heads_of(layer))

    def kept_heads(self, layer: int) -> list[int]:
        """The heads of a layer's self-attention that are not pruned, by their original numbers."""
        pruned = self.pruned_heads_of(layer)
        return [head for head in range(self.num_attention_heads) if head not in pruned]

    def pruned_heads_of(self, layer: int) -> set[int]:
        """The heads that a layer lacks; ``pruned_heads`` may count layers from the last, -1."""
        from_last = layer - self.num_hidden_layers
        return {*self.pruned_heads.get(layer, ()), *self.pruned_heads.get(from_last, ())}

    def pruned_further(self, heads: Mapping[int, Sequence[int]]) -> dict[int, list[int]]:
        """The heads that some layers lack once more of them are removed.

        Args:
            heads: Layer number, which may be counted from the last, to the heads to remove.

        Raises:
            ValueError: If a layer or head does not exist or a layer would have none left.
        """
        asked = {layer: some for layer, some in heads.items() if some}
        self.check_pruned_heads(asked)
        pruned: dict[int, list[int]] = {}
        for layer, some in asked.items():
            place = layer % self.num_hidden_layers
            pruned[place] = sorted({*pruned.get(place, self.pruned_heads_of(place)), *some})
        self.check_pruned_heads(pruned)
        return pruned

    def validate(self) -> None:
        """Check every value.

        Raises:
            ValueError: If a value breaks its rule; the message names the field, the rule and the
                value.
        """
        super().validate()
        check(self)
        self.check_pruned_heads(self.pruned_heads)

    def check_pruned_heads(self, pruned_heads: Mapping[int, Sequence[int]]) -> None:
        """Check that heads can be removed.

        Args:
            pruned_heads: Layer number to the heads removed from it.

        Raises:
            ValueError: If a layer or head does not exist or a layer would have none left.
        """
        count, heads = self.num_hidden_layers, range(self.num_attention_heads)
        rule = (
            f"CamembertConfig.pruned_heads must map layers below {count} to some, not all, "
            f"of the heads below {len(heads)}"
        )
        for layer, removed in pruned_heads.items():
            every = {*removed, *pruned_heads.get(layer - count, ())}
            some = len(every) < len(heads) and all(head in heads for head in every)
            require(-count <= layer < count and some, rule, dict(pruned_heads))

    @classmethod
    def camembert_base(cls, **overrides: Any) -> CamembertConfig:
        """The configuration of almanach/camembert-base."""
        published: dict[str, Any] = {
            "vocab_size": 32_000 + ADDED_ROWS,
            "max_position_embeddings": POSITIONS + PAD_ID + 1,
            "type_vocab_size": 1,
            "layer_norm_eps": NORM_EPSILON["camembert"],
            "bos_token_id": BOS_ID,
            "eos_token_id": EOS_ID,
        }
        return cls(**published | overrides)

    @classmethod
    def camembert_large(cls, **overrides: Any) -> CamembertConfig:
        """The configuration of almanach/camembert-large.

        Its file names other bos and eos ids than its tokenizer uses.
        """
        published: dict[str, Any] = {
            "hidden_size": 1024,
            "num_hidden_layers": 24,
            "num_attention_heads": 16,
            "intermediate_size": 4096,
            "bos_token_id": 0,
            "eos_token_id": 2,
        }
        return cls.camembert_base(**published | overrides)

    @classmethod
    def camembert_v2_base(cls, **overrides: Any) -> CamembertConfig:
        """The configuration of almanach/camembertv2-base (Antoun et al. 2024, https://arxiv.org/abs/2411.08868)."""
        published: dict[str, Any] = {
            "model_type": FAMILIES["Roberta"],
            "vocab_size": 32768,
            "max_position_embeddings": 1025,
            "layer_norm_eps": NORM_EPSILON["camembertv2"],
            "pad_token_id": 0,
            "bos_token_id": 1,
            "eos_token_id": 2,
        }
        return cls.camembert_base(**published | overrides)

    @classmethod
    def read_model_type(cls, values: Mapping[str, Any]) -> Any:
        """The family of a file, if it is one that shares this network; a subclass keeps its own.

        Raises:
            ValueError: If it is another.
        """
        found = values.get("model_type", cls.model_type)
        rule = (
            f"model_type must be one of {', '.join(MODEL_TYPES)}, the families that share this "
            "network (CamemBERTa is DeBERTa, ModernCamemBERT is ModernBERT)"
        )
        require(found in (*MODEL_TYPES, cls.model_type), rule, repr(found))
        return found if cls.model_type == FAMILIES[FAMILY] else cls.model_type


NETWORK = tuple(name for name in inspect.get_annotations(CamembertConfig) if name != "model_type")
