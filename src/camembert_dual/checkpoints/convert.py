"""From a checkpoint of any format to a folder in another, with a proof beside it."""

from __future__ import annotations

import hashlib
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from camembert_dual.checkpoints.card import model_card
from camembert_dual.checkpoints.folder import Checkpoint, open_checkpoint
from camembert_dual.checkpoints.formats.fairseq import FORMAT as FAIRSEQ
from camembert_dual.checkpoints.formats.fairseq import check_dictionary
from camembert_dual.checkpoints.formats.registry import read_file
from camembert_dual.checkpoints.lazy_arrays import Arrays
from camembert_dual.checkpoints.matching import canonical
from camembert_dual.checkpoints.selecting import Selection, select
from camembert_dual.checkpoints.writing import FORMATS, write_weights
from camembert_dual.common.arrays import Array
from camembert_dual.common.errors import CheckpointError, require_file
from camembert_dual.storage.atomic import staged_save
from camembert_dual.storage.file_names import (
    CARD,
    COMPANIONS,
    CONFIG,
    DICTIONARY,
    SENTENCEPIECE,
    TOKENIZER_FILES,
    WEIGHTS,
    files_of,
)
from camembert_dual.storage.locate import locate

REPORT = "conversion_report.json"
_STEP = 1 << 22


def convert(
    source: str | Path,
    target: str | Path,
    to: str,
    *,
    dtype: str | None = None,
    task: str | None = None,
    max_shard_size: int | str | None = None,
    progress: Callable[[str, int], object] = lambda step, count: None,
    **hub: Any,
) -> dict[str, Any]:
    """Write a checkpoint in another format: weights, config, tokenizer, model card and report.

    The report is a proof: after the weights are written, they are read again through the reader of
    their format and hashed beside what was read first.

    Args:
        source: Folder, file, bundled name or hub name.
        target: The folder to write.
        to: The format: safetensors, bin, tf-h5 or keras-weights.
        dtype: Type of the floating point weights; None for their own.
        task: Name of the torch class whose weights are kept; None for all.
        max_shard_size: Most bytes per safetensors file; None for one file.
        progress: Told of every weight written and every weight checked: the step's name and how
            many there are.
        **hub: ``revision``, ``cache_dir``, ``token``, ``local_files_only``.

    Returns:
        The report.

    Raises:
        FileNotFoundError: If there is no such checkpoint.
        OSError: If the folder cannot be written; what was there is then as it was.
        ValueError: If the checkpoint breaks a rule, or the folder holds weights that would be read
            first.
    """
    checkpoint = open_checkpoint(locate(source, also=COMPANIONS, **hub))
    folder = Path(target)
    _refuse_other_weights(checkpoint, folder, to)
    selection = select(checkpoint, task)
    arrays = Hashed(selection.arrays)
    count = len(arrays)
    config = selection.config.to_json_string()
    own = [name for name in TOKENIZER_FILES if (checkpoint.path / name).is_file()]
    replaced = [files_of(FORMATS[to]), *map(re.escape, TOKENIZER_FILES if own else ())]
    hashes: dict[str, str] = {}

    def wrote(name: str, array: Array) -> None:
        same = array.dtype == arrays.entries[name].dtype
        hashes[name] = arrays.hashes[name] if same else sha256(array)
        progress("write", count)

    with staged_save(folder, replaced) as staging:
        file, names = write_weights(
            staging,
            arrays,
            to,
            dtype=dtype,
            task=selection.task,
            max_shard_size=max_shard_size,
            wrote=wrote,
        )
        written = read_file(file).arrays
        found = {canonical(name): name for name in written}
        tensors = []
        for name, before in arrays.entries.items():
            after = written.entries[found[canonical(name)]]
            hashed = sha256(written[found[canonical(name)]])
            rule = f"{name} must be read as it was written"
            require_file(file, hashed == hashes[name], rule, "another value")
            tensors.append(
                {
                    "source_file": before.path.name,
                    "source_name": before.source,
                    "published_name": name,
                    "target_name": names[name],
                    "shape": list(before.shape),
                    "source_dtype": str(before.dtype),
                    "dtype": str(after.dtype),
                    "transposed": before.transposed != after.transposed,
                    "sha256_before": arrays.hashes[name],
                    "sha256_after": hashed,
                }
            )
            progress("check", count)
        (staging / CONFIG).write_text(config, "utf-8")
        copied = _copy_tokenizer(checkpoint, selection, staging)
        report = {
            "source": str(checkpoint.file),
            "source_format": checkpoint.arrays.format,
            "target": FORMATS[to] if file.name == FORMATS[to] else file.name,
            "target_format": to,
            "task": selection.task,
            "tensors": tensors,
            "tied": list(selection.tied),
            "dropped": [{"name": name, "reason": reason} for name, reason in selection.dropped],
            "tokenizer_files": copied,
        }
        text = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
        (staging / REPORT).write_text(text, "utf-8")
        _write_card(checkpoint, selection, to, staging)
    return report


class Hashed(Arrays):
    """Arrays whose hashes are kept when they are read."""

    def __init__(self, arrays: Arrays) -> None:
        super().__init__(arrays.entries, arrays.format, arrays.dropped)
        self.hashes: dict[str, str] = {}

    def __getitem__(self, name: str) -> Array:
        """Read an array and keep its hash."""
        array = super().__getitem__(name)
        self.hashes[name] = sha256(array)
        return array


def sha256(array: Array) -> str:
    """The hash of an array's bytes in rows, in the torch layout, little end first."""
    digest = hashlib.sha256()
    rows = array.reshape(1, -1) if array.ndim < 2 else array
    step = max(1, _STEP // max(1, rows[:1].nbytes))
    for start in range(0, len(rows), step):
        part = np.ascontiguousarray(rows[start : start + step])
        digest.update(part.reshape(-1).view(np.uint8).data)
    return digest.hexdigest()


def _refuse_other_weights(checkpoint: Checkpoint, folder: Path, to: str) -> None:
    """Refuse a folder whose own weights would be read instead of the new ones."""
    if not folder.is_dir() or folder.resolve() == checkpoint.path.resolve():
        return
    own = FORMATS[to]
    kin = (own, f"{own}.index.json")
    others = [name for name in WEIGHTS if (folder / name).is_file() and name not in kin]
    if others:
        raise CheckpointError(
            f"{folder}: a folder must hold one checkpoint; received {', '.join(others)} beside "
            f"{own}."
        )


def _copy_tokenizer(checkpoint: Checkpoint, selection: Selection, staging: Path) -> list[str]:
    """Bring the tokenizer along; fairseq's has its other files made."""
    copied = []
    for name in TOKENIZER_FILES:
        if (checkpoint.path / name).is_file():
            shutil.copyfile(checkpoint.path / name, staging / name)
            copied.append(name)
    if checkpoint.arrays.format != FAIRSEQ:
        return copied
    from camembert_dual.tokenization import CamembertTokenizer

    tokenizer = (
        CamembertTokenizer(checkpoint.path / SENTENCEPIECE) if copied == [SENTENCEPIECE] else None
    )
    if (checkpoint.path / DICTIONARY).is_file():
        model = tokenizer.sp_model if tokenizer is not None else None
        pieces = [model.id_to_piece(n) for n in range(model.get_piece_size())] if model else None
        check_dictionary(checkpoint.path, selection.config.vocab_size, pieces)
    if tokenizer is None:
        return copied
    tokenizer.save_pretrained(staging)
    return [name for name in TOKENIZER_FILES if (staging / name).is_file()]


def _write_card(checkpoint: Checkpoint, selection: Selection, to: str, staging: Path) -> None:
    if (checkpoint.path / CARD).is_file():
        shutil.copyfile(checkpoint.path / CARD, staging / CARD)
    else:
        (staging / CARD).write_text(model_card(selection.config, selection.task, to), "utf-8")
