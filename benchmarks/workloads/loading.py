"""Loading a checkpoint into a model of either framework, from a file that the system has cached."""

from collections.abc import Callable
from typing import Any

from rows import Case, Row

ROWS = (
    Row("load_torch", "load into torch", {"tree": "pt"}, {"transformers": 1.0}, grows=True),
    Row("load_tf", "load into TensorFlow", {"tree": "tf"}, {"transformers 4.34": 3.0}, grows=True),
)


def inputs(row: Row, corpus: Any) -> dict[str, Any]:
    """Nothing."""
    return {}


def work(row: Row, inputs: Any, config: Any) -> None:
    """None that is not avoidable."""


def loader(load: Callable[[str], Any], case: Case) -> Callable[[], None]:
    """Load and let go, as often as it is called."""
    folder = str(case.models / "safetensors")

    def call() -> None:
        load(folder)

    return call


def ours(case: Case) -> Callable[[], None]:
    """This package's."""
    import camembert_dual

    prefix = "TF" if case.sizes["tree"] == "tf" else ""
    return loader(getattr(camembert_dual, f"{prefix}CamembertForMaskedLM").from_pretrained, case)


def transformers(case: Case) -> Callable[[], None]:
    """Theirs."""
    import transformers

    prefix = "TF" if case.sizes["tree"] == "tf" else ""
    return loader(getattr(transformers, f"{prefix}CamembertForMaskedLM").from_pretrained, case)


PEERS = {"ours": ours, "transformers": transformers, "transformers 4.34": transformers}
