"""Fine-tune a sentence classifier with ``fit`` and ask it; Keras draws its progress bar."""

import numpy as np

from camembert_dual import CamembertTokenizer, TFCamembertForSequenceClassification
from camembert_dual.tf import create_optimizer

LABELS = ["animal", "cuisine"]
TEXTS = [
    ("Le chat dort sur le lit.", 0),
    ("Le chien court après la balle.", 0),
    ("Les oiseaux chantent dans le jardin.", 0),
    ("La vache mange de l'herbe.", 0),
    ("Faites cuire les pommes dans le beurre.", 1),
    ("Ajoutez le sel et le poivre.", 1),
    ("Versez le lait dans la casserole.", 1),
    ("Coupez le pain en tranches.", 1),
]
EPOCHS, BATCH = 12, 4


def main() -> None:
    tokenizer = CamembertTokenizer.from_pretrained("camembert-tiny-fr")
    model = TFCamembertForSequenceClassification.from_pretrained(
        "camembert-tiny-fr", id2label=dict(enumerate(LABELS))
    )
    texts, y = [text for text, _ in TEXTS], np.array([label for _, label in TEXTS])
    x = dict(tokenizer(texts, padding=True, return_tensors="np"))
    steps = EPOCHS * len(texts) // BATCH
    # no loss: the model brings its own
    model.compile(
        create_optimizer(1e-3, total_steps=steps, warmup_steps=steps // 10),
        weighted_metrics=["accuracy"],
    )
    model.fit(x, y, batch_size=BATCH, epochs=EPOCHS)
    asked = ["Le chat mange.", "Ajoutez le beurre."]
    logits = model.predict(dict(tokenizer(asked, padding=True, return_tensors="np"))).logits
    for text, best in zip(asked, logits.argmax(-1), strict=True):
        print(f"{text} -> {LABELS[best]}")


if __name__ == "__main__":
    main()
