"""``camembert-dual fill-mask``: complete a French sentence, in one framework or in both."""

from __future__ import annotations

import argparse

from camembert_dual.commands.arguments import BOTH, add_backend, add_model
from camembert_dual.common.backends import BACKENDS, tree
from camembert_dual.common.errors import short
from camembert_dual.common.model_names import MASKED_LM, class_name
from camembert_dual.pipelines.filling import mask_logits
from camembert_dual.tasks.fill_mask import TOP_K, Proposal, best_fills
from camembert_dual.tokenization import AutoTokenizer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("text", help='the text, for instance "Paris est la <mask> de la France."')
    add_model(parser)
    first = next(iter(BACKENDS))
    add_backend(parser, f"framework; default {first}", default=first, both=True)
    parser.add_argument(
        "--top-k",
        type=int,
        default=TOP_K,
        metavar="K",
        help="proposals for each mask; default %(default)s",
    )


def run(arguments: argparse.Namespace) -> int:
    """Print the proposals; with both frameworks side by side, and the largest difference.

    Raises:
        FileNotFoundError: If there is no such model.
        ImportError: If the framework is not installed.
        ValueError: If the text has no mask or is too long.
    """
    backends = tuple(BACKENDS) if arguments.backend == BOTH else (arguments.backend,)
    tokenizer = AutoTokenizer.from_pretrained(arguments.model)
    logits, fills = [], []
    for backend in backends:
        model_class = getattr(tree(backend, "fill-mask"), class_name(MASKED_LM, backend))
        model = model_class.from_pretrained(arguments.model)
        logits.append(mask_logits(model, tokenizer, arguments.text))
        fills.append(best_fills(tokenizer, arguments.text, logits[-1], arguments.top_k))
    print(arguments.text)
    for number in range(len(fills[0])):
        headings = [BACKENDS[one].title for one in backends]
        print(table(headings, [one[number] for one in fills]))
    if len(backends) == 2:
        difference = abs(logits[0] - logits[1]).max()
        print(f"largest difference of {logits[0].size} logits: {difference:.1e}")
    return 0


def table(headings: list[str], columns: list[list[Proposal]]) -> str:
    """Lay proposals out side by side, a row for each rank."""
    cells = [[f"{one.score:7.2%}  {short(one.token_str)}" for one in column] for column in columns]
    width = max(len(cell) for column in cells for cell in (*column, *headings)) + 4
    lines = ["   " + "".join(heading.ljust(width) for heading in headings).rstrip()]
    for rank, row in enumerate(zip(*cells, strict=True), start=1):
        lines.append(f"{rank:2d} " + "".join(cell.ljust(width) for cell in row).rstrip())
    return "\n".join(lines)
