"""``camembert-dual export``: a checkpoint as a SavedModel, an ONNX folder or a LiteRT file."""

from __future__ import annotations

import argparse
from pathlib import Path

from camembert_dual.commands.arguments import add_json, add_task
from camembert_dual.commands.printing import say, say_json
from camembert_dual.common.backends import tree
from camembert_dual.common.errors import require
from camembert_dual.common.model_names import architecture_of, class_name
from camembert_dual.config import CamembertConfig
from camembert_dual.tokenization import AutoTokenizer

# each format with the tree that writes it and the options that are its own
FORMATS = {
    "savedmodel": ("tf", ("batch_size", "length", "hidden_states", "published", "text")),
    "litert": ("tf", ("batch_size", "int8")),
    "onnx": ("pt", ("int8",)),
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("model", metavar="MODEL", help="folder or name of a checkpoint")
    parser.add_argument("path", type=Path, metavar="PATH", help="folder or file to write")
    text = "format: a SavedModel, a LiteRT file or an ONNX folder"
    parser.add_argument("--to", choices=tuple(FORMATS), default="savedmodel", help=text)
    add_task(parser, "which model to build, default the one that was saved")
    parser.add_argument("--batch-size", type=int, metavar="B", help="rows; default any")
    parser.add_argument("--length", type=int, metavar="T", help="SavedModel: tokens; default any")
    parser.add_argument(
        "--hidden-states", action="store_true", help="SavedModel: answer hidden states"
    )
    parser.add_argument(
        "--published", action="store_true", help="SavedModel: endpoints as of transformers 4"
    )
    parser.add_argument(
        "--text", action="store_true", help="SavedModel: a signature that takes strings"
    )
    parser.add_argument("--int8", action="store_true", help="LiteRT, ONNX: weights of eight bits")
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Write the files and say where they are.

    Raises:
        FileNotFoundError: If there is no such checkpoint.
        ImportError: If the framework, or what the format needs beside it, is not installed.
        OSError: If the files cannot be written.
        ValueError: If the checkpoint does not say which model it is, or an option is not one of
            the format's.
    """
    refuse_options_of_other_formats(arguments)
    architecture = arguments.task or saved_architecture(arguments.model)
    backend, _ = FORMATS[arguments.to]
    writers = tree(backend, "export")
    model = getattr(writers, class_name(architecture, backend)).from_pretrained(arguments.model)
    rows = arguments.batch_size
    wanted = arguments.text or arguments.to == "onnx"
    tokenizer = AutoTokenizer.from_pretrained(arguments.model) if wanted else None
    if arguments.to == "onnx":
        writers.export_onnx(model, arguments.path, tokenizer=tokenizer, quantize=arguments.int8)
    elif arguments.to == "litert":
        writers.export_litert(model, arguments.path, batch_size=rows, quantize=arguments.int8)
    else:
        writers.export_saved_model(
            model,
            arguments.path,
            batch_size=rows,
            length=arguments.length,
            output_hidden_states=arguments.hidden_states,
            published=arguments.published,
            tokenizer=tokenizer,
        )
    if arguments.json:
        found = {"model": arguments.model, "class": type(model).__name__}
        say_json({**found, "format": arguments.to, "path": str(arguments.path)})
        return 0
    say(f"{arguments.model} ({type(model).__name__}) -> {arguments.path}")
    return 0


def refuse_options_of_other_formats(arguments: argparse.Namespace) -> None:
    """Leave no option without effect.

    Raises:
        ValueError: If there is one.
    """
    _, own = FORMATS[arguments.to]
    every = dict.fromkeys(name for _, names in FORMATS.values() for name in names)
    given = [name for name in every if name not in own and getattr(arguments, name)]
    options = ", ".join(f"--{name.replace('_', '-')}" for name in given)
    require(not given, f"An export to {arguments.to} must have options of its own", options)


def saved_architecture(name_or_path: str) -> str:
    """Read which model a checkpoint was saved from.

    Raises:
        ValueError: If its config does not say it.
    """
    names = CamembertConfig.from_pretrained(name_or_path).architectures or [""]
    architecture = architecture_of(names[0])
    rule = "A checkpoint whose config does not say its architecture must be exported with --task"
    require(architecture, rule, names[0] or "none")
    return str(architecture)
