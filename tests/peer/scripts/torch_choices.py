"""Multiple choice: each choice a pair, flattened, padded by the tokenizer, folded again."""

import sys
from itertools import chain

import torch
from torch.utils.data import DataLoader
from transformers import AutoConfig, AutoModelForMultipleChoice, AutoTokenizer, set_seed

folder, output = sys.argv[1:]
exercises = [
    ("En hiver, il", ["neige.", "mange du lait.", "habite Paris."], 0),
    ("Le chat boit", ["le toit.", "du lait.", "la mer."], 1),
    ("Les élèves vont à", ["fromage.", "pluie.", "l'école."], 2),
]
config = AutoConfig.from_pretrained(f"{folder}/choices")
tokenizer = AutoTokenizer.from_pretrained(f"{folder}/choices")
model = AutoModelForMultipleChoice.from_pretrained(f"{folder}/choices", config=config)


def preprocess(rows):
    first = list(chain(*[[start] * 3 for start, _, _ in rows]))
    second = list(chain(*[endings for _, endings, _ in rows]))
    tokenized = tokenizer(first, second, max_length=20, padding=False, truncation=True)
    folded = {k: [v[i : i + 3] for i in range(0, len(v), 3)] for k, v in tokenized.items()}
    folded["labels"] = [answer for _, _, answer in rows]
    return [{k: v[i] for k, v in folded.items()} for i in range(len(rows))]


def collate(features):
    labels = [feature.pop("labels") for feature in features]
    batch_size, num_choices = len(features), len(features[0]["input_ids"])
    flattened = list(
        chain(
            *[[{k: v[i] for k, v in one.items()} for i in range(num_choices)] for one in features]
        )
    )
    batch = tokenizer.pad(
        flattened, padding=True, max_length=None, pad_to_multiple_of=None, return_tensors="pt"
    )
    batch = {k: v.view(batch_size, num_choices, -1) for k, v in batch.items()}
    batch["labels"] = torch.tensor(labels, dtype=torch.int64)
    return batch


set_seed(13)
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
for epoch in range(2):
    loader = DataLoader(preprocess(exercises), shuffle=True, collate_fn=collate, batch_size=2)
    model.train()
    for batch in loader:
        outputs = model(**batch)
        outputs.loss.backward()
        optimizer.step()
        optimizer.zero_grad()
        print("loss", *batch["input_ids"].shape, outputs.loss.item())
model.eval()
for batch in DataLoader(preprocess(exercises), collate_fn=collate, batch_size=3):
    with torch.no_grad():
        loss, logits = model(**batch)[:2]
    print("answers", loss.item(), *logits.softmax(-1).flatten().tolist())
