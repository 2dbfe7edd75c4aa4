"""Tables of texts: TSV and CSV with a line of names, JSON Lines; and what their columns mean."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from camembert_dual.common.backends import import_optional
from camembert_dual.common.errors import file_error
from camembert_dual.data.examples import SimilarTexts, TextExample
from camembert_dual.data.lines import Line, read_numbered

SEPARATORS = {".tsv": "\t", ".csv": ","}
JSON_LINES = (".jsonl", ".ndjson")
PARQUET = ".parquet"
LABEL_SEPARATOR = "|"  # of several classes in one cell
# the names that a column is looked for under, unless the caller names it
TEXT = ("text", "texte", "sentence", "sentence1", "premise")
PAIR = ("text2", "pair", "sentence2", "hypothesis")
LABEL = ("label", "labels", "category", "categorie", "score")
ANCHOR, POSITIVE, NEGATIVE = ("anchor", "query"), ("positive",), ("negative",)


class Record(NamedTuple):
    """A record of a table.

    Attributes:
        line: Where it stands.
        cells: Name of the column to what it holds.
    """

    line: Line
    cells: Mapping[str, Any]


def read_table(path: Path) -> Iterator[Record]:
    """Read the records of a table, by the ending of its name.

    A TSV has no quotes: a cell holds what stands between two tabs. In a CSV a quoted cell may hold
    commas, doubled quotes and line ends.

    Raises:
        CheckpointError: If the file breaks its format; the message has the line.
        OSError: If the file cannot be read.
    """
    if path.suffix in JSON_LINES:
        yield from _read_json_lines(path)
        return
    if path.suffix == PARQUET:
        yield from _read_parquet(path)
        return
    rows = _cells(path)
    line, names = next(rows, (Line(path, 1, ""), []))
    is_sound = names and all(names) and len(set(names)) == len(names)
    line.require(is_sound, "the first line must name the columns, each once", ", ".join(names))
    for line, cells in rows:
        line.require(len(cells) == len(names), f"a row must have {len(names)} cells", len(cells))
        yield Record(line, dict(zip(names, cells, strict=True)))


def _cells(path: Path) -> Iterator[tuple[Line, list[str]]]:
    """The cells of each row that is not empty, and the line where it ends."""
    latest = Line(path, 1, "")

    def texts() -> Iterator[str]:
        nonlocal latest
        for latest in read_numbered(path):
            yield f"{latest.text}\n"

    if path.suffix == ".tsv":
        for text in texts():
            if text.strip():
                yield latest, text.removesuffix("\n").split(SEPARATORS[path.suffix])
        return
    try:
        for cells in csv.reader(texts(), strict=True):
            if any(cells):
                yield latest, cells
    except csv.Error as error:
        raise latest.error("a row must be CSV", str(error)) from None


def _read_json_lines(path: Path) -> Iterator[Record]:
    for line in read_numbered(path):
        if not line.text.strip():
            continue
        try:
            cells = json.loads(line.text)
        except (ValueError, RecursionError) as error:
            raise line.error("a line must be JSON", str(error)) from None
        line.require(isinstance(cells, dict), "a line must be a JSON object", type(cells).__name__)
        yield Record(line, cells)


def _read_parquet(path: Path) -> Iterator[Record]:
    """Read the records of a Parquet file, each numbered as if it were a line.

    Raises:
        ImportError: If pyarrow is not installed.
    """
    parquet = import_optional("pyarrow.parquet", "tasks", f"{path}:", "pyarrow")
    try:
        records = parquet.read_table(path).to_pylist()
    except ValueError as error:  # such as pyarrow's own
        raise file_error(path, "a table must be a whole Parquet file", str(error)) from None
    for number, cells in enumerate(records, start=1):
        yield Record(Line(path, number, ""), cells)


def read_texts(
    path: Path,
    kind: str = "single",
    *,
    pairs: bool = False,
    text: str | None = None,
    pair: str | None = None,
    label: str | None = None,
) -> Iterator[TextExample]:
    """Read texts, or pairs of texts, with their labels.

    Args:
        path: The table.
        kind: What a label is: a class (``"single"``), several (``"multi"``), or a number
            (``"regression"``).
        pairs: Whether there are two texts.
        text: The column of the text; one of ``TEXT`` by default.
        pair: The column of the second text; one of ``PAIR`` by default.
        label: The column of the label; one of ``LABEL`` by default.

    Raises:
        CheckpointError: If the file breaks its format, a column is missing, or a cell is not of its
            kind; the message has the line.
        OSError: If the file cannot be read.
    """
    for record in read_table(path):
        first = text_of(record, text, TEXT)
        second = text_of(record, pair, PAIR) if pairs else None
        found = LABELS[kind](record.line, cell_of(record, label, LABEL))
        yield TextExample(first, found, second)


def read_similar(path: Path) -> Iterator[SimilarTexts]:
    """Read texts that mean the same: ``anchor``, ``positive`` and, if it is there, ``negative``.

    Raises:
        CheckpointError: If the file breaks its format or a column is missing.
        OSError: If the file cannot be read.
    """
    for record in read_table(path):
        negative = None
        if any(name in record.cells for name in NEGATIVE):
            negative = text_of(record, None, NEGATIVE)
        anchor, positive = text_of(record, None, ANCHOR), text_of(record, None, POSITIVE)
        yield SimilarTexts(anchor, positive, negative)


def cell_of(record: Record, name: str | None, names: Sequence[str]) -> Any:
    """The cell of a column, by the name given or the first of the usual ones.

    Raises:
        CheckpointError: If there is no such column.
    """
    looked_for = names if name is None else (name,)
    found = next((one for one in looked_for if one in record.cells), None)
    rule = f"a column must be called {' or '.join(looked_for)}"
    record.line.require(found is not None, rule, ", ".join(record.cells))
    return record.cells[str(found)]


def text_of(record: Record, name: str | None, names: Sequence[str]) -> str:
    """The text of a column.

    Raises:
        CheckpointError: If there is no such column, or it holds no text.
    """
    found = cell_of(record, name, names)
    record.line.require(isinstance(found, str) and found, "a text must not be empty", repr(found))
    return str(found)


def _one_class(line: Line, cell: Any) -> str:
    is_name = isinstance(cell, str | int) and not isinstance(cell, bool) and cell != ""
    line.require(is_name, "a label must be the name of a class", repr(cell))
    return str(cell)


def _classes(line: Line, cell: Any) -> tuple[str, ...]:
    """A list of JSON, or names with bars between them; none is an answer, too."""
    if isinstance(cell, str):
        cell = cell.split(LABEL_SEPARATOR) if cell else []
    line.require(isinstance(cell, list), "labels must be a list of classes", repr(cell))
    return tuple(_one_class(line, one) for one in cell)


def _number(line: Line, cell: Any) -> float:
    try:
        value = float("nan") if isinstance(cell, bool) else float(cell)
    except (TypeError, ValueError):
        value = float("nan")
    line.require(abs(value) < float("inf"), "a label must be a finite number", repr(cell))
    return value


LABELS: dict[str, Callable[[Line, Any], str | tuple[str, ...] | float]] = {
    "single": _one_class,
    "multi": _classes,
    "regression": _number,
}
