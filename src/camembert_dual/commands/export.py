"""``camembert-dual export``: a checkpoint as a SavedModel for serving or as a LiteRT file."""

from __future__ import annotations

import argparse
from pathlib import Path

from camembert_dual.commands.arguments import add_task
from camembert_dual.commands.printing import say
from camembert_dual.common.backends import tree
from camembert_dual.common.errors import require
from camembert_dual.common.model_names import architecture_of, class_name
from camembert_dual.config import CamembertConfig
from camembert_dual.tokenization import AutoTokenizer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("model", metavar="MODEL", help="folder or name of a checkpoint")
    parser.add_argument("path", type=Path, metavar="PATH", help="folder or file to write")
    parser.add_argument("--to", choices=("savedmodel", "litert"), default="savedmodel")
    add_task(parser, "which model to build, by default the one that was saved")
    parser.add_argument("--batch-size", type=int, metavar="B", help="rows; default any")
    parser.add_argument("--length", type=int, metavar="T", help="SavedModel: tokens; default any")
    parser.add_argument(
        "--hidden-states", action="store_true", help="SavedModel: answer hidden states"
    )
    parser.add_argument(
        "--text", action="store_true", help="SavedModel: a signature that takes strings"
    )
    parser.add_argument("--int8", action="store_true", help="LiteRT: weights of eight bits")


def run(arguments: argparse.Namespace) -> int:
    """Write the files and say where they are.

    Raises:
        FileNotFoundError: If there is no such checkpoint.
        ImportError: If TensorFlow, or tensorflow-text for ``--text``, is not installed.
        OSError: If the files cannot be written.
        ValueError: If the checkpoint does not say which model it is, or an option is not one of
            the format's.
    """
    refuse_options_of_the_other_format(arguments)
    architecture = arguments.task or saved_architecture(arguments.model)
    keras_tree = tree("tf", "export")
    model = getattr(keras_tree, class_name(architecture, "tf")).from_pretrained(arguments.model)
    rows = arguments.batch_size
    if arguments.to == "litert":
        keras_tree.export_litert(model, arguments.path, batch_size=rows, quantize=arguments.int8)
    else:
        tokenizer = AutoTokenizer.from_pretrained(arguments.model) if arguments.text else None
        keras_tree.export_saved_model(
            model,
            arguments.path,
            batch_size=rows,
            length=arguments.length,
            output_hidden_states=arguments.hidden_states,
            tokenizer=tokenizer,
        )
    say(f"{arguments.model} ({type(model).__name__}) -> {arguments.path}")
    return 0


def refuse_options_of_the_other_format(arguments: argparse.Namespace) -> None:
    """Leave no option without effect.

    Raises:
        ValueError: If there is one.
    """
    others = {"savedmodel": ("int8",), "litert": ("length", "hidden_states", "text")}
    given = [name for name in others[arguments.to] if getattr(arguments, name)]
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
