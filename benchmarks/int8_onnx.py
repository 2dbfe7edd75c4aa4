"""What weights of eight bits cost: masked tokens of a text found by both ONNX files of a model.

    python benchmarks/int8_onnx.py TEXT [--model camembert-tiny-fr] [--lines 600]

TEXT has a paragraph a line; the lines taken are spread over it. Needs the extra ``onnx``.
"""

import argparse
import tempfile
from pathlib import Path

import onnxruntime

import masked_words
from camembert_dual import AutoTokenizer, CamembertForMaskedLM
from camembert_dual.pt import export_onnx


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("text", type=Path, help="a paragraph a line")
    parser.add_argument("--model", default="camembert-tiny-fr", help="default camembert-tiny-fr")
    parser.add_argument("--lines", type=int, default=600, help="how many; default 600")
    arguments = parser.parse_args()
    lines = masked_words.paragraphs(arguments.text, arguments.lines)
    tokenizer = AutoTokenizer.from_pretrained(arguments.model)
    model = CamembertForMaskedLM.from_pretrained(arguments.model)
    for quantize, name in ((False, "model.onnx"), (True, "model_quantized.onnx")):
        with tempfile.TemporaryDirectory() as folder:
            export_onnx(model, folder, quantize=quantize)
            size = (Path(folder) / name).stat().st_size / 1e6
            session = onnxruntime.InferenceSession(Path(folder) / name)
        result = masked_words.score(
            lambda given, session=session: session.run(["logits"], given)[0], tokenizer, lines
        )
        print(f"{name:20} {size:6.1f} MB  {masked_words.told(result)}")


if __name__ == "__main__":
    main()
