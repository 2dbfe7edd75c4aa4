"""Vectors of many real sentences, the mean of their tokens."""

from collections.abc import Callable
from typing import Any

from rows import Case, Row
from workloads import flops

ROWS = (
    Row(
        "embed",
        "vectors of {count} real sentences",
        {"count": 10_000},
        {"sentence-transformers": 3.0},
    ),
)


def inputs(row: Row, corpus: Any) -> dict[str, Any]:
    """The sentences, and how many tokens each has."""
    import numpy as np

    texts = corpus.sentences(row.sizes["count"])
    lengths = [len(one) for one in corpus.tokenizer(texts)["input_ids"]]
    return {"texts": np.array(texts), "lengths": np.array(lengths)}


def work(row: Row, inputs: Any, config: Any) -> float:
    """Those of the encoder."""
    return flops.encoder(config, map(int, inputs["lengths"]))


def ours(case: Case) -> Callable[[], Any]:
    """This package's, in PyTorch."""
    from camembert_dual import AutoTokenizer, CamembertModel
    from camembert_dual.pipelines import embed

    folder = case.models / "safetensors"
    model = CamembertModel.from_pretrained(folder, add_pooling_layer=False)
    tokenizer = AutoTokenizer.from_pretrained(folder)
    texts = case.inputs["texts"].tolist()
    return lambda: embed(model, tokenizer, texts, max_length=512)


def sentence_transformers(case: Case) -> Callable[[], Any]:
    """Theirs, of the same folder."""
    from sentence_transformers import SentenceTransformer, models

    words = models.Transformer(str(case.models / "safetensors"), max_seq_length=512)
    pooling = models.Pooling(words.get_word_embedding_dimension(), pooling_mode="mean")
    model = SentenceTransformer(modules=[words, pooling], device="cpu")
    texts = case.inputs["texts"].tolist()
    return lambda: model.encode(texts)


PEERS = {"ours": ours, "sentence-transformers": sentence_transformers}
