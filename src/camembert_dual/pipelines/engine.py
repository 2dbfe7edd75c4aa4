"""The way of all pipelines: examples to rows, rows to batches of one length, answers in order.

Letters: B rows, C choices, T tokens.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby, islice
from pathlib import Path
from typing import Any

import numpy as np

from camembert_dual.common.arrays import IntArray
from camembert_dual.common.errors import is_integer, require
from camembert_dual.pipelines.recipes import Recipe
from camembert_dual.pipelines.runners import Runner
from camembert_dual.tasks.base import Answers, Kit, Part, Prepared

BATCH_SIZE = 8
AHEAD = 8  # batches of examples that are sorted by their lengths together
OTHERS = "others"  # the field of a task's options that takes those of a lower call


class Pipeline:
    """Answers texts, questions or choices with a model; :func:`pipeline` makes one.

    Attributes:
        task: The word of its task.
        runner: What computes.
        kit: What stands beside the model.
        batch_size: The most rows computed at once.
        options: What was asked for when it was made.
    """

    def __init__(
        self,
        task: str,
        recipe: Recipe,
        runner: Runner,
        kit: Kit,
        batch_size: int = BATCH_SIZE,
        **options: Any,
    ) -> None:
        self.task = task
        self.recipe = recipe
        self.runner = runner
        self.kit = kit
        self.batch_size = checked_size(batch_size)
        self.options = options
        self._options_with({})  # so that a mistake is told at once

    @property
    def model(self) -> Any:
        """The model, or the function in its place."""
        return self.runner.model  # type: ignore[attr-defined]

    @property
    def tokenizer(self) -> Any:
        """The tokenizer."""
        return self.kit.tokenizer

    @property
    def framework(self) -> str | None:
        """``"pt"``, ``"tf"``, or None for a function."""
        return self.runner.backend

    def __call__(self, *inputs: Any, batch_size: int | None = None, **options: Any) -> Any:
        """Answer one example, many, or a stream.

        Args:
            *inputs: An example, a list of examples, or anything that gives them one by one.
            batch_size: The most rows computed at once, instead of the pipeline's.
            **options: What is asked for this time; see the task's class of options.

        Returns:
            An answer, a list of answers, or a generator of answers, in the order of the examples.

        Raises:
            ValueError: If an example or an option breaks its rule.
        """
        options.pop("num_workers", None)
        call = self.recipe.read(inputs, options)
        chosen = self._options_with(options)
        size = self.batch_size if batch_size is None else checked_size(batch_size)
        answers = self._stream(call.examples, chosen, size)
        if call.is_stream:
            return answers
        found = list(answers)
        return found[0] if call.is_one else found

    def save_pretrained(self, save_directory: str | Path, **options: Any) -> None:
        """Write the model and the tokenizer to a folder; the options are those of the model's."""
        self.model.save_pretrained(save_directory, **options)
        self.tokenizer.save_pretrained(save_directory)

    def _options_with(self, given: dict[str, Any]) -> Any:
        """The task's options: those given, those of the pipeline, and defaults.

        Raises:
            ValueError: If one is unknown or breaks its rule.
        """
        values = {**self.options, **given}
        names = [one.name for one in dataclasses.fields(self.recipe.options)]
        others = {name: values.pop(name) for name in list(values) if name not in names}
        if OTHERS in names:
            return self.recipe.options(**values, **{OTHERS: others})
        rule = f"Options of {self.task} must be some of {', '.join(names)}"
        require(not others, rule, ", ".join(others))
        return self.recipe.options(**values)

    def _stream(self, examples: Iterable[Any], options: Any, size: int) -> Iterator[Any]:
        """The answers in the order of the examples, of which a few batches are read ahead."""
        source = iter(examples)
        while block := list(islice(source, size * AHEAD if size > 1 else 1)):
            prepared = [self.recipe.prepare(self.kit, one, options) for one in block]
            found = self._compute(prepared, options, size)
            for one, answers in zip(prepared, found, strict=True):
                yield self.recipe.decode(self.kit, one, answers, options)

    def _compute(
        self, prepared: Sequence[Prepared], options: Any, size: int
    ) -> list[list[Answers]]:
        """The model's answers for each part of each example."""
        places = [
            (number, part) for number, one in enumerate(prepared) for part in range(len(one.parts))
        ]
        parts = {place: prepared[place[0]].parts[place[1]] for place in places}
        found: dict[tuple[int, int], Answers] = {}
        longest_first = sorted(places, key=lambda place: shape_of(parts[place]), reverse=True)
        for _, group in groupby(longest_first, key=lambda place: shape_of(parts[place])[0]):
            while batch := list(islice(group, size)):
                inputs = padded([parts[place] for place in batch], self.tokenizer)
                answers = self.recipe.forward(self.runner, self.kit, inputs, options)
                found.update(zip(batch, answers, strict=True))
        return [
            [found[number, part] for part in range(len(one.parts))]
            for number, one in enumerate(prepared)
        ]


def checked_size(batch_size: int) -> int:
    """Take a number of rows.

    Raises:
        ValueError: If it is not a whole number of at least 1.
    """
    require(is_integer(batch_size, 1), "batch_size must be an integer of at least 1", batch_size)
    return batch_size


def shape_of(part: Part) -> tuple[int, int]:
    """The number of choices of a part, 0 for a plain row, and the tokens of its longest row."""
    ids = part["input_ids"]
    if ids and isinstance(ids[0], list):
        return len(ids), max(map(len, ids))
    return 0, len(ids)


def padded(parts: Sequence[Part], tokenizer: Any) -> dict[str, IntArray]:
    """Parts of one kind as arrays (B, T), or (B, C, T), filled up on the right."""
    fills = {
        "input_ids": tokenizer.pad_token_id,
        "token_type_ids": tokenizer.pad_token_type_id,
    }
    choices, width = max(map(shape_of, parts))
    inputs = {}
    for name in parts[0]:
        rows = [row for part in parts for row in (part[name] if choices else [part[name]])]
        values = np.full((len(rows), width), fills.get(name, 0), np.int64)
        for value, row in zip(values, rows, strict=True):
            value[: len(row)] = row
        inputs[name] = values.reshape(len(parts), choices, width) if choices else values
    return inputs
