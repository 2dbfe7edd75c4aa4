"""The options of a tokenizer's call, checked, and what the tokenizer adds to them."""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import Any, NamedTuple

import numpy as np

from camembert_dual.common.arrays import TENSOR_KINDS, BoolArray
from camembert_dual.common.errors import is_integer, is_number, refusal, require, shown
from camembert_dual.tokenization.template import Templates
from camembert_dual.tokenization.truncation import STRATEGIES, Truncation

NO_LIMIT = int(1e30)  # as the reference writes an unknown model_max_length
SANE_LIMIT = 10**9  # a model_max_length from here on means nothing
SIDES = ("left", "right")
TRUNCATIONS: dict[bool | str | None, Truncation | None] = {
    **{True: "longest_first", False: None, None: None, "do_not_truncate": None},
    **{strategy: strategy for strategy in STRATEGIES},
}
PADDINGS = {True: "longest", False: None, None: None, "do_not_pad": None} | {
    name: name for name in ("longest", "max_length")
}


class Kind(NamedTuple):
    """What a value may be.

    Attributes:
        holds: Whether a value is one of them.
        said: The same in words.
    """

    holds: Callable[[Any], bool]
    said: str


def _is_bool(value: Any) -> bool:
    return isinstance(value, bool | np.bool_)


def _or_none(kind: Kind) -> Kind:
    return Kind(lambda value: value is None or kind.holds(value), f"{kind.said} or None")


def _one_of(values: Collection[Any], said: str) -> Kind:
    plain = bool | str | None  # 1 and 1.0 equal True and are no flags
    return Kind(lambda value: isinstance(value, plain) and value in values, said)


_FLAG = Kind(_is_bool, "True or False")
_COUNT = Kind(lambda value: is_integer(value, 0), "a whole number of at least 0")
_SIDE = _one_of(SIDES, '"left" or "right"')
_TEXTS = Kind(
    lambda value: isinstance(value, list | tuple) and all(isinstance(one, str) for one in value),
    "a list of texts",
)
_LIMIT = Kind(
    lambda value: is_number(value) and math.isfinite(value) and value > 0, "a number above 0"
)
_TABLE = Kind(
    lambda value: isinstance(value, Mapping) and all(isinstance(one, str) for one in value),
    "a mapping by name",
)
# of a call
OPTION_KINDS = {
    **dict.fromkeys(("add_special_tokens", "is_split_into_words", "skip_special_tokens"), _FLAG),
    **dict.fromkeys(("spaces_between_special_tokens", "special_tokens"), _FLAG),
    "replace_additional_special_tokens": _FLAG,
    **dict.fromkeys(("legacy_format", "split_special_tokens"), _or_none(_FLAG)),
    **dict.fromkeys(("return_overflowing_tokens", "return_special_tokens_mask"), _FLAG),
    **dict.fromkeys(("return_offsets_mapping", "return_length", "verbose"), _FLAG),
    "clean_up_tokenization_spaces": _or_none(_FLAG),
    **dict.fromkeys(("return_token_type_ids", "return_attention_mask"), _or_none(_FLAG)),
    "padding": _one_of(PADDINGS, 'True, "longest", "max_length" or False'),
    "truncation": _one_of(TRUNCATIONS, f"True, False or one of {', '.join(STRATEGIES)}"),
    "max_length": _or_none(_COUNT),
    "stride": _COUNT,
    "pad_to_multiple_of": _or_none(
        Kind(lambda value: is_integer(value, 1), "a whole number of at least 1")
    ),
    "padding_side": _or_none(_SIDE),
    "return_tensors": _or_none(_one_of(TENSOR_KINDS, f"one of {', '.join(TENSOR_KINDS)}")),
}
# of a tokenizer
SETTING_KINDS = {
    "model_max_length": _or_none(_LIMIT),
    "padding_side": _SIDE,
    "truncation_side": _SIDE,
    "model_input_names": _TEXTS,
    "clean_up_tokenization_spaces": _or_none(_FLAG),
    "split_special_tokens": _FLAG,
    "sp_model_kwargs": _or_none(_TABLE),
}
# of ``sp_model_kwargs``
SAMPLING_KINDS = {
    "enable_sampling": _FLAG,
    "nbest_size": Kind(is_integer, "a whole number"),
    "alpha": Kind(lambda value: is_number(value) and math.isfinite(value), "a number"),
}


def check_kinds(values: Mapping[str, Any], kinds: Mapping[str, Kind], where: str = "") -> None:
    """Refuse values that cannot mean what their names say.

    Args:
        values: The values by name; names that ``kinds`` lacks pass.
        kinds: What each may be.
        where: What the error begins with, such as a file.

    Raises:
        ValueError: If one is of another kind.
    """
    for name in [name for name in values if name in kinds]:
        holds, said = kinds[name]
        if not holds(values[name]):  # most calls are right: their values are not put into words
            raise refusal(f"{where}{name} must be {said}", shown(values[name]))


@dataclass(frozen=True)
class Options:
    """How to encode; the names and meanings are those of :meth:`BaseTokenizer.__call__`."""

    add_special_tokens: bool = True
    padding: bool | str | None = False
    truncation: bool | str | None = None
    max_length: int | None = None
    stride: int = 0
    pad_to_multiple_of: int | None = None
    padding_side: str | None = None
    return_tensors: str | None = None
    return_token_type_ids: bool | None = None
    return_attention_mask: bool | None = None
    return_overflowing_tokens: bool = False
    return_special_tokens_mask: bool = False
    return_offsets_mapping: bool = False
    return_length: bool = False
    split_special_tokens: bool | None = None
    verbose: bool = True

    def __post_init__(self) -> None:
        """Check every option.

        Raises:
            ValueError: If one is of another kind.
        """
        given = {name: value for name, value in vars(self).items() if value is not DEFAULTS[name]}
        check_kinds(given, OPTION_KINDS)

    @property
    def is_plain(self) -> bool:
        """Whether a row is its ids and special tokens, whole and as a list, and nothing besides."""
        is_whole = PADDINGS[self.padding] is None and truncation_of(self) is None
        more = self.return_special_tokens_mask or self.return_offsets_mapping or self.return_length
        return is_whole and self.return_tensors is None and not more


DEFAULTS = {field.name: field.default for field in fields(Options)}
NO_OPTIONS = Options()


@dataclass(frozen=True)
class Rules:
    """What a tokenizer adds to the options of a call.

    Attributes:
        templates: Where special tokens stand.
        limit: Tokens that the model takes; None if unknown.
        padding_side: Where padding goes, unless the options say it.
        truncation_side: Where text is cut.
        pad_token: What fills a row up.
        pad_token_id: Its id; None forbids padding.
        pad_token_type_id: Its token type.
        input_names: The fields that are returned, unless the options say it.
        unk_id: The id of what the vocabulary lacks; None for what it says itself.
        special_rows: Whether an id is a special token's, by id; the last one counts for all behind.
        split_special_tokens: Whether added tokens in a text are text, unless the options say it.
    """

    templates: Templates
    limit: int | None
    padding_side: str
    truncation_side: str
    pad_token: str | None
    pad_token_id: int | None
    pad_token_type_id: int
    input_names: Sequence[str]
    unk_id: int | None
    special_rows: BoolArray
    split_special_tokens: bool


def truncation_of(options: Options) -> Truncation | None:
    """Which sequence is cut; a ``max_length`` alone, without padding, asks for truncation too."""
    if options.truncation is None and options.max_length is not None and not options.padding:
        return "longest_first"
    return TRUNCATIONS[options.truncation]


def padded_width(longest: int, options: Options, rules: Rules) -> int:
    """The width to pad rows to when the longest has ``longest`` tokens; 0 means no padding.

    Raises:
        ValueError: If "max_length" has no length to go by, or there is no token to pad with.
    """
    padding, multiple = PADDINGS[options.padding], options.pad_to_multiple_of
    limit = rules.limit if options.max_length is None else options.max_length
    if padding is None:
        return 0
    rule = 'max_length must be given with padding="max_length" where the tokenizer has no limit'
    require(padding != "max_length" or limit is not None, rule, "None")
    width = longest if padding == "longest" or limit is None else limit
    width = -(-width // multiple) * multiple if multiple else width
    has_token = not width or rules.pad_token_id is not None
    require(has_token, "A tokenizer that pads must have a pad_token", "one without")
    return width
