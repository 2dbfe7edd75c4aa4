"""The tokenizer classes under the base names of ``transformers`` 4, for type tests and hints."""

from __future__ import annotations

from enum import Enum

from tokenizers import AddedToken

from camembert_dual.tokenization.base import BaseTokenizer
from camembert_dual.tokenization.batch_encoding import BatchEncoding, CharSpan, TokenSpan
from camembert_dual.tokenization.camembert import CamembertTokenizer, CamembertTokenizerFast
from camembert_dual.tokenization.generic import TokenizerFast
from camembert_dual.tokenization.special_tokens import SpecialTokens

# scripts ask ``isinstance(tokenizer, PreTrainedTokenizerFast)`` for tokens aligned with words
TokenizerFast.register(CamembertTokenizerFast)


class TensorType(str, Enum):
    """The words of ``return_tensors``."""

    PYTORCH = "pt"
    TENSORFLOW = "tf"
    NUMPY = "np"
    __hash__ = str.__hash__  # so that it is found where its word is


class PaddingStrategy(str, Enum):
    """The words of ``padding``."""

    LONGEST = "longest"
    MAX_LENGTH = "max_length"
    DO_NOT_PAD = "do_not_pad"
    __hash__ = str.__hash__


class TruncationStrategy(str, Enum):
    """The words of ``truncation``."""

    ONLY_FIRST = "only_first"
    ONLY_SECOND = "only_second"
    LONGEST_FIRST = "longest_first"
    DO_NOT_TRUNCATE = "do_not_truncate"
    __hash__ = str.__hash__


PreTrainedTokenizer = CamembertTokenizer
PreTrainedTokenizerBase = BaseTokenizer
PreTrainedTokenizerFast = TokenizerFast
SpecialTokensMixin = SpecialTokens

__all__ = [
    "AddedToken",
    "BatchEncoding",
    "CharSpan",
    "PaddingStrategy",
    "PreTrainedTokenizer",
    "PreTrainedTokenizerBase",
    "PreTrainedTokenizerFast",
    "SpecialTokensMixin",
    "TensorType",
    "TokenSpan",
    "TruncationStrategy",
]
