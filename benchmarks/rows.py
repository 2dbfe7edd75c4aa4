"""What a workload is: a row of the table of results, and what a worker is given to do."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any, NamedTuple


class Row(NamedTuple):
    """One workload, as a file of ``workloads`` lists it.

    Attributes:
        name: What ``--only`` calls it.
        title: What the table calls it; fields in braces are of ``sizes``.
        sizes: Numbers of the workload.
        goals: Library to the least ratio of its time to ours; ``"best"`` is the fastest of them.
        repeats: How often one block runs it.
        without: Libraries of the file that have no such thing.
        grows: Whether memory is what a block adds to the process, not all that it holds.
    """

    name: str
    title: str
    sizes: Mapping[str, Any]
    goals: Mapping[str, float]
    repeats: int = 1
    without: tuple[str, ...] = ()
    grows: bool = False


class Case(NamedTuple):
    """What a worker prepares a workload from.

    Attributes:
        sizes: Those of the row.
        inputs: Arrays, the same for all libraries.
        models: Folder of the checkpoint in each format: ``safetensors``, ``bin``, ``tf-h5``,
            ``onnx``, ``ctranslate2``.
    """

    sizes: Mapping[str, Any]
    inputs: Mapping[str, Any]
    models: Path
