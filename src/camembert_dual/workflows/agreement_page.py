"""The agreement of two runs as a page of its own: no script, nothing from a network."""

from __future__ import annotations

import html
import math
from collections.abc import Iterator, Mapping, Sequence

from camembert_dual.common.backends import BACKENDS
from camembert_dual.common.errors import short
from camembert_dual.workflows.verify import TOLERANCES, Agreement, WeightMatch

SMALLEST, LARGEST = -18, 2  # powers of ten that a bar reaches from and to
LEFT, WIDTH, RIGHT, ROW, TOP = 170, 520, 110, 22, 30
SAME, CLOSE, APART = "#2e8b57", "#d9a400", "#c0392b"
STYLE = """
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem;
  color: #222; background: #fff }
table { border-collapse: collapse; font-size: 13px; width: 100% }
td, th { text-align: left; padding: .15rem .6rem; border-bottom: 1px solid #ddd }
td.number { text-align: right; font-variant-numeric: tabular-nums }
svg text { font: 12px system-ui, sans-serif; fill: #222 }
.mark { display: inline-block; width: .8em; height: .8em; border-radius: 2px }
"""


def agreement_page(agreements: Mapping[str, Agreement], weights: Sequence[WeightMatch]) -> str:
    """Write the page.

    Args:
        agreements: The comparison by each class; the checkpoint's own is the first.
        weights: The comparison of the weights.
    """
    first = next(iter(agreements.values()))
    wrong = [name for name, one in agreements.items() if one.first_wrong]
    verdict = f"Different: {', '.join(wrong)}" if wrong else "Equal within the tolerance"
    rows = [
        (letter, BACKENDS[run.backend].title, run.name)
        for letter, run in zip("AB", first.runs, strict=True)
    ]
    same = sum(one.is_same for one in weights)
    body = [
        "<h1>Agreement</h1>",
        f'<p style="color:{APART if wrong else SAME}"><strong>{escape(verdict)}</strong></p>',
        table(("", "framework", "checkpoint"), rows),
        f"<p>Computed in {escape(first.dtype)}; a difference of at most {first.tolerance:g} is "
        "none. Each bar is the largest absolute difference of a stage over all places that are no "
        "padding, on random ids.</p>",
        *(part for name, one in agreements.items() for part in section(name, one)),
        "<h2>Weights</h2>",
        f"<p>{same} of {len(weights)} weights have the same bits in both runs.</p>",
        weight_table(weights, first.tolerance),
    ]
    head = f"<meta charset=utf-8><title>Agreement</title><style>{STYLE}</style>"
    return f"<!doctype html><html lang=en>{head}<body>{''.join(body)}</body></html>\n"


def escape(text: str) -> str:
    """A text that may come from a file, as a page shows it."""
    return html.escape(short(text))


def table(headings: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A table of texts."""
    head = "".join(f"<th>{escape(one)}</th>" for one in headings)
    lines = ("".join(f"<td>{escape(one)}</td>" for one in row) for row in rows)
    return f"<table><tr>{head}</tr>{''.join(f'<tr>{one}</tr>' for one in lines)}</table>"


def section(name: str, agreement: Agreement) -> Iterator[str]:
    """A class with the differences of its stages."""
    yield f"<h2>{escape(name)}</h2>"
    height = TOP + ROW * len(agreement.differences) + 8
    parts = [*scale(height), *limits(agreement, height)]
    for number, (stage, difference) in enumerate(agreement.differences.items()):
        parts += bar(stage, difference, agreement.agrees(stage), TOP + ROW * number)
    size = f'width="{LEFT + WIDTH + RIGHT}" height="{height}"'
    yield f'<svg xmlns="http://www.w3.org/2000/svg" role="img" {size}>{"".join(parts)}</svg>'


def column(value: float) -> float:
    """Where a difference is on the scale of powers of ten."""
    power = math.log10(value) if 0 < value < math.inf else (SMALLEST if value == 0 else LARGEST)
    share = (min(max(power, SMALLEST), LARGEST) - SMALLEST) / (LARGEST - SMALLEST)
    return LEFT + WIDTH * share


def scale(height: int) -> Iterator[str]:
    """A faint line for every fourth power of ten."""
    for power in range(SMALLEST, LARGEST + 1, 4):
        x = column(10.0**power)
        yield f'<line x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 8}" y2="{height}" stroke="#eee"/>'
        yield f'<text x="{x:.1f}" y="14" text-anchor="middle">1e{power}</text>'


def limits(agreement: Agreement, height: int) -> Iterator[str]:
    """The line of the tolerance, and fainter those of the other types."""
    for value in {*TOLERANCES.values(), agreement.tolerance}:
        if value > 0:
            x, own = column(value), value == agreement.tolerance
            look = f'stroke="{APART}" stroke-width="{2 if own else 1}"'
            dashes = "" if own else ' stroke-dasharray="3 4"'
            place = f'x1="{x:.1f}" x2="{x:.1f}" y1="{TOP - 8}" y2="{height}"'
            yield f"<line {place} {look}{dashes}><title>{value:g}</title></line>"


def bar(stage: str, difference: float, agrees: bool, y: int) -> Iterator[str]:
    """The difference of a stage as a bar with its number."""
    colour = SAME if agrees else APART
    end = column(difference)
    yield f'<text x="{LEFT - 8}" y="{y + 12}" text-anchor="end">{escape(stage)}</text>'
    place = f'x="{LEFT}" y="{y + 2}" height="{ROW - 8}" width="{max(end - LEFT, 1):.1f}"'
    yield f'<rect {place} fill="{colour}" opacity=".8"/>'
    yield f'<text x="{end + 6:.1f}" y="{y + 12}">{difference:.2e}</text>'


def weight_table(weights: Sequence[WeightMatch], tolerance: float) -> str:
    """The weights, each with the colour of how well it matches."""
    lines = []
    for one in weights:
        close = one.difference <= tolerance
        colour, word = (SAME, "same") if one.is_same else (CLOSE, "close") if close else ("", "")
        colour, word = (colour, word) if word else (APART, "different")
        mark = f'<span class="mark" style="background:{colour}"></span> {word}'
        number = f'<td class="number">{one.difference:.2e}</td>'
        lines.append(f"<tr><td>{escape(one.name)}</td><td>{mark}</td>{number}</tr>")
    head = "<tr><th>weight</th><th>match</th><th>largest difference of a sample</th></tr>"
    return f"<table>{head}{''.join(lines)}</table>"
