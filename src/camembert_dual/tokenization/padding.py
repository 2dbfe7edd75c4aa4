"""``tokenizer.pad``: padding encodings that exist already, as a data collator needs it."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from camembert_dual.common.arrays import as_lists, to_tensor
from camembert_dual.tokenization.batch_encoding import BatchEncoding
from camembert_dual.tokenization.options import padded_width, padding_of, side_of

if TYPE_CHECKING:
    from camembert_dual.tokenization.base import BaseTokenizer


def pad_encodings(
    tokenizer: "BaseTokenizer",
    encoded: Mapping[str, Any] | Sequence[Mapping[str, Any]],
    padding: bool | str = True,
    *,
    max_length: int | None = None,
    pad_to_multiple_of: int | None = None,
    padding_side: str | None = None,
    return_attention_mask: bool | None = None,
    return_tensors: str | None = None,
) -> BatchEncoding:
    """Pads one encoding, a batch of rows by name, or a list of encodings.

    ``input_ids``, ``attention_mask``, ``token_type_ids`` and ``special_tokens_mask`` grow; other
    fields stay as they are. A missing attention mask is made.

    Raises:
        ValueError: If there is no ``input_ids``, or a field cannot become a tensor.
    """
    if isinstance(encoded, Mapping):
        data = {name: as_lists(values) for name, values in encoded.items()}
    else:
        fields = list(encoded[0]) if encoded else ["input_ids"]
        data = {name: [as_lists(one[name]) for one in encoded] for name in fields}
    if "input_ids" not in data:
        raise ValueError(f"pad needs input_ids; received {', '.join(data) or 'nothing'}")
    single = bool(data["input_ids"]) and not isinstance(data["input_ids"][0], list)
    if single:
        data = {name: [values] for name, values in data.items()}
    rows = data["input_ids"]
    names = tokenizer.model_input_names
    if return_attention_mask or (return_attention_mask is None and "attention_mask" in names):
        data.setdefault("attention_mask", [[1] * len(row) for row in rows])
    rule = padding_of(padding)
    limit = tokenizer.limit() if max_length is None else max_length
    width = padded_width(max(map(len, rows), default=0), rule, limit, pad_to_multiple_of)
    fill = {
        "input_ids": tokenizer.pad_token_id,
        "attention_mask": 0,
        "token_type_ids": tokenizer.pad_token_type_id,
        "special_tokens_mask": 1,
    }
    if width and tokenizer.pad_token_id is None:
        raise ValueError("padding needs a pad_token; the tokenizer has none")
    left = side_of(padding_side or tokenizer.padding_side) == "left"
    for name in fill.keys() & data.keys():
        data[name] = [_grown(row, width, fill[name], left) for row in data[name]]
    if return_tensors is not None:
        return BatchEncoding({name: _tensor(name, v, return_tensors) for name, v in data.items()})
    return BatchEncoding({name: v[0] for name, v in data.items()} if single else data)


def _grown(row: list[Any], width: int, value: Any, left: bool) -> list[Any]:
    padding = [value] * (width - len(row))
    return padding + row if left else row + padding


def _tensor(name: str, values: Any, kind: str) -> Any:
    try:
        return to_tensor(values, kind)
    except ValueError as error:
        raise ValueError(f"{name} cannot become a tensor: {error}") from error
