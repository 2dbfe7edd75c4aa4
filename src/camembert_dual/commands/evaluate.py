"""``camembert-dual evaluate``: what a trained model scores on a file."""

from __future__ import annotations

import argparse
from pathlib import Path

from camembert_dual.commands.arguments import add_backend, add_json
from camembert_dual.commands.finetune import add_reading, reading_of
from camembert_dual.commands.printing import say, say_json, show_table
from camembert_dual.common.errors import require
from camembert_dual.data.readers import READERS
from camembert_dual.storage.atomic import write_atomically
from camembert_dual.tasks.measures import RESAMPLES
from camembert_dual.workflows.evaluate import BATCH_SIZE, evaluate
from camembert_dual.workflows.evaluation_page import evaluation_page


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("file", metavar="FILE", help="examples to evaluate on")
    text = "folder or name of a checkpoint, such as DIR/model of finetune"
    parser.add_argument("--model", required=True, metavar="PATH", help=text)
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
    text = "write a page with plots, a table of labels and the worst answers; default none"
    parser.add_argument("--html", type=Path, metavar="FILE", help=text)
    parser.add_argument(
        "--against",
        metavar="PATH",
        help="another checkpoint of the same task, shown beside the first; default none",
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Answer and measure.

    Raises:
        ImportError: If the framework, or a package that the scores need, is not installed.
        OSError: If a file cannot be read.
        ValueError: If a file breaks its format, or an option its rule.
    """
    models = [arguments.model, *([arguments.against] if arguments.against else [])]
    found = [
        evaluate(
            model,
            arguments.file,
            task=arguments.task,
            backend=arguments.backend,
            batch_size=arguments.batch_size,
            resamples=arguments.resamples,
            **reading_of(arguments),
        )
        for model in models
    ]
    rule = "Two checkpoints must be of one task"
    require(len({one.task for one in found}) == 1, rule, ", ".join(one.task for one in found))
    if arguments.html is not None:
        write_atomically(arguments.html, evaluation_page(found).encode())
    if arguments.json:
        results = [one.to_dict() for one in found]
        say_json(results[0] if len(results) == 1 else results)
        return 0
    for one in found:
        say(f"{one.model}: {one.task}, {len(one.judged.answers)} answers on {one.file}")
        rows = [(name, *(f"{each:.4f}" for each in score)) for name, score in one.scores.items()]
        show_table(("score", "value", "from", "to (95 %)"), rows, right=(1, 2, 3))
    if arguments.html is not None:
        say(f"page -> {arguments.html}")
    return 0
