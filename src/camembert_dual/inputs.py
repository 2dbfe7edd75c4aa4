"""The forms a model accepts its inputs in, and the words in which both trees refuse bad ones.

Keyword, list, tuple and dict are one thing: ``model(ids, mask)``, ``model([ids, mask])``,
``model({"input_ids": ids, "attention_mask": mask})`` and the keywords give the same call.
"""

from __future__ import annotations

import functools
import inspect
import math
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from camembert_dual.common.errors import require
from camembert_dual.config import CamembertConfig

IGNORE_INDEX = -100  # the label of a position that no loss and no score looks at
Forward = TypeVar("Forward", bound=Callable[..., Any])


def accept_structures(forward: Forward) -> Forward:
    """Let the first argument of a model's forward be a list, a tuple or a dict of its inputs.

    A list or tuple follows the order of the signature; a dict has its names.

    Args:
        forward: A method whose parameters after ``self`` are the inputs.

    Returns:
        The method, which raises ValueError for an unknown name, for too many inputs, or for an
        input given twice.
    """
    names = tuple(inspect.signature(forward).parameters)[1:]

    @functools.wraps(forward)
    def forward_structure(self: Any, *args: Any, **kwargs: Any) -> Any:
        first = args[0] if args else kwargs.get(names[0])
        if isinstance(first, Mapping | list | tuple):
            rest = args[1:]
            if not args:
                kwargs.pop(names[0])
            given = dict(first) if isinstance(first, Mapping) else _by_position(first, names)
            if rest:
                raise ValueError(
                    "A structure of inputs must be the only positional argument; received "
                    f"{len(rest)} more."
                )
            twice = [name for name in given if name in kwargs]
            if twice:
                raise ValueError(f"An input must be given once; received {', '.join(twice)} twice.")
            unknown = [str(name) for name in given if name not in names]
            if unknown:
                raise ValueError(
                    f"The inputs must be among {', '.join(names)}; received {', '.join(unknown)}."
                )
            return forward(self, **given, **kwargs)
        return forward(self, *args, **kwargs)

    return forward_structure  # type: ignore[return-value]


def _by_position(values: list[Any] | tuple[Any, ...], names: tuple[str, ...]) -> dict[str, Any]:
    if len(values) > len(names):
        raise ValueError(
            f"A list of inputs must hold at most {len(names)} values, for {', '.join(names)}; "
            f"received {len(values)}."
        )
    return dict(zip(names, values, strict=False))


Shape = tuple[int | None, ...]


def check_shapes(
    config: CamembertConfig, shapes: Mapping[str, Shape], past_length: int | None
) -> None:
    """Check the shapes of a model's inputs against each other and against the config.

    Sizes that are not known yet (while a graph is traced) are None and pass.

    Args:
        config: The model's configuration.
        shapes: Shape of each input that was given: ``input_ids`` (B, T) or ``inputs_embeds`` (B, T,
            D); ``token_type_ids`` and ``position_ids`` (B or 1, T); ``attention_mask`` (B, P + T)
            or (B, T, P + T); ``encoder_hidden_states`` (B, S, D); ``encoder_attention_mask`` (B, S)
            or (B, T, S); ``head_mask`` (H) or (N, H).
        past_length: P, the number of cached positions; None while it is not known.

    Raises:
        ValueError: If a rule is broken, or the text is longer than the position table allows.
    """
    given = [name for name in ("input_ids", "inputs_embeds") if name in shapes]
    rule = "A model takes either input_ids or inputs_embeds"
    require(len(given) == 1, rule, "both" if given else "neither")
    main = shapes[given[0]]
    hidden = config.hidden_size
    if given[0] == "input_ids":
        require(len(main) == 2, "input_ids must be of shape (batch, length)", main)
    else:
        rule = f"inputs_embeds must be of shape (batch, length, {hidden})"
        require(len(main) == 3 and main[2] in (None, hidden), rule, main)
    rows, columns = main[0], main[1]
    require(columns is None or columns > 0, f"{given[0]} must hold at least one token", main)
    total = None if columns is None or past_length is None else columns + past_length
    limit = config.max_sequence_length
    if "position_ids" not in shapes:
        rule = (
            f"A text must have at most {limit} tokens, max_position_embeddings - pad_token_id - 1; "
            "truncate it or split it into windows"
        )
        require(total is None or total <= limit, rule, total)
    for name in ("token_type_ids", "position_ids"):
        if name in shapes:
            rule = f"{name} must be of shape (batch, length) = {(rows, columns)}"
            fits = _fits(shapes[name], (rows, columns)) or _fits(shapes[name], (1, columns))
            require(fits, rule, shapes[name])
    if "attention_mask" in shapes:
        rule = (
            f"attention_mask must be of shape (batch, length) = {(rows, total)} or (batch, length, "
            f"length) = {(rows, columns, total)}"
        )
        shape = shapes["attention_mask"]
        require(_fits(shape, (rows, total)) or _fits(shape, (rows, columns, total)), rule, shape)
    if "head_mask" in shapes:
        layers, heads = config.num_hidden_layers, config.num_attention_heads
        rule = f"head_mask must be of shape ({heads},) or ({layers}, {heads})"
        shape = shapes["head_mask"]
        require(_fits(shape, (heads,)) or _fits(shape, (layers, heads)), rule, shape)
    if "encoder_hidden_states" in shapes:
        rule = "encoder_hidden_states needs a config with is_decoder and add_cross_attention"
        crosses = config.is_decoder and config.add_cross_attention
        require(crosses, rule, (config.is_decoder, config.add_cross_attention))
        shape = shapes["encoder_hidden_states"]
        rule = f"encoder_hidden_states must be of shape (batch, length, {hidden}) with batch {rows}"
        require(_fits(shape, (rows, None, hidden)), rule, shape)
        if "encoder_attention_mask" in shapes:
            keys = shape[1]
            shape = shapes["encoder_attention_mask"]
            rule = (
                f"encoder_attention_mask must be of shape (batch, length) = {(rows, keys)} or "
                f"(batch, length, length) = {(rows, columns, keys)}"
            )
            fits = _fits(shape, (rows, keys)) or _fits(shape, (rows, columns, keys))
            require(fits, rule, shape)


def check_range(name: str, limit: int, table: str, smallest: int, largest: int) -> None:
    """Check that ids fall into their table.

    Args:
        name: The input's name.
        limit: Rows of the table.
        table: The config's name for that number.
        smallest: Smallest id received.
        largest: Largest id received.

    Raises:
        ValueError: If an id is negative or not below ``limit``.
    """
    rule = f"{name} must be in [0, {limit}) ({table})"
    require(smallest >= 0 and largest < limit, rule, f"ids from {smallest} to {largest}")


def check_label_shape(shape: Shape, wanted: Shape, purpose: str = "") -> None:
    """Check that there are as many labels as the head has answers, in whatever shape.

    Args:
        shape: Shape of the labels; sizes that are not known yet are None and pass.
        wanted: Shape of what they are compared with.
        purpose: What the labels are for, as a part of the sentence.

    Raises:
        ValueError: If the numbers differ.
    """
    sizes = [size for size in (*shape, *wanted) if size is not None]
    is_known = len(sizes) == len(shape) + len(wanted)
    fits = not is_known or math.prod(sizes[: len(shape)]) == math.prod(sizes[len(shape) :])
    require(fits, f"labels must be of shape {wanted}{purpose}", shape)


def _fits(shape: Shape, wanted: Shape) -> bool:
    return len(shape) == len(wanted) and all(
        size == want or size is None or want is None
        for size, want in zip(shape, wanted, strict=True)
    )


def infer_problem_type(num_labels: int, has_integer_labels: bool) -> str:
    """What a sequence classifier is for, when its config does not say.

    Args:
        num_labels: Number of classes.
        has_integer_labels: Whether the labels are integers.

    Returns:
        ``"regression"``, ``"single_label_classification"`` or ``"multi_label_classification"``.
    """
    if num_labels == 1:
        return "regression"
    return "single_label_classification" if has_integer_labels else "multi_label_classification"
