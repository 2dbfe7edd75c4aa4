"""Fine-tuning: a task, its data, a checkpoint and a tree's loop joined into a trained model."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from camembert_dual.auto import AutoTokenizer
from camembert_dual.common.arrays import FloatArray
from camembert_dual.common.backends import backend_name, installed, tree
from camembert_dual.common.errors import require
from camembert_dual.common.model_names import (
    MODEL,
    MULTIPLE_CHOICE,
    SEQUENCE_CLASSIFICATION,
    TOKEN_CLASSIFICATION,
    class_name,
)
from camembert_dual.config import CamembertConfig
from camembert_dual.storage.atomic import write_atomically
from camembert_dual.storage.file_names import CARD, TRAINING_HISTORY
from camembert_dual.storage.locate import BUNDLED
from camembert_dual.training import run_state
from camembert_dual.training.finetuning_settings import FinetuningSettings
from camembert_dual.training.run_state import Progress
from camembert_dual.training.steps import balanced_weights, finetuning_plan
from camembert_dual.workflows.card import finetuned_card
from camembert_dual.workflows.recipes import Data, Recipe, recipe_of
from camembert_dual.workflows.starting import starting_model

BEST = "model"  # the folder of the best checkpoint, inside that of the run
Record = dict[str, Any]


class Finetuned(NamedTuple):
    """A fine-tuning that came to its end.

    Attributes:
        model: The best model.
        tokenizer: Its tokenizer.
        folder: Where it is saved.
        labels: The names of its classes, if it has any.
        history: For each epoch its number, mean loss, scores, and whether it was the best so far.
    """

    model: Any
    tokenizer: Any
    folder: Path
    labels: tuple[str, ...]
    history: list[Record]


def finetune(
    task: str,
    train: str | Path,
    out: str | Path,
    *,
    valid: str | Path | None = None,
    model: str | Path = BUNDLED[0],
    backend: str | None = None,
    settings: FinetuningSettings | None = None,
    **reading: Any,
) -> Finetuned:
    """Train a checkpoint for a task, or go on with the training found in the same folder.

    Args:
        task: ``pos``, ``ner``, ``classification``, ``pair``, ``qa``, ``choice``, ``mlm`` or
            ``embed``.
        train: The file of examples to train on.
        out: Folder for the best checkpoint, in ``model``, and for the state of the run.
        valid: A file of other examples, on which the model is judged after each epoch; without it
            the last epoch's model is kept.
        model: Folder or name of the checkpoint to begin from.
        backend: ``"pt"`` or ``"tf"``; the framework that is installed by default.
        settings: The numbers of the run.
        **reading: What is said of the files, see :data:`camembert_dual.workflows.recipes.OPTIONS`:
            ``column`` and ``written`` of treebanks; ``kind``, ``text``, ``pair`` and ``label`` of
            tables.

    Raises:
        ImportError: If the framework, or a package that the scores need, is not installed.
        KeyboardInterrupt: If Ctrl-C was pressed; the same call goes on from there.
        OSError: If a file cannot be read or written.
        ValueError: If a file breaks its format, an option its rule, or the folder holds a run with
            other settings.
    """
    settings = settings or FinetuningSettings()
    chosen = backend_name(backend) if backend else (installed() or ["pt"])[0]
    train, folder, recipe = Path(train), Path(out), recipe_of(task, reading)
    check_fits(recipe, settings)
    loop = tree(chosen, "finetune", "training.loop")
    tokenizer = AutoTokenizer.from_pretrained(model)
    limit = min(settings.max_length, CamembertConfig.from_pretrained(model).max_sequence_length)
    data = Data.read(recipe, train, tokenizer, (), limit)
    held_out = valid and Data.read(recipe, Path(valid), tokenizer, data.labels, limit)
    options = recipe.task.config_options(data.labels)
    network = starting_model(model, recipe.task.architecture, chosen, settings, **options)
    run = {**recipe.reading, "task": task, "model": str(model), "backend": chosen}
    run_state.begin(folder, settings.to_dict() | run | {"data": digest_of(train)})
    collate = recipe.collate(data.rows, tokenizer)
    plan = finetuning_plan(settings, data.lengths(), collate, class_weights(data, settings))
    judge = Judge(loop, network, data, held_out or None, settings, folder, plan.per_epoch)
    if judge.goes_on():
        loop.train(network, plan, folder, judge)
    write_card(judge, str(model), chosen, train, valid)
    kind = getattr(tree(chosen, "finetune"), class_name(recipe.task.architecture, chosen))
    without = {"add_pooling_layer": False} if recipe.task.architecture == MODEL else {}
    best = kind.from_pretrained(folder / BEST, **without)
    return Finetuned(best, tokenizer, folder / BEST, data.labels, judge.history)


class Judge:
    """Judges a model after each epoch: keeps the best one, and says when it gets no better.

    Args:
        loop: ``training.loop`` of its tree.
        model: The model in training.
        data: What it is trained on.
        held_out: What it is judged on; None to keep the last one.
        settings: The numbers of the run.
        folder: That of the run.
        per_epoch: Steps of an epoch.
    """

    def __init__(
        self,
        loop: Any,
        model: Any,
        data: Data,
        held_out: Data | None,
        settings: FinetuningSettings,
        folder: Path,
        per_epoch: int,
    ) -> None:
        self.loop, self.model, self.data, self.held_out = loop, model, data, held_out
        self.settings, self.folder, self.per_epoch = settings, folder, per_epoch
        self.history = read_history(folder)

    def __call__(self, progress: Progress) -> bool:
        """Judge the model at the end of an epoch, and tell whether the run goes on."""
        epoch = progress.done // self.per_epoch
        del self.history[epoch - 1 :]  # of a run that came further than its last state
        record: Record = {
            "epoch": epoch,
            "loss": float(np.mean(progress.losses[-self.per_epoch :])),
            "scores": self.scores(),
        }
        best = max(map(self.value_of, self.history), default=-np.inf)
        record["is_best"] = self.held_out is None or self.value_of(record) > best
        if record["is_best"]:
            self.save()
        self.history.append(record)
        text = json.dumps(self.history, indent=2) + "\n"
        write_atomically(self.folder / TRAINING_HISTORY, text.encode())
        return self.goes_on()

    def scores(self) -> dict[str, float]:
        """The scores of the model on what was held out."""
        if self.held_out is None:
            return {}
        return self.held_out.judge(self.loop, self.model, self.settings.batch_size).values()

    def value_of(self, record: Record) -> float:
        """The score that tells the best model; of a score that has no value, the least."""
        value = record["scores"].get(self.data.recipe.task.measure, 0.0)
        return -np.inf if np.isnan(value) else float(value)

    def goes_on(self) -> bool:
        """Whether the last epochs brought a better model, if anybody asks for it."""
        patience = self.settings.patience
        if not patience or self.held_out is None:
            return True
        return len(self.history) < patience or any(
            record["is_best"] for record in self.history[-patience:]
        )

    def save(self) -> None:
        """Write the model, its tokenizer and its task."""
        best = self.folder / BEST
        self.model.save_pretrained(best)
        self.data.tokenizer.save_pretrained(best)
        self.data.recipe.save(best, self.settings.max_length)


def check_fits(recipe: Recipe, settings: FinetuningSettings) -> None:
    """Check that the numbers of a run are of use to its task.

    Raises:
        ValueError: If labels are to be smoothed, or classes weighed, that are none.
    """
    task = recipe.task
    names_one = getattr(task, "kind", "single") == "single"
    has_classes = names_one and task.architecture in (
        SEQUENCE_CLASSIFICATION,
        TOKEN_CLASSIFICATION,
    )
    may_spread = has_classes or task.architecture == MULTIPLE_CHOICE or recipe.word == "mlm"
    rule = f"label_smoothing must be 0 for {recipe.word}, whose labels are no classes"
    require(may_spread or not settings.label_smoothing, rule, settings.label_smoothing)
    weighs = settings.class_weights != "none"
    rule = f"class_weights must be none for {recipe.word}, which has no classes of its own"
    require(has_classes or not weighs, rule, settings.class_weights)


def class_weights(data: Data, settings: FinetuningSettings) -> FloatArray | None:
    """The weights of the classes, if they are to be weighed."""
    if settings.class_weights == "none":
        return None
    labels = np.concatenate([np.atleast_1d(row["labels"]) for row in data.rows])
    return balanced_weights(labels, len(data.labels))


def write_card(
    judge: Judge, source: str, backend: str, train: Path, valid: str | Path | None
) -> None:
    """Write the card of the best model.

    Raises:
        OSError: If it cannot be written.
    """
    files = (train, None if valid is None else Path(valid))
    data, settings = judge.data, judge.settings
    history = judge.history
    card = finetuned_card(data.recipe.word, data.labels, source, backend, settings, history, files)
    write_atomically(judge.folder / BEST / CARD, card.encode())


def read_history(folder: Path) -> list[Record]:
    """What a run wrote of its epochs.

    Raises:
        ValueError: If the file is damaged.
    """
    path = folder / TRAINING_HISTORY
    records: Sequence[Record] = json.loads(path.read_text("utf-8")) if path.exists() else []
    return list(records)


def digest_of(path: Path) -> str:
    """What tells a file from another."""
    return hashlib.blake2b(path.read_bytes(), digest_size=16).hexdigest()
