"""What a pipeline is called with: one thing, many, or a stream, in the forms of each task."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

from camembert_dual.common.errors import require

FIRST = ("inputs", "text_inputs", "sequences", "X", "data")  # names of what is given by position
Options = dict[str, Any]


class Call(NamedTuple):
    """What to answer.

    Attributes:
        examples: One by one.
        is_one: Whether the answer is that of the only example, not a list.
        is_stream: Whether answers come one by one, as the examples do.
    """

    examples: Iterable[Any]
    is_one: bool = False
    is_stream: bool = False


def read_call(inputs: tuple[Any, ...], options: Options) -> Call:
    """Read a text, a mapping or an object, a list of them, or a generator or a dataset.

    Args:
        inputs: What was given by position.
        options: What was given by name; inputs are taken out.

    Raises:
        ValueError: If there is not one of them.
    """
    given = [*inputs, *(options.pop(name) for name in FIRST if name in options)]
    require(len(given) == 1, "A pipeline must be given its inputs in one argument", len(given))
    value = given[0]
    if isinstance(value, list | tuple):
        return Call(value)
    if isinstance(value, str | Mapping):
        return Call([value], is_one=True)
    if hasattr(value, "__iter__"):
        return Call(value, is_stream=True)
    if hasattr(value, "__getitem__"):  # as PyTorch's datasets are
        return Call((value[index] for index in range(len(value))), is_stream=True)
    return Call([value], is_one=True)


def read_texts_to_classify(inputs: tuple[Any, ...], options: Options) -> Call:
    """As :func:`read_call`; the answer about one text is a list, too, unless ``top_k`` is named."""
    call = read_call(inputs, options)
    is_text = call.is_one and not isinstance(next(iter(call.examples)), Mapping)
    return call._replace(is_one=False) if is_text and "top_k" not in options else call


def read_singles(inputs: tuple[Any, ...], options: Options) -> Call:
    """As :func:`read_call`; a list of one example has the answer of the example."""
    call = read_call(inputs, options)
    is_single = isinstance(call.examples, list | tuple) and len(call.examples) == 1
    return call._replace(is_one=is_single)


def read_questions(inputs: tuple[Any, ...], options: Options) -> Call:
    """Read questions with contexts: examples, or ``question`` and ``context`` by position or name.

    Raises:
        ValueError: If there are not as many contexts as questions, nor one for all.
    """
    if len(inputs) == 2 and all(isinstance(one, str) for one in inputs):
        inputs = ({"question": inputs[0], "context": inputs[1]},)
    elif len(inputs) > 1:
        inputs = (list(inputs),)
    elif not inputs and "question" in options:
        inputs = (_paired(options.pop("question"), options.pop("context", None), "context"),)
    return read_singles(inputs, options)


def read_choices(inputs: tuple[Any, ...], options: Options) -> Call:
    """Read questions with choices: examples, or ``question`` and ``choices`` by name."""
    if len(inputs) == 2 and isinstance(inputs[0], str):
        inputs = ({"question": inputs[0], "choices": inputs[1]},)
    elif not inputs and "question" in options:
        inputs = (_paired(options.pop("question"), options.pop("choices", None), "choices"),)
    return read_call(inputs, options)


def read_texts_with_labels(inputs: tuple[Any, ...], options: Options) -> Call:
    """As :func:`read_call`, with ``candidate_labels`` perhaps in the second place."""
    if len(inputs) == 2 and "candidate_labels" not in options:
        options["candidate_labels"] = inputs[1]
        inputs = inputs[:1]
    return read_call(inputs, options)


def _paired(questions: Any, others: Any, name: str) -> Any:
    """One example for a question, or one for each of many; one text may stand beside all."""
    if isinstance(questions, str):
        return {"question": questions, name: others}
    beside = [others] * len(questions) if isinstance(others, str) else others
    rule = f"{name} must be one for all questions, or one for each of the {len(questions)}"
    fits = isinstance(beside, list | tuple) and len(beside) == len(questions)
    require(fits, rule, others)
    return [{"question": one, name: other} for one, other in zip(questions, beside, strict=True)]
