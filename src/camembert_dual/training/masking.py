"""Whole-word masking: choose words, hide all their pieces, remember what they were.

Letters: B rows, T positions, V vocabulary.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from camembert_dual.common.arrays import BoolArray, IntArray
from camembert_dual.common.errors import require
from camembert_dual.common.id_layout import FIRST_TOKENS, META_SYMBOL
from camembert_dual.inputs import IGNORE_INDEX, check_range
from camembert_dual.training.settings import CHOSEN_SHARE, MASK_SHARE, RANDOM_SHARE

TOKEN_IDS = ("bos_token_id", "eos_token_id", "pad_token_id", "mask_token_id")


@dataclass(frozen=True)
class MaskingVocabulary:
    """What masking and joining have to know of a vocabulary of V tokens.

    Attributes:
        word_starts: (V,), whether a token begins a word.
        punctuation: (V,), whether a token has neither letter nor digit, which makes it a word of
            its own, as in BERT; all False hides it with the word it touches.
        special: (V,), whether a token is neither chosen nor drawn.
        bos_token_id: Id of ``<s>``.
        eos_token_id: Id of ``</s>``.
        pad_token_id: Id of ``<pad>``.
        mask_token_id: Id of ``<mask>``.

    Raises:
        ValueError: If the tables differ in shape, or ``mask_token_id`` is not in them.
    """

    word_starts: BoolArray
    punctuation: BoolArray
    special: BoolArray
    bos_token_id: int
    eos_token_id: int
    pad_token_id: int
    mask_token_id: int

    def __post_init__(self) -> None:
        shapes = [one.shape for one in (self.word_starts, self.punctuation, self.special)]
        rule = "word_starts, punctuation and special must have one shape (V,)"
        fits = len(set(shapes)) == 1 and len(shapes[0]) == 1
        require(fits, rule, ", ".join(map(str, shapes)))
        check_ids("mask_token_id", np.array([self.mask_token_id]), self.special.size)

    @classmethod
    def of_tokens(
        cls, tokens: Sequence[str], special_ids: Iterable[int], **ids: int
    ) -> MaskingVocabulary:
        """Describe a vocabulary of SentencePiece's.

        Args:
            tokens: Its V tokens, in the order of their ids.
            special_ids: Ids of its special tokens; CamemBERT's first tokens are so in any case.
            **ids: ``bos_token_id``, ``eos_token_id``, ``pad_token_id`` and ``mask_token_id``.
        """
        first = [number for number, token in enumerate(tokens) if token in FIRST_TOKENS]
        special = special_table(len(tokens), [*special_ids, *first])
        return cls(word_start_table(tokens), punctuation_table(tokens), special, **ids)


def vocabulary_of(tokenizer: Any) -> MaskingVocabulary:
    """Read what masking has to know from a tokenizer.

    Raises:
        ValueError: If it lacks a special token.
    """
    ids = {name: getattr(tokenizer, name) for name in TOKEN_IDS}
    for name, other in (("bos_token_id", "cls_token_id"), ("eos_token_id", "sep_token_id")):
        if ids[name] is None:  # BERT's tokenizers have the ends alone
            ids[name] = getattr(tokenizer, other)
    absent = [name.removesuffix("_id") for name, number in ids.items() if number is None]
    rule = "The tokenizer must have bos, eos, pad and mask tokens"
    require(not absent, rule, f"none for {', '.join(absent)}")
    tokens = tokenizer.convert_ids_to_tokens(range(len(tokenizer)))
    return MaskingVocabulary.of_tokens(tokens, tokenizer.all_special_ids, **ids)


def word_start_table(tokens: Sequence[str]) -> BoolArray:
    """Whether each of V tokens begins a word (V,): SentencePiece marks it with U+2581."""
    return np.array([token.startswith(META_SYMBOL) for token in tokens], dtype=np.bool_)


def punctuation_table(tokens: Sequence[str]) -> BoolArray:
    """Whether each of V tokens has neither letter nor digit (V,); the bare U+2581 counts as none.

    SentencePiece joins punctuation to the word before it (``▁lait`` ``.``) and, after an
    apostrophe, to the word behind it (``▁l`` ``'`` ``homme``).
    """
    marks = [token.removeprefix(META_SYMBOL) for token in tokens]
    return np.array([bool(m) and not any(map(str.isalnum, m)) for m in marks], dtype=np.bool_)


def special_table(vocab_size: int, special_ids: Iterable[int]) -> BoolArray:
    """Whether each of V ids is a special token (V,).

    Args:
        vocab_size: V.
        special_ids: Ids of ``<s>``, ``</s>``, ``<pad>``, ``<unk>``, ``<mask>`` and the unused ones.

    Raises:
        ValueError: If an id is outside the vocabulary.
    """
    ids = np.array(sorted(set(special_ids)), dtype=np.int64)
    check_ids("special_ids", ids, vocab_size)
    table = np.zeros(vocab_size, dtype=np.bool_)
    table[ids] = True
    return table


def mask_whole_words(
    input_ids: npt.ArrayLike,
    vocabulary: MaskingVocabulary,
    rng: np.random.Generator,
    *,
    chosen_share: float = CHOSEN_SHARE,
    mask_share: float = MASK_SHARE,
    random_share: float = RANDOM_SHARE,
) -> tuple[IntArray, IntArray]:
    """Draw the masked inputs and the labels of one pass over a batch.

    A word is a maximal run of ordinary pieces in one row of which only the first may begin with
    U+2581; a special token ends it, and punctuation is a word of its own. Without that, as in
    CamemBERT, a word is never hidden without the full stop or the elided article that touches it,
    so training never shows ``du <mask>.`` or ``l'<mask>``, which people then ask for.

    Each word is chosen independently, so each ordinary token is chosen with exactly that
    probability, whatever the length of its word; the number of chosen tokens varies from row to
    row, and a short row may have none.

    The fate of a chosen word (masked, replaced, kept) is drawn once for all its pieces, as fairseq
    did for CamemBERT: were it drawn per token, a kept piece would betray the masked ones beside
    it. The pieces of a replaced word are drawn one by one from the ordinary pieces.

    The shares are those of Devlin et al. 2019 (whole words in the later release); Liu et al. 2019
    drew afresh at each pass, Martin et al. 2020 took whole words for CamemBERT.

    Args:
        input_ids: Ids (B, T) or (T,); padding is any special token. They are left as they are.
        vocabulary: What is to be known of the ids.
        rng: Source of the draws; another call gives another mask.
        chosen_share: Share of the words to choose, 0 to 1.
        mask_share: Share of the chosen words to replace by ``<mask>``. For evaluation take 1.0,
            with ``random_share`` 0.0, so that no label is visible in the input.
        random_share: Share of the chosen words to replace by random pieces; the rest is kept.

    Returns:
        Masked ids and labels in the shape of ``input_ids``; labels are the original id where a word
        was chosen, -100 elsewhere.

    Raises:
        ValueError: If an id or a share is out of its range.
    """
    ids = np.array(input_ids, dtype=np.int64)
    require(ids.ndim in (1, 2), "input_ids must be of shape (B, T) or (T,)", ids.shape)
    check_ids("input_ids", ids, vocabulary.special.size)
    _check_shares(chosen_share, mask_share, random_share)
    words, word_count = _number_words(ids, vocabulary)
    chosen_words = np.zeros(word_count + 1, dtype=np.bool_)
    chosen_words[1:] = rng.random(word_count) < chosen_share
    fate = rng.random(word_count + 1)[words]
    chosen = ~vocabulary.special[ids] & chosen_words[words]
    labels = np.where(chosen, ids, IGNORE_INDEX)
    replaced = chosen & (fate >= mask_share) & (fate < mask_share + random_share)
    ids[chosen & (fate < mask_share)] = vocabulary.mask_token_id
    if replaced.any():
        ordinary = np.flatnonzero(~vocabulary.special)
        ids[replaced] = rng.choice(ordinary, size=int(replaced.sum()))
    return ids, labels


def _number_words(ids: IntArray, vocabulary: MaskingVocabulary) -> tuple[IntArray, int]:
    """The number of each token's word, counted from 1 over all rows, and how many there are."""
    special, punctuation = vocabulary.special, vocabulary.punctuation
    starts = (vocabulary.word_starts | punctuation)[ids]
    starts[..., :1] = True
    starts[..., 1:] |= (special | punctuation)[ids[..., :-1]]
    starts &= ~special[ids]
    words: IntArray = np.cumsum(starts, dtype=np.int64).reshape(ids.shape)
    return words, int(starts.sum())


def _check_shares(chosen_share: float, mask_share: float, random_share: float) -> None:
    shares = (chosen_share, mask_share, random_share, mask_share + random_share)
    rule = "chosen_share, mask_share, random_share and the last two together must be within 0 and 1"
    received = f"{chosen_share}, {mask_share}, {random_share}"
    require(all(0.0 <= share <= 1.0 for share in shares), rule, received)


def check_ids(name: str, ids: IntArray, vocab_size: int) -> None:
    """Check that ids of any number are in the vocabulary.

    Raises:
        ValueError: If one is not.
    """
    if ids.size:
        check_range(name, vocab_size, "vocab_size", int(ids.min()), int(ids.max()))
