"""Named entities with a loop of one's own: words to labels of tokens, a schedule, gradient accumulation."""

import math
import sys

import torch
from torch.utils.data import DataLoader
from transformers import (
    AutoConfig,
    AutoModelForTokenClassification,
    AutoTokenizer,
    DataCollatorForTokenClassification,
    SchedulerType,
    get_scheduler,
    set_seed,
)

folder, output = sys.argv[1:]
names = ["O", "B-PER", "I-PER", "B-LOC", "I-LOC"]
sentences = [
    (
        ["Le", "chat", "de", "Marie", "Curie", "dort", "à", "Paris", "."],
        [0, 0, 0, 1, 2, 0, 0, 3, 0],
    ),
    (["Jean", "habite", "près", "de", "Mont", "Blanc", "."], [1, 0, 0, 0, 3, 4, 0]),
    (["Il", "pleut", "aujourd'hui", "sur", "la", "ville", "."], [0, 0, 0, 0, 0, 0, 0]),
    (["Lyon", "et", "Marseille", "sont", "de", "grandes", "villes"], [3, 0, 3, 0, 0, 0, 0]),
    (["Madame", "Dupont", "boit", "du", "lait"], [1, 2, 0, 0, 0]),
]

label_to_id = {name: number for number, name in enumerate(names)}
config = AutoConfig.from_pretrained(f"{folder}/entities", num_labels=len(names))
tokenizer = AutoTokenizer.from_pretrained(f"{folder}/entities", use_fast=True)
model = AutoModelForTokenClassification.from_pretrained(
    f"{folder}/entities",
    from_tf=bool(".ckpt" in folder),
    config=config,
    ignore_mismatched_sizes=False,
)
embedding_size = model.get_input_embeddings().weight.shape[0]
if len(tokenizer) > embedding_size:
    model.resize_token_embeddings(len(tokenizer))
model.config.label2id = label_to_id
model.config.id2label = {number: name for number, name in enumerate(names)}


def tokenize_and_align_labels(rows, label_all_tokens=False):
    tokenized = tokenizer(
        [words for words, _ in rows],
        max_length=24,
        padding=False,
        truncation=True,
        is_split_into_words=True,
    )
    labels = []
    for i, (_, tags) in enumerate(rows):
        previous, row = None, []
        for word in tokenized.word_ids(batch_index=i):
            if word is None:
                row.append(-100)
            elif word != previous:
                row.append(tags[word])
            else:
                row.append(tags[word] if label_all_tokens else -100)
            previous = word
        labels.append(row)
    tokenized["labels"] = labels
    return tokenized


tokenized = tokenize_and_align_labels(sentences)
dataset = [{name: tokenized[name][i] for name in tokenized.keys()} for i in range(len(sentences))]
collator = DataCollatorForTokenClassification(tokenizer, pad_to_multiple_of=8)
set_seed(11)
loader = DataLoader(dataset, shuffle=True, collate_fn=collator, batch_size=2)

no_decay = ["bias", "LayerNorm.weight"]
groups = [
    {
        "params": [p for n, p in model.named_parameters() if not any(nd in n for nd in no_decay)],
        "weight_decay": 0.01,
    },
    {
        "params": [p for n, p in model.named_parameters() if any(nd in n for nd in no_decay)],
        "weight_decay": 0.0,
    },
]
optimizer = torch.optim.AdamW(groups, lr=5e-3)
accumulation = 2
steps = 3 * math.ceil(len(loader) / accumulation)
schedule = get_scheduler(
    name=SchedulerType("linear"), optimizer=optimizer, num_warmup_steps=2, num_training_steps=steps
)
for epoch in range(3):
    model.train()
    for step, batch in enumerate(loader):
        outputs = model(**batch)
        loss = outputs.loss / accumulation
        loss.backward()
        if step % accumulation == 0 or step == len(loader) - 1:
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
        print("loss", epoch, step, loss.item(), schedule.get_last_lr()[0])

model.eval()
for batch in DataLoader(dataset, collate_fn=collator, batch_size=3):
    with torch.no_grad():
        outputs = model(**batch)
    predictions = outputs.logits.argmax(dim=-1)
    labels = batch["labels"]
    for predicted, gold in zip(predictions, labels):
        print(
            "row", *[model.config.id2label[p.item()] for p, g in zip(predicted, gold) if g != -100]
        )

model.save_pretrained(output, is_main_process=True, save_function=torch.save)
tokenizer.save_pretrained(output)
again = AutoModelForTokenClassification.from_pretrained(output)
print("labels", again.config.id2label[3], again.config.num_labels)
text = "Le chat dort à Lyon."
encoded = AutoTokenizer.from_pretrained(output)(
    text, return_tensors="pt", return_offsets_mapping=True
)
offsets = encoded.pop("offset_mapping")[0].tolist()
with torch.no_grad():
    scores = torch.softmax(again(**encoded)[0], -1)[0]
for (start, end), row in zip(offsets, scores):
    print(
        "token", text[start:end] or "-", again.config.id2label[int(row.argmax())], row.max().item()
    )
