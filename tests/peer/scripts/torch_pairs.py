"""Pairs of sentences to classes, as in the examples without the Trainer for GLUE."""

import sys

import torch
from torch.optim import AdamW
from torch.utils.data import DataLoader
from transformers import (
    AutoConfig,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    PretrainedConfig,
    default_data_collator,
    get_scheduler,
    set_seed,
)

folder, output = sys.argv[1:]
label_list = ["contradiction", "entailment", "neutral"]
pairs = [
    ("Le chat dort.", "Un animal se repose.", "entailment"),
    ("Il pleut sur la ville.", "Le soleil brille.", "contradiction"),
    ("Marie boit du lait.", "Jean habite à Lyon.", "neutral"),
    ("La maison est petite.", "La maison n'est pas grande.", "entailment"),
    ("Les prix ont augmenté.", "Les prix ont baissé.", "contradiction"),
]
config = AutoConfig.from_pretrained(
    f"{folder}/classes", num_labels=len(label_list), finetuning_task="xnli", trust_remote_code=False
)
tokenizer = AutoTokenizer.from_pretrained(
    f"{folder}/classes", use_fast=True, trust_remote_code=False
)
model = AutoModelForSequenceClassification.from_pretrained(
    f"{folder}/classes", from_tf=False, config=config, ignore_mismatched_sizes=False
)
print("default", model.config.label2id == PretrainedConfig(num_labels=3).label2id)
model.config.label2id = {name: number for number, name in enumerate(label_list)}
model.config.id2label = {number: name for name, number in model.config.label2id.items()}


def examples(padding):
    texts = ([first for first, _, _ in pairs], [second for _, second, _ in pairs])
    result = tokenizer(*texts, padding=padding, max_length=32, truncation=True)
    result["labels"] = [model.config.label2id[label] for _, _, label in pairs]
    return [{name: column[i] for name, column in result.items()} for i in range(len(pairs))]


fixed = next(
    iter(DataLoader(examples("max_length"), collate_fn=default_data_collator, batch_size=5))
)
print("fixed", *fixed["input_ids"].shape, fixed["labels"].tolist())
collate = DataCollatorWithPadding(tokenizer, pad_to_multiple_of=8)
set_seed(7)
loader = DataLoader(examples(False), shuffle=True, collate_fn=collate, batch_size=2)
optimizer = AdamW(model.parameters(), lr=2e-3)
schedule = get_scheduler(
    "cosine", optimizer, num_warmup_steps=1, num_training_steps=2 * len(loader)
)
for epoch in range(2):
    model.train()
    for batch in loader:
        outputs = model(**batch)
        outputs.loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        print("loss", outputs.loss.item())
    model.eval()
    with torch.no_grad():
        outputs = model(**fixed)
    is_regression = model.config.num_labels == 1
    predictions = outputs.logits.squeeze() if is_regression else outputs.logits.argmax(dim=-1)
    print("accuracy", (predictions == fixed["labels"]).float().mean().item(), outputs.loss.item())

model.save_pretrained(output)
tokenizer.save_pretrained(output)
config = AutoConfig.from_pretrained(output)
print("config", config.finetuning_task, config.id2label[1], config.label2id["neutral"])
