"""The page on fine-tuning runs as it stands, and README's two commands, in both frameworks."""

import re
import shlex
from pathlib import Path

import pytest

from camembert_dual.cli import main
from tokenization_models import SENTENCES

ROOT = Path(__file__).parents[2]
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def examples(tmp_path, monkeypatch):
    """Treebanks of two kinds of words in the folder where the page is run."""
    monkeypatch.chdir(tmp_path)
    for name in ("train", "valid"):
        sentences = []
        for sentence in SENTENCES[:6]:
            rows = [
                f"{number}\t{word}\t_\t{'NOUN' if word[0].isupper() else 'VERB'}" + "\t_" * 6
                for number, word in enumerate(sentence.split(), start=1)
            ]
            sentences.append("\n".join(rows))
        Path(f"{name}.conllu").write_text("\n\n".join(sentences) + "\n\n", "utf-8")


@pytest.mark.usefixtures("examples")
@pytest.mark.parametrize("backend", ["pt", "tf"])
@pytest.mark.parametrize("page", ["docs/fine_tuning.md", "README.md"])
def test_the_commands_of_a_page_run(page, backend, capsys):
    text = (ROOT / page).read_text("utf-8")
    if page == "README.md":
        text = text.partition("## Fine-tune in two commands")[2].partition("\n## ")[0]
    lines = [line for _, block in FENCE.findall(text) for line in block.splitlines()]
    commands = [shlex.split(line)[1:] for line in lines if line.startswith("camembert-dual ")]
    assert len(commands) >= 2
    for words in commands:
        assert main([*words, "--backend", backend]) == 0
    assert "accuracy" in capsys.readouterr().out


@pytest.mark.usefixtures("examples")
def test_the_page_runs_in_python(capsys):
    blocks = FENCE.findall((ROOT / "docs/fine_tuning.md").read_text("utf-8"))
    (block,) = [text for language, text in blocks if language == "python"]
    exec(block, {})
    value, low, high = map(float, capsys.readouterr().out.split())
    assert 0 < low <= value <= high <= 1
