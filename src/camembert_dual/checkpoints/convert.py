"""From a checkpoint of any format to a folder in another, with a proof beside it."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from camembert_dual.checkpoints.folder import (
    Checkpoint,
    config_of_type,
    open_checkpoint,
    write_weights,
)
from camembert_dual.checkpoints.formats.registry import WRITTEN
from camembert_dual.checkpoints.proof import (
    HashedArrays,
    conversion_card,
    conversion_report,
    prove,
)
from camembert_dual.checkpoints.selecting import Selection, select
from camembert_dual.common.arrays import Array
from camembert_dual.common.errors import require, require_file
from camembert_dual.config import CamembertConfig
from camembert_dual.storage.atomic import staged_save
from camembert_dual.storage.file_names import (
    CARD,
    COMPANIONS,
    CONFIG,
    CONVERSION_REPORT,
    TOKENIZER_FILES,
    WEIGHTS,
    files_of,
)
from camembert_dual.storage.locate import locate


def convert(
    source: str | Path,
    target: str | Path,
    to: str,
    *,
    config: str | Path | None = None,
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
        to: The name of a format that is written.
        config: Where to read the config, for weights that lie alone; None for their own.
        dtype: Type of the floating point weights; None for their own.
        task: The hub's word for a task or the name of a class, whose weights are kept; None for
            all.
        max_shard_size: Most bytes per file, in a format that is written in shards; None for one
            file.
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
    require(to in WRITTEN, f"A format must be one of {', '.join(WRITTEN)}", repr(to))
    checkpoint = _open(source, config, hub)
    own = WRITTEN[to].file_name
    _refuse_other_weights(checkpoint, Path(target), own)
    selection = select(checkpoint, task)
    arrays = HashedArrays(selection.arrays)

    def wrote(name: str, array: Array) -> None:
        arrays.wrote(name, array)
        progress("write", len(arrays))

    with staged_save(Path(target), _replaced(checkpoint, own)) as staging:
        file, names = write_weights(
            staging,
            arrays,
            to,
            dtype=dtype,
            architecture=selection.architecture,
            max_shard_size=max_shard_size,
            wrote=wrote,
        )
        tensors = prove(file, arrays, names, lambda: progress("check", len(arrays)))
        said = config_of_type(selection.config, arrays, dtype)
        (staging / CONFIG).write_text(said.to_json_string(), "utf-8")
        copied = _write_tokenizer(checkpoint, selection, staging)
        report = conversion_report(checkpoint, selection, (file.name, to), tensors, copied)
        _write_words(checkpoint, selection, report, staging)
    return report


def _open(source: str | Path, config: str | Path | None, hub: dict[str, Any]) -> Checkpoint:
    given = None if config is None else CamembertConfig.from_pretrained(config)
    return open_checkpoint(locate(source, also=COMPANIONS, **hub), config=given)


def _refuse_other_weights(checkpoint: Checkpoint, folder: Path, own: str) -> None:
    """Refuse a folder whose own weights would be read instead of the new ones."""
    if not folder.is_dir() or folder.resolve() == checkpoint.path.resolve():
        return
    others = [
        name
        for name in WEIGHTS
        if (folder / name).is_file() and not re.fullmatch(files_of(own), name)
    ]
    received = f"{', '.join(others)} beside {own}"
    require_file(folder, not others, "a folder must hold one checkpoint", received)


def _replaced(checkpoint: Checkpoint, own: str) -> list[str]:
    """Patterns of the files that a conversion replaces."""
    brings = any((checkpoint.path / name).is_file() for name in TOKENIZER_FILES)
    return [files_of(own), *map(re.escape, TOKENIZER_FILES if brings else ())]


def _write_tokenizer(checkpoint: Checkpoint, selection: Selection, staging: Path) -> list[str]:
    """Bring the tokenizer along; a format that has other files makes the usual ones of them."""
    for name in TOKENIZER_FILES:
        if (checkpoint.path / name).is_file():
            shutil.copyfile(checkpoint.path / name, staging / name)
    if checkpoint.format.write_tokenizer is not None:
        checkpoint.format.write_tokenizer(checkpoint.path, staging, selection.config)
    return [name for name in TOKENIZER_FILES if (staging / name).is_file()]


def _write_words(
    checkpoint: Checkpoint, selection: Selection, report: dict[str, Any], staging: Path
) -> None:
    """Write what people read: the report and the model card."""
    text = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
    (staging / CONVERSION_REPORT).write_text(text, "utf-8")
    if (checkpoint.path / CARD).is_file():
        shutil.copyfile(checkpoint.path / CARD, staging / CARD)
    else:
        card = conversion_card(selection, report["target_format"])
        (staging / CARD).write_text(card, "utf-8")
