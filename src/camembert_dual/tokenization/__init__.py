"""Tokenizers: text to model inputs and back. Imports no framework."""

from camembert_dual.tokenization.auto import AutoTokenizer
from camembert_dual.tokenization.batch_encoding import BatchEncoding
from camembert_dual.tokenization.camembert import CamembertTokenizer, CamembertTokenizerFast
from camembert_dual.tokenization.generic import TokenizerFast

__all__ = [
    "AutoTokenizer",
    "BatchEncoding",
    "CamembertTokenizer",
    "CamembertTokenizerFast",
    "TokenizerFast",
]
