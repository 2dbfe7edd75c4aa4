"""Masked words: logits of the masks of a text to proposals, as a pipeline gives them.

Letters: M masks, V vocabulary.
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from camembert_dual.common.arrays import FloatArray, IntArray, softmax
from camembert_dual.common.errors import require
from camembert_dual.tasks.base import Answers, Kit, Prepared, parts_of
from camembert_dual.tasks.fill_mask import TOP_K


@dataclass(frozen=True)
class FillMaskOptions:
    """What to propose.

    Attributes:
        top_k: Proposals for each mask.
        targets: The only words to propose, by default all of the vocabulary; of one that is no
            single token, the first token counts.
        tokenizer_kwargs: Options of the tokenizer's call, such as ``truncation``.
    """

    top_k: int | None = None
    targets: str | Sequence[str] | None = None
    tokenizer_kwargs: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Make a list of the targets."""
        if isinstance(self.targets, str):
            object.__setattr__(self, "targets", [self.targets])
        rule = "targets must hold at least one word"
        require(self.targets is None or len(self.targets), rule, "none")


def prepare(kit: Kit, example: Any, options: FillMaskOptions) -> Prepared:
    """Encode a text that holds a mask, or several.

    Raises:
        ValueError: If it is no text, or holds no mask.
    """
    require(isinstance(example, str), "A text must be a str", type(example).__name__)
    encoding = kit.tokenizer([example], **(options.tokenizer_kwargs or {}))
    has_mask = kit.tokenizer.mask_token_id in encoding["input_ids"][0]
    require(has_mask, f"The text must contain {kit.tokenizer.mask_token}", repr(example))
    return Prepared(example, parts_of(encoding, kit.tokenizer), encoding)


def decode(
    kit: Kit, prepared: Prepared, answers: Sequence[Answers], options: FillMaskOptions
) -> Any:
    """Turn the logits of the masks (M, V) into proposals: a list, or one for each of many masks."""
    tokenizer, ids = kit.tokenizer, np.array(prepared.parts[0]["input_ids"])
    places = np.flatnonzero(ids == tokenizer.mask_token_id)
    known = target_ids(tokenizer, options.targets)
    size = len(tokenizer)  # a model may have rows behind it that stand for no token
    fills = []
    for place, row in zip(places, softmax(answers[0]["logits"])[:, :size], strict=True):
        proposals = []
        for token in best_tokens(row, known, TOP_K if options.top_k is None else options.top_k):
            filled = ids.copy()
            filled[place] = token
            # other masks are special tokens, too
            text = tokenizer.decode(filled.tolist(), skip_special_tokens=len(places) == 1)
            proposal = {"score": float(row[token]), "token": token}
            proposals.append({**proposal, "token_str": tokenizer.decode([token]), "sequence": text})
        fills.append(proposals)
    return fills[0] if len(fills) == 1 else fills


def best_tokens(probabilities: FloatArray, known: IntArray | None, top_k: int) -> list[int]:
    """The most probable tokens of all (V,), or of those that are known.

    Raises:
        ValueError: If ``top_k`` is not between 1 and V.
    """
    size = len(probabilities)
    require(1 <= top_k <= size, f"top_k must be between 1 and {size}", top_k)
    candidates = np.arange(size) if known is None else known
    order = np.argsort(-probabilities[candidates], kind="stable")[:top_k]
    best: list[int] = candidates[order].tolist()
    return best


def target_ids(tokenizer: Any, targets: str | Sequence[str] | None) -> IntArray | None:
    """The ids of words to choose from; None for all.

    A word that is no token is warned about: its first token stands for it.

    Raises:
        ValueError: If no word has a token.
    """
    if targets is None:
        return None
    vocabulary, found = tokenizer.get_vocab(), set()
    for word in targets:
        if word in vocabulary:
            found.add(vocabulary[word])
            continue
        pieces = tokenizer([word], add_special_tokens=False)["input_ids"][0][:1]
        tokens = ", ".join(map(repr, tokenizer.convert_ids_to_tokens(pieces))) or "left out"
        warnings.warn(f"{word!r} is no token of the vocabulary: {tokens}.", stacklevel=2)
        found.update(pieces)
    require(found, "targets must hold at least one word that has a token", targets)
    return np.array(sorted(found))
