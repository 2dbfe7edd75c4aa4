"""The options of a tokenizer's call, checked."""

from dataclasses import dataclass

from camembert_dual.tokenization.truncation import STRATEGIES, Truncation

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


def padding_of(value: bool | str | None) -> str | None:
    """The padding rule: "longest", "max_length" or None.

    Raises:
        ValueError: If ``value`` is none of the known ones.
    """
    if value not in PADDINGS:
        raise ValueError(
            f'padding must be True, "longest", "max_length" or False; received {value!r}'
        )
    return PADDINGS[value]


def truncation_of(options: Options) -> Truncation | None:
    """Which sequence is cut; a ``max_length`` alone, without padding, asks for truncation too.

    Raises:
        ValueError: If the option is none of the known ones.
    """
    value = options.truncation
    if value is None and options.max_length is not None and not options.padding:
        return "longest_first"
    if value in (None, False, "do_not_truncate"):
        return None
    if value is True:
        return "longest_first"
    for strategy in STRATEGIES:
        if value == strategy:
            return strategy
    raise ValueError(
        f"truncation must be True, False or one of {', '.join(STRATEGIES)}; received {value!r}"
    )


def side_of(value: str) -> str:
    """A padding or truncation side.

    Raises:
        ValueError: If it is neither "left" nor "right".
    """
    if value not in ("left", "right"):
        raise ValueError(f'a side must be "left" or "right"; received {value!r}')
    return value


def padded_width(longest: int, padding: str | None, limit: int | None, multiple: int | None) -> int:
    """The width to pad rows to when the longest has ``longest`` tokens; 0 means no padding.

    Raises:
        ValueError: If "max_length" has no length to go by.
    """
    if padding is None:
        return 0
    if padding == "max_length" and limit is None:
        raise ValueError('padding="max_length" needs max_length: the tokenizer has no limit')
    width = longest if padding == "longest" or limit is None else limit
    return -(-width // multiple) * multiple if multiple else width
