"""``camembert-dual predict``: examples from files or the standard input to lines of JSON."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from tqdm import tqdm

from camembert_dual.commands.arguments import add_backend, add_json, add_revision, read_by
from camembert_dual.commands.printing import note, say, say_json
from camembert_dual.commands.showing import show
from camembert_dual.pipelines import pipeline
from camembert_dual.pipelines.engine import BATCH_SIZE
from camembert_dual.pipelines.recipes import ALIASES, RECIPES, read_word
from camembert_dual.workflows.predict import STDIN, predict, read_records, write_predictions


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    words = ", ".join([*RECIPES, *ALIASES])
    parser.add_argument("task", type=read_by(read_word), metavar="TASK", help=f"one of {words}")
    text = (
        "UTF-8, an example per line: a text, or in *.jsonl an object with the names of the task "
        '("text", "text_pair"; "question", "context"; "question", "choices"); - for standard input'
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help=text)
    text = "folder or name of a checkpoint, or folder of an ONNX export or a SavedModel; default "
    text += "the bundled checkpoint, for the tasks that it is made for"
    parser.add_argument("--model", metavar="PATH", help=text)
    text = "folder or name of the tokenizer; default the model's"
    parser.add_argument("--tokenizer", metavar="PATH", help=text)
    text = "folder or name of the configuration; default the model's"
    parser.add_argument("--config", metavar="PATH", help=text)
    add_backend(parser, "framework; default the one that is installed, PyTorch of both")
    parser.add_argument("--device", help='such as "cuda:0"; default the framework\'s own')
    parser.add_argument("--dtype", help='type of the weights, such as "bfloat16"; default float32')
    text = "most rows computed at once; default %(default)s"
    parser.add_argument("--batch-size", type=int, default=BATCH_SIZE, metavar="N", help=text)
    text = "file of JSON lines; a run that was interrupted goes on behind the last whole line of it"
    parser.add_argument("--out", type=Path, metavar="FILE", help=f"{text}; default standard output")
    parser.add_argument(
        "--option",
        action="append",
        default=[],
        metavar="NAME=VALUE",
        help="an option of the task, its value as JSON or a word: top_k=3, "
        "aggregation_strategy=simple; may be repeated; default none",
    )
    text = "read lines of JSON from standard input, and from files that are called otherwise"
    parser.add_argument("--json-input", action="store_true", help=text)
    add_revision(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Answer each example in its order.

    Raises:
        FileNotFoundError: If there is no such model or file.
        ImportError: If the framework is not installed.
        ValueError: If an example or an option breaks its rule.
    """
    options = dict(named_value(word) for word in arguments.option)
    note(f"Loading the model for {arguments.task} ...")
    pipe = pipeline(
        arguments.task,
        arguments.model,
        arguments.config,
        arguments.tokenizer,
        backend=arguments.backend,
        device=arguments.device,
        torch_dtype=arguments.dtype,
        # a person who types waits for each answer
        batch_size=1 if STDIN in arguments.files and sys.stdin.isatty() else arguments.batch_size,
        revision=arguments.revision,
        **options,
    )
    records = read_records(arguments.files, sys.stdin, arguments.json_input)
    if arguments.out is not None:
        return write(pipe, arguments, records)
    styles: dict[str, str] = {}
    for one in predict(pipe, records):
        if arguments.json or not sys.stdout.isatty():
            print(one.to_json(), flush=True)
        else:
            show(one, styles)
    return 0


def write(pipe: Any, arguments: argparse.Namespace, records: Any) -> int:
    """Write the answers to a file, under a bar."""
    answered = 0
    with tqdm(total=count_of(arguments.files), unit="example", desc=arguments.task) as bar:
        for one in write_predictions(pipe, records, arguments.out):
            answered += one is not None
            bar.update()
    found = {"written": answered, "lines": bar.n, "path": str(arguments.out)}
    if arguments.json:
        say_json(found)
    else:
        say(f"{answered} new of {bar.n} predictions -> {arguments.out}")
    return 0


def count_of(paths: list[str]) -> int | None:
    """The examples of all files; None where the standard input is among them."""
    if STDIN in paths:
        return None
    count = 0
    for path in paths:
        with Path(path).open("rb") as lines:
            count += sum(bool(line.strip()) for line in lines)
    return count


def named_value(word: str) -> tuple[str, Any]:
    """Read ``NAME=VALUE``, the value as JSON if it is some.

    Raises:
        ValueError: If there is no ``=``.
    """
    name, separator, value = word.partition("=")
    if not separator:
        raise ValueError(f"An option must be NAME=VALUE; received {word}.")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value
