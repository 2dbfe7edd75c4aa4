"""Another vocabulary for a tokenizer, learnt from texts, all its other steps as they are."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from tokenizers import AddedToken, Tokenizer, models, trainers
from tokenizers.pre_tokenizers import ByteLevel

from camembert_dual.common.errors import require
from camembert_dual.common.id_layout import UNK
from camembert_dual.tokenization.added_tokens import FLAGS
from camembert_dual.tokenization.sentencepiece_model import (
    NORMAL,
    Piece,
    SentencePieceModel,
    build_model,
)

Texts = Iterable[str] | Iterable[Sequence[str]]
_KEPT = 3  # <unk>, <s>, </s>, with which each SentencePiece model begins
_EMPTY: dict[str, dict[str, Any]] = {
    "BPE": {"vocab": {}, "merges": []},
    "WordLevel": {"vocab": {}},
    "WordPiece": {"vocab": {}},
    "Unigram": {"vocab": [[UNK, 0.0]], "unk_id": 0},
}

_TRAINERS: dict[str, Any] = {
    "BPE": trainers.BpeTrainer,
    "WordLevel": trainers.WordLevelTrainer,
    "WordPiece": trainers.WordPieceTrainer,
    "Unigram": trainers.UnigramTrainer,
}


def renamed(token: AddedToken, names: Mapping[str, str]) -> AddedToken:
    """A token under its new name, with its flags."""
    flags = {name: getattr(token, name) for name in FLAGS}
    return AddedToken(names.get(token.content, token.content), **flags)


def train_pieces(
    model: SentencePieceModel,
    library: Tokenizer,
    texts: Texts,
    size: int,
    length: int | None,
    options: Mapping[str, Any],
) -> bytes:
    """A SentencePiece model of other pieces.

    Args:
        model: The model as it is.
        library: The same as the *tokenizers* library has it, whose steps before it are taken.
        texts: The texts, or batches of them.
        size: How many pieces to learn at most.
        length: How many texts there are, for a bar that shows the progress.
        options: Those of ``tokenizers.trainers.UnigramTrainer``.

    Returns:
        The serialized model.

    Raises:
        ValueError: If there is no room for any.
    """
    require(size > 0, "vocab_size must be over the number of special tokens", size)
    learner = Tokenizer(models.Unigram())
    learner.normalizer, learner.pre_tokenizer = library.normalizer, library.pre_tokenizer
    trainer = trainers.UnigramTrainer(
        vocab_size=size + 1, special_tokens=[UNK], unk_token=UNK, **options
    )
    learner.train_from_iterator(texts, trainer=trainer, length=length)
    learnt = json.loads(learner.to_str())["model"]["vocab"]
    kept = model.pieces[:_KEPT]
    taken = {piece.text for piece in kept}
    pieces = [Piece(text, score, NORMAL) for text, score in learnt if text not in taken]
    return build_model(model._replace(pieces=(*kept, *pieces[:size])))


def train_library(
    library: Tokenizer,
    texts: Texts,
    vocab_size: int,
    length: int | None,
    new_special_tokens: Sequence[str | AddedToken],
    names: Mapping[str, str],
    options: Mapping[str, Any],
) -> Tokenizer:
    """A tokenizer of the library with another vocabulary.

    Args:
        library: The tokenizer as it is.
        texts: The texts, or batches of them.
        vocab_size: Tokens of the new one, special ones included.
        length: How many texts there are, for a bar that shows the progress.
        new_special_tokens: Special tokens that it lacks.
        names: New names of special tokens, by the old ones.
        options: Those of the library's trainer for this kind of model.

    Raises:
        ValueError: If the library cannot train such a model.
    """
    content = json.loads(library.to_str())
    model, processor = content["model"], content.pop("post_processor")
    kind = model["type"]
    require(kind in _EMPTY, f"A model to train must be one of {', '.join(_EMPTY)}", kind)
    added = [
        AddedToken(names.get(entry["content"], entry["content"]), **{f: entry[f] for f in FLAGS})
        for entry in content.pop("added_tokens")
        if entry["special"] or kind == "Unigram"
    ]
    more = {} if kind == "Unigram" else _options_of(model, content["pre_tokenizer"])
    model |= _EMPTY[kind]
    if model.get("unk_token") in names:
        model["unk_token"] = names[model["unk_token"]]
    if kind == "Unigram":
        more["unk_token"] = UNK
    learner = Tokenizer.from_str(json.dumps(content | {"added_tokens": []}))
    trainer = _TRAINERS[kind](
        vocab_size=vocab_size, special_tokens=[*added, *new_special_tokens], **more, **options
    )
    learner.train_from_iterator(texts, trainer=trainer, length=length)
    if processor is None:
        return learner
    learnt = json.loads(learner.to_str())
    learnt["post_processor"] = _renumbered(processor, learner, names)
    return Tokenizer.from_str(json.dumps(learnt))


def _options_of(model: Mapping[str, Any], pre_tokenizer: Any) -> dict[str, Any]:
    """What a trainer has to know of the model as it is."""
    marks = ("continuing_subword_prefix", "end_of_word_suffix")
    options = {name: model[name] for name in marks if model.get(name) is not None}
    if pre_tokenizer is not None and pre_tokenizer["type"] == "ByteLevel":
        options["initial_alphabet"] = ByteLevel.alphabet()
    return options


def _renumbered(value: Any, learner: Tokenizer, names: Mapping[str, str]) -> Any:
    """A post-processor with the ids that its tokens have now."""
    if isinstance(value, list):
        return [_renumbered(one, learner, names) for one in value]
    if not isinstance(value, dict):
        return value
    if "tokens" in value and "ids" in value:
        tokens = [names.get(token, token) for token in value["tokens"]]
        return value | {"tokens": tokens, "ids": [learner.token_to_id(one) for one in tokens]}
    ends = {role: value[role][0] for role in ("cls", "sep") if isinstance(value.get(role), list)}
    found = {role: names.get(token, token) for role, token in ends.items()}
    rest = {
        name: _renumbered(one, learner, names) for name, one in value.items() if name not in ends
    }
    return rest | {role: [token, learner.token_to_id(token)] for role, token in found.items()}
