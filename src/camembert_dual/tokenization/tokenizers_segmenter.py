"""Any ``tokenizer.json``: the *tokenizers* library as an engine, without its template."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
from tokenizers import AddedToken, Encoding, Tokenizer

from camembert_dual.common.errors import CheckpointError, refusal, short
from camembert_dual.tokenization.added_tokens import AddedTokens, as_special, check_utf8
from camembert_dual.tokenization.ragged import Ragged, from_lists
from camembert_dual.tokenization.segmenter import SegmentedTexts
from camembert_dual.tokenization.template import Templates, read_templates

_ADDING = threading.Lock()


@contextmanager
def library_errors(what: str) -> Iterator[None]:
    """Turn whatever the library raises into one error; where it panics, that is no ``Exception``.

    Raises:
        CheckpointError: If it raises.
    """
    try:
        yield
    except (GeneratorExit, KeyboardInterrupt, MemoryError, SystemExit):
        raise
    except BaseException as error:
        text = short(repr(str(error)))
        raise CheckpointError(
            f"{what} must be one that the tokenizers library takes; received {text}."
        ) from None


def load_library(path: Path) -> Tokenizer:
    """The library's tokenizer of a ``tokenizer.json``.

    Raises:
        CheckpointError: If it cannot be read.
    """
    with library_errors(f"{path}: the file"):
        return Tokenizer.from_file(str(path))


class TokenizersSegmenter:
    """A ``tokenizers.Tokenizer`` that adds no special tokens, cuts nothing off and pads nothing."""

    def __init__(self, library: Tokenizer) -> None:
        """Take a tokenizer over; its padding and truncation are switched off."""
        library.no_padding()
        library.no_truncation()
        self.library = library
        self.added = AddedTokens(library.get_added_tokens_decoder())
        self._pieces = max(library.get_vocab(with_added_tokens=False).values(), default=-1) + 1
        self.is_stochastic = bool(getattr(library.model, "dropout", None))

    def encode(self, texts: Sequence[str], unk_id: int | None = None) -> Ragged:
        """Ids of every text; what the vocabulary lacks has the id that the file says."""
        found = self._run(self.library.encode_batch_fast, texts)
        return from_lists([one.ids for one in found])

    def align(self, texts: Sequence[str], unk_id: int | None = None) -> SegmentedTexts:
        """Ids, tokens, offsets and word numbers of every text."""
        found = self._run(self.library.encode_batch, texts)
        edges = chain.from_iterable(chain.from_iterable(one.offsets for one in found))
        spans = np.fromiter(edges, np.int64).reshape(-1, 2)
        words = chain.from_iterable(one.word_ids for one in found)
        return SegmentedTexts(
            from_lists([one.ids for one in found]),
            np.array(list(chain.from_iterable(one.tokens for one in found)), object),
            spans[:, 0],
            spans[:, 1],
            np.fromiter((-1 if word is None else word for word in words), np.int64, len(spans)),
        )

    def _run(self, encode: Any, texts: Sequence[str]) -> list[Encoding]:
        try:
            with library_errors("A text"):
                return list(encode(list(texts), add_special_tokens=False))
        except ValueError:
            for text in texts:
                check_utf8(text)
            raise

    def token_to_id(self, token: str) -> int | None:
        """The id of a token; None if unknown."""
        return self.library.token_to_id(token)

    def id_to_token(self, index: int) -> str | None:
        """The token of an id; None if there is no such id."""
        return self.library.id_to_token(index) if index >= 0 else None

    def add(self, tokens: Sequence[AddedToken]) -> int:
        """Make tokens added ones, their flags as given; return by how many the vocabulary grew."""
        with _ADDING:
            before = self.library.get_vocab_size(with_added_tokens=True)
            self.library.add_tokens(list(tokens))  # at once: each call looks at all tokens
            placed: dict[int, AddedToken] = {}
            for token in tokens:  # the library keeps the flags of those that it has already
                index = int(self.library.token_to_id(token.content) or 0)
                known = self.added.by_id.get(index, token)
                placed[index] = as_special(known) if token.special else known
            self.added.update(placed)
            return self.library.get_vocab_size(with_added_tokens=True) - before

    def without_added(self) -> TokenizersSegmenter:
        """Refuse: the library always finds added tokens.

        Raises:
            ValueError: Always.
        """
        rule = "split_special_tokens must be False for a tokenizer.json"
        raise refusal(rule, True)

    def templates(self) -> Templates:
        """Where the file puts special tokens.

        Raises:
            ValueError: If it says so in an unknown way.
        """
        processor = self.library.post_processor  # by itself, as the file may hold many tokens
        return read_templates(None if processor is None else json.loads(processor.__getstate__()))

    def text(self) -> str:
        """The text of a ``tokenizer.json``.

        The library lets tokens that were added as ordinary ones stay so; here they can become
        special.
        """
        text = self.library.to_str(pretty=True)
        content = json.loads(text)
        special = self.added.special_ids
        changed = [
            entry
            for entry in content["added_tokens"]
            if entry["id"] in special and not entry["special"]
        ]
        for entry in changed:
            entry["special"] = True
        return json.dumps(content, ensure_ascii=False, indent=2) if changed else text

    def vocab(self) -> dict[str, int]:
        """Every token with its id."""
        return self.library.get_vocab(with_added_tokens=True)

    def join(self, tokens: Sequence[str]) -> str:
        """The text of ordinary tokens."""
        decoder = self.library.decoder
        return decoder.decode(list(tokens)) if decoder is not None else " ".join(tokens)

    def size(self) -> int:
        """Size of the vocabulary without added tokens."""
        return self.library.get_vocab_size(with_added_tokens=False)

    def __len__(self) -> int:
        """One more than the highest id: the rows that an embedding needs."""
        return max(self._pieces, self.added.rows)
