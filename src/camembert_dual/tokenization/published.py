"""The tokenizer classes under the base names of ``transformers`` 4, for type tests and hints."""

from __future__ import annotations

from tokenizers import AddedToken

from camembert_dual.tokenization.base import BaseTokenizer
from camembert_dual.tokenization.batch_encoding import BatchEncoding
from camembert_dual.tokenization.camembert import CamembertTokenizer, CamembertTokenizerFast
from camembert_dual.tokenization.generic import TokenizerFast

# scripts ask ``isinstance(tokenizer, PreTrainedTokenizerFast)`` for tokens aligned with words
TokenizerFast.register(CamembertTokenizerFast)

PreTrainedTokenizer = CamembertTokenizer
PreTrainedTokenizerBase = BaseTokenizer
PreTrainedTokenizerFast = TokenizerFast

__all__ = [
    "AddedToken",
    "BatchEncoding",
    "PreTrainedTokenizer",
    "PreTrainedTokenizerBase",
    "PreTrainedTokenizerFast",
]
