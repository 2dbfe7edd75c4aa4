"""The ``camembert-dual`` command: CamemBERT in PyTorch and TensorFlow from one checkpoint file."""

from __future__ import annotations

import argparse
import importlib
import os
import sys
from collections.abc import Sequence
from typing import Any

from camembert_dual.common.errors import MAX_MESSAGE, short

DESCRIPTION = "CamemBERT in PyTorch and TensorFlow from one checkpoint file."
COMMANDS = {
    "completion": "write the completion of these words for a shell",
    "convert": "write a checkpoint of any format in another, with a proof",
    "evaluate": "measure a trained model's answers on a file, with intervals",
    "export": "write a SavedModel for serving, an ONNX folder or a LiteRT file",
    "fill-mask": "complete a text that holds <mask>",
    "finetune": "train a model for a task on one's own examples",
    "inspect": "say what a checkpoint holds and what is wrong with it",
    "predict": "answer examples from files with the model of a task",
    "pretrain": "train a masked language model from text files",
    "verify": "compare both frameworks, or two checkpoints, stage by stage",
}
STATUS = (
    "exit status: 0, done; 1, a comparison or an inspection found something; 2, a mistake, told in "
    "one line on standard error; 130, interrupted by Ctrl-C"
)


class Formatter(argparse.HelpFormatter):
    """Help that ends the text of each option with its default, where the text says none."""

    def _get_help_string(self, action: argparse.Action) -> str:
        text = action.help or ""
        is_value = action.default not in (None, False, argparse.SUPPRESS, [])
        return f"{text}; default %(default)s" if is_value and "default" not in text else text


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        argv: The words after the program's name; those of the process if None.

    Returns:
        What ``--help`` says of the exit status.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow greets on standard error
    os.environ.setdefault("HF_HUB_VERBOSITY", "error")  # the hub's client tells each retry
    words = list(sys.argv[1:] if argv is None else argv)
    # only the command that runs is imported, unless all of them are to be completed
    parser = parser_of(list(COMMANDS) if words[:1] == ["completion"] else words[:1])
    parser.set_defaults(parser=parser)
    arguments = parser.parse_args(words)
    try:
        status: int = command(arguments.command).run(arguments)
    except (ValueError, OSError, ImportError) as error:
        print(f"camembert-dual: {short(str(error), MAX_MESSAGE)}", file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("camembert-dual: interrupted", file=sys.stderr)
        return 130
    return status


def parser_of(names: Sequence[str]) -> argparse.ArgumentParser:
    """The parser of all commands, with the options of those that are named."""
    parser = argparse.ArgumentParser(
        prog="camembert-dual", description=DESCRIPTION, epilog=STATUS, formatter_class=Formatter
    )
    parser.add_argument("--version", action=Version, nargs=0, help="print the version")
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, summary in COMMANDS.items():
        subparser = subparsers.add_parser(
            name,
            help=summary,
            description=f"{summary[0].upper()}{summary[1:]}.",
            epilog=STATUS,
            formatter_class=Formatter,
        )
        if name in names:
            command(name).add_arguments(subparser)
    return parser


class Version(argparse.Action):
    """Print the version of the package and go."""

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> None:
        """Print it."""
        package = importlib.import_module("camembert_dual")
        print(f"{parser.prog} {package.__version__}")
        parser.exit()


def command(name: str) -> Any:
    """Import the module of a command."""
    return importlib.import_module(f"camembert_dual.commands.{name.replace('-', '_')}")


if __name__ == "__main__":
    sys.exit(main())
