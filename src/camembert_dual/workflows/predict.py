"""Predicting: examples through a pipeline to lines of JSON, again from where it stopped."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from camembert_dual.data.lines import Line, read_numbered
from camembert_dual.pipelines import Pipeline

STDIN = "-"
JSON_LINES = (".jsonl", ".ndjson")
TEXT, PAIR, PREDICTION = "text", "text_pair", "prediction"
Record = dict[str, Any]


class Prediction(NamedTuple):
    """A line of the output.

    Attributes:
        record: The example as it was read.
        answer: The pipeline's.
    """

    record: Record
    answer: Any

    def to_json(self) -> str:
        """The line, without its end."""
        return json.dumps({**self.record, PREDICTION: self.answer}, ensure_ascii=False)


def read_records(
    paths: Sequence[str], stdin: Iterable[str], is_json: bool = False
) -> Iterator[Record]:
    """Read examples, one a line: a text, or a JSON object with the names of the task.

    Args:
        paths: Files one after the other, ``-`` for the standard input; those that end in ``.jsonl``
            hold JSON.
        stdin: The lines of the standard input.
        is_json: Whether every file holds JSON.

    Raises:
        CheckpointError: If a line is no JSON object, or no UTF-8; the message has file and line.
        OSError: If a file cannot be read.
    """
    for path in paths:
        lines = numbered(stdin) if path == STDIN else read_numbered(Path(path))
        holds_json = is_json or path.endswith(JSON_LINES)
        for line in lines:
            if line.text.strip():
                yield record_of(line) if holds_json else {TEXT: line.text}


def numbered(stdin: Iterable[str]) -> Iterator[Line]:
    """The lines of the standard input."""
    for number, text in enumerate(stdin, start=1):
        yield Line(Path("<stdin>"), number, text.rstrip("\r\n"))


def record_of(line: Line) -> Record:
    """Read a line of JSON.

    Raises:
        CheckpointError: If it is no object.
    """
    try:
        record = json.loads(line.text)
    except (ValueError, RecursionError):
        record = None
    line.require(isinstance(record, dict), "a line must be a JSON object", line.text)
    return dict(record)


def example_of(record: Record) -> Any:
    """What a pipeline takes: the text, a pair of texts, or the record as it is."""
    return record if PAIR in record or TEXT not in record else record[TEXT]


def predict(pipe: Pipeline, records: Iterable[Record]) -> Iterator[Prediction]:
    """Answer one record after the other, a few of them read ahead.

    Raises:
        ValueError: If an example breaks its rule.
    """
    waiting: list[Record] = []

    def examples() -> Iterator[Any]:
        for record in records:
            waiting.append(record)
            yield example_of(record)

    for answer in pipe(examples()):
        yield Prediction(waiting.pop(0), answer)


def write_predictions(
    pipe: Pipeline, records: Iterable[Record], path: Path
) -> Iterator[Prediction | None]:
    """Answer what an earlier run has not answered yet, a line for each at the end of a file.

    Args:
        pipe: The pipeline.
        records: The examples, the same as in the earlier run.
        path: The file; all of its lines are whole but for the last, which a run that is killed may
            leave half written, and the next one cuts off.

    Yields:
        None for each example that is answered already, then each prediction as it is written.

    Raises:
        CheckpointError: If the file was written for other examples.
        ValueError: If an example breaks its rule.
        OSError: If a file cannot be read or written.
    """
    source = iter(records)
    for line in finished_lines(path):
        record = next(source, None)
        written = record_of(line)
        is_same = record is not None and PREDICTION in written
        is_same = is_same and written == {**record, PREDICTION: written[PREDICTION]}  # type: ignore[dict-item]
        line.require(is_same, "an example must be the input's, to go on behind it", line.text)
        yield None
    with path.open("a", encoding="utf-8", newline="\n") as file:
        for one in predict(pipe, source):
            file.write(f"{one.to_json()}\n")
            file.flush()
            yield one


def finished_lines(path: Path) -> Iterator[Line]:
    """The lines that an earlier run has written whole; what it left behind them is cut off.

    Raises:
        OSError: If the file cannot be read or written.
    """
    if not path.exists():
        return
    end = 0
    with path.open("rb") as file:
        for content in file:
            end += len(content) if content.endswith(b"\n") else 0
    with path.open("rb+") as file:
        file.truncate(end)
    yield from read_numbered(path)
