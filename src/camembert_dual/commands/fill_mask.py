"""``camembert-dual fill-mask``: complete a French sentence, in one framework or in both."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

import camembert_dual
from camembert_dual.storage.locate import BUNDLED

CLASSES = {"pt": "CamembertForMaskedLM", "tf": "TFCamembertForMaskedLM"}
FRAMEWORKS = {"pt": "PyTorch", "tf": "TensorFlow"}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("text", help='the text, for instance "Paris est la <mask> de la France."')
    parser.add_argument(
        "--model", default=BUNDLED[0], metavar="PATH", help="folder or name; default %(default)s"
    )
    parser.add_argument(
        "--backend", choices=("pt", "tf", "both"), default="pt", help="default %(default)s"
    )
    parser.add_argument(
        "--top-k", type=int, default=5, metavar="K", help="proposals for each mask; default 5"
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the proposals; with both frameworks side by side, and the largest difference.

    Raises:
        FileNotFoundError: If there is no such model.
        ImportError: If the framework is not installed.
        ValueError: If the text has no mask or is too long.
    """
    from camembert_dual.pipelines.pipeline import best_fills, mask_logits

    backends = ("pt", "tf") if arguments.backend == "both" else (arguments.backend,)
    tokenizer = camembert_dual.AutoTokenizer.from_pretrained(arguments.model)
    logits, fills = [], []
    for backend in backends:
        model = load(backend, arguments.model)
        logits.append(mask_logits(model, tokenizer, arguments.text))
        fills.append(best_fills(tokenizer, arguments.text, logits[-1], arguments.top_k))
    print(arguments.text)
    for number in range(len(fills[0])):
        print(table([FRAMEWORKS[one] for one in backends], [one[number] for one in fills]))
    if len(backends) == 2:
        difference = abs(logits[0] - logits[1]).max()
        print(f"largest difference of {logits[0].size} logits: {difference:.1e}")
    return 0


def load(backend: str, name_or_path: str | Path) -> Any:
    """Load the masked language model in one framework."""
    return getattr(camembert_dual, CLASSES[backend]).from_pretrained(name_or_path)


def table(headings: list[str], columns: list[list[Any]]) -> str:
    """Lay proposals out side by side, a row for each rank."""
    cells = [[f"{fill.score:7.2%}  {fill.token_str}" for fill in column] for column in columns]
    width = max(len(cell) for column in cells for cell in (*column, *headings)) + 4
    lines = ["   " + "".join(heading.ljust(width) for heading in headings).rstrip()]
    for rank, row in enumerate(zip(*cells, strict=True), start=1):
        lines.append(f"{rank:2d} " + "".join(cell.ljust(width) for cell in row).rstrip())
    return "\n".join(lines)
