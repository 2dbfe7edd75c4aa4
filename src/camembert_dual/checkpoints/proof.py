"""The proof beside converted weights: the hash of each before and after, a report, a card."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from camembert_dual.checkpoints.folder import Checkpoint
from camembert_dual.checkpoints.formats.registry import read_file
from camembert_dual.checkpoints.lazy_arrays import LazyArrays
from camembert_dual.checkpoints.selecting import Selection
from camembert_dual.common.arrays import Array
from camembert_dual.common.backends import BACKENDS
from camembert_dual.common.errors import require_file
from camembert_dual.common.model_names import TASK_OF, class_name
from camembert_dual.parameter_names import canonical
from camembert_dual.storage.file_names import CONVERSION_REPORT

_STEP = 1 << 22


class HashedArrays(LazyArrays):
    """Arrays whose hashes are kept: as they were read, and as they were written."""

    def __init__(self, arrays: LazyArrays) -> None:
        super().__init__(arrays.lazy, arrays.format, arrays.dropped)
        self.read: dict[str, str] = {}
        self.written: dict[str, str] = {}

    def __getitem__(self, name: str) -> Array:
        """Read an array and keep its hash."""
        array = super().__getitem__(name)
        self.read[name] = sha256(array)
        return array

    def wrote(self, name: str, array: Array) -> None:
        """Keep the hash of what was written, which has another type where one was asked for."""
        same = array.dtype == self.lazy[name].dtype
        self.written[name] = self.read[name] if same else sha256(array)


def sha256(array: Array) -> str:
    """The hash of an array's bytes in rows, in the torch layout, little end first."""
    digest = hashlib.sha256()
    rows = array.reshape(1, -1) if array.ndim < 2 else array
    step = max(1, _STEP // max(1, rows[:1].nbytes))
    for start in range(0, len(rows), step):
        part = np.ascontiguousarray(rows[start : start + step])
        digest.update(part.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def prove(
    file: Path, arrays: HashedArrays, names: dict[str, str], checked: Callable[[], object]
) -> list[dict[str, Any]]:
    """Read what was written, through the reader of its format, and compare the hashes.

    Args:
        file: The file of weights, or the index of several.
        arrays: What was written.
        names: Published name to the name in the file.
        checked: Told of every weight.

    Returns:
        A line of the report for each weight.

    Raises:
        CheckpointError: If a weight is another one than was written.
    """
    written = read_file(file).arrays
    found = {canonical(name): name for name in written}
    lines = []
    for name, before in arrays.lazy.items():
        after = written.lazy[found[canonical(name)]]
        hashed = sha256(written[found[canonical(name)]])
        rule = f"{name} must be read as it was written"
        require_file(file, hashed == arrays.written[name], rule, "another value")
        lines.append(
            {
                "source_file": before.path.name,
                "source_name": before.stored_name,
                "published_name": name,
                "target_name": names[name],
                "shape": list(before.shape),
                "source_dtype": str(before.dtype),
                "dtype": str(after.dtype),
                "transposed": before.transposed != after.transposed,
                "sha256_before": arrays.read[name],
                "sha256_after": hashed,
            }
        )
        checked()
    return lines


def conversion_report(
    checkpoint: Checkpoint,
    selection: Selection,
    target: tuple[str, str],
    tensors: list[dict[str, Any]],
    tokenizer_files: list[str],
) -> dict[str, Any]:
    """What was converted into what.

    Args:
        checkpoint: What was read.
        selection: What was kept of it.
        target: The name of the file written, and of its format.
        tensors: A line for each weight.
        tokenizer_files: The files of the tokenizer that were brought along.
    """
    return {
        "source": str(checkpoint.file),
        "source_format": checkpoint.arrays.format,
        "target": target[0],
        "target_format": target[1],
        "task": selection.architecture,
        "tensors": tensors,
        "tied": list(selection.tied),
        "dropped": [{"name": name, "reason": reason} for name, reason in selection.dropped],
        "tokenizer_files": tokenizer_files,
    }


def conversion_card(selection: Selection, to: str) -> str:
    """The text of ``README.md`` for a checkpoint that had none.

    Args:
        selection: What was converted.
        to: The format of the weights.
    """
    config, architecture = selection.config, selection.architecture
    imports = "\n".join(
        f"from camembert_dual import {class_name(architecture, name)}  # {backend.title}"
        for name, backend in BACKENDS.items()
    )
    return f"""---
language: fr
library_name: camembert-dual
pipeline_tag: {TASK_OF[architecture]}
tags: [camembert, {config.model_type}]
---

# {architecture}

- {config.num_hidden_layers} layers of {config.hidden_size}, {config.num_attention_heads} heads
- a vocabulary of {config.vocab_size}, texts of up to {config.max_sequence_length} tokens
- weights in the format `{to}`; `{CONVERSION_REPORT}` says where each came from, with its hash
  before and after

```python
{imports}

model = {architecture}.from_pretrained("path/to/this/folder")
```
"""
