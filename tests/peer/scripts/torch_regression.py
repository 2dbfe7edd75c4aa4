"""A score per text by a wrapped model: groups of parameters, dropout, new tokens, a frozen encoder."""

import logging
import sys

import torch
from torch import nn
from torch.optim import Adam
from torch.optim.lr_scheduler import ReduceLROnPlateau
from transformers import CamembertForSequenceClassification, CamembertTokenizerFast

logging.getLogger("transformers").setLevel(logging.ERROR)
folder, output = sys.argv[1:]


def set_dropout(model, rate):
    for child in model.children():
        if isinstance(child, nn.Dropout):
            child.p = rate
        set_dropout(child, rate)


class Score(nn.Module):
    def __init__(self, name, rate):
        super().__init__()
        self.camembert = CamembertForSequenceClassification.from_pretrained(
            name, num_labels=1, hidden_dropout_prob=rate, attention_probs_dropout_prob=rate
        )
        nn.init.constant_(self.camembert.classifier.dense.weight, 0.02)
        nn.init.constant_(self.camembert.classifier.out_proj.weight, 0.03)
        nn.init.zeros_(self.camembert.classifier.dense.bias)
        nn.init.zeros_(self.camembert.classifier.out_proj.bias)
        self.tokenizer = CamembertTokenizerFast.from_pretrained(name)
        groups = [
            {"params": self.camembert.roberta.embeddings.parameters(), "lr": 1e-4},
            {"params": self.camembert.roberta.encoder.parameters()},
            {"params": self.camembert.classifier.parameters()},
        ]
        self.optimizer = Adam(groups, lr=1e-3, weight_decay=0.01)
        self.scheduler = ReduceLROnPlateau(self.optimizer)

    def forward(self, *inputs, **options):
        return torch.sigmoid(self.camembert(*inputs, **options).logits)

    def step(self, texts, labels):
        encoding = self.tokenizer(list(texts), return_tensors="pt", padding=True, truncation=True)
        outputs = self(encoding["input_ids"], attention_mask=encoding["attention_mask"])
        loss = nn.functional.mse_loss(outputs.reshape(-1), labels)
        if self.camembert.training:
            self.optimizer.zero_grad()
            loss.backward()
            self.optimizer.step()
            self.scheduler.step(loss)
        return loss, outputs


texts, labels = (
    ["Le chat dort.", "Les prix ont augmenté.", "Il pleut."],
    torch.tensor([0.1, 0.9, 0.4]),
)
model = Score(f"{folder}/base", 0.0)
set_dropout(model, 0.0)
print("rates", model.camembert.config.hidden_dropout_prob, model.camembert.config.problem_type)
model.train()
for _ in range(3):
    print("loss", model.step(texts, labels)[0].item())
print("wide", *[p.shape[0] for n, p in model.named_parameters() if n.endswith("out_proj.weight")])

new_tokens = model.tokenizer.add_tokens(["<hôpital>", "anticoagulant"])
resized = model.camembert.resize_token_embeddings(len(model.tokenizer))
print("resized", new_tokens, *resized.weight.shape, model.camembert.config.vocab_size)
with torch.no_grad():
    resized.weight[-2:] = 0.05
print("ids", *model.tokenizer("anticoagulant")["input_ids"])
for parameter in model.camembert.roberta.parameters():
    parameter.requires_grad = False
print("trainable", sum(p.numel() for p in model.parameters() if p.requires_grad))
model.eval()
loss, outputs = model.step([*texts, "anticoagulant"], torch.tensor([0.1, 0.9, 0.4, 0.5]))
print("scores", loss.item(), *outputs.flatten().tolist())
torch.save({"model": model.state_dict(), "mode": "regression"}, f"{output}/checkpoint.pth")
state = torch.load(f"{output}/checkpoint.pth", map_location="cpu")["model"]
again = Score(f"{folder}/base", 0.0)
again.camembert.resize_token_embeddings(len(model.tokenizer))
print("loaded", str(again.load_state_dict(state)))
labelled = model.camembert(
    **again.tokenizer(texts, padding=True, return_tensors="pt"), labels=labels.unsqueeze(1)
)
print("own loss", labelled.loss.item(), labelled[1].shape[1])
