"""One file per task: examples to model inputs, logits to answers, answers to scores."""

from camembert_dual.tasks.fill_mask import Proposal, best_fills
from camembert_dual.tasks.question_answering import Answer, best_answers, question_windows
from camembert_dual.tasks.token_classification import align_labels

__all__ = [
    "Answer",
    "Proposal",
    "align_labels",
    "best_answers",
    "best_fills",
    "question_windows",
]
