"""Forward passes of the bare model in PyTorch, and in what runs PyTorch's models."""

import os
from collections.abc import Callable
from typing import Any

from rows import Case, Row
from workloads import flops

FULL = {"transformers": 1.3, "ctranslate2": 1.0}
ROWS = (
    Row("torch_full", "torch, {rows} x {tokens}", {"rows": 8, "tokens": 128}, FULL),
    Row(
        "torch_sentences",
        "torch, {count} real sentences",
        {"count": 32},
        {"transformers": 4.0, "ctranslate2": 1.5},
    ),
    Row("torch_ragged", "torch, {lengths}", {"lengths": [512, 301]}, {"ctranslate2": 1.1}),
    Row(
        "torch_one",
        "torch, one sentence of {tokens}",
        {"rows": 1, "tokens": 16},
        {"transformers": 2.5, "onnxruntime": 1 / 1.2},
        repeats=5,
    ),
)


def inputs(row: Row, corpus: Any) -> dict[str, Any]:
    """Ids and mask."""
    sizes = row.sizes
    if "count" in sizes:
        return corpus.padded(corpus.sentences(sizes["count"]))
    return corpus.rows(sizes.get("lengths") or [sizes["tokens"]] * sizes["rows"])


def work(row: Row, inputs: Any, config: Any) -> float:
    """Those of the encoder, for real tokens."""
    return flops.encoder(config, flops.lengths_of(inputs))


def forward(model: Any, case: Case) -> Callable[[], Any]:
    """The states of real tokens."""
    import torch

    given = {name: torch.from_numpy(value) for name, value in case.inputs.items()}
    is_real = given["attention_mask"] == 1
    model.eval()

    def call() -> Any:
        with torch.inference_mode():
            return model(**given).last_hidden_state[is_real]

    return call


def ours(case: Case) -> Callable[[], Any]:
    """This package's."""
    from camembert_dual import CamembertModel

    folder = case.models / "safetensors"
    return forward(CamembertModel.from_pretrained(folder, add_pooling_layer=False), case)


def transformers(case: Case) -> Callable[[], Any]:
    """Theirs, new or old."""
    import transformers

    folder = str(case.models / "safetensors")
    model = transformers.CamembertModel.from_pretrained(folder, add_pooling_layer=False)
    return forward(model, case)


def onnxruntime(case: Case) -> Callable[[], Any]:
    """The file that this package exports."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    path = str(case.models / "onnx" / "model.onnx")
    session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
    is_real = case.inputs["attention_mask"] == 1
    return lambda: session.run(["last_hidden_state"], case.inputs)[0][is_real]


def ctranslate2(case: Case) -> Callable[[], Any]:
    """Its encoder, which is handed rows without padding."""
    import ctranslate2
    import numpy as np

    threads = len(os.sched_getaffinity(0))
    encoder = ctranslate2.Encoder(str(case.models / "ctranslate2"), intra_threads=threads)
    is_real = case.inputs["attention_mask"] == 1
    rows = zip(case.inputs["input_ids"], is_real, strict=True)
    ids = [row[kept].tolist() for row, kept in rows]
    return lambda: np.asarray(encoder.forward_batch(ids).last_hidden_state)[is_real]


PEERS = {
    "ours": ours,
    "transformers": transformers,
    "transformers 4.34": transformers,
    "onnxruntime": onnxruntime,
    "ctranslate2": ctranslate2,
}
