"""``camembert-dual finetune``: a model for a task, trained on one's own examples."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from typing import Any

from camembert_dual.commands.arguments import (
    add_backend,
    add_json,
    add_model,
    add_settings,
    described,
)
from camembert_dual.commands.printing import note, say, say_json
from camembert_dual.data.readers import READERS
from camembert_dual.training.finetuning_settings import CLASS_WEIGHTS, FinetuningSettings
from camembert_dual.training.settings import PRECISIONS
from camembert_dual.workflows.finetune import Finetuned, finetune

CHOICES = {"class_weights": CLASS_WEIGHTS, "precision": PRECISIONS}
READING = ("column", "written", "kind", "text", "pair", "label")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument(
        "task",
        choices=tuple(READERS),
        metavar="TASK",
        help=f"one of {', '.join(READERS)}",
    )
    parser.add_argument("--train", required=True, metavar="FILE", help="examples to train on")
    parser.add_argument(
        "--valid",
        metavar="FILE",
        help="other examples, on which the model is judged after each epoch; default none, and the "
        "last model is kept",
    )
    parser.add_argument(
        "--out",
        required=True,
        metavar="DIR",
        help="folder for the best checkpoint (DIR/model) and the state that the same command goes "
        "on from",
    )
    add_model(parser)
    add_backend(parser, "framework to train in; default the one that is installed, pt first")
    add_reading(parser)
    texts = described(FinetuningSettings)
    add_settings(parser, FinetuningSettings(), texts, CHOICES)
    add_json(parser)


def add_reading(parser: argparse.ArgumentParser) -> None:
    """Declare what may be said of files of examples."""
    parser.add_argument(
        "--column", metavar="NAME", help="column of a treebank that is learned; default UPOS"
    )
    parser.add_argument(
        "--words",
        choices=("syntactic", "surface"),
        help="words of a treebank: de + le, or du as it is written; default syntactic",
    )
    parser.add_argument(
        "--kind",
        choices=("single", "multi", "regression"),
        help="labels of a table: a class, several, or a number; default single",
    )
    for name in ("text", "pair", "label"):
        parser.add_argument(
            f"--{name}-column",
            metavar="NAME",
            dest=name,
            help=f"column of a table that holds the {name}; default one of the usual names",
        )


def reading_of(arguments: argparse.Namespace) -> dict[str, Any]:
    """What was said of the files."""
    words = arguments.words
    written = None if words is None else words == "surface"
    given = {**vars(arguments), "written": written}
    return {name: given[name] for name in READING if given[name] is not None}


def run(arguments: argparse.Namespace) -> int:
    """Train, or go on with the training that was interrupted in the same folder.

    Raises:
        ImportError: If the framework, or a package that the scores need, is not installed.
        KeyboardInterrupt: If Ctrl-C was pressed; how to go on is then said.
        OSError: If a file cannot be read or written.
        ValueError: If a file breaks its format, an option its rule, or the folder holds a run with
            other settings.
    """
    fields = [one.name for one in dataclasses.fields(FinetuningSettings)]
    settings = FinetuningSettings(**{name: vars(arguments)[name] for name in fields})
    note(f"Reading {arguments.train} ...")
    try:
        done = finetune(
            arguments.task,
            arguments.train,
            arguments.out,
            valid=arguments.valid,
            model=arguments.model,
            backend=arguments.backend,
            settings=settings,
            **reading_of(arguments),
        )
    except KeyboardInterrupt:
        print("camembert-dual: the same command goes on from the state kept", file=sys.stderr)
        raise
    tell(done, arguments)
    return 0


def tell(done: Finetuned, arguments: argparse.Namespace) -> None:
    """Print the epochs, and where the best model is."""
    if arguments.json:
        say_json({"model": str(done.folder), "history": done.history})
        return
    for record in done.history:
        scores = [f"{name} {value:.4f}" for name, value in record["scores"].items()]
        best = [" (best so far)"] if scores and record["is_best"] else [""]
        facts = ", ".join([f"loss {record['loss']:.4f}", *scores])
        say(f"epoch {record['epoch']}: {facts}{best[0]}")
    say(f"{arguments.task} -> {done.folder}")
