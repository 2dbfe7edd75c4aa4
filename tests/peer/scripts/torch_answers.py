"""Extractive questions: windows over long texts, offsets to positions, the best span of all windows."""

import collections
import sys

import numpy as np
import torch
from torch.utils.data import DataLoader
from transformers import (
    CamembertForQuestionAnswering,
    CamembertTokenizerFast,
    default_data_collator,
    get_linear_schedule_with_warmup,
    set_seed,
)

folder, output = sys.argv[1:]
context = (
    "Le camembert est un fromage à pâte molle, fabriqué en Normandie avec du lait de vache. "
    "Les élèves de l'école sont allés à Sète : la mer était belle et le ciel très bleu."
)
questions = [
    {"id": "a", "question": "Où est-il fabriqué ?", "answer": "en Normandie"},
    {"id": "b", "question": "Où sont allés les élèves ?", "answer": "à Sète"},
    {"id": "c", "question": "Comment était la mer ?", "answer": "belle"},
]
tokenizer = CamembertTokenizerFast.from_pretrained(f"{folder}/answers")
model = CamembertForQuestionAnswering.from_pretrained(f"{folder}/answers")
pad_on_right = tokenizer.padding_side == "right"


def encode():
    return tokenizer(
        [one["question"].lstrip() for one in questions],
        [context] * len(questions),
        truncation="only_second" if pad_on_right else "only_first",
        max_length=40,
        stride=8,
        return_overflowing_tokens=True,
        return_offsets_mapping=True,
        padding="max_length",
    )


train = encode()
sample_mapping = train.pop("overflow_to_sample_mapping")
offset_mapping = train.pop("offset_mapping")
train["start_positions"], train["end_positions"] = [], []
for i, offsets in enumerate(offset_mapping):
    input_ids = train["input_ids"][i]
    cls_index = input_ids.index(tokenizer.cls_token_id)
    sequence_ids = train.sequence_ids(i)
    answer = questions[sample_mapping[i]]["answer"]
    start_char = context.index(answer)
    end_char = start_char + len(answer)
    first = sequence_ids.index(1)
    last = len(sequence_ids) - 1 - sequence_ids[::-1].index(1)
    if not (offsets[first][0] <= start_char and offsets[last][1] >= end_char):
        train["start_positions"].append(cls_index)
        train["end_positions"].append(cls_index)
        continue
    while first < len(offsets) and offsets[first][0] <= start_char:
        first += 1
    train["start_positions"].append(first - 1)
    while offsets[last][1] >= end_char:
        last -= 1
    train["end_positions"].append(last + 1)
print("windows", sample_mapping, train["start_positions"], train["end_positions"])

rows = [{name: column[i] for name, column in train.items()} for i in range(len(sample_mapping))]
set_seed(3)
loader = DataLoader(rows, shuffle=True, collate_fn=default_data_collator, batch_size=3)
optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3, weight_decay=0.01)
schedule = get_linear_schedule_with_warmup(optimizer, 1, 2 * len(loader))
model.train()
for _ in range(2):
    for batch in loader:
        loss = model(**batch).loss
        loss.backward()
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        print("loss", loss.item())

model.eval()
features = encode()
with torch.no_grad():
    outputs = model(
        torch.tensor(features["input_ids"]), attention_mask=torch.tensor(features["attention_mask"])
    )
found = collections.defaultdict(list)
for i, sample in enumerate(features["overflow_to_sample_mapping"]):
    start_logits, end_logits = (
        one[i].log_softmax(-1).numpy() for one in (outputs.start_logits, outputs.end_logits)
    )
    offsets = [
        offset if features.sequence_ids(i)[k] == 1 else None
        for k, offset in enumerate(features["offset_mapping"][i])
    ]
    for start in np.argsort(start_logits)[-1:-6:-1].tolist():
        for end in np.argsort(end_logits)[-1:-6:-1].tolist():
            if offsets[start] is None or offsets[end] is None or not start <= end < start + 9:
                continue
            text = context[offsets[start][0] : offsets[end][1]]
            found[sample].append((float(start_logits[start] + end_logits[end]), text))
for sample, candidates in sorted(found.items()):
    score, text = max(candidates)
    print("answer", questions[sample]["id"], text, score)
