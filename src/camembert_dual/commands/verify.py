"""``camembert-dual verify``: both frameworks, or two checkpoints, stage by stage."""

from __future__ import annotations

import argparse
from pathlib import Path

from camembert_dual.commands.arguments import add_backend, add_json
from camembert_dual.commands.printing import BAD, GOOD, note, say, say_json
from camembert_dual.storage.atomic import write_atomically
from camembert_dual.workflows.agreement_page import agreement_page
from camembert_dual.workflows.verify import (
    TOLERANCES,
    Agreement,
    architectures_of,
    match_weights,
    runs_of,
    verify,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("first", metavar="A", help="a checkpoint: run by both frameworks if alone")
    parser.add_argument("second", metavar="B", nargs="?", help="another, run by the same framework")
    add_backend(parser, "framework for A and B; default the one installed, PyTorch of both")
    text = "type of weights and arithmetic"
    parser.add_argument("--dtype", choices=tuple(TOLERANCES), default="float64", help=text)
    text = "largest difference that is none; default 1e-10, in float32 1e-4"
    parser.add_argument("--tolerance", type=float, metavar="X", help=text)
    text = "a page, for every task that A can do and with the weights; default none"
    parser.add_argument("--html", type=Path, metavar="FILE", help=text)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Compare; 0 if every stage agrees, 1 if one does not.

    Raises:
        ImportError: If a framework is not installed.
        ValueError: If a checkpoint does not run.
        OSError: If the page cannot be written.
    """
    runs = runs_of(arguments.first, arguments.second, arguments.backend)
    found = verify(runs, arguments.dtype, arguments.tolerance)
    if arguments.json:
        say_json(result_of(found))
    else:
        show(found)
    if arguments.html is not None:
        write_page(found, arguments.html)
        note(f"page -> {arguments.html}")
    return 1 if found.first_wrong else 0


def show(found: Agreement) -> None:
    """Print a line for each stage, and the verdict."""
    for name, backend in found.runs:
        say(f"{backend:<6}{found.dtype}  {name}")
    for stage, difference in found.differences.items():
        agrees = found.agrees(stage)
        verdict = "ok" if agrees else "DIFFERS"
        say(f"{stage:<20}{difference:12.3e}  {verdict}", "" if agrees else BAD)
    limit = f"{found.tolerance:g}"
    if found.first_wrong:
        say(f"different: the first stage beyond {limit} is {found.first_wrong}", BAD)
    else:
        say(f"equal: no difference beyond {limit}", GOOD)


def result_of(found: Agreement) -> dict[str, object]:
    """The comparison as JSON has it; what is no number is text."""
    return {
        "runs": [one._asdict() for one in found.runs],
        "dtype": found.dtype,
        "tolerance": found.tolerance,
        "differences": {
            stage: one if abs(one) < float("inf") else str(one)
            for stage, one in found.differences.items()
        },
        "equal": not found.first_wrong,
        "first_difference": found.first_wrong,
    }


def write_page(found: Agreement, path: Path) -> None:
    """Compare every other task of the first checkpoint, and the weights; write the page."""
    first, *others = architectures_of(found.runs[0].name)
    agreements = {first: found}
    for architecture in others:
        note(f"Comparing {architecture} ...")
        agreements[architecture] = verify(found.runs, found.dtype, found.tolerance, architecture)
    note("Comparing the weights ...")
    page = agreement_page(agreements, match_weights(found.runs, found.dtype))
    write_atomically(path, page.encode())
