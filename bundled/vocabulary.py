"""A SentencePiece vocabulary of one's own, in the layout that CamemBERT's id offset expects."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import sentencepiece

from camembert_dual.common.errors import require
from camembert_dual.common.id_layout import BOS, EOS, UNK
from camembert_dual.data.text import Corpus, oversample
from camembert_dual.storage.atomic import write_atomically

VOCAB_SIZE = 8000  # pieces of the bundled checkpoint; the network's vocabulary has five more rows
# characters that always get a piece, however rare they are in the text
FRENCH_CHARACTERS = (
    "abcdefghijklmnopqrstuvwxyzàâæçéèêëîïôœùûüÿ"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÀÂÆÇÉÈÊËÎÏÔŒÙÛÜŸ"
    "0123456789.,;:!?'’\"«»()[]/%&+=*@#_°€-–—"
)

# CamemBERT's kind of model, the ids as id_layout.py expects them
KIND: dict[str, Any] = {
    "model_type": "unigram",
    "normalization_rule_name": "nmt_nfkc",
    "byte_fallback": False,
    "unk_id": 0,
    "bos_id": 1,
    "eos_id": 2,
    "pad_id": -1,
    "unk_piece": UNK,
    "bos_piece": BOS,
    "eos_piece": EOS,
    "minloglevel": 2,
}


def corpus_lines(corpus: Corpus, rng: np.random.Generator) -> Iterator[str]:
    """Yield the paragraphs of a corpus, those of each source as often as it weighs."""
    for documents, weight in zip(corpus.documents, corpus.weights, strict=True):
        paragraphs = [paragraph for document in documents for paragraph in document]
        for index in oversample(len(paragraphs), weight, rng=rng):
            yield paragraphs[index]


def train_sentencepiece(
    lines: Iterable[str],
    *,
    vocab_size: int,
    output: str | os.PathLike[str],
    max_lines: int = 200_000,
    seed: int = 0,
    character_coverage: float = 0.9995,
    required_characters: str = FRENCH_CHARACTERS,
    num_threads: int = 2,
) -> Path:
    """Train a unigram model (Kudo 2018) and write it as one ``.model`` file.

    Its ids are 0 ``<unk>``, 1 ``<s>``, 2 ``</s>``, then the ordinary pieces, as
    :mod:`camembert_dual.common.id_layout` expects them (Martin et al. 2020, section 4.2).

    Args:
        lines: Sentences or paragraphs; repeat those that should weigh more.
        vocab_size: Pieces of the file, the three special ones included.
        output: Path of the file; it appears complete or not at all.
        max_lines: Most lines to train on; of more, a sample is drawn evenly.
        seed: Seed of that sample.
        character_coverage: Share of the text's characters that get a piece.
        required_characters: Characters that get a piece in any case.
        num_threads: Threads of the trainer.

    Returns:
        The path of the file.

    Raises:
        ValueError: If there is no text, or too little for so many pieces.
        OSError: If the file cannot be written.
    """
    sample = _sample([line for line in lines if line.strip()], max_lines, seed)
    require(sample, "A vocabulary must be trained on at least one line of text", "none")
    model = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(sample),
            model_writer=model,
            vocab_size=vocab_size,
            character_coverage=character_coverage,
            required_chars=required_characters,
            max_sentence_length=max(len(line.encode()) for line in sample) + 1,
            num_threads=num_threads,
            **KIND,
        )
    except RuntimeError as error:
        rule = f"The text must yield vocab_size={vocab_size} pieces"
        received = f"{len(sample)} lines, and SentencePiece says: {error}"
        raise ValueError(f"{rule}; received {received}.") from error
    path = Path(output)
    path.parent.mkdir(parents=True, exist_ok=True)
    write_atomically(path, model.getvalue())
    return path


def _sample(lines: list[str], max_lines: int, seed: int) -> list[str]:
    """The lines, or ``max_lines`` of them, in their order."""
    if len(lines) <= max_lines:
        return lines
    chosen = np.random.default_rng(seed).choice(len(lines), size=max_lines, replace=False)
    return [lines[number] for number in np.sort(chosen)]
