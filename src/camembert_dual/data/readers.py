"""The reader that fits a task and a file, by the ending of its name."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

from camembert_dual.common.errors import require
from camembert_dual.data.bio import read_bio
from camembert_dual.data.choices import read_choices, read_winograd
from camembert_dual.data.conllu import read_conllu
from camembert_dual.data.squad import read_squad
from camembert_dual.data.tables import read_similar, read_texts
from camembert_dual.data.text import read_documents

Reader = Callable[..., Iterable[Any]]
TABLES = (".tsv", ".csv", ".jsonl", ".ndjson", ".parquet")
COLUMNS = (".bio", ".conll", ".iob", ".txt")


def _tables(reader: Reader) -> dict[str, Reader]:
    return dict.fromkeys(TABLES, reader)


# task to ending to reader
READERS: Mapping[str, Mapping[str, Reader]] = {
    "pos": {".conllu": read_conllu, ".conllup": read_conllu},
    "ner": dict.fromkeys(COLUMNS, read_bio),
    "classification": _tables(read_texts),
    "pair": _tables(partial(read_texts, pairs=True)),
    "qa": {".json": read_squad},
    "choice": {".json": read_choices, ".tsv": read_winograd},
    "embed": _tables(read_similar),
    "mlm": {".txt": read_documents},
}


def read_examples(path: Path, task: str, **options: Any) -> list[Any]:
    """Read all examples of a file.

    Args:
        path: The file.
        task: One of ``READERS``.
        **options: Those of the reader.

    Raises:
        CheckpointError: If the file breaks its format; the message has file, line and reason.
        OSError: If the file cannot be read.
        ValueError: If no reader fits, or the file holds no example.
    """
    require(task in READERS, f"task must be one of {', '.join(READERS)}", repr(task))
    by_ending = READERS[task]
    rule = f"A file of {task} must end in {', '.join(by_ending)}"
    require(path.suffix in by_ending, rule, path.name)
    examples = list(by_ending[path.suffix](path, **options))
    require(examples, f"{path}: a file must hold at least one example", "none")
    return examples
