"""The code of the documentation runs, and both frameworks give what it shows."""

import re
import warnings
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).parents[2]
PAGES = sorted([ROOT / "README.md", *(ROOT / "docs").rglob("*.md")])
BLOCK = re.compile(r"^```python\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


def blocks(name: str) -> list[str]:
    return BLOCK.findall((ROOT / name).read_text("utf-8"))


def test_the_readme_runs_and_both_frameworks_agree(capsys):
    names: dict[str, object] = {}
    logits, shown = [], []
    in_torch, in_keras, fills = blocks("README.md")
    for block in (in_torch, in_keras):
        exec(block, names)
        answer = names["logits"]
        logits.append(np.asarray(answer.detach() if block == in_torch else answer))
        exec(fills, names)
        shown.append(capsys.readouterr().out)
    np.testing.assert_allclose(*logits, rtol=1e-4, atol=1e-4)
    assert shown[0] == shown[1]
    assert re.match(r"\d+\.\d% Paris est la .* de la France\.\n", shown[0])


def test_the_first_page_runs_and_keras_goes_on_where_pytorch_stopped(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", ".* starts with new, random weights")
        for block in blocks("docs/index.md"):
            exec(block, names)
    assert names["keras_word"] == names["torch_word"]
    first, last = names["history"]["loss"]
    assert last < first < float(names["loss"].detach()) + 0.5


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_within_the_project_leads_to_a_file(page):
    links = LINK.findall(page.read_text("utf-8"))
    assert not [link for link in links if not (page.parent / link).exists()]


@pytest.mark.parametrize(("page", "answers"), [("models", 10), ("generation", 9)])
def test_a_page_runs_and_both_frameworks_agree(page, answers, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    names: dict[str, object] = {}
    compared = 0
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "[A-Za-z]+ starts with new, random weights")
        for block in blocks(f"docs/{page}.md"):
            before = names.get("torch_answer")
            exec(block, names)
            if names.get("torch_answer") is before:
                continue
            ours = [names[f"{kind}_answer"] for kind in ("torch", "keras")]
            ours[0] = ours[0].detach()
            np.testing.assert_allclose(*(np.asarray(one) for one in ours), rtol=1e-4, atol=1e-4)
            compared += 1
    assert compared == answers


@pytest.mark.parametrize("prefix", ["", "TF"])
def test_the_models_page_shows_each_class(prefix):
    text = "\n".join(blocks("docs/models.md"))
    tasks = "CausalLM MaskedLM SequenceClassification MultipleChoice TokenClassification"
    for task in ("Model", "ForQuestionAnswering", *(f"For{one}" for one in tasks.split())):
        assert re.search(rf"\b{prefix}Camembert{task}\.from_pretrained", text)
