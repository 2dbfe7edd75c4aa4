"""Continued pretraining: texts joined and cut into blocks, masked by the collator, perplexity."""

import math
import sys
from itertools import chain

import torch
from torch.utils.data import DataLoader
from transformers import (
    AutoTokenizer,
    CamembertForMaskedLM,
    DataCollatorForLanguageModeling,
    get_scheduler,
    set_seed,
)

folder, output = sys.argv[1:]
texts = [
    "Le chat dort sur le tapis de la cuisine.",
    "Les élèves de l'école sont allés à Sète : la mer était belle.",
    "Il était une fois, au fond d'une forêt, une petite maison.",
    "Nous étions partis de bonne heure, et le soir nous n'étions pas arrivés.",
    "La pluie tombe sur le toit ; la nuit, le vent se lève.",
] * 3
tokenizer = AutoTokenizer.from_pretrained(f"{folder}/base", use_fast=True)
model = CamembertForMaskedLM.from_pretrained(f"{folder}/base")
tokenized = tokenizer(texts, return_special_tokens_mask=True)
block = 24
joined = {name: list(chain(*tokenized[name])) for name in tokenized.keys()}
length = len(joined["input_ids"]) // block * block
blocks = [
    {name: values[i : i + block] for name, values in joined.items()}
    for i in range(0, length, block)
]
print("blocks", len(blocks), tokenizer.mask_token_id, len(tokenizer))
collator = DataCollatorForLanguageModeling(tokenizer=tokenizer, mlm_probability=0.2)
drawn = collator(blocks)
print("drawn", *drawn["input_ids"].shape, *sorted(drawn.keys()), drawn["labels"].min().item())


class EveryFifth:
    """The words that are hidden, without a draw: to be compared from run to run."""

    def __call__(self, rows):
        batch = tokenizer.pad(rows, return_tensors="pt")
        special = batch.pop("special_tokens_mask").bool()
        hidden = (torch.arange(block) % 5 == 2) & ~special
        batch["labels"] = torch.where(hidden, batch["input_ids"], -100)
        batch["input_ids"] = torch.where(hidden, tokenizer.mask_token_id, batch["input_ids"])
        return batch


set_seed(5)
loader = DataLoader(blocks[2:], shuffle=True, collate_fn=EveryFifth(), batch_size=4)
held_out = DataLoader(blocks[:2], collate_fn=EveryFifth(), batch_size=2)
optimizer = torch.optim.AdamW(model.parameters(), lr=2e-3)
schedule = get_scheduler(
    "linear", optimizer, num_warmup_steps=0, num_training_steps=2 * len(loader)
)
for epoch in range(2):
    model.train()
    for batch in loader:
        outputs = model(**batch)
        loss = outputs.loss
        loss.backward()
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()
        print("loss", (batch["labels"] != -100).sum().item(), loss.item())
    model.eval()
    losses = []
    for batch in held_out:
        with torch.no_grad():
            outputs = model(**batch)
        losses.append(outputs.loss.repeat(2))
    print("perplexity", epoch, math.exp(torch.mean(torch.cat(losses))))


def fill_mask(masked_input, topk=3):
    input_ids = torch.tensor(tokenizer.encode(masked_input, add_special_tokens=True)).unsqueeze(0)
    logits = model(input_ids)[0]
    masked_index = (input_ids.squeeze() == tokenizer.mask_token_id).nonzero().item()
    prob = logits[0, masked_index, :].softmax(dim=0)
    values, indices = prob.topk(k=topk, dim=0)
    for value, token in zip(values, tokenizer.convert_ids_to_tokens(indices.tolist())):
        yield token.replace("\u2581", " "), value.item()


for token, value in fill_mask("Le chat dort sur le <mask> :)"):
    print("fill", token, value)
