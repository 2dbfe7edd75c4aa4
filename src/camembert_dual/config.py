"""The one configuration class under both model trees.

It describes the network of RoBERTa (Liu et al. 2019, https://arxiv.org/abs/1907.11692), which
CamemBERT (Martin et al. 2020, https://arxiv.org/abs/1911.03894) trains on French, and reads and
writes the published ``config.json``.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
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
from camembert_dual.config_rules import (
    ACTIVATIONS,
    MAX_UNNAMED_LABELS,
    MODEL_TYPES,
    check,
    is_whole,
    read_labels,
    read_pruned_heads,
)
from camembert_dual.storage.atomic import write_atomically
from camembert_dual.storage.file_names import CONFIG
from camembert_dual.storage.json_files import json_text, read_json
from camembert_dual.storage.locate import HUB_OPTIONS, locate

ARCHITECTURES = "architectures"  # the key of a file that names the class that wrote it
NORM_EPSILON = {"camembert": 1e-5, "camembertv2": 1e-7}  # of the published models


@dataclass
class CamembertConfig:
    """The numbers that define a CamemBERT, with the defaults of the published configuration class.

    The bare defaults are BERT's, not camembert-base's: use :meth:`camembert_base` for that.
    Attributes may be set after construction; the values are checked at construction and again when
    a model is built.

    Attributes:
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
        is_decoder: Whether attention is causal.
        add_cross_attention: Whether each layer of a decoder also attends to encoder states.
        tie_word_embeddings: Whether the LM head's decoder is the word embedding table.
        num_labels: Number of classes; setting it renames the labels unless as many names exist.
        id2label: Class number to name.
        label2id: Class name to number.
        problem_type: ``"regression"``, ``"single_label_classification"``,
            ``"multi_label_classification"`` or None to infer it from the labels.
        output_attentions: Whether models return attention probabilities by default.
        output_hidden_states: Whether models return all hidden states by default.
        return_dict: Whether models return a ``ModelOutput`` instead of a tuple by default.
        attn_implementation: How PyTorch attends: ``"eager"`` (plain), ``"sdpa"`` (fused) or
            ``"flex_attention"``, or None for the fastest that serves; no file holds it.
        pruned_heads: Layer number to the heads removed from it.
        chunk_size_feed_forward: Accepted for compatibility; the feed-forward layer is never
            chunked.
        model_type: The published family name: camembert, roberta or xlm-roberta, one network under
            three names.
        extra: Every other key of the ``config.json`` this was read from, written back unchanged.

    Raises:
        ValueError: If a value breaks its rule; the message names the field, the rule and the value.
    """

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
    is_decoder: bool = False
    add_cross_attention: bool = False
    tie_word_embeddings: bool = True
    num_labels: int = 2
    id2label: dict[int, str] | None = None
    label2id: dict[str, int] | None = None
    problem_type: str | None = None
    output_attentions: bool = False
    output_hidden_states: bool = False
    return_dict: bool = True
    attn_implementation: str | None = None
    pruned_heads: dict[int, list[int]] = field(default_factory=dict)
    chunk_size_feed_forward: int = 0
    model_type: str = FAMILIES[FAMILY]
    extra: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.id2label is not None:
            self.id2label, self.label2id = read_labels(self.id2label, self.label2id)
            self.num_labels = len(self.id2label)
        else:
            given, self.label2id = self.label2id, {}
            self.num_labels = self.num_labels  # names the labels, see __setattr__
            if given is not None:
                _, self.label2id = read_labels(self.id2label or {}, given)
        self.pruned_heads = read_pruned_heads(self.pruned_heads)
        self.validate()

    def __setattr__(self, name: str, value: Any) -> None:
        """Keep the label names as many as the labels when ``num_labels`` is set."""
        object.__setattr__(self, name, value)
        names = self.__dict__.get("id2label") or {}
        is_complete = "label2id" in self.__dict__  # not while the constructor is setting fields
        few = is_whole(value, 1) and value <= MAX_UNNAMED_LABELS
        if name == "num_labels" and is_complete and few and len(names) != value:
            self.id2label = label_names(value)
            self.label2id = {label: index for index, label in self.id2label.items()}

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
        return self.num_attention_heads - len(set(self.pruned_heads.get(layer, ())))

    def kept_heads(self, layer: int) -> list[int]:
        """The heads of a layer's self-attention that are not pruned, by their original numbers."""
        pruned = self.pruned_heads.get(layer, ())
        return [head for head in range(self.num_attention_heads) if head not in pruned]

    def validate(self) -> None:
        """Check every value.

        Raises:
            ValueError: If a value breaks its rule; the message names the field, the rule and the
                value.
        """
        check(self)
        self.check_pruned_heads(self.pruned_heads)

    def check_pruned_heads(self, pruned_heads: Mapping[int, Sequence[int]]) -> None:
        """Check that heads can be removed.

        Args:
            pruned_heads: Layer number to the heads removed from it.

        Raises:
            ValueError: If a layer or head does not exist or a layer would have none left.
        """
        layers, heads = range(self.num_hidden_layers), range(self.num_attention_heads)
        rule = (
            f"CamembertConfig.pruned_heads must map layers below {len(layers)} to some, not all, "
            f"of the heads below {len(heads)}"
        )
        for layer, removed in pruned_heads.items():
            some = len(set(removed)) < len(heads) and all(head in heads for head in removed)
            require(layer in layers and some, rule, dict(pruned_heads))

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
    def from_dict(cls, values: Mapping[str, Any], **overrides: Any) -> CamembertConfig:
        """Build a config from the keys of a ``config.json``; unknown keys go to ``extra``.

        Args:
            values: The published keys.
            **overrides: Values that replace those of the file.

        Raises:
            ValueError: If the file is of another family (DeBERTa, ModernBERT, ...) or a value
                breaks its rule.
        """
        merged = {**values, **overrides}
        model_type = merged.get("model_type", FAMILIES[FAMILY])
        rule = (
            f"model_type must be one of {', '.join(MODEL_TYPES)}, the families that share this "
            "network (CamemBERTa is DeBERTa, ModernCamemBERT is ModernBERT)"
        )
        require(model_type in MODEL_TYPES, rule, repr(model_type))
        if "num_labels" in overrides and "id2label" not in overrides:
            named = merged.get("id2label")
            if isinstance(named, Mapping) and len(named) != overrides["num_labels"]:
                merged.pop("id2label")
                merged.pop("label2id", None)
        known = {spec.name for spec in fields(cls)} - {"extra"}
        absent = {name for name in known - _MAY_BE_NONE if merged.get(name, 0) is None}
        arguments = {name: merged[name] for name in known & set(merged) - absent}
        extra = {name: copy.deepcopy(merged[name]) for name in merged if name not in known}
        return cls(**arguments, extra=extra)

    @classmethod
    def from_pretrained(cls, name_or_path: str | Path, **options: Any) -> CamembertConfig:
        """Read ``config.json`` of a folder, a bundled checkpoint or a hub repository.

        Args:
            name_or_path: Folder, path of a json file, bundled name or hub name.
            **options: ``revision``, ``cache_dir``, ``token``, ``local_files_only`` for the hub; any
                other name overrides a value of the file.

        Raises:
            FileNotFoundError: If there is no such checkpoint or it holds no ``config.json``.
            ValueError: If the file is not JSON, of another family, or a value breaks its rule.
        """
        where = {name: options.pop(name) for name in HUB_OPTIONS if name in options}
        path = locate(name_or_path, filenames=(CONFIG,), **where)
        return cls.from_dict(read_json(path if path.is_file() else path / CONFIG), **options)

    def to_dict(self) -> dict[str, Any]:
        """The published keys: the network's, and the general ones that differ from their default.

        Raises:
            ValueError: If ``hidden_act`` is a callable, which no file can hold.
        """
        rule = f"CamembertConfig.hidden_act must be one of {', '.join(ACTIVATIONS)} to be saved"
        require(not callable(self.hidden_act), rule, repr(self.hidden_act))
        values: dict[str, Any] = {"model_type": self.model_type}
        for spec in fields(self):
            value = getattr(self, spec.name)
            default = spec.default if spec.default is not MISSING else {}
            if spec.name not in _GENERAL or value != default:
                values[spec.name] = copy.deepcopy(value)
        unnamed = self.id2label == label_names(2)
        here = ("num_labels", "extra", "attn_implementation")  # what is no part of the network
        for name in (*here, *(("id2label", "label2id") if unnamed else ())):
            values.pop(name, None)
        return {**copy.deepcopy(self.extra), **values}

    def to_json_string(self) -> str:
        """The text of ``config.json``: sorted keys, two spaces."""
        return json_text(self.to_dict())

    def save_pretrained(self, directory: str | Path) -> None:
        """Write ``config.json`` into a folder, made if need be, whole or not at all."""
        Path(directory).mkdir(parents=True, exist_ok=True)
        write_atomically(Path(directory) / CONFIG, self.to_json_string().encode())


def label_names(count: int) -> dict[int, str]:
    """The names of classes that were given none."""
    return {index: f"LABEL_{index}" for index in range(count)}


# settings of no network, which a file names only where they are not the default
_GENERAL = frozenset(
    {
        "is_decoder",
        "add_cross_attention",
        "num_labels",
        "id2label",
        "label2id",
        "problem_type",
        "output_attentions",
        "output_hidden_states",
        "return_dict",
        "pruned_heads",
        "chunk_size_feed_forward",
        "model_type",
        "extra",
    }
)
# where a file says null, the default is meant, but for these
_MAY_BE_NONE = frozenset(spec.name for spec in fields(CamembertConfig) if "None" in str(spec.type))
