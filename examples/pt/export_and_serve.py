"""Export an ONNX file, then answer from it with onnxruntime alone, as a server does."""

import tempfile
from pathlib import Path

import numpy as np
import onnxruntime

from camembert_dual import CamembertForMaskedLM, CamembertTokenizer
from camembert_dual.pipelines import softmax
from camembert_dual.pt import export_onnx


def main() -> None:
    tokenizer = CamembertTokenizer.from_pretrained("camembert-tiny-fr")
    model = CamembertForMaskedLM.from_pretrained("camembert-tiny-fr")
    given = dict(tokenizer("Le petit chat boit du <mask>.", return_tensors="np"))
    row = int(np.argmax(given["input_ids"][0] == tokenizer.mask_token_id))
    for quantize, name in ((False, "model.onnx"), (True, "model_quantized.onnx")):
        with tempfile.TemporaryDirectory() as folder:
            export_onnx(model, folder, tokenizer=tokenizer, quantize=quantize)
            path = Path(folder) / name
            size = path.stat().st_size / 1e6
            served = onnxruntime.InferenceSession(path)
            (logits,) = served.run(["logits"], given)
        chances = softmax(logits[0, row])
        best = np.argsort(chances)[:-6:-1]
        told = ", ".join(f"{tokenizer.decode([int(one)])} {chances[one]:.1%}" for one in best)
        print(f"{name} ({size:.1f} MB): {told}")


if __name__ == "__main__":
    main()
