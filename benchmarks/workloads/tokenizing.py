"""Fast tokenizers: whole corpora, what says where a token comes from, and one short call."""

import json
from collections.abc import Callable
from typing import Any

from rows import Case, Row

TWICE = {"transformers 4.34": 2.0}
ARRAYS = {"padding": True, "return_tensors": "np"}
ROWS = (
    Row("tokenize", "{count} sentences to arrays", {"kind": "texts", "count": 5000}, {"best": 8.0}),
    Row("words", "{count} word lists, `word_ids`", {"kind": "words", "count": 20_000}, TWICE),
    Row("offsets", "{count} texts with offsets", {"kind": "offsets", "count": 20_000}, TWICE),
    Row("windows", "{count} questions in windows", {"kind": "windows", "count": 2000}, TWICE),
    Row(
        "one_call",
        "one sentence of median length",
        {"kind": "one", "count": 1},
        {"best": 1.0},
        repeats=200,
    ),
)


def inputs(row: Row, corpus: Any) -> dict[str, Any]:
    """Texts, or questions and contexts."""
    count = row.sizes["count"]
    if row.sizes["kind"] == "one":
        return {"texts": sorted(corpus.sentences(101), key=len)[50:51]}
    if row.sizes["kind"] != "windows":
        return {"texts": corpus.sentences(count)}
    path = corpus.data / "qa_piaf" / "piaf-v1.1.train.json"
    articles = json.loads(path.read_text("utf-8"))["data"]
    pairs = [
        (question["question"], paragraph["context"].strip())  # 4.34 gives blanks a token
        for article in articles
        for paragraph in article["paragraphs"]
        for question in paragraph["qas"]
    ][:count]
    return {"questions": [one for one, _ in pairs], "contexts": [one for _, one in pairs]}


def work(row: Row, inputs: Any, config: Any) -> None:
    """None of matrix products."""


def calls(tokenizer: Any, case: Case) -> Callable[[], Any]:
    """What a user calls; each gives numbers that the libraries must agree on."""
    import numpy as np

    texts = {name: value.tolist() for name, value in case.inputs.items()}

    def of_texts() -> Any:
        return tokenizer(texts["texts"], **ARRAYS)["input_ids"]

    def of_words() -> Any:
        lists = [text.split() for text in texts["texts"]]
        found = tokenizer(lists, is_split_into_words=True)
        places = [found.word_ids(row) for row in range(len(lists))]
        return np.asarray([-1 if one is None else one for row in places for one in row])

    def of_offsets() -> Any:
        # offsets of the two releases differ, those of one character before a word
        return tokenizer(texts["texts"], return_offsets_mapping=True, **ARRAYS)["input_ids"]

    def of_windows() -> Any:
        found = tokenizer(
            texts["questions"],
            texts["contexts"],
            truncation="only_second",
            max_length=128,
            stride=32,
            return_overflowing_tokens=True,
            return_offsets_mapping=True,
            padding="max_length",
        )
        return np.asarray(found["input_ids"])

    def of_one() -> Any:
        return np.asarray(tokenizer(texts["texts"][0])["input_ids"])

    kinds = {
        "texts": of_texts,
        "words": of_words,
        "offsets": of_offsets,
        "windows": of_windows,
        "one": of_one,
    }
    return kinds[case.sizes["kind"]]


def ours(case: Case) -> Callable[[], Any]:
    """This package's."""
    from camembert_dual import CamembertTokenizerFast

    return calls(CamembertTokenizerFast.from_pretrained(case.models / "safetensors"), case)


def transformers(case: Case) -> Callable[[], Any]:
    """Theirs, new or old."""
    import transformers

    folder = str(case.models / "safetensors")
    return calls(transformers.CamembertTokenizerFast.from_pretrained(folder), case)


PEERS = {"ours": ours, "transformers": transformers, "transformers 4.34": transformers}
