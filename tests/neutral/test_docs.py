"""The code of the documentation runs, and both frameworks give what it shows."""

import re
import warnings
from pathlib import Path

import numpy as np
import pytest

DOCS = Path(__file__).parents[2] / "docs"
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(name: str) -> list[str]:
    return BLOCK.findall((DOCS / name).read_text("utf-8"))


def test_the_models_page_runs_and_both_frameworks_agree(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    compared = 0
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "[A-Za-z]+ starts with new, random weights")
        for block in blocks("models.md"):
            before = names.get("torch_answer")
            exec(block, names)
            if names.get("torch_answer") is before:
                continue
            ours = [names[f"{kind}_answer"] for kind in ("torch", "keras")]
            ours[0] = ours[0].detach()
            np.testing.assert_allclose(*(np.asarray(one) for one in ours), rtol=1e-4, atol=1e-4)
            compared += 1
    assert compared == 9


@pytest.mark.parametrize("prefix", ["", "TF"])
def test_the_models_page_shows_each_class(prefix):
    text = "\n".join(blocks("models.md"))
    tasks = "CausalLM MaskedLM SequenceClassification MultipleChoice TokenClassification"
    for task in ("Model", "ForQuestionAnswering", *(f"For{one}" for one in tasks.split())):
        assert re.search(rf"\b{prefix}Camembert{task}\.from_pretrained", text)
