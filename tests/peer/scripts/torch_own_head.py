"""A head of one's own over the encoder, for two tasks at once; trained, saved, loaded again."""

import sys
from dataclasses import dataclass

import torch
from torch import nn
from transformers import (
    CamembertConfig,
    CamembertModel,
    CamembertPreTrainedModel,
    CamembertTokenizerFast,
)
from transformers.modeling_outputs import ModelOutput

folder, output = sys.argv[1:]


@dataclass
class TwoTasksOutput(ModelOutput):
    loss: torch.FloatTensor | None = None
    logits: dict[str, torch.FloatTensor] | None = None
    hidden_states: tuple | None = None


class CamembertForTwoTasks(CamembertPreTrainedModel):
    def __init__(self, config):
        super().__init__(config)
        self.tasks = config.tasks
        self.roberta = CamembertModel(config, add_pooling_layer=False)
        self.dropout = nn.Dropout(config.hidden_dropout_prob)
        self.heads = nn.ModuleDict(
            {task: nn.Linear(config.hidden_size, n) for task, n in self.tasks.items()}
        )
        self.scale = nn.Parameter(torch.ones(1))
        self.post_init()

    def forward(self, input_ids=None, attention_mask=None, labels=None, return_dict=None, **kwargs):
        return_dict = return_dict if return_dict is not None else self.config.use_return_dict
        outputs = self.roberta(input_ids, attention_mask=attention_mask, return_dict=return_dict)
        pooled = self.dropout(outputs[0][:, 0]) * self.scale
        logits = {task: head(pooled) for task, head in self.heads.items()}
        loss = None
        if labels is not None:
            losses = [
                nn.functional.cross_entropy(logits[task], labels[task]) for task in self.tasks
            ]
            loss = sum(losses) / len(losses)
        return TwoTasksOutput(loss=loss, logits=logits, hidden_states=outputs.hidden_states)


config = CamembertConfig.from_pretrained(f"{folder}/base")
config.tasks = {"theme": 3, "tone": 2}
tokenizer = CamembertTokenizerFast.from_pretrained(f"{folder}/base")
model = CamembertForTwoTasks.from_pretrained(f"{folder}/base", config=config)
print("new", *sorted(n for n, _ in model.named_parameters() if not n.startswith("roberta.")))
generator = torch.Generator().manual_seed(1)
with torch.no_grad():
    for name, parameter in sorted(model.named_parameters()):
        if not name.startswith("roberta."):
            parameter.copy_(torch.rand(parameter.shape, generator=generator) - 0.3)
for parameter in model.roberta.embeddings.parameters():
    parameter.requires_grad = False
inputs = tokenizer(
    ["Le chat dort.", "Les prix ont augmenté.", "Quel beau ciel !"],
    padding=True,
    return_tensors="pt",
)
labels = {"theme": torch.tensor([0, 1, 2]), "tone": torch.tensor([0, 0, 1])}
trained = [
    {"params": model.roberta.encoder.parameters(), "lr": 1e-3},
    {"params": [*model.heads.parameters(), model.scale], "lr": 1e-2},
]
optimizer = torch.optim.AdamW(trained)
model.train()
for _ in range(4):
    outputs = model(**inputs, labels=labels)
    outputs.loss.backward()
    optimizer.step()
    optimizer.zero_grad()
    print("loss", outputs.loss.item(), outputs[0].item())
model.eval()
before = model(**inputs)
model.save_pretrained(output)
again = CamembertForTwoTasks.from_pretrained(output)
after = again(**inputs)
print(
    "config",
    again.config.tasks["theme"],
    again.config.architectures[0],
    type(again.config).__name__,
)
for task in labels:
    assert torch.equal(before.logits[task], after.logits[task])
    print("logits", task, *after.logits[task].flatten().tolist())
print("base", again.base_model is again.roberta, again.base_model_prefix)
