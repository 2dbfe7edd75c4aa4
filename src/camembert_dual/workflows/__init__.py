"""A task, data and a tree's loop joined: train, evaluate."""

from camembert_dual.workflows.evaluate import Evaluation as Evaluation
from camembert_dual.workflows.evaluate import evaluate as evaluate
from camembert_dual.workflows.finetune import Finetuned as Finetuned
from camembert_dual.workflows.finetune import finetune as finetune

__all__ = ["Evaluation", "Finetuned", "evaluate", "finetune"]
