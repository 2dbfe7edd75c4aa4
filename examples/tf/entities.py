"""Teach the bundled checkpoint to find names; seqeval counts whole entities after each epoch."""

from seqeval.metrics import f1_score

from camembert_dual import (
    AutoTokenizer,
    KerasMetricCallback,
    TFCamembertForTokenClassification,
    set_seed,
)
from camembert_dual.tasks import align_labels
from camembert_dual.tf import create_optimizer

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


def entity_f1(predictions_and_labels) -> dict[str, float]:
    """F1 over whole entities, from logits (N, T, L) and labels (N, T); -100 is no label."""
    logits, labels = predictions_and_labels
    found, expected = [], []
    for best, row in zip(logits.argmax(-1), labels, strict=True):
        kept = row != -100
        found.append([TAGS[one] for one in best[kept]])
        expected.append([TAGS[one] for one in row[kept]])
    return {"f1": f1_score(expected, found, zero_division=0)}


def main() -> None:
    set_seed(0)
    tokenizer = AutoTokenizer.from_pretrained("camembert-tiny-fr")
    model = TFCamembertForTokenClassification.from_pretrained(
        "camembert-tiny-fr", id2label=dict(enumerate(TAGS))
    )
    words, tags = [text.split() for text, _ in SENTENCES], [tags for _, tags in SENTENCES]
    x = dict(align_labels(tokenizer, words, tags, padding=True, return_tensors="np"))
    y = x.pop("labels")
    model.compile(create_optimizer(3e-3, total_steps=EPOCHS * len(words) // BATCH))
    measure = KerasMetricCallback(entity_f1, (x, y), batch_size=BATCH)
    history = model.fit(x, y, batch_size=BATCH, epochs=EPOCHS, callbacks=[measure], verbose=0)
    for epoch in (0, EPOCHS // 2, EPOCHS - 1):
        loss, f1 = history.history["loss"][epoch], history.history["f1"][epoch]
        print(f"epoch {epoch + 1:2}: loss {loss:.3f}, F1 of entities {f1:.2f}")
    asked = ["Marie", "habitait", "Lille", "."]
    given = tokenizer(asked, is_split_into_words=True, return_tensors="np")
    best = model(dict(given)).logits.numpy()[0].argmax(-1)
    firsts = [given.word_to_tokens(word).start for word in range(len(asked))]
    print(" ".join(f"{word}/{TAGS[best[i]]}" for word, i in zip(asked, firsts, strict=True)))


if __name__ == "__main__":
    main()
