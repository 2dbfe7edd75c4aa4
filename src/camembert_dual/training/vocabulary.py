"""A SentencePiece vocabulary of one's own, in the layout that CamemBERT's id offset expects."""

from __future__ import annotations

import io
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import sentencepiece

from camembert_dual.training.masking import punctuation_table, special_table, word_start_table

FRENCH_CHARACTERS = (
    "abcdefghijklmnopqrstuvwxyzàâæçéèêëîïôœùûüÿ"
    "ABCDEFGHIJKLMNOPQRSTUVWXYZÀÂÆÇÉÈÊËÎÏÔŒÙÛÜŸ"
    "0123456789.,;:!?'’\"«»()[]/%&+=*@#_°€-–—"
)
"""Characters that always get a piece, however rare they are in the text."""


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
    """Train a unigram model and write it as one `.model` file.

    Its ids are 0 `<unk>`, 1 `<s>`, 2 `</s>`, then the ordinary pieces. CamemBERT's tokenizer puts
    `<s>NOTUSED`, `<pad>`, `</s>NOTUSED`, `<unk>` before them, so that piece k has id k + 4, and
    `<mask>` after them, with id `vocab_size` + 4: the model's vocabulary has `vocab_size` + 5 rows.

    Args:
        lines: sentences or paragraphs; repeat those that should weigh more.
        vocab_size: number of pieces of the file, the three special ones included.
        output: path of the file; it appears complete or not at all.
        max_lines: most lines to train on; more are sampled evenly without replacement.
        seed: of that sampling.
        character_coverage: share of the text's characters that get a piece.
        required_characters: characters that get a piece in any case.
        num_threads: threads of the trainer.

    Returns:
        The path of the file.

    Raises:
        ValueError: there is no text, or too little for so many pieces.

    Source:
        Martin et al. 2020, section 4.2 (SentencePiece, Kudo and Richardson 2018); the unigram model
        is Kudo 2018; the offset is fairseq's.
    """
    sample = _sample([line for line in lines if line.strip()], max_lines, seed)
    if not sample:
        raise ValueError("a vocabulary needs at least one line of text; received none")
    model = io.BytesIO()
    try:
        sentencepiece.SentencePieceTrainer.train(
            sentence_iterator=iter(sample),
            model_writer=model,
            model_type="unigram",
            vocab_size=vocab_size,
            character_coverage=character_coverage,
            required_chars=required_characters,
            normalization_rule_name="nmt_nfkc",
            byte_fallback=False,
            unk_id=0,
            bos_id=1,
            eos_id=2,
            pad_id=-1,
            unk_piece="<unk>",
            bos_piece="<s>",
            eos_piece="</s>",
            max_sentence_length=max(len(line.encode()) for line in sample) + 1,
            num_threads=num_threads,
            minloglevel=2,
        )
    except RuntimeError as error:
        raise ValueError(
            f"the text must yield vocab_size={vocab_size} pieces; "
            f"received {len(sample)} lines, and SentencePiece says: {error}"
        ) from error
    path = Path(output)
    _write_whole(path, model.getvalue())
    return path


def _sample(lines: list[str], max_lines: int, seed: int) -> list[str]:
    """Return the lines, or `max_lines` of them, in their order."""
    if len(lines) <= max_lines:
        return lines
    chosen = np.random.default_rng(seed).choice(len(lines), size=max_lines, replace=False)
    return [lines[number] for number in np.sort(chosen)]


def _write_whole(path: Path, content: bytes) -> None:
    """Write a file so that an interruption leaves the old one, or none."""
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        with open(temporary, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, path)
    finally:
        temporary.unlink(missing_ok=True)


@dataclass(frozen=True)
class Pieces:
    """What masking and packing have to know of a vocabulary of V pieces.

    Attributes:
        word_starts: (V,), whether a piece begins a word.
        punctuation: (V,), whether a piece has neither letter nor digit.
        special: (V,), whether a piece is a special token.
        bos_token_id: Id of ``<s>``.
        eos_token_id: Id of ``</s>``.
        pad_token_id: Id of ``<pad>``.
        mask_token_id: Id of ``<mask>``.
    """

    word_starts: npt.NDArray[np.bool_]
    punctuation: npt.NDArray[np.bool_]
    special: npt.NDArray[np.bool_]
    bos_token_id: int
    eos_token_id: int
    pad_token_id: int
    mask_token_id: int

    @classmethod
    def of_camembert(cls, pieces: Sequence[str]) -> Pieces:
        """Describe a vocabulary in CamemBERT's layout: seven special ids first, ``<mask>`` last."""
        mask_token_id = len(pieces) - 1
        return cls(
            word_start_table(pieces),
            punctuation_table(pieces),
            special_table(len(pieces), [*range(7), mask_token_id]),
            bos_token_id=5,
            eos_token_id=6,
            pad_token_id=1,
            mask_token_id=mask_token_id,
        )
