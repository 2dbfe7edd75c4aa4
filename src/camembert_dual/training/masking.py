"""Whole-word masking: choose words, hide all their pieces, remember what they were.

Letters: B rows, T positions, V vocabulary.
"""

from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from camembert_dual.tasks.metrics import IGNORED_LABEL

META_SYMBOL = "▁"
"""U+2581: SentencePiece writes it for the space that a word begins with."""

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


def word_start_table(pieces: Sequence[str]) -> BoolArray:
    """Tell of each vocabulary id whether its piece begins a word.

    Args:
        pieces: the V pieces, in the order of their ids.

    Returns:
        Booleans, shape (V,); True where the piece begins with U+2581.
    """
    return np.array([piece.startswith(META_SYMBOL) for piece in pieces], dtype=np.bool_)


def punctuation_table(pieces: Sequence[str]) -> BoolArray:
    """Tell of each vocabulary id whether its piece has neither letter nor digit.

    SentencePiece joins punctuation to the word before it (`▁lait` `.`) and, after an apostrophe, to
    the word behind it (`▁l` `'` `homme`). `mask_whole_words` can take it for words of its own.

    Args:
        pieces: the V pieces, in the order of their ids.

    Returns:
        Booleans, shape (V,); the bare U+2581 is no punctuation.
    """
    marks = [piece.removeprefix(META_SYMBOL) for piece in pieces]
    return np.array([bool(m) and not any(map(str.isalnum, m)) for m in marks], dtype=np.bool_)


def special_table(vocab_size: int, special_ids: Iterable[int]) -> BoolArray:
    """Tell of each vocabulary id whether it is a special token.

    Args:
        vocab_size: V, the number of ids.
        special_ids: ids of `<s>`, `</s>`, `<pad>`, `<unk>`, `<mask>` and the unused ones.

    Returns:
        Booleans, shape (V,).

    Raises:
        ValueError: an id is outside the vocabulary.
    """
    ids = np.array(sorted(set(special_ids)), dtype=np.int64)
    _check_range("special_ids", ids, vocab_size)
    table = np.zeros(vocab_size, dtype=np.bool_)
    table[ids] = True
    return table


def mask_whole_words(
    input_ids: npt.ArrayLike,
    *,
    word_starts: BoolArray,
    special: BoolArray,
    mask_token_id: int,
    rng: np.random.Generator,
    punctuation: BoolArray | None = None,
    probability: float = 0.15,
    mask_fraction: float = 0.8,
    random_fraction: float = 0.1,
) -> tuple[IntArray, IntArray]:
    """Draw the masked inputs and the labels of one pass over a batch.

    A word is a maximal run of ordinary pieces in one row of which only the first may begin with
    U+2581; a special token ends it. Each word is chosen independently with `probability`, so each
    ordinary token is chosen with exactly that probability, whatever the length of its word; the
    number of chosen tokens varies from row to row, and a short row may have none.

    With `punctuation` those pieces are words of their own, as in BERT, and end the word before.
    Without it, as in CamemBERT, a word is never hidden without the full stop or the elided article
    that touches it, so training never shows `du <mask>.` or `l'<mask>`, which people then ask for.

    The fate of a chosen word (masked, replaced, kept) is drawn once for all its pieces, as fairseq
    did for CamemBERT: were it drawn per token, a kept piece would betray the masked ones beside
    it. The pieces of a replaced word are drawn one by one from the ordinary pieces.

    Args:
        input_ids: ids, shape (B, T) or (T,); padding is any special token.
        word_starts: shape (V,), from `word_start_table`.
        special: shape (V,), from `special_table`; these ids are neither chosen nor drawn.
        mask_token_id: id of `<mask>`.
        rng: source of the draws; another call gives another mask.
        punctuation: shape (V,), from `punctuation_table`, or None.
        probability: share of the words to choose, 0 to 1.
        mask_fraction: share of the chosen words to replace by `<mask>`. For evaluation take 1.0,
            with `random_fraction` 0.0, so that no label is visible in the input.
        random_fraction: share of the chosen words to replace by random pieces; the rest is kept.

    Returns:
        `(masked_ids, labels)`, both int64 in the shape of `input_ids`; labels are the original id
        where a word was chosen, -100 elsewhere. `input_ids` is left as it was.

    Raises:
        ValueError: an id, a table or a share is out of its range.

    Source:
        Devlin et al. 2019 (80/10/10, whole words in the later release); Liu et al. 2019 (drawn
        afresh at each pass); Martin et al. 2020 (whole words for CamemBERT).
    """
    ids = np.array(input_ids, dtype=np.int64)
    alone = np.zeros_like(special) if punctuation is None else punctuation
    _check_tables(ids, mask_token_id, word_starts, special, alone)
    _check_shares(probability, mask_fraction, random_fraction)
    labels = np.full(ids.shape, IGNORED_LABEL, dtype=np.int64)

    ordinary = ~special[ids]
    starts = (word_starts | alone)[ids]
    starts[..., :1] = True
    starts[..., 1:] |= (special | alone)[ids[..., :-1]]
    starts &= ordinary
    words = np.cumsum(starts.ravel()).reshape(ids.shape)  # 0 before the first word
    word_count = int(starts.sum())

    chosen_words = np.zeros(word_count + 1, dtype=np.bool_)
    chosen_words[1:] = rng.random(word_count) < probability
    fates = rng.random(word_count + 1)
    chosen = ordinary & chosen_words[words]
    labels[chosen] = ids[chosen]

    fate = fates[words]
    replaced = chosen & (fate >= mask_fraction) & (fate < mask_fraction + random_fraction)
    ids[chosen & (fate < mask_fraction)] = mask_token_id
    if replaced.any():
        candidates = np.flatnonzero(~special)
        ids[replaced] = rng.choice(candidates, size=int(replaced.sum()))
    return ids, labels


def _check_tables(ids: IntArray, mask_token_id: int, *tables: BoolArray) -> None:
    if ids.ndim not in (1, 2):
        raise ValueError(f"input_ids must have shape (B, T) or (T,); received shape {ids.shape}")
    shapes = [table.shape for table in tables]
    if len(set(shapes)) > 1 or len(shapes[0]) != 1:
        raise ValueError(
            "word_starts, special and punctuation must have one shape (V,); "
            f"received {', '.join(map(str, shapes))}"
        )
    _check_range("input_ids", ids, tables[0].size)
    _check_range("mask_token_id", np.array([mask_token_id]), tables[0].size)


def _check_shares(probability: float, mask_fraction: float, random_fraction: float) -> None:
    shares = (probability, mask_fraction, random_fraction)
    if not all(0.0 <= share <= 1.0 for share in shares) or mask_fraction + random_fraction > 1.0:
        raise ValueError(
            "probability, mask_fraction, random_fraction and the sum of the last two must be "
            f"within 0 and 1; received {probability}, {mask_fraction}, {random_fraction}"
        )


def _check_range(name: str, ids: IntArray, vocab_size: int) -> None:
    if ids.size and (ids.min() < 0 or ids.max() >= vocab_size):
        raise ValueError(
            f"{name} must be within 0 and {vocab_size - 1}; "
            f"received {int(ids.min())} to {int(ids.max())}"
        )
