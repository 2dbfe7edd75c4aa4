"""What a model scores as a page of its own, or two models side by side: nothing from a network."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from camembert_dual.storage.file_names import TRAINING_HISTORY
from camembert_dual.workflows.agreement_page import APART, SAME, STYLE, escape, table
from camembert_dual.workflows.evaluate import Evaluation
from camembert_dual.workflows.marks import Mark, in_bins, marks_of, table_of

WORST = 20  # examples shown
BINS = 10  # of the calibration
LENGTHS = 6  # groups of examples by length
MOST_LABELS = 40  # of a confusion matrix
WIDTH, HEIGHT, LEFT, ROW = 420, 160, 150, 20


def evaluation_page(found: Sequence[Evaluation]) -> str:
    """Write the page.

    Args:
        found: One evaluation, or several of one task on one file.
    """
    first = found[0]
    body = [
        f"<h1>{escape(first.task)}</h1>",
        f"<p>{len(first.judged.answers)} answers on {escape(first.file)}; each score with the "
        "interval that holds 95 % of draws from the examples.</p>",
        score_table(found),
    ]
    for one in found:
        body += [f"<h2>{escape(one.model)}</h2>", *sections(one)]
    head = f"<meta charset=utf-8><title>{escape(first.task)}</title><style>{STYLE}</style>"
    return f"<!doctype html><html lang=en>{head}<body>{''.join(body)}</body></html>\n"


def score_table(found: Sequence[Evaluation]) -> str:
    """The scores, a model a column."""
    rows = [
        (name, *(f"{score.value:.4f} ({score.low:.4f} to {score.high:.4f})" for score in scores))
        for name in found[0].scores
        for scores in [[one.scores[name] for one in found]]
    ]
    return table(("score", *(one.model for one in found)), rows)


def sections(found: Evaluation) -> Iterator[str]:
    """What there is to see of one model."""
    history = read_epochs(Path(found.model).parent / TRAINING_HISTORY)
    if history:
        measure = found.data.recipe.task.measure
        yield "<h3>Epochs</h3>"
        yield curve("training loss", [record["loss"] for record in history])
        scores = [record["scores"].get(measure) for record in history]
        if None not in scores:
            yield curve(measure, scores)
    marks = marks_of(found)
    if not marks:
        return
    names, counts = table_of(marks)
    if found.data.labels and len(names) <= MOST_LABELS:
        yield "<h3>Labels</h3>" + label_table(names, counts)
        yield "<h3>Confusion: what is right (rows), what was said (columns)</h3>"
        yield confusion(names, counts)
    if marks[0].confidence is not None:
        yield "<h3>Calibration: share of right answers, by probability</h3>"
        yield calibration(marks)
    yield "<h3>Share of errors, by length</h3>" + by_length(marks)
    yield "<h3>Worst answers</h3>" + worst(marks)


def read_epochs(path: Path) -> list[Mapping[str, Any]]:
    """The epochs that a fine-tuning wrote beside its model's folder; none if it was made elsewhere.

    Raises:
        ValueError: If the file is damaged.
    """
    return list(json.loads(path.read_text("utf-8"))) if path.exists() else []


def curve(title: str, values: Sequence[float]) -> str:
    """A line through a value of each epoch."""
    low, high = min(values), max(values)
    spread = (high - low) or 1.0
    steps = max(len(values) - 1, 1)
    points = [
        (40 + (WIDTH - 60) * at / steps, HEIGHT - 25 - (HEIGHT - 50) * (one - low) / spread)
        for at, one in enumerate(values)
    ]
    line = " ".join(f"{across:.1f},{down:.1f}" for across, down in points)
    dots = [f'<circle cx="{across:.1f}" cy="{down:.1f}" r="3"/>' for across, down in points]
    texts = [
        f'<text x="40" y="14">{escape(title)}: {values[0]:.4f} to {values[-1]:.4f}</text>',
        f'<text x="40" y="{HEIGHT - 5}">epoch 1 to {len(values)}</text>',
    ]
    path = f'<polyline points="{line}" fill="none" stroke="{SAME}" stroke-width="2"/>'
    return svg(WIDTH, HEIGHT, [*texts, path, *dots])


def svg(width: int, height: int, parts: Sequence[str]) -> str:
    """A picture inside the page."""
    size = f'width="{width}" height="{height}"'
    return f'<svg xmlns="http://www.w3.org/2000/svg" role="img" {size}>{"".join(parts)}</svg>'


def bars(rows: Sequence[tuple[str, float, str]], colour: str) -> str:
    """Shares from 0 to 1 as bars, each with its name and a note."""
    parts = []
    for number, (name, share, note) in enumerate(rows):
        top = ROW * number
        size = f'width="{share * WIDTH:.1f}" height="{ROW - 6}" fill="{colour}"'
        parts += [
            f'<text x="0" y="{top + 14}">{escape(name)}</text>',
            f'<rect x="{LEFT}" y="{top + 3}" {size}/>',
            f'<text x="{LEFT + share * WIDTH + 6:.1f}" y="{top + 14}">{escape(note)}</text>',
        ]
    return svg(LEFT + WIDTH + 150, ROW * len(rows), parts)


def label_table(names: Sequence[str], counts: Any) -> str:
    """Precision, recall and F1 of each label."""
    rows = []
    for number, name in enumerate(names):
        right, found = counts[number, number], counts[:, number].sum()
        gold = counts[number].sum()
        shares = (right / max(found, 1), right / max(gold, 1), 2 * right / max(found + gold, 1))
        rows.append((name, *(f"{one:.4f}" for one in shares), str(gold)))
    return table(("label", "precision", "recall", "F1", "count"), rows)


def confusion(names: Sequence[str], counts: Any) -> str:
    """Counts of what is right by what was said, the darker the larger their share of the row."""
    head = "".join(f"<th>{escape(one)}</th>" for one in ("", *names))
    lines = [f"<tr>{head}</tr>"]
    for number, name in enumerate(names):
        total = max(counts[number].sum(), 1)
        cells = [f"<th>{escape(name)}</th>"]
        for column, count in enumerate(counts[number]):
            red, green, blue = (46, 139, 87) if column == number else (192, 57, 43)
            shade = f"background: rgba({red}, {green}, {blue}, {count / total:.2f})"
            cells.append(f'<td class=number style="{shade}">{count or ""}</td>')
        lines.append(f"<tr>{''.join(cells)}</tr>")
    return f"<table>{''.join(lines)}</table>"


def calibration(marks: Sequence[Mark]) -> str:
    """How often answers of each probability are right."""
    sure = [mark for mark in marks if mark.confidence is not None]
    edges = np.linspace(0, 1, BINS + 1).tolist()
    bins = in_bins(sure, [mark.confidence or 0.0 for mark in sure], edges)
    rows = []
    for low, high, members in bins:
        share = float(np.mean([mark.right for mark in members]))
        rows.append((f"{low:.0%} to {high:.0%}", share, f"{share:.1%} of {len(members)}"))
    return bars(rows, SAME)


def by_length(marks: Sequence[Mark]) -> str:
    """How often answers on examples of each length are wrong."""
    lengths = [float(mark.length) for mark in marks]
    edges = np.unique(np.quantile(lengths, np.linspace(0, 1, LENGTHS + 1))).tolist()
    edges = edges if len(edges) > 1 else [edges[0], edges[0] + 1]
    rows = []
    for low, high, members in in_bins(marks, lengths, edges):
        share = 1 - float(np.mean([mark.right for mark in members]))
        rows.append((f"{low:.0f} to {high:.0f}", share, f"{share:.1%} of {len(members)}"))
    return bars(rows, APART)


def worst(marks: Sequence[Mark]) -> str:
    """The wrong answers that were the surest."""
    wrong = [mark for mark in marks if mark.right < 1]
    wrong.sort(key=lambda mark: (mark.right, -(mark.confidence or 0.0)))
    rows = []
    for mark in wrong[:WORST]:
        sure = "" if mark.confidence is None else f"{mark.confidence:.0%}"
        rows.append((mark.text, mark.gold, mark.answer, sure))
    return table(("text", "right", "said", "probability"), rows)
