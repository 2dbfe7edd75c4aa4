"""The model card of a converted checkpoint that had none."""

from __future__ import annotations

from camembert_dual.config import CamembertConfig

_PIPELINES = {
    "CamembertForMaskedLM": "fill-mask",
    "CamembertForCausalLM": "text-generation",
    "CamembertForSequenceClassification": "text-classification",
    "CamembertForTokenClassification": "token-classification",
    "CamembertForMultipleChoice": "multiple-choice",
    "CamembertForQuestionAnswering": "question-answering",
    "CamembertModel": "feature-extraction",
}


def model_card(config: CamembertConfig, task: str, to: str) -> str:
    """The text of ``README.md``.

    Args:
        config: The configuration.
        task: Name of the torch class.
        to: The format of the weights.
    """
    return f"""---
language: fr
library_name: camembert-dual
pipeline_tag: {_PIPELINES[task]}
tags: [camembert, {config.model_type}]
---

# {task}

- {config.num_hidden_layers} layers of {config.hidden_size}, {config.num_attention_heads} heads
- a vocabulary of {config.vocab_size}, texts of up to {config.max_sequence_length} tokens
- weights in the format `{to}`; `conversion_report.json` says where each came from, with its hash
  before and after

```python
from camembert_dual import {task}  # PyTorch
from camembert_dual import TF{task}  # TensorFlow

model = {task}.from_pretrained("path/to/this/folder")
```
"""
