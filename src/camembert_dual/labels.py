"""What labels may hold: a rule for each kind of head, for both trees.

As for inputs, values are looked at only where that costs nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from camembert_dual.common.errors import refusal, require
from camembert_dual.inputs import (
    CLASSES,
    IGNORE_INDEX,
    NUMBERS,
    Seen,
    Shape,
    Types,
    check_range,
    check_type,
    check_values,
    fits,
)


class LabelRule(NamedTuple):
    """What the labels of one kind of head must be; ``holds`` says so of values that count."""

    types: Types
    text: str
    holds: Callable[[Any], Any]


LABEL_RULES = {
    "single_label_classification": LabelRule(CLASSES, "", lambda values: True),
    "regression": LabelRule(NUMBERS, "finite", np.isfinite),
    "multi_label_classification": LabelRule(
        NUMBERS, "within 0 and 1", lambda values: (values >= 0) & (values <= 1)
    ),
}


def check_labels(labels: Seen, wanted: Shape, problem_type: str, num_labels: int) -> None:
    """Check type, shape and values of labels.

    Args:
        labels: The labels.
        wanted: The shape of what they are compared with; axes of size 1 may be missing at the end,
            or too many.
        problem_type: A key of ``LABEL_RULES``.
        num_labels: Number of classes.

    Raises:
        ValueError: If a rule is broken.
    """
    types, text, holds = LABEL_RULES[problem_type]
    check_type("labels", labels.dtype, types)
    rank = max(len(labels.shape), len(wanted))
    padded = [(*shape, *[1] * (rank - len(shape))) for shape in (labels.shape, wanted)]
    purpose = "" if types is CLASSES else f" for {problem_type}"
    if not fits(*padded):
        raise refusal(f"labels must be of shape {wanted}{purpose}", f"{labels.shape}")
    values = labels.read()
    if values is None:
        return
    if types is CLASSES:
        classes = values[values != IGNORE_INDEX] if values.dtype != np.bool_ else values
        if classes.size:
            least, most = int(classes.min()), int(classes.max())
            check_range("labels", num_labels, "or -100 to be ignored", least, most)
    else:
        check_values(f"labels must be {text}{purpose}", values, holds(values))


def check_span(starts: Seen | None, ends: Seen | None, rows: int | None) -> None:
    """Check the first and last positions of answers: whole numbers (B) or (B, 1), both or neither.

    Raises:
        ValueError: If a rule is broken.
    """
    given = {"start_positions": starts, "end_positions": ends}
    present = [name for name, seen in given.items() if seen is not None]
    rule = "start_positions and end_positions must come together"
    require(len(present) != 1, rule, f"{''.join(present)} alone")
    for name, seen in given.items():
        if seen is not None:
            check_type(name, seen.dtype, CLASSES)
            if not (fits(seen.shape, (rows,)) or fits(seen.shape, (rows, 1))):
                raise refusal(f"{name} must be of shape ({rows},)", f"{seen.shape}")


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
