"""The options of a tokenizer's call, checked, and what the tokenizer adds to them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from camembert_dual.common.errors import require
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
    verbose: bool = True


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
    """

    templates: Templates
    limit: int | None
    padding_side: str
    truncation_side: str
    pad_token: str | None
    pad_token_id: int | None
    pad_token_type_id: int
    input_names: Sequence[str]


def padding_of(value: bool | str | None) -> str | None:
    """The padding rule: "longest", "max_length" or None.

    Raises:
        ValueError: If ``value`` is none of the known ones.
    """
    rule = 'padding must be True, "longest", "max_length" or False'
    require(value in PADDINGS, rule, repr(value))
    return PADDINGS[value]


def truncation_of(options: Options) -> Truncation | None:
    """Which sequence is cut; a ``max_length`` alone, without padding, asks for truncation too.

    Raises:
        ValueError: If the option is none of the known ones.
    """
    value = options.truncation
    if value is None and options.max_length is not None and not options.padding:
        return "longest_first"
    rule = f"truncation must be True, False or one of {', '.join(STRATEGIES)}"
    require(value in TRUNCATIONS, rule, repr(value))
    return TRUNCATIONS[value]


def checked_side(value: str, name: str) -> str:
    """A padding or truncation side.

    Raises:
        ValueError: If it is neither "left" nor "right".
    """
    require(value in SIDES, f'{name} must be "left" or "right"', repr(value))
    return value


def padded_width(longest: int, options: Options, rules: Rules) -> int:
    """The width to pad rows to when the longest has ``longest`` tokens; 0 means no padding.

    Raises:
        ValueError: If "max_length" has no length to go by, or there is no token to pad with.
    """
    padding, multiple = padding_of(options.padding), options.pad_to_multiple_of
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
