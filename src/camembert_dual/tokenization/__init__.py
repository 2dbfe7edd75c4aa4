"""Tokenizers: text to model inputs and back. Imports no framework."""

from camembert_dual.tokenization.auto import AutoTokenizer
from camembert_dual.tokenization.encoding import BatchEncoding
from camembert_dual.tokenization.fast import CamembertTokenizerFast
from camembert_dual.tokenization.generic import TokenizerFast
from camembert_dual.tokenization.labels import align_labels
from camembert_dual.tokenization.questions import Answer, best_answers, question_windows
from camembert_dual.tokenization.slow import CamembertTokenizer

__all__ = [
    "Answer",
    "AutoTokenizer",
    "BatchEncoding",
    "CamembertTokenizer",
    "CamembertTokenizerFast",
    "TokenizerFast",
    "align_labels",
    "best_answers",
    "question_windows",
]
