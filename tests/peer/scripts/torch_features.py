"""Sentence vectors from the bare model and its layers, with the slow tokenizer's older calls."""

import sys

import torch
from transformers import CamembertConfig, CamembertModel, CamembertTokenizer

folder, output = sys.argv[1:]
tokenizer = CamembertTokenizer.from_pretrained(f"{folder}/base", do_lower_case=False)
config = CamembertConfig.from_pretrained(f"{folder}/base", output_hidden_states=True)
model = CamembertModel.from_pretrained(f"{folder}/base", config=config, add_pooling_layer=False)
model.eval()

sentence = "J'aime le camembert !"
tokens = tokenizer.tokenize(sentence)
print("tokens", *tokens)
ids = tokenizer.encode(sentence)
print(
    "ids",
    *ids,
    *tokenizer.build_inputs_with_special_tokens(tokenizer.convert_tokens_to_ids(tokens)),
)
encoded = torch.tensor(ids).unsqueeze(0)
last, hidden = model(encoded)[0], model(encoded).hidden_states
print("layers", len(hidden), *last.shape, last.mean().item(), hidden[1].std().item())

sentences = [
    "Le chat dort.",
    "Un animal se repose dans la maison.",
    "Les prix ont augmenté de 12,5 %.",
]
rows = tokenizer.batch_encode_plus(
    sentences, add_special_tokens=True, max_length=16, padding="max_length", truncation=True
)
input_ids, attention_mask = torch.tensor(rows["input_ids"]), torch.tensor(rows["attention_mask"])
with torch.no_grad():
    outputs = model(input_ids, attention_mask=attention_mask, output_attentions=True)
weights = attention_mask.unsqueeze(-1).float()
vectors = (outputs[0] * weights).sum(1) / weights.sum(1)
similarity = torch.nn.functional.cosine_similarity
print(
    "cosine",
    similarity(vectors[0], vectors[1], dim=0).item(),
    similarity(vectors[0], vectors[2], dim=0).item(),
)
print("cls", *outputs.last_hidden_state[:, 0, :3].flatten().tolist())
print("attentions", len(outputs.attentions), outputs.attentions[-1][0, 0, 1].max().item())
last_four = torch.stack(outputs.hidden_states[-2:]).sum(0)
print("summed", last_four.abs().mean().item())
single = tokenizer.encode_plus("Le ciel est bleu", "et la mer aussi.", return_tensors="pt")
print("pair", *single["input_ids"][0].tolist(), tokenizer.decode(single["input_ids"][0]))
print("plain", tokenizer.decode(single["input_ids"][0], skip_special_tokens=True))
print("sizes", model.config.hidden_size, model.num_parameters(), tokenizer.model_max_length > 100)
