"""How many masked tokens of a text a model finds, whatever computes its logits."""

from pathlib import Path

import numpy as np
from tqdm import tqdm

from camembert_dual.tasks.fill_mask import MaskedLMScores

BATCH = 20
SHARE = 0.15


def paragraphs(path: Path, count: int) -> list[str]:
    """Lines of middling length, spread over a file."""
    lines = [line.strip() for line in path.read_text("utf-8").splitlines()]
    lines = [line for line in lines if 60 < len(line) < 300]
    return lines[:: max(1, len(lines) // count)][:count]


def score(logits_of, tokenizer, lines: list[str]) -> dict:
    """The scores on tokens that are masked, the same in every call."""
    rng = np.random.default_rng(0)
    scores = MaskedLMScores()
    for start in tqdm(range(0, len(lines), BATCH), unit="batch"):
        texts = lines[start : start + BATCH]
        batch = dict(tokenizer(texts, padding=True, truncation=True, max_length=128))
        ids, mask = (np.array(batch[name]) for name in ("input_ids", "attention_mask"))
        special = np.isin(ids, tokenizer.all_special_ids)
        chosen = (rng.random(ids.shape) < SHARE) & ~special
        logits = logits_of(
            {
                "input_ids": np.where(chosen, tokenizer.mask_token_id, ids),
                "attention_mask": mask,
            }
        )
        scores.update(logits[chosen], ids[chosen])
    return scores.result()


def told(result: dict) -> str:
    """The scores in words."""
    count = result["count"]
    return f"top-1 {result['top1']:.2%}  perplexity {result['perplexity']:.1f}  ({count} tokens)"
