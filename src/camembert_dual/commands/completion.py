"""``camembert-dual completion``: what a shell needs to complete the words of all commands."""

from __future__ import annotations

import argparse

from camembert_dual.common.backends import import_optional

SHELLS = ("bash", "zsh", "tcsh")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    text = "the shell; bash reads the result by eval, zsh from a file _camembert-dual in its fpath"
    parser.add_argument("shell", choices=SHELLS, help=text)


def run(arguments: argparse.Namespace) -> int:
    """Print the completion.

    Raises:
        ImportError: If shtab is not installed.
    """
    shtab = import_optional("shtab", "completion", "A completion")
    print(shtab.complete(arguments.parser, arguments.shell))
    return 0
