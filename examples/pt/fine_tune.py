"""Teach the bundled checkpoint to tell recipes from weather reports, in a plain loop."""

import tempfile

import torch
from torch.utils.data import DataLoader

from camembert_dual import (
    AutoTokenizer,
    CamembertForSequenceClassification,
    DataCollatorWithPadding,
    get_linear_schedule_with_warmup,
    set_seed,
)

TEXTS = {
    "cuisine": ["Ajoutez le sel.", "Faites cuire le riz.", "Battez les œufs.", "Coupez le pain."],
    "météo": ["Il pleut ce soir.", "Le vent se lève.", "La neige tombe.", "Le ciel est bleu."],
}
EPOCHS = 20


def main() -> None:
    set_seed(0)
    tokenizer = AutoTokenizer.from_pretrained("camembert-tiny-fr")
    names = dict(enumerate(TEXTS))
    model = CamembertForSequenceClassification.from_pretrained("camembert-tiny-fr", id2label=names)
    rows = [
        {**tokenizer(text), "labels": index}
        for index, texts in enumerate(TEXTS.values())
        for text in texts
    ]
    loader = DataLoader(rows, 4, shuffle=True, collate_fn=DataCollatorWithPadding(tokenizer))
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-3)
    schedule = get_linear_schedule_with_warmup(optimizer, 4, EPOCHS * len(loader))
    model.train()
    for _ in range(EPOCHS):
        for batch in loader:
            loss = model(**batch).loss
            loss.backward()
            torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
    print(f"loss at the end: {loss.item():.3f}")
    with tempfile.TemporaryDirectory() as folder:
        model.save_pretrained(folder)
        tokenizer.save_pretrained(folder)
        loaded = CamembertForSequenceClassification.from_pretrained(folder)
    for text in ("Ajoutez le beurre.", "Il neige ce soir."):
        with torch.no_grad():
            best = loaded(**tokenizer(text, return_tensors="pt")).logits.argmax(dim=-1).item()
        print(f"{text} -> {loaded.config.id2label[best]}")


if __name__ == "__main__":
    main()
