"""Forward passes of the bare model in TensorFlow, compiled with ``tf.function``."""

from collections.abc import Callable
from typing import Any

from rows import Case, Row
from workloads import torch_forward

ROWS = (
    Row("tf_full", "TensorFlow, {rows} x {tokens}", {"rows": 8, "tokens": 128}, {"best": 1.15}),
    Row("tf_sentences", "TensorFlow, {count} real sentences", {"count": 32}, {"best": 3.0}),
    Row(
        "tf_one",
        "TensorFlow, one sentence of {tokens}",
        {"rows": 1, "tokens": 16},
        {"best": 1.6},
        repeats=5,
    ),
    Row(
        "tf_xla",
        "TensorFlow XLA, {rows} x {tokens}",
        {"rows": 8, "tokens": 128, "xla": True},
        {},
    ),
)
inputs = torch_forward.inputs
work = torch_forward.work


def compiled(call: Callable[[Any], Any], case: Case) -> Callable[[], Any]:
    """The states of real tokens, by a graph that takes rows of any number and length."""
    import numpy as np
    import tensorflow as tf

    given = {name: tf.constant(value, tf.int32) for name, value in case.inputs.items()}
    is_real = np.equal(case.inputs["attention_mask"], 1)
    shapes = {name: tf.TensorSpec([None, None], tf.int32, name) for name in given}
    signature = None if case.sizes.get("xla") else [shapes]
    graph = tf.function(call, input_signature=signature, jit_compile=bool(case.sizes.get("xla")))
    return lambda: graph(given).numpy()[is_real]


def ours(case: Case) -> Callable[[], Any]:
    """This package's."""
    from camembert_dual import TFCamembertModel

    folder = case.models / "safetensors"
    model = TFCamembertModel.from_pretrained(folder, add_pooling_layer=False)
    return compiled(lambda given: model(given, training=False).last_hidden_state, case)


def transformers(case: Case) -> Callable[[], Any]:
    """That of 4.34."""
    import transformers

    folder = str(case.models / "safetensors")
    model = transformers.TFCamembertModel.from_pretrained(folder)
    return compiled(lambda given: model(given, training=False).last_hidden_state, case)


def keras_hub(case: Case) -> Callable[[], None]:
    """RoBERTa there, with random weights of the same sizes: no converter takes CamemBERT's."""
    import json

    import keras_hub

    config = json.loads((case.models / "safetensors" / "config.json").read_text("utf-8"))
    model = keras_hub.models.RobertaBackbone(
        vocabulary_size=config["vocab_size"],
        num_layers=config["num_hidden_layers"],
        num_heads=config["num_attention_heads"],
        hidden_dim=config["hidden_size"],
        intermediate_dim=config["intermediate_size"],
        max_sequence_length=512,
    )

    def states(given: Any) -> Any:
        return model(
            {"token_ids": given["input_ids"], "padding_mask": given["attention_mask"]},
            training=False,
        )

    call = compiled(states, case)

    def without_result() -> None:
        call()

    return without_result


PEERS = {"ours": ours, "transformers 4.34": transformers, "keras-hub": keras_hub}
