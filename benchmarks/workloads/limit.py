"""The machine's limit: one product of two large matrices in float32, by PyTorch's own library."""

from collections.abc import Callable
from typing import Any

from rows import Case, Row

SIZE = 2048
ROWS = (Row("limit", "a product of two matrices", {}, {}),)


def inputs(row: Row, corpus: Any) -> dict[str, Any]:
    """Nothing."""
    return {}


def work(row: Row, inputs: Any, config: Any) -> float:
    """Those of the product."""
    return 2.0 * SIZE**3


def product(case: Case) -> Callable[[], None]:
    """Two matrices, and their product into a third."""
    import torch

    first, second, result = (torch.rand(SIZE, SIZE) for _ in range(3))

    def call() -> None:
        torch.mm(first, second, out=result)

    return call


PEERS = {"limit": product}
