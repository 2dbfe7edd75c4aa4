"""Evaluation: a trained model's answers on a file, measured, with intervals."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple

from camembert_dual.auto import AutoTokenizer
from camembert_dual.common.backends import backend_name, installed, tree
from camembert_dual.common.model_names import MODEL, class_name
from camembert_dual.storage.locate import locate
from camembert_dual.tasks.measures import RESAMPLES, Score, with_intervals
from camembert_dual.workflows.recipes import Data, Judged, read_recipe, recipe_of

BATCH_SIZE = 32


class Evaluation(NamedTuple):
    """What a model scores on a file.

    Attributes:
        task: The word for the task.
        model: The checkpoint.
        file: The file.
        scores: Name to value and interval.
        data: What the file holds, as the model read it.
        judged: What the model answered.
    """

    task: str
    model: str
    file: str
    scores: dict[str, Score]
    data: Data
    judged: Judged

    def to_dict(self) -> dict[str, Any]:
        """Task, model, file, number of answers and scores, as JSON holds them."""
        scores = {name: one._asdict() for name, one in self.scores.items()}
        facts = {"task": self.task, "model": self.model, "file": self.file}
        return {**facts, "count": len(self.judged.answers), "scores": scores}


def evaluate(
    model: str | Path,
    file: str | Path,
    *,
    task: str | None = None,
    backend: str | None = None,
    batch_size: int = BATCH_SIZE,
    resamples: int = RESAMPLES,
    **reading: Any,
) -> Evaluation:
    """Let a model answer on a file, and measure its answers against what the file says.

    Args:
        model: Folder or name of the checkpoint, such as the ``model`` of a fine-tuning.
        file: The file of examples.
        task: The word for the task; the one that was written beside the model by default.
        backend: ``"pt"`` or ``"tf"``; the framework that is installed by default.
        batch_size: Rows that are answered at once.
        resamples: Draws of the bootstrap, from which each score has its interval of 95 %.
        **reading: What is said of the file, as in :func:`finetune`; as written beside the model by
            default.

    Raises:
        ImportError: If the framework, or a package that the scores need, is not installed.
        OSError: If a file cannot be read.
        ValueError: If a file breaks its format, or an option its rule.
    """
    chosen = backend_name(backend) if backend else (installed() or ["pt"])[0]
    recipe, longest = (recipe_of(task), None) if task else read_recipe(locate(model))
    given = {name: value for name, value in reading.items() if value is not None}
    recipe = recipe_of(recipe.word, {**recipe.reading, **given})
    architecture = recipe.task.architecture
    kind = getattr(tree(chosen, "evaluate"), class_name(architecture, chosen))
    network = kind.from_pretrained(
        model, **({"add_pooling_layer": False} if architecture == MODEL else {})
    )
    tokenizer = AutoTokenizer.from_pretrained(model)
    labels = labels_of(network.config.id2label) if recipe.task.config_options(("",)) else ()
    limit = network.config.max_sequence_length
    limit = limit if longest is None else min(limit, longest)
    data = Data.read(recipe, Path(file), tokenizer, labels, limit)
    loop = tree(chosen, "evaluate", "training.loop")
    judged = data.judge(loop, network, batch_size)
    scores = with_intervals(judged.measures, len(judged.answers), resamples)
    return Evaluation(recipe.word, str(model), str(file), scores, data, judged)


def labels_of(id2label: Mapping[int, str]) -> tuple[str, ...]:
    """The names of a model's classes, in order."""
    return tuple(id2label[number] for number in sorted(id2label))
