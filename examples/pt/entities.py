"""Teach the bundled checkpoint to find names; seqeval counts whole entities after each epoch."""

import torch
from seqeval.metrics import f1_score

from camembert_dual import (
    AutoTokenizer,
    CamembertForTokenClassification,
    get_linear_schedule_with_warmup,
    set_seed,
)
from camembert_dual.tasks import align_labels

TAGS = ["O", "B-PER", "I-PER", "B-LOC"]
SENTENCES = [  # words with their tags, by number
    ("Marie Curie est née à Varsovie .", [1, 2, 0, 0, 0, 3, 0]),
    ("Victor Hugo habitait Paris .", [1, 2, 0, 3, 0]),
    ("Jean habitait Nice .", [1, 0, 3, 0]),
    ("Lyon est une grande ville .", [3, 0, 0, 0, 0, 0]),
    ("Le chat de Marie boit du lait .", [0, 0, 0, 1, 0, 0, 0, 0]),
    ("Il a vu Pierre Dubois à Lille .", [0, 0, 0, 1, 2, 0, 3, 0]),
]
EPOCHS, BATCH = 20, 3


def entity_f1(logits, labels) -> float:
    """F1 over whole entities, from logits (N, T, L) and labels (N, T); -100 is no label."""
    found, expected = [], []
    for best, row in zip(logits.argmax(-1), labels, strict=True):
        kept = row != -100
        found.append([TAGS[one] for one in best[kept]])
        expected.append([TAGS[one] for one in row[kept]])
    return f1_score(expected, found, zero_division=0)


def main() -> None:
    set_seed(0)
    tokenizer = AutoTokenizer.from_pretrained("camembert-tiny-fr")
    model = CamembertForTokenClassification.from_pretrained(
        "camembert-tiny-fr", id2label=dict(enumerate(TAGS))
    )
    words, tags = [text.split() for text, _ in SENTENCES], [tags for _, tags in SENTENCES]
    batch = dict(align_labels(tokenizer, words, tags, padding=True, return_tensors="pt"))
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    schedule = get_linear_schedule_with_warmup(optimizer, 0, EPOCHS * len(words) // BATCH)
    for epoch in range(EPOCHS):
        model.train()
        for rows in torch.randperm(len(words)).split(BATCH):
            loss = model(**{name: one[rows] for name, one in batch.items()}).loss
            loss.backward()
            optimizer.step()
            schedule.step()
            optimizer.zero_grad()
        model.eval()
        with torch.no_grad():
            output = model(**batch)
        f1 = entity_f1(output.logits.numpy(), batch["labels"].numpy())
        if epoch in (0, EPOCHS // 2, EPOCHS - 1):
            print(f"epoch {epoch + 1:2}: loss {output.loss:.3f}, F1 of entities {f1:.2f}")
    asked = ["Marie", "habitait", "Lille", "."]
    given = tokenizer(asked, is_split_into_words=True, return_tensors="pt")
    with torch.no_grad():
        best = model(**given).logits[0].argmax(-1)
    firsts = [given.word_to_tokens(word).start for word in range(len(asked))]
    print(" ".join(f"{word}/{TAGS[best[i]]}" for word, i in zip(asked, firsts, strict=True)))


if __name__ == "__main__":
    main()
