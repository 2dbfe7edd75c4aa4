"""The ``camembert-dual`` command."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence

from camembert_dual.commands import pretrain

COMMANDS = {"pretrain": pretrain}


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command."""
    parser = argparse.ArgumentParser(prog="camembert-dual", description=__doc__)
    subparsers = parser.add_subparsers(dest="command", required=True)
    for name, module in COMMANDS.items():
        module.add_arguments(subparsers.add_parser(name, description=module.__doc__))
    arguments = parser.parse_args(argv)
    return COMMANDS[arguments.command].run(arguments)


if __name__ == "__main__":
    sys.exit(main())
