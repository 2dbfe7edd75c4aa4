"""What each word for a task means: the reader of its files, its rows, its batches and scores."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from camembert_dual.common.arrays import Array, IntArray
from camembert_dual.common.errors import is_integer, require, require_file
from camembert_dual.common.model_names import MASKED_LM
from camembert_dual.data.readers import READERS, read_examples
from camembert_dual.storage.atomic import write_atomically
from camembert_dual.storage.file_names import TASK
from camembert_dual.storage.json_files import read_json
from camembert_dual.tasks.answered_choices import AnsweredChoices, with_one_answer
from camembert_dual.tasks.answered_questions import AnsweredQuestions
from camembert_dual.tasks.labelled_texts import KINDS, LabelledTexts
from camembert_dual.tasks.labelled_words import LabelledWords
from camembert_dual.tasks.measures import Measure
from camembert_dual.tasks.similar_texts import SimilarVectors
from camembert_dual.training.labelled import labelled_batch, length_of, masked_batch
from camembert_dual.training.masking import vocabulary_of
from camembert_dual.training.steps import Batch, Collate, in_batches
from camembert_dual.workflows.masked_text import MaskedText, outputs_of_rows

Row = Mapping[str, Any]
TEXTS = ("kind", "text", "label")
# what may be said of each task's files
OPTIONS: Mapping[str, tuple[str, ...]] = {
    "pos": ("column", "written"),
    "ner": (),
    "classification": TEXTS,
    "pair": (*TEXTS, "pair"),
    "qa": (),
    "choice": (),
    "embed": (),
    "mlm": (),
}
# masks to evaluate on hide every chosen word, so that none can be read off
HIDDEN = {"mask_share": 1.0, "random_share": 0.0}


class Recipe(NamedTuple):
    """A task, and how its files are read.

    Attributes:
        word: The word for it.
        reading: Options of the reader.
        task: What makes rows of examples, and answers of logits.
    """

    word: str
    reading: Mapping[str, Any]
    task: Any

    def examples(self, path: Path) -> list[Any]:
        """Read a file.

        Raises:
            CheckpointError: If it breaks its format; the message has file, line and reason.
            OSError: If it cannot be read.
            ValueError: If no reader fits, or it holds no example that serves.
        """
        found = read_examples(path, self.word, **self.reading)
        return with_one_answer(found) if self.word == "choice" else found

    def collate(self, rows: Sequence[Row], tokenizer: Any, **shares: float) -> Collate:
        """What makes batches of some rows."""
        if self.task.architecture == MASKED_LM:
            vocabulary = vocabulary_of(tokenizer)

            def masked(numbers: IntArray, draws: np.random.Generator) -> Batch:
                ids = [rows[number]["input_ids"] for number in numbers]
                return masked_batch(ids, vocabulary, draws, **shares)

            return masked
        padding = tokenizer.pad_token_id
        return lambda numbers, _: labelled_batch([rows[one] for one in numbers], padding)

    def save(self, folder: Path, max_length: int) -> None:
        """Write the task, and the most tokens of a row, beside a model.

        Raises:
            OSError: If the folder cannot be written.
        """
        values = {"task": self.word, **self.reading, "max_length": max_length}
        text = json.dumps(values, indent=2) + "\n"
        write_atomically(folder / TASK, text.encode())


def recipe_of(word: str, options: Mapping[str, Any] | None = None) -> Recipe:
    """The recipe of a task's word.

    Args:
        word: One of ``OPTIONS``.
        options: What is said of its files; None is left out.

    Raises:
        ValueError: If there is no such task, or it has no such option.
    """
    require(word in OPTIONS, f"task must be one of {', '.join(READERS)}", repr(word))
    reading = {name: value for name, value in (options or {}).items() if value is not None}
    others = [name for name in reading if name not in OPTIONS[word]]
    rule = f"What is said of files of {word} must be {' or '.join(OPTIONS[word]) or 'nothing'}"
    require(not others, rule, ", ".join(others))
    kind = reading.get("kind", "single")
    require(kind in KINDS, f"kind must be one of {', '.join(KINDS)}", repr(kind))
    tasks: Mapping[str, Any] = {
        "pos": LabelledWords(),
        "ner": LabelledWords("f1", has_entities=True),
        "classification": LabelledTexts(kind),
        "pair": LabelledTexts(kind),
        "qa": AnsweredQuestions(),
        "choice": AnsweredChoices(),
        "embed": SimilarVectors(),
        "mlm": MaskedText(),
    }
    return Recipe(word, reading, tasks[word])


def read_recipe(folder: Path) -> tuple[Recipe, int]:
    """The recipe that was written beside a model, and the most tokens of a row.

    Raises:
        FileNotFoundError: If there is none.
        ValueError: If it names no task of these, or options that this has not.
    """
    path = folder / TASK
    found = read_json(path)
    word, max_length = found.pop("task", None), found.pop("max_length", None)
    require_file(path, isinstance(word, str), "task must be a word", type(word).__name__)
    require_file(path, is_integer(max_length, 1), "max_length must be a number", repr(max_length))
    return recipe_of(str(word), found), int(max_length)


class Judged(NamedTuple):
    """What a model answered, and how to measure it.

    Attributes:
        answers: An answer for each example; for each row in ``mlm``.
        outputs: For each row what the model said.
        measures: Name to measure.
    """

    answers: list[Any]
    outputs: list[tuple[Array, ...]]
    measures: dict[str, Measure]

    def values(self) -> dict[str, float]:
        """Each measure of all examples."""
        every = np.arange(len(self.answers))
        return {name: measure(every) for name, measure in self.measures.items()}


class Data(NamedTuple):
    """A file as rows of a task.

    Attributes:
        recipe: The task.
        examples: What the file holds.
        rows: What the model reads.
        labels: The names of its classes.
        tokenizer: Its tokenizer.
    """

    recipe: Recipe
    examples: list[Any]
    rows: list[Row]
    labels: tuple[str, ...]
    tokenizer: Any

    @classmethod
    def read(
        cls, recipe: Recipe, path: Path, tokenizer: Any, labels: Sequence[str], max_length: int
    ) -> Data:
        """Read a file, and make rows of it; the labels are its own if none are given."""
        examples = recipe.examples(path)
        names = tuple(labels) or recipe.task.labels(examples)
        rows = recipe.task.encode(examples, tokenizer, names, max_length)
        return cls(recipe, examples, rows, names, tokenizer)

    def lengths(self) -> list[int]:
        """The tokens of each row."""
        return [length_of(row) for row in self.rows]

    def judge(self, loop: Any, model: Any, batch_size: int) -> Judged:
        """Let a model answer, and measure it.

        Args:
            loop: ``training.loop`` of the model's tree.
            model: The model.
            batch_size: Rows that are answered at once.
        """
        outputs: list[tuple[Array, ...]] = [()] * len(self.rows)
        collate = self.recipe.collate(self.rows, self.tokenizer, **HIDDEN)
        groups = in_batches(self.lengths(), batch_size)
        made = (collate(numbers, np.random.default_rng(0)) for numbers in groups)
        batches, given = itertools.tee(made)
        for numbers, batch, found in zip(groups, batches, loop.predict(model, given), strict=True):
            if model.architecture == MASKED_LM:
                by_row = outputs_of_rows(found[0], batch)
            else:
                by_row = list(zip(*found, strict=True))
            for number, output in zip(numbers, by_row, strict=True):
                outputs[number] = output
        task = self.recipe.task
        answers = task.answers(outputs, self.rows, self.examples, self.labels)
        return Judged(answers, outputs, task.measures(answers, self.examples))
