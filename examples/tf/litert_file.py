"""Write LiteRT files and run them as a phone does; say how far their answers are from the model."""

import tempfile
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from camembert_dual import CamembertTokenizer, TFCamembertForMaskedLM
from camembert_dual.pipelines import softmax
from camembert_dual.tf import export_litert

TEXTS = ["Le petit chat boit du <mask>.", "Il ouvrit la <mask> et entra dans la chambre."]


def main() -> None:
    tokenizer = CamembertTokenizer.from_pretrained("camembert-tiny-fr")
    model = TFCamembertForMaskedLM.from_pretrained("camembert-tiny-fr")
    print("weights   MB    logits  probabilities  same best token")
    for name, quantize in (("float32", False), ("int8", True)):
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "model.tflite"
            export_litert(model, path, quantize=quantize)
            size = path.stat().st_size / 1e6
            run = Interpreter(str(path)).get_signature_runner()
        logits, chances, same = [], [], []
        for text in TEXTS:  # of different lengths
            given = tokenizer(text, return_tensors="np")
            expected = model(dict(given)).logits.numpy()[0]
            found = run(**{key: ids.astype("int32") for key, ids in given.items()})["logits"][0]
            logits.append(np.abs(found - expected).max())
            chances.append(np.abs(softmax(found) - softmax(expected)).max())
            same.append(np.mean(found.argmax(-1) == expected.argmax(-1)))
        difference = f"{max(logits):8.1e}  {max(chances):13.1e}  {np.mean(same):15.0%}"
        print(f"{name:8} {size:4.1f}  {difference}")


if __name__ == "__main__":
    main()
