"""Steps of training, dropout and optimizer included, in either framework."""

from collections.abc import Callable
from typing import Any

from rows import Case, Row
from workloads import flops

MASKED = {"rows": 8, "tokens": 128, "task": "MaskedLM"}
LABELLED = {"count": 32, "task": "SequenceClassification"}
ROWS = (
    Row(
        "mlm_torch",
        "torch, masked LM step {rows} x {tokens}",
        {**MASKED, "tree": "pt"},
        {"transformers": 1.4},
    ),
    Row(
        "mlm_tf",
        "TensorFlow, masked LM step {rows} x {tokens}",
        {**MASKED, "tree": "tf"},
        {"transformers 4.34": 1.3},
        without=("transformers",),
    ),
    Row(
        "finetune_torch",
        "torch, fine-tuning step of {count} sentences",
        {**LABELLED, "tree": "pt"},
        {"transformers": 2.5},
    ),
    Row(
        "finetune_tf",
        "TensorFlow, fine-tuning step of {count} sentences",
        {**LABELLED, "tree": "tf"},
        {"transformers 4.34": 2.0},
        without=("transformers",),
    ),
)
SHARE = 0.15  # of tokens that are predicted


def inputs(row: Row, corpus: Any) -> dict[str, Any]:
    """Ids, mask and labels: of single tokens, or of rows."""
    import numpy as np

    random = np.random.default_rng(0)
    sizes = row.sizes
    if sizes["task"] == "MaskedLM":
        batch = corpus.rows([sizes["tokens"]] * sizes["rows"])
        is_label = random.random(batch["input_ids"].shape) < SHARE
        labels = np.where(is_label, batch["input_ids"], -100)
    else:
        batch = corpus.padded(corpus.sentences(sizes["count"]))
        labels = random.integers(0, 2, sizes["count"])
    return {**batch, "labels": labels}


def work(row: Row, inputs: Any, config: Any) -> float:
    """Those of a forward pass and two for its gradients; the head's for labels alone."""
    forward = flops.encoder(config, flops.lengths_of(inputs))
    if row.sizes["task"] == "MaskedLM":
        forward += flops.lm_head(config, int((inputs["labels"] >= 0).sum()))
    return 3 * forward


def model_class(package: Any, case: Case) -> Any:
    """The class of the row's task and framework, of either package."""
    prefix = "TF" if case.sizes["tree"] == "tf" else ""
    return getattr(package, f"{prefix}CamembertFor{case.sizes['task']}")


def torch_step(model: Any, case: Case) -> Callable[[], None]:
    """One step of AdamW."""
    import torch

    given = {name: torch.from_numpy(value) for name, value in case.inputs.items()}
    model.train()
    optimizer = torch.optim.AdamW(model.parameters(), lr=1e-5)

    def call() -> None:
        model(**given).loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    return call


def tf_step(model: Any, optimizer: Any, case: Case) -> Callable[[], None]:
    """One step of AdamW, compiled."""
    import tensorflow as tf

    given = {name: tf.constant(value, tf.int32) for name, value in case.inputs.items()}

    @tf.function
    def step() -> Any:
        with tf.GradientTape() as tape:
            loss = tf.reduce_mean(model(given, training=True).loss)
        weights = model.trainable_variables
        optimizer.apply_gradients(zip(tape.gradient(loss, weights), weights, strict=True))
        return loss

    def call() -> None:
        step().numpy()

    return call


def prepared(package: Any, case: Case) -> Callable[[], None]:
    """A step with the model of a package."""
    model = model_class(package, case).from_pretrained(str(case.models / "safetensors"))
    if case.sizes["tree"] == "pt":
        return torch_step(model, case)
    import keras

    return tf_step(model, keras.optimizers.AdamW(1e-5, weight_decay=0.01), case)


def ours(case: Case) -> Callable[[], None]:
    """This package's."""
    import camembert_dual

    return prepared(camembert_dual, case)


def transformers(case: Case) -> Callable[[], None]:
    """Theirs."""
    import transformers

    return prepared(transformers, case)


PEERS = {"ours": ours, "transformers": transformers, "transformers 4.34": transformers}
