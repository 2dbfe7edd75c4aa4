"""A course's chapters on models, tokenizers and full training, in PyTorch."""

import sys

import torch
from torch.optim import AdamW
from torch.utils.data import DataLoader
from tqdm.auto import tqdm
from transformers import (
    AutoModel,
    AutoModelForSequenceClassification,
    AutoTokenizer,
    CamembertConfig,
    CamembertModel,
    DataCollatorWithPadding,
    get_scheduler,
)

folder, output = sys.argv[1:]
checkpoint = f"{folder}/classes"
tokenizer = AutoTokenizer.from_pretrained(checkpoint)
raw_inputs = ["J'attends ce cours depuis toujours.", "Je déteste cela !"]
inputs = tokenizer(raw_inputs, padding=True, truncation=True, return_tensors="pt")
print("inputs", *inputs["input_ids"].shape, *inputs["attention_mask"].sum(1).tolist())

model = AutoModel.from_pretrained(f"{folder}/pooled")
outputs = model(**inputs)
print("hidden", *outputs.last_hidden_state.shape, outputs["last_hidden_state"].sum().item())
print("pooled", *outputs.pooler_output[0, :4].tolist(), outputs[1].sum().item())

model = AutoModelForSequenceClassification.from_pretrained(checkpoint)
outputs = model(**inputs)
predictions = torch.nn.functional.softmax(outputs.logits, dim=-1)
print("predictions", *predictions.flatten().tolist())
print("names", *[model.config.id2label[i] for i in range(model.config.num_labels)])

config = CamembertConfig(
    vocab_size=50, hidden_size=24, num_hidden_layers=1, num_attention_heads=2, intermediate_size=30
)
fresh = CamembertModel(config)
print("fresh", fresh.config.num_hidden_layers, sum(p.numel() for p in fresh.parameters()))
fresh.save_pretrained(output)
print("again", CamembertModel.from_pretrained(output).config.hidden_size)

sequence = "Utiliser un réseau est simple"
tokens = tokenizer.tokenize(sequence)
ids = tokenizer.convert_tokens_to_ids(tokens)
print("ids", *ids, tokenizer.decode(ids))
print("logits", *model(torch.tensor([ids])).logits[0].tolist())
batched = [[200, 200, 200], [200, 200, tokenizer.pad_token_id]]
mask = [[1, 1, 1], [1, 1, 0]]
print(
    "batched",
    *model(torch.tensor(batched), attention_mask=torch.tensor(mask)).logits.flatten().tolist(),
)
single, padded = tokenizer(sequence), tokenizer(raw_inputs, padding="max_length", max_length=20)
print(
    "lengths", len(single.input_ids), *[len(row) for row in padded["input_ids"]], *single.tokens()
)
fast = tokenizer("Le chat dort.", return_offsets_mapping=True)
print(
    "words",
    *fast.word_ids()[1:-1],
    *fast.word_to_chars(1),
    fast["offset_mapping"][1],
    fast.char_to_token(4),
)

rows = [
    ("Le chat dort.", 0),
    ("Quel film affreux !", 1),
    ("Un livre, sans plus.", 2),
    ("Je l'aime.", 0),
]
dataset = [{**tokenizer(text, truncation=True), "label": label} for text, label in rows]
torch.manual_seed(0)
loader = DataLoader(
    dataset, shuffle=True, batch_size=2, collate_fn=DataCollatorWithPadding(tokenizer=tokenizer)
)
optimizer = AdamW(model.parameters(), lr=5e-4)
steps = 3 * len(loader)
lr_scheduler = get_scheduler(
    "linear", optimizer=optimizer, num_warmup_steps=0, num_training_steps=steps
)
device = torch.device("cuda") if torch.cuda.is_available() else torch.device("cpu")
model.to(device)
progress_bar = tqdm(range(steps), disable=True)
model.train()
for epoch in range(3):
    for batch in loader:
        batch = {k: v.to(device) for k, v in batch.items()}
        outputs = model(**batch)
        loss = outputs.loss
        loss.backward()
        optimizer.step()
        lr_scheduler.step()
        optimizer.zero_grad()
        progress_bar.update(1)
        print("loss", loss.item())
