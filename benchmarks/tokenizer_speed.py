"""Tokenizers against those of ``transformers``, interleaved, on real French sentences.

Run it where both are installed, once with the newest ``transformers`` and once with 4.34.0::

    .venv-peer-new/bin/python benchmarks/tokenizer_speed.py
    .venv-peer-old/bin/python benchmarks/tokenizer_speed.py

The same SentencePiece vocabulary, trained on the sentences, serves both sides. Every case is timed
``--rounds`` times, ours and theirs in turn; the medians and their ratio are printed. (This file
cannot be called ``tokenizers.py``: run as a script, it would hide the library of that name.)
"""

import argparse
import io
import logging
import statistics
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any

import sentencepiece
import transformers

from camembert_dual.tokenization import CamembertTokenizer, CamembertTokenizerFast

SHARED = Path(__file__).parents[2] / "shared" / "data" / "text_commonvoice_fr" / "modern.txt"
CASES: dict[str, dict[str, Any]] = {
    "lists": {},
    "padded, np": {"padding": True, "return_tensors": "np"},
    "padded, pt": {"padding": True, "return_tensors": "pt"},
    "padded and cut at 32, np": {
        "padding": True,
        "truncation": True,
        "max_length": 32,
        "return_tensors": "np",
    },
    "padded, offsets, np": {
        "padding": True,
        "return_offsets_mapping": True,
        "return_tensors": "np",
    },
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--text", type=Path, default=SHARED, help="sentences, one per line")
    parser.add_argument("--sentences", type=int, default=5000)
    parser.add_argument("--pieces", type=int, default=8000)
    parser.add_argument("--rounds", type=int, default=9)
    arguments = parser.parse_args()
    lines = arguments.text.read_text(encoding="utf-8").splitlines()
    texts = [line.strip() for line in lines if line.strip()][: arguments.sentences]
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    with tempfile.TemporaryDirectory() as folder:
        vocabulary = Path(folder) / "sentencepiece.bpe.model"
        vocabulary.write_bytes(train(lines, arguments.pieces))
        CamembertTokenizer(vocabulary).save_pretrained(folder)
        print(f"transformers {transformers.__version__}, {len(texts)} sentences, milliseconds")
        for kind, (ours, theirs) in tokenizers(folder).items():
            for name, options in CASES.items():
                if "offsets" in name and not theirs.is_fast:
                    continue
                compare(f"{kind}: {name}", ours, theirs, texts, options, arguments.rounds)


def train(lines: list[str], pieces: int) -> bytes:
    """A Unigram vocabulary of the text, numbered as CamemBERT's."""
    writer = io.BytesIO()
    sentencepiece.SentencePieceTrainer.train(
        sentence_iterator=iter(lines),
        model_writer=writer,
        vocab_size=pieces,
        hard_vocab_limit=False,
        unk_id=0,
        bos_id=1,
        eos_id=2,
        pad_id=-1,
        minloglevel=2,
    )
    return writer.getvalue()


def tokenizers(folder: str) -> dict[str, tuple[Any, Any]]:
    """Pairs to compare: the newest release has one class, 4.34 has two."""
    fast = CamembertTokenizerFast.from_pretrained(folder)
    peer = transformers.CamembertTokenizerFast.from_pretrained(folder)
    if int(transformers.__version__.split(".")[0]) >= 5:
        return {"fast": (fast, peer)}
    slow = CamembertTokenizer.from_pretrained(folder)
    return {
        "slow": (slow, transformers.CamembertTokenizer.from_pretrained(folder)),
        "fast": (fast, peer),
    }


def compare(
    name: str, ours: Any, theirs: Any, texts: list[str], options: dict[str, Any], rounds: int
) -> None:
    """Times one case and prints a line."""
    times: dict[str, list[float]] = {"ours": [], "theirs": []}
    for _ in range(rounds):
        times["ours"].append(seconds(lambda: ours(texts, **options)))
        times["theirs"].append(seconds(lambda: theirs(texts, **options)))
    medians = {side: statistics.median(values) * 1000 for side, values in times.items()}
    ratio = medians["theirs"] / medians["ours"]
    print(f"{name:34}{medians['ours']:9.1f}{medians['theirs']:9.1f}{ratio:8.1f}x", flush=True)


def seconds(call: Callable[[], Any]) -> float:
    """How long one call takes."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
