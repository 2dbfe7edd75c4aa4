"""What the tasks share: a tokenizer as they see it."""

from __future__ import annotations

from typing import Any, Protocol

from camembert_dual.tokenization.batch_encoding import BatchEncoding


class Tokenizer(Protocol):
    """Anything that makes a :class:`BatchEncoding` of texts when it is called."""

    def __call__(self, text: Any, text_pair: Any = None, **options: Any) -> BatchEncoding:
        """Encode texts, words or pairs of texts."""
        ...
