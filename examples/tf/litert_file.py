"""Write LiteRT files and run them as a phone does; say how far their answers are from the model."""

import tempfile
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from camembert_dual import (
    CamembertTokenizer,
    TFCamembertForMaskedLM,
    TFCamembertForSequenceClassification,
    TFCamembertForTokenClassification,
    set_seed,
)
from camembert_dual.pipelines import softmax
from camembert_dual.tasks import align_labels
from camembert_dual.tf import export_litert

NAME, STEPS = "camembert-tiny-fr", 8
TEXTS = {  # each with its class; the words of capital letters are names
    "Marie a mangé le pain .": 1,
    "Le chat de Pierre dort .": 0,
    "Ajoutez le sel et le poivre .": 1,
    "Le chien de Lyon court vite .": 0,
}
ASKED = [
    "Le petit chat boit du <mask>.",
    "Il ouvrit la <mask> et entra dans la chambre.",
    "Pierre a mangé le <mask> de Marie.",
]


def trained(model, inputs, labels):
    """The model after a few steps."""
    model.compile("adam", run_eagerly=True)
    for _ in range(STEPS):
        model.train_on_batch(dict(inputs), labels)
    return model


def models(tokenizer):
    """A masked language model, a classifier of texts and one of tokens, by name."""
    yield "masked words", TFCamembertForMaskedLM.from_pretrained(NAME)
    inputs = tokenizer(list(TEXTS), padding=True, return_tensors="np")
    texts = TFCamembertForSequenceClassification.from_pretrained(NAME, num_labels=2)
    yield "texts", trained(texts, inputs, list(TEXTS.values()))
    words = [text.split() for text in TEXTS]
    tags = [[int(word.istitle() and place != 0) for place, word in enumerate(row)] for row in words]
    inputs = align_labels(tokenizer, words, tags, padding=True, return_tensors="np")
    tokens = TFCamembertForTokenClassification.from_pretrained(NAME, num_labels=2)
    yield "tokens", trained(tokens, inputs, inputs.pop("labels"))


def measure(model, path, tokenizer):
    """The largest difference of a logit, of a probability, and how often the best is the same."""
    run = Interpreter(str(path)).get_signature_runner()
    logits, chances, same = [], [], []
    for text in ASKED:  # of different lengths
        given = dict(tokenizer(text, return_tensors="np"))
        expected = model(given).logits.numpy()[0]
        found = run(**{name: ids.astype("int32") for name, ids in given.items()})["logits"][0]
        logits.append(np.abs(found - expected).max())
        chances.append(np.abs(softmax(found) - softmax(expected)).max())
        same.append(np.mean(found.argmax(-1) == expected.argmax(-1)))
    return max(logits), max(chances), np.mean(same)


def main() -> None:
    set_seed(0)
    tokenizer = CamembertTokenizer.from_pretrained(NAME)
    print("model         weights    MB   logits  probabilities  same best")
    for name, model in models(tokenizer):
        for weights, quantize in (("float32", False), ("int8", True)):
            with tempfile.TemporaryDirectory() as folder:
                path = Path(folder) / "model.tflite"
                export_litert(model, path, quantize=quantize)
                size = path.stat().st_size / 1e6
                logits, chances, same = measure(model, path, tokenizer)
            print(f"{name:13} {weights:8} {size:4.1f}  {logits:7.1e}  {chances:13.1e}  {same:9.0%}")


if __name__ == "__main__":
    main()
