"""Draw the pictures of the pages, one for each idea: ``python docs/draw_ideas.py``.

A picture is data here: boxes in columns, and arrows between them by name.
"""

import html
from pathlib import Path
from typing import NamedTuple

DOCS = Path(__file__).resolve().parent
WIDTH, HEIGHT, GAP, STEP = 210, 46, 22, 310


class Picture(NamedTuple):
    """One idea.

    Attributes:
        columns: Boxes from left to right, each column from top to bottom; the second line of a
            box stands after a ``|``.
        arrows: From which box to which, by their first lines, and a word on the way.
    """

    columns: tuple[tuple[str, ...], ...]
    arrows: tuple[tuple[str, str, str], ...]


PICTURES = {
    "two_trees": Picture(
        (
            ("PyTorch|camembert_dual.pt", "Keras 3|camembert_dual.tf"),
            ("one folder|config.json, model.safetensors",),
            ("transformers, old and new", "ONNX, SavedModel, LiteRT"),
        ),
        (
            ("PyTorch", "one folder", "save, load"),
            ("Keras 3", "one folder", "save, load"),
            ("one folder", "transformers, old and new", ""),
            ("one folder", "ONNX, SavedModel, LiteRT", "export"),
        ),
    ),
    "oracles": Picture(
        (
            ("NumPy|from the papers", "transformers 4.34|in its own environment"),
            ("PyTorch|pt/", "Keras 3|tf/"),
            ("the newest libraries|Trainer, peft, ONNX", "transformers 5|in its own environment"),
        ),
        (
            ("NumPy", "PyTorch", "1e-10"),
            ("NumPy", "Keras 3", ""),
            ("transformers 4.34", "PyTorch", ""),
            ("transformers 4.34", "Keras 3", "1e-5"),
            ("the newest libraries", "PyTorch", "take it"),
            ("transformers 5", "PyTorch", ""),
        ),
    ),
    "formats": Picture(
        (
            ("safetensors|one file or shards", "PyTorch's .bin", "Keras 2 and 3|.h5, .keras"),
            ("name → array|in PyTorch's layout, lazily",),
            ("a model|of either framework", "another format|with a proof", "a report|of all gaps"),
        ),
        (
            ("safetensors", "name → array", "read"),
            ("PyTorch's .bin", "name → array", ""),
            ("Keras 2 and 3", "name → array", "read"),
            ("name → array", "a model", "load"),
            ("name → array", "another format", ""),
            ("name → array", "a report", "match"),
        ),
    ),
    "text_to_ids": Picture(
        (
            ("a text|or a pair, or words",),
            ("slow|SentencePiece", "fast|tokenizers"),
            ("windows|truncation, stride", "places|special tokens, padding"),
        ),
        (
            ("a text", "slow", ""),
            ("a text", "fast", ""),
            ("slow", "windows", "ids, offsets"),
            ("fast", "windows", ""),
            ("windows", "places", "arrays"),
        ),
    ),
}


def draw(picture: Picture) -> str:
    """A picture as SVG."""
    rows = max(len(column) for column in picture.columns)
    width = STEP * (len(picture.columns) - 1) + WIDTH + 20
    height = rows * (HEIGHT + GAP) + 20
    places: dict[str, tuple[float, float]] = {}
    boxes = []
    for number, column in enumerate(picture.columns):
        for row, box in enumerate(column):
            first, _, second = box.partition("|")
            y = (height - len(column) * (HEIGHT + GAP) + GAP) / 2 + row * (HEIGHT + GAP)
            places[first] = (10 + STEP * number, y)
            boxes.append(drawn_box(first, second, *places[first]))
    arrows = [drawn_arrow(places[one], places[other], word) for one, other, word in picture.arrows]
    head = (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" '
        'font-family="sans-serif" font-size="12">\n'
        f'<rect width="{width}" height="{height}" fill="white"/>'
    )
    return "\n".join([head, *arrows, *boxes, "</svg>"]) + "\n"


def drawn_box(first: str, second: str, x: float, y: float) -> str:
    """A box with one line or two."""
    middle = f'x="{x + WIDTH / 2:.0f}" text-anchor="middle"'
    line = y + (20 if second else 28)
    below = f'<text {middle} y="{y + 37:.0f}">{html.escape(second)}</text>' if second else ""
    return (
        f'<rect x="{x:.0f}" y="{y:.0f}" width="{WIDTH}" height="{HEIGHT}" rx="6" fill="#f4efe2" '
        f'stroke="#8a7a52"/><text {middle} y="{line:.0f}" font-weight="bold">'
        f"{html.escape(first)}</text>{below}"
    )


def drawn_arrow(start: tuple[float, float], end: tuple[float, float], word: str) -> str:
    """A line between two boxes: side to side, or down where one stands over the other."""
    (x, y), (to_x, to_y) = start, end
    if x == to_x:
        x, to_x, y, to_y = x + WIDTH / 2, to_x + WIDTH / 2, y + HEIGHT, to_y
    else:
        x, to_x = (x + WIDTH, to_x) if x < to_x else (x, to_x + WIDTH)
        y, to_y = y + HEIGHT / 2, to_y + HEIGHT / 2
    said = (
        f'<text x="{(x + to_x) / 2 + 4:.0f}" y="{(y + to_y) / 2 - 4:.0f}" fill="#555" '
        f'text-anchor="middle">{html.escape(word)}</text>'
    )
    return (
        f'<line x1="{x:.0f}" y1="{y:.0f}" x2="{to_x:.0f}" y2="{to_y:.0f}" stroke="#7a93b8" '
        f'stroke-width="1.5"/>{said if word else ""}'
    )


if __name__ == "__main__":
    for name, picture in PICTURES.items():
        (DOCS / f"{name}.svg").write_text(draw(picture), "utf-8")
