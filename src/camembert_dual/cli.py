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
    "convert": "write a checkpoint of any format in another, with a proof",
    "evaluate": "measure a trained model's answers on a file, with intervals",
    "export": "write a SavedModel for serving, or a LiteRT file",
    "fill-mask": "complete a text that holds <mask>",
    "finetune": "train a model for a task on one's own examples",
    "inspect": "say what a checkpoint holds and what is wrong with it",
    "pretrain": "train a masked language model from text files",
    "verify": "compare both frameworks, or two checkpoints, stage by stage",
}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command.

    Args:
        argv: The words after the program's name; those of the process if None.

    Returns:
        0; 2 after a mistake of the user, told in one line on standard error; 130 after Ctrl-C.
    """
    os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")  # TensorFlow greets on standard error
    os.environ.setdefault("HF_HUB_VERBOSITY", "error")  # the hub's client tells each retry
    words = list(sys.argv[1:] if argv is None else argv)
    parser = argparse.ArgumentParser(prog="camembert-dual", description=DESCRIPTION)
    subparsers = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, summary in COMMANDS.items():
        description = f"{summary.capitalize()}."
        subparser = subparsers.add_parser(name, help=summary, description=description)
        if name in words[:1]:  # only the command that runs is imported
            command(name).add_arguments(subparser)
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


def command(name: str) -> Any:
    """Import the module of a command."""
    return importlib.import_module(f"camembert_dual.commands.{name.replace('-', '_')}")


if __name__ == "__main__":
    sys.exit(main())
