"""The reference library's tiny models, and their weights as this package reads them."""

import numpy as np
import torch
import transformers

from camembert_dual.checkpoints.folder import open_checkpoint
from camembert_dual.checkpoints.matching import match
from camembert_dual.parameter_names import canonical
from camembert_dual.parameters import parameters
from checkpoint_cases import tiny_config

TASKS = (
    "CamembertForMaskedLM",
    "CamembertForSequenceClassification",
    "CamembertForTokenClassification",
    "CamembertForQuestionAnswering",
    "CamembertForMultipleChoice",
    "CamembertModel",
)
IDS = np.array([[5, 11, 30, 42, 6], [5, 17, 99, 6, 1]])
MASK = (IDS != 1).astype(np.int64)


def their_config(task):
    values = tiny_config(task).to_dict()
    values.pop("architectures")
    return transformers.CamembertConfig(**values)


def theirs(task):
    torch.manual_seed(0)
    return getattr(transformers, task)(their_config(task)).eval()


def logits(outputs):
    first = outputs["logits"] if "logits" in outputs else outputs[0]
    return np.asarray(first.detach() if isinstance(first, torch.Tensor) else first)


def run_torch(model, task):
    rows = (lambda x: torch.tensor(np.stack([x, x], 1))) if "Choice" in task else torch.tensor
    with torch.no_grad():
        outputs = model(input_ids=rows(IDS), attention_mask=rows(MASK))
    return np.asarray(outputs["start_logits" if "Question" in task else 0])


def run_tf(model, task):
    rows = (lambda x: np.stack([x, x], 1)) if "Choice" in task else np.asarray
    outputs = model({"input_ids": rows(IDS), "attention_mask": rows(MASK)})
    return np.asarray(outputs["start_logits" if "Question" in task else 0])


def ours_in_torch_names(folder, task):
    checkpoint = open_checkpoint(folder)
    pooler = any("pooler" in name for name in checkpoint.arrays)
    expected = parameters(checkpoint.config, task, pooler=pooler)
    pairs, report = match(checkpoint.arrays, expected)
    assert not report.missing
    return {canonical(name): checkpoint.arrays[source] for name, source in pairs.items()}
