"""``camembert-dual evaluate``: what a trained model scores on a file."""

from __future__ import annotations

import argparse
import json

from camembert_dual.commands.arguments import add_backend
from camembert_dual.commands.finetune import add_reading, reading_of
from camembert_dual.commands.printing import say
from camembert_dual.data.readers import READERS
from camembert_dual.tasks.measures import RESAMPLES
from camembert_dual.workflows.evaluate import BATCH_SIZE, evaluate


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("file", metavar="FILE", help="examples to evaluate on")
    parser.add_argument(
        "--model",
        required=True,
        metavar="PATH",
        help="folder or name of a checkpoint, such as DIR/model of finetune",
    )
    parser.add_argument(
        "--task",
        choices=tuple(READERS),
        metavar="TASK",
        help=f"one of {', '.join(READERS)}; default what stands beside the model",
    )
    add_backend(parser, "framework to answer in; default the one that is installed, pt first")
    add_reading(parser)
    parser.add_argument(
        "--batch-size",
        type=int,
        default=BATCH_SIZE,
        metavar="N",
        help="rows that are answered at once; default %(default)s",
    )
    parser.add_argument(
        "--resamples",
        type=int,
        default=RESAMPLES,
        metavar="N",
        help="draws of the bootstrap that gives each score its interval of 95 %%; default "
        "%(default)s",
    )
    parser.add_argument("--json", action="store_true", help="print the scores as JSON")


def run(arguments: argparse.Namespace) -> int:
    """Answer and measure.

    Raises:
        ImportError: If the framework, or a package that the scores need, is not installed.
        OSError: If a file cannot be read.
        ValueError: If a file breaks its format, or an option its rule.
    """
    found = evaluate(
        arguments.model,
        arguments.file,
        task=arguments.task,
        backend=arguments.backend,
        batch_size=arguments.batch_size,
        resamples=arguments.resamples,
        **reading_of(arguments),
    )
    if arguments.json:
        print(json.dumps(found.to_dict()))
        return 0
    say(f"{found.task}, {len(found.judged.answers)} answers on {found.file}")
    for name, score in found.scores.items():
        say(f"{name} {score.value:.4f} (95 % interval {score.low:.4f} to {score.high:.4f})")
    return 0
