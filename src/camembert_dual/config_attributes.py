"""What any configuration has besides the sizes of a network: its attributes.

The names and defaults are those of ``transformers`` 4.34, whose files hold them. A name that is not
among them is kept too: it is an attribute like the others, written back and read again, so that a
subclass may have values of its own.
"""

from __future__ import annotations

import copy
import difflib
import inspect
import re
import warnings
from collections.abc import Iterable, Mapping, Set
from typing import Any, ClassVar, TypeVar

from camembert_dual.common.errors import require
from camembert_dual.common.keywords import constructor_keywords
from camembert_dual.config_json import read_as
from camembert_dual.config_rules import check_label_count, read_labels, read_pruned_heads

Config = TypeVar("Config", bound="ConfigAttributes")

SOURCE = "_name_or_path"
NOT_WRITTEN = "attn_implementation"  # it says how to compute, and nothing of the network
LABELS = ("num_labels", "id2label", "label2id")  # in the order in which they are set
LIKENESS = 0.84  # from which on a name looks like another one misspelt


class ConfigAttributes:
    """The attributes that all configurations share, and those that a user adds.

    Args:
        **attributes: Values by name, declared here or not.

    Attributes:
        model_type: The family's word in ``config.json``.
        attribute_map: Other names of attributes, to theirs.
        return_dict: Whether models return a ``ModelOutput`` instead of a tuple by default.
        output_hidden_states: Whether models return all hidden states by default.
        output_attentions: Whether models return attention probabilities by default.
        attn_implementation: How PyTorch attends: ``"eager"`` (plain), ``"sdpa"`` (fused),
            ``"flex_attention"``, ``"flash_attention_2"`` (a package for GPUs), or None for the
            fastest that serves; no file holds it.
        torchscript: Whether models return tuples whatever ``return_dict`` says.
        torch_dtype: Type of the weights of the file that this was read from.
        pruned_heads: Layer number to the heads removed from it.
        tie_word_embeddings: Whether the LM head's decoder is the word embedding table.
        is_encoder_decoder: Accepted for compatibility, like ``cross_attention_hidden_size``,
            ``tie_encoder_decoder``, ``use_bfloat16``, ``prefix`` and ``tokenizer_class``.
        is_decoder: Whether attention is causal.
        add_cross_attention: Whether each layer of a decoder also attends to encoder states.
        chunk_size_feed_forward: Accepted for compatibility; the feed-forward layer is never
            chunked.
        architectures: The names of the classes that wrote the weights.
        finetuning_task: What the model was trained for, for people.
        problem_type: ``"regression"``, ``"single_label_classification"``,
            ``"multi_label_classification"`` or None to infer it from the labels.
        task_specific_params: Values of other attributes by task.
        max_length: This and the rest are the defaults of ``generate``.
        id2label: Class number to name.
        label2id: Class name to number.

    Raises:
        ValueError: If a name is that of a method, or the names of classes contradict each other.
    """

    model_type: str = ""
    attribute_map: ClassVar[Mapping[str, str]] = {}
    is_composition: ClassVar[bool] = False
    id2label: dict[int, str]
    label2id: dict[str, int]

    return_dict: bool = True
    output_hidden_states: bool = False
    output_attentions: bool = False
    attn_implementation: str | None = None
    torchscript: bool = False
    torch_dtype: Any = None
    use_bfloat16: bool = False
    tf_legacy_loss: bool = False
    pruned_heads: Any = None
    tie_word_embeddings: bool = True
    is_encoder_decoder: bool = False
    is_decoder: bool = False
    cross_attention_hidden_size: int | None = None
    add_cross_attention: bool = False
    tie_encoder_decoder: bool = False
    chunk_size_feed_forward: int = 0
    architectures: list[str] | None = None
    finetuning_task: str | None = None
    tokenizer_class: str | None = None
    prefix: str | None = None
    problem_type: str | None = None
    task_specific_params: dict[str, Any] | None = None
    bos_token_id: int | None = None
    pad_token_id: int | None = None
    eos_token_id: int | None = None
    sep_token_id: int | None = None
    decoder_start_token_id: int | None = None

    max_length: int = 20
    min_length: int = 0
    do_sample: bool = False
    early_stopping: bool | str = False
    num_beams: int = 1
    num_beam_groups: int = 1
    diversity_penalty: float = 0.0
    temperature: float = 1.0
    top_k: int = 50
    top_p: float = 1.0
    typical_p: float = 1.0
    repetition_penalty: float = 1.0
    length_penalty: float = 1.0
    no_repeat_ngram_size: int = 0
    encoder_no_repeat_ngram_size: int = 0
    bad_words_ids: list[list[int]] | None = None
    num_return_sequences: int = 1
    output_scores: bool = False
    return_dict_in_generate: bool = False
    forced_bos_token_id: int | None = None
    forced_eos_token_id: int | list[int] | None = None
    remove_invalid_values: bool = False
    exponential_decay_length_penalty: tuple[int, float] | None = None
    suppress_tokens: list[int] | None = None
    begin_suppress_tokens: list[int] | None = None

    def __init__(self, **attributes: Any) -> None:
        count, names, numbers = (attributes.pop(name, None) for name in LABELS)
        source = attributes.pop("name_or_path", "")
        self.name_or_path = attributes.pop(SOURCE, source)
        attributes = {self.attribute_map.get(name, name): attributes[name] for name in attributes}
        for name, default in defaults(type(self)).items():
            setattr(self, name, attributes.pop(name, default))
        self.pruned_heads = read_pruned_heads(self.pruned_heads or {})
        if names is None:
            check_label_count(2 if count is None else count)
            names = label_names(2 if count is None else count)
        self.id2label = names
        if numbers is not None:
            self.label2id = read_labels(names, numbers)[1]
        self.update(attributes)
        warn_of_near_misses(attributes, type(self))

    def __setattr__(self, name: str, value: Any) -> None:
        """Set an attribute; names of classes are kept both ways."""
        name = self.attribute_map.get(name, name)
        own = getattr(type(self), name, None)
        is_taken = callable(own) or (isinstance(own, property) and own.fset is None)
        rule = "An attribute of a config must not be called as one of its methods"
        require(not is_taken and not name.startswith("__"), rule, repr(name))
        if name == "id2label":
            value, self.label2id = read_labels(value, None)
        object.__setattr__(self, name, value)

    def __getattr__(self, name: str) -> Any:
        """Read an attribute by another of its names."""
        known = type(self).attribute_map.get(name)
        if known is None:
            raise AttributeError(f"{type(self).__name__!r} object has no attribute {name!r}")
        return getattr(self, known)

    def __contains__(self, name: object) -> bool:
        """Whether there is an attribute of a name, as some libraries ask."""
        return name in vars(self)

    def __eq__(self, other: object) -> bool:
        """Whether another configuration has the same attributes, wherever it comes from."""
        if not isinstance(other, ConfigAttributes):
            return NotImplemented
        return {**vars(self), SOURCE: ""} == {**vars(other), SOURCE: ""}

    __hash__ = None  # type: ignore[assignment]  # its values may be set

    @property
    def num_labels(self) -> int:
        """How many classes there are; setting another number renames them."""
        return len(self.id2label)

    @num_labels.setter
    def num_labels(self, count: int) -> None:
        if count != self.num_labels or isinstance(count, bool):
            check_label_count(count)
            self.id2label = label_names(count)

    @property
    def use_return_dict(self) -> bool:
        """Whether models return a ``ModelOutput``: never for TorchScript."""
        return self.return_dict and not self.torchscript

    @property
    def name_or_path(self) -> str:
        """Where the model was loaded from, which no file says."""
        source: str = vars(self)[SOURCE]
        return source

    @name_or_path.setter
    def name_or_path(self, value: Any) -> None:
        object.__setattr__(self, SOURCE, str(value))

    def validate(self) -> None:
        """Check the names of the classes; a configuration of a network has more rules.

        Raises:
            ValueError: If they contradict each other.
        """
        read_labels(self.id2label, self.label2id)

    def replaced(self: Config, **changes: Any) -> Config:
        """Make a copy with other values.

        Raises:
            ValueError: If a value breaks its rule.
        """
        other = copy.deepcopy(self)
        labels = [name for name in LABELS if name in changes]
        for name in (*(name for name in changes if name not in labels), *labels):
            setattr(other, name, changes[name])
        other.validate()
        return other

    def update(self, config_dict: Mapping[str, Any]) -> None:
        """Set attributes by name."""
        for name, value in config_dict.items():
            setattr(self, name, value)

    def update_from_string(self, update_str: str) -> None:
        """Set attributes that have a value already, each read as that value's type.

        Args:
            update_str: ``"hidden_size=24,use_cache=false"``.

        Raises:
            ValueError: If a name is unknown, or a text is not of the type.
        """
        for pair in update_str.split(","):
            name, _, text = pair.partition("=")
            require(hasattr(self, name), "A name to be updated must be one of the config", name)
            setattr(self, name, read_as(name, getattr(self, name), text))


def label_names(count: int) -> dict[int, str]:
    """The names of classes that were given none."""
    return {index: f"LABEL_{index}" for index in range(count)}


def declared(kind: type) -> dict[str, str]:
    """The attributes that a class and its bases declare with a default, to their types."""
    return {
        name: str(text)
        for base in reversed(kind.__mro__)
        for name, text in inspect.get_annotations(base).items()
        if hasattr(kind, name) and "ClassVar" not in str(text)
    }


def defaults(kind: type) -> dict[str, Any]:
    """The declared attributes of a class and their defaults, nobody else's to change."""
    return {name: copy.deepcopy(getattr(kind, name)) for name in declared(kind)}


def known_names(kind: type) -> Set[str]:
    """The names of attributes that a class knows before anyone sets more."""
    return {*declared(kind), *LABELS, *constructor_keywords(kind)}


def warn_of_near_misses(names: Iterable[str], kind: type) -> None:
    """Say which unknown names look like known ones misspelt; they are kept all the same."""
    known = known_names(kind)
    for name in names:
        near = difflib.get_close_matches(name, known, 1, LIKENESS)
        is_another = near and re.fullmatch(rf"{near[0]}(s|[_\d].*)", name)  # as num_labels_2
        if near and name not in known and not is_another:
            warnings.warn(
                f"{kind.__name__} keeps {name!r} as a value of your own; did you mean {near[0]!r}?",
                stacklevel=2,
            )
