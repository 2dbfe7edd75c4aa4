"""``camembert-dual fill-mask``: complete a French sentence, in one framework or in both."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from camembert_dual.commands.arguments import BOTH, add_backend, add_json, add_model, add_revision
from camembert_dual.commands.printing import FAINT, note, say, say_json, show_table
from camembert_dual.common.backends import BACKENDS, installed, tree
from camembert_dual.common.errors import short
from camembert_dual.common.model_names import MASKED_LM, class_name
from camembert_dual.pipelines.filling import mask_logits
from camembert_dual.tasks.fill_mask import TOP_K, Proposal, best_fills
from camembert_dual.tokenization import AutoTokenizer

STDIN = "-"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    text = 'the text, for instance "Elle ferma les <mask> et s\'endormit."; - for standard input'
    parser.add_argument("text", help=text)
    add_model(parser)
    add_revision(parser)
    text = "framework, or both side by side; default the one that is installed, PyTorch of both"
    add_backend(parser, text, both=True)
    parser.add_argument(
        "--top-k", type=int, default=TOP_K, metavar="K", help="proposals for each mask"
    )
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print the proposals; with both frameworks side by side, and the largest difference.

    Raises:
        FileNotFoundError: If there is no such model.
        ImportError: If the framework is not installed.
        ValueError: If the text has no mask or is too long.
    """
    text = sys.stdin.read().strip() if arguments.text == STDIN else arguments.text
    backend = arguments.backend or next(iter([*installed(), *BACKENDS]))
    backends = tuple(BACKENDS) if backend == BOTH else (backend,)
    where = {"revision": arguments.revision}
    tokenizer = AutoTokenizer.from_pretrained(arguments.model, **where)
    logits, fills = [], []
    for one in backends:
        note(f"Reading {arguments.model} into {BACKENDS[one].title} ...")
        model_class = getattr(tree(one, "fill-mask"), class_name(MASKED_LM, one))
        model = model_class.from_pretrained(arguments.model, **where)
        logits.append(mask_logits(model, tokenizer, text))
        fills.append(best_fills(tokenizer, text, logits[-1], arguments.top_k))
    difference = float(abs(logits[0] - logits[-1]).max())
    if arguments.json:
        say_json(result_of(text, dict(zip(backends, fills, strict=True)), difference))
        return 0
    say(text)
    for columns in zip(*fills, strict=True):
        show_proposals([BACKENDS[one].title for one in backends], columns)
    if len(backends) == 2:
        say(f"largest difference of {logits[0].size} logits: {difference:.1e}", FAINT)
    return 0


def result_of(
    text: str, fills: dict[str, list[list[Proposal]]], difference: float
) -> dict[str, Any]:
    """The proposals by backend, for each mask in order, and the largest difference of logits."""
    named = {
        name: [[one._asdict() for one in proposals] for proposals in masks]
        for name, masks in fills.items()
    }
    return {"text": text, "fills": named, "largest_difference": difference}


def show_proposals(titles: list[str], columns: tuple[list[Proposal], ...]) -> None:
    """Print the proposals for a mask side by side, a row for each rank."""
    headings = ["", *(part for title in titles for part in (title, ""))]
    rows = [
        [f"{rank}", *(part for one in ones for part in (f"{one.score:.2%}", short(one.token_str)))]
        for rank, ones in enumerate(zip(*columns, strict=True), start=1)
    ]
    show_table(headings, rows, right=range(0, len(headings), 2)[:1])
