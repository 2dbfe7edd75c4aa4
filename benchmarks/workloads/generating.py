"""``generate`` of a decoder, greedily and with beams, in either framework."""

from collections.abc import Callable
from typing import Any

from rows import Case, Row

GREEDY = {"prompts": 8, "new": 50, "beams": 1}
BEAMS = {**GREEDY, "beams": 4}
TITLE = "generate {prompts} x {new}, {beams} beams"
TORCH = {"transformers": 1.2}
TF = {"transformers 4.34": 3.0}
NEWEST = ("transformers",)  # which has no TensorFlow
ROWS = (
    Row("greedy_torch", f"torch, {TITLE}", {**GREEDY, "tree": "pt"}, TORCH),
    Row("beams_torch", f"torch, {TITLE}", {**BEAMS, "tree": "pt"}, TORCH),
    Row("greedy_tf", f"TensorFlow, {TITLE}", {**GREEDY, "tree": "tf"}, TF, without=NEWEST),
    Row("beams_tf", f"TensorFlow, {TITLE}", {**BEAMS, "tree": "tf"}, TF, without=NEWEST),
)


def inputs(row: Row, corpus: Any) -> dict[str, Any]:
    """Prompts of eight tokens, without the end of a text."""
    return {"input_ids": corpus.rows([9] * row.sizes["prompts"])["input_ids"][:, :8]}


def work(row: Row, inputs: Any, config: Any) -> None:
    """Not counted: a step is bound by memory, not by products."""


def generates(package: Any, case: Case) -> Callable[[], Any]:
    """The texts, of a length that nothing ends."""
    prefix = "TF" if case.sizes["tree"] == "tf" else ""
    model_class = getattr(package, f"{prefix}CamembertForCausalLM")
    model = model_class.from_pretrained(str(case.models / "safetensors"), is_decoder=True)
    ids = case.inputs["input_ids"]
    if prefix:
        import tensorflow as tf

        ids = tf.constant(ids, tf.int32)
    else:
        import torch

        ids = torch.from_numpy(ids)
    new, beams = case.sizes["new"], case.sizes["beams"]
    length = {"max_new_tokens": new, "min_new_tokens": new}
    return lambda: model.generate(ids, do_sample=False, num_beams=beams, **length)


def ours(case: Case) -> Callable[[], Any]:
    """This package's."""
    import camembert_dual

    return generates(camembert_dual, case)


def transformers(case: Case) -> Callable[[], Any]:
    """Theirs."""
    import transformers

    return generates(transformers, case)


PEERS = {"ours": ours, "transformers": transformers, "transformers 4.34": transformers}
