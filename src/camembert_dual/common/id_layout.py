"""CamemBERT's first ids, as fairseq left them (https://arxiv.org/abs/1911.03894, section 4.2).

fairseq puts four tokens of its own before the pieces of SentencePiece, whose own first three
(``<unk>``, ``<s>``, ``</s>``) follow: ``<unk>`` is there twice, and fairseq's ``<s>`` and ``</s>``
are never used. ``<mask>`` comes after the last piece. A SentencePiece model of V pieces therefore
makes a vocabulary of V + 5 rows, in which piece k has the id k + 4.
"""

from __future__ import annotations

BOS, PAD, EOS, UNK, MASK = "<s>", "<pad>", "</s>", "<unk>", "<mask>"
FAIRSEQ_SPECIALS = (BOS, PAD, EOS, UNK)
NOT_USED = (f"{BOS}NOTUSED", f"{EOS}NOTUSED")
FIRST_TOKENS = (NOT_USED[0], PAD, NOT_USED[1], UNK, f"{UNK}NOTUSED", BOS, EOS)
PAD_ID, UNK_ID, BOS_ID, EOS_ID = (FIRST_TOKENS.index(token) for token in (PAD, UNK, BOS, EOS))
PIECE_OFFSET = len(FAIRSEQ_SPECIALS)
UNUSED_UNK_ID = PIECE_OFFSET  # the <unk> of the SentencePiece model
ADDED_ROWS = PIECE_OFFSET + 1  # and <mask>
SPECIAL_TOKENS = {
    "bos_token": BOS,
    "eos_token": EOS,
    "unk_token": UNK,
    "sep_token": EOS,
    "pad_token": PAD,
    "cls_token": BOS,
    "mask_token": MASK,
}
META_SYMBOL = "\u2581"  # SentencePiece's blank, which begins a word
POSITIONS = 512  # every published CamemBERT of the first family takes this many tokens
OFFSET_FAMILIES = ("camembert", "roberta", "xlm-roberta")


def mask_id(pieces: int) -> int:
    """The id of ``<mask>`` behind a SentencePiece model of that many pieces."""
    return pieces + PIECE_OFFSET


def longest_text(positions: int, pad_token_id: int = PAD_ID) -> int:
    """The longest text in tokens: RoBERTa numbers positions from ``pad_token_id + 1`` on."""
    return positions - pad_token_id - 1
