"""The tests of one model, of ``generate`` and others: of a checkout of transformers 4.34.0.

    git clone --depth 1 --branch v4.34.0 https://github.com/huggingface/transformers
    TRANSFORMERS_TESTS=transformers make test-peer-suites

Its sdist lacks them. Their own names of modules are kept, so that they find each other. Classes
that ask the hub for a model are left out: they fail for 4.34 itself without a network.
"""

import importlib
import os
import sys
import types
from pathlib import Path

FOLDER = Path(os.environ["TRANSFORMERS_TESTS"]).resolve()


def cases(backend: str, table: dict[str, tuple[str, ...]]) -> dict[str, type]:
    """The test classes of some modules below ``tests``, by names that no other has.

    Args:
        backend: A key of ``shim.MODULES``.
        table: Module to the names of its classes.
    """
    sys.path.insert(0, str(FOLDER))
    sys.modules.pop("tests", None)  # this repository's, as pytest sees it
    # its pipelines are tried with models of the hub
    pipelines = types.ModuleType("tests.test_pipeline_mixin")
    pipelines.PipelineTesterMixin = type("PipelineTesterMixin", (), {})
    sys.modules[pipelines.__name__] = pipelines
    found = {}
    for module, names in table.items():
        loaded = importlib.import_module(f"tests.{module}")
        found.update({name: getattr(loaded, name) for name in names})
    assert len(found) == sum(map(len, table.values())), f"two classes of one name for {backend}"
    return found
