"""What a checkpoint holds, what is wrong with it, and the remedy for each."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from camembert_dual.checkpoints.folder import Checkpoint, open_checkpoint
from camembert_dual.checkpoints.selecting import find_architecture, select
from camembert_dual.common.errors import short
from camembert_dual.common.id_layout import FIRST_TOKENS, UNK_ID
from camembert_dual.common.model_names import FAMILIES, FAMILY
from camembert_dual.config import NORM_EPSILON
from camembert_dual.config_rules import MODEL_TYPES
from camembert_dual.parameter_names import DECODER, WORD_EMBEDDINGS, canonical, part_of
from camembert_dual.parameters import LM_HEAD
from camembert_dual.storage.file_names import (
    CONFIG,
    SENTENCEPIECE,
    TOKENIZER_CONFIG,
    TOKENIZER_JSON,
)
from camembert_dual.storage.json_files import read_json
from camembert_dual.tokenization import AutoTokenizer
from camembert_dual.tokenization.contradictions import contradictions

OTHER_FAMILIES = {
    "deberta": "DeBERTa (CamemBERTa)",
    "rel_embeddings": "DeBERTa (CamemBERTa)",
    "attn.Wqkv": "ModernBERT",
    "mlp.Wi": "ModernBERT",
}


class Finding(NamedTuple):
    """One thing that is wrong.

    Attributes:
        problem: What is wrong, with the values.
        remedy: What to do about it.
    """

    problem: str
    remedy: str


def inspect_folder(folder: Path, checkpoint: Checkpoint | None) -> list[Finding]:
    """Look for everything that has made CamemBERT checkpoints fail or give wrong numbers.

    Args:
        folder: The folder.
        checkpoint: What was opened there; None if that failed.
    """
    try:
        values = read_json(folder / CONFIG)
    except (ValueError, OSError):  # told when the checkpoint was opened
        values = {}
    findings = [*_family(values, checkpoint)]
    if checkpoint is not None:
        findings += [*_weights(values, checkpoint), *_epsilon(checkpoint)]
    return [*findings, *_tokenizer(folder, checkpoint)]


def open_or_explain(path: Path) -> tuple[Checkpoint | None, list[Finding]]:
    """Open a checkpoint; an error becomes a finding."""
    try:
        return open_checkpoint(path), []
    except (ValueError, OSError) as error:
        return None, [Finding(str(error), "take the files from where they were published again")]


def describe(checkpoint: Checkpoint) -> list[str]:
    """Family, class, sizes, types and files, a line each."""
    config, arrays = checkpoint.config, checkpoint.arrays
    parts: Counter[str] = Counter()
    types: Counter[str] = Counter()
    keys: set[object] = set()
    for name, one in arrays.lazy.items():
        if one.storage_key is not None and one.storage_key in keys:
            continue  # the second name of a tied weight
        keys.add(one.storage_key)
        parts[part_of(canonical(name)) or "(unknown)"] += math.prod(one.shape)
        types[str(one.dtype)] += 1
    files = sorted({one.path for one in arrays.lazy.values()})
    return [
        f"family    {config.model_type}",
        f"task      {find_architecture(config, arrays)}",
        f"weights   {sum(parts.values()):,} in {len(arrays)} arrays",
        *(f"  {part:<12}{count:>14,}" for part, count in parts.items()),
        *(f"own layer {short(name, 80)} {one.shape}" for name, one in arrays.own.items()),
        f"dtype     {', '.join(f'{dtype} ({count})' for dtype, count in types.items())}",
        f"format    {arrays.format}",
        *(f"file      {short(path.name)} ({path.stat().st_size:,} bytes)" for path in files),
    ]


def _family(values: Mapping[str, Any], checkpoint: Checkpoint | None) -> Iterator[Finding]:
    model_type = values.get("model_type")
    if model_type is None and values:
        yield Finding(f"{CONFIG} has no model_type", f'add "model_type": "{FAMILIES[FAMILY]}"')
    elif values and model_type not in MODEL_TYPES:
        remedy = f"use a package for {model_type}; {', '.join(MODEL_TYPES)} are read here"
        yield Finding(f"the family is {model_type!r}, another network", remedy)
    for sign, family in OTHER_FAMILIES.items():
        if checkpoint is not None and any(sign in name for name in checkpoint.arrays):
            yield Finding(f"the weights are those of {family}", f"use a package for {family}")
            return


def _weights(values: Mapping[str, Any], checkpoint: Checkpoint) -> Iterator[Finding]:
    try:
        select(checkpoint)
    except ValueError as error:
        yield Finding(str(error), "correct the config, or take the weights again")
    names = {canonical(name): name for name in checkpoint.arrays}
    has_head = any(row.name in names for row in LM_HEAD)
    if has_head and values and "tie_word_embeddings" not in values and DECODER not in names:
        yield Finding(
            "the LM head has no decoder of its own and the config does not say that it is tied",
            '"tie_word_embeddings": true in config.json (transformers 5 leaves it random else)',
        )
    if WORD_EMBEDDINGS in names:
        rows = checkpoint.arrays.lazy[names[WORD_EMBEDDINGS]].shape[0]
        if rows != checkpoint.config.vocab_size:
            problem = (
                f"vocab_size is {checkpoint.config.vocab_size}, the embeddings have {rows} rows"
            )
            yield Finding(problem, f'"vocab_size": {rows} in config.json')


def _epsilon(checkpoint: Checkpoint) -> Iterator[Finding]:
    epsilon = checkpoint.config.layer_norm_eps
    if not any(math.isclose(epsilon, known) for known in NORM_EPSILON.values()):
        yield Finding(
            f"layer_norm_eps is {epsilon:g}, which no published CamemBERT has",
            f'"layer_norm_eps": {NORM_EPSILON["camembert"]} ({NORM_EPSILON["camembertv2"]} for '
            f"camembertv2) in {CONFIG}, if trained so",
        )


def _tokenizer(folder: Path, checkpoint: Checkpoint | None) -> Iterator[Finding]:
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder)
    except FileNotFoundError:
        yield Finding("there is no tokenizer", f"add {SENTENCEPIECE} or {TOKENIZER_JSON}")
        return
    except (ValueError, OSError) as error:
        yield Finding(f"the tokenizer cannot be read: {error}", "take its files again")
        return
    for one in contradictions(folder):
        yield Finding(
            f"{one.subject} is {one.first} and {one.second}",
            "tokenizer.save_pretrained, which writes what counts now into every file",
        )
    if checkpoint is not None:
        yield from _ids(tokenizer, checkpoint)
        yield from _length(folder, checkpoint)
    if checkpoint is None or checkpoint.config.model_type == FAMILIES[FAMILY]:
        yield from _first_tokens(folder)


def _ids(tokenizer: Any, checkpoint: Checkpoint) -> Iterator[Finding]:
    config = checkpoint.config
    for name, theirs in (
        ("pad_token_id", tokenizer.pad_token_id),
        ("bos_token_id", tokenizer.cls_token_id),
        ("eos_token_id", tokenizer.sep_token_id),
    ):
        ours = getattr(config, name)
        if theirs is not None and ours != theirs:
            problem = f"{name} is {ours} in the config and {theirs} in the tokenizer"
            yield Finding(problem, f'"{name}": {theirs} in config.json')
    if len(tokenizer) > config.vocab_size:
        yield Finding(
            f"the tokenizer has {len(tokenizer)} tokens, the embeddings {config.vocab_size} rows",
            f"model.resize_token_embeddings({len(tokenizer)}), or the tokenizer that belongs here",
        )


def _length(folder: Path, checkpoint: Checkpoint) -> Iterator[Finding]:
    limit = checkpoint.config.max_sequence_length
    path = folder / TOKENIZER_CONFIG
    stated = read_json(path).get("model_max_length") if path.is_file() else None
    if not isinstance(stated, int | float) or stated > limit:
        problem = f"model_max_length is {stated}, the model takes {limit} tokens"
        yield Finding(problem, f'"model_max_length": {limit} in {TOKENIZER_CONFIG}')


def _first_tokens(folder: Path) -> Iterator[Finding]:
    """CamemBERT's first ids: fairseq's four, two of them unused, <unk> again, <s> and </s>."""
    path = folder / TOKENIZER_JSON
    model = read_json(path).get("model") if path.is_file() else None
    if isinstance(model, dict) and model.get("type") == "Unigram":
        vocabulary = model.get("vocab")
        pieces = vocabulary[: len(FIRST_TOKENS)] if isinstance(vocabulary, list) else []
        first = [short(one[0] if isinstance(one, list) and one else one, 40) for one in pieces]
        if tuple(first) != FIRST_TOKENS or model.get("unk_id") != UNK_ID:
            yield Finding(
                f"{path.name} begins with {', '.join(first)} and unk_id "
                f"{short(model.get('unk_id'))}",
                f"delete {path.name}: it is made again from {SENTENCEPIECE}, with "
                f"{', '.join(FIRST_TOKENS)} and unk_id {UNK_ID}",
            )
    path = folder / TOKENIZER_CONFIG
    added = read_json(path).get("added_tokens_decoder") if path.is_file() else None
    for number, token in added.items() if isinstance(added, dict) else ():
        text = token.get("content") if isinstance(token, dict) else token
        if text in FIRST_TOKENS and number != str(FIRST_TOKENS.index(text)):
            yield Finding(
                f"{path.name} gives {text} the number {number}",
                f'"{FIRST_TOKENS.index(text)}" for {text} in its added_tokens_decoder, as it was '
                "trained",
            )
