"""What weights of eight bits cost: masked tokens of a text found by both ONNX files of a model.

    python benchmarks/int8_onnx.py TEXT [--model camembert-tiny-fr] [--lines 600]

TEXT has a paragraph a line; the lines taken are spread over it. Needs the extra ``onnx``.
"""

import argparse
import tempfile
from pathlib import Path

import numpy as np
import onnxruntime
from tqdm import tqdm

from camembert_dual import AutoTokenizer, CamembertForMaskedLM
from camembert_dual.pt import export_onnx
from camembert_dual.tasks.fill_mask import MaskedLMScores

BATCH = 20
SHARE = 0.15


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("text", type=Path, help="a paragraph a line")
    parser.add_argument("--model", default="camembert-tiny-fr", help="default camembert-tiny-fr")
    parser.add_argument("--lines", type=int, default=600, help="how many; default 600")
    arguments = parser.parse_args()
    lines = [line.strip() for line in arguments.text.read_text("utf-8").splitlines()]
    lines = [line for line in lines if 60 < len(line) < 300]
    lines = lines[:: max(1, len(lines) // arguments.lines)][: arguments.lines]
    tokenizer = AutoTokenizer.from_pretrained(arguments.model)
    model = CamembertForMaskedLM.from_pretrained(arguments.model)
    for quantize, name in ((False, "model.onnx"), (True, "model_quantized.onnx")):
        with tempfile.TemporaryDirectory() as folder:
            export_onnx(model, folder, quantize=quantize)
            size = (Path(folder) / name).stat().st_size / 1e6
            session = onnxruntime.InferenceSession(Path(folder) / name)
        result = score(session, tokenizer, lines)
        told = f"top-1 {result['top1']:.2%}  perplexity {result['perplexity']:.1f}"
        print(f"{name:20} {size:6.1f} MB  {told}  ({result['count']} tokens)")


def score(session, tokenizer, lines):
    """The scores on tokens that are masked, the same in every call."""
    rng = np.random.default_rng(0)
    scores = MaskedLMScores()
    for start in tqdm(range(0, len(lines), BATCH), unit="batch"):
        texts = lines[start : start + BATCH]
        batch = dict(tokenizer(texts, padding=True, truncation=True, max_length=128))
        ids, mask = (np.array(batch[name]) for name in ("input_ids", "attention_mask"))
        special = np.isin(ids, tokenizer.all_special_ids)
        chosen = (rng.random(ids.shape) < SHARE) & ~special
        given = {
            "input_ids": np.where(chosen, tokenizer.mask_token_id, ids),
            "attention_mask": mask,
        }
        (logits,) = session.run(["logits"], given)
        scores.update(logits[chosen], ids[chosen])
    return scores.result()


if __name__ == "__main__":
    main()
