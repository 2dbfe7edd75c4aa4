"""The bundled checkpoint's making, in small: vocabulary, checkpoint, and the card of both."""

import re
from importlib.resources import files
from pathlib import Path

import pytest

from bundled.card import source_line
from bundled.make import main
from camembert_dual import CamembertForMaskedLM, CamembertTokenizer
from camembert_dual.checkpoints.folder import open_checkpoint
from camembert_dual.checkpoints.inspection import inspect_folder
from tokenization_models import SENTENCES


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    text = tmp_path_factory.mktemp("text") / "phrases.txt"
    text.write_text("\n".join(f"{line} ({n})" for n in range(9) for line in SENTENCES), "utf-8")
    out = tmp_path_factory.mktemp("run")
    main(
        [
            *("--text", f"{text}:1.5", "--hold-out", str(text), "--valid", str(text)),
            *("--out", str(out), "--steps", "3", "--warmup-steps", "2", "--vocab-size", "260"),
            *("--hidden-size", "24", "--num-hidden-layers", "1", "--num-attention-heads", "3"),
            *("--tokens-per-batch", "300"),
        ]
    )
    return out


def test_the_checkpoint_has_the_trained_vocabulary(made: Path):
    assert CamembertForMaskedLM.from_pretrained(made / "model").config.vocab_size == 265
    assert len(CamembertTokenizer.from_pretrained(made / "model")) == 265
    assert inspect_folder(made / "model", open_checkpoint(made / "model")) == []


def test_the_card_states_data_command_steps_and_shares(made: Path):
    card = (made / "model" / "README.md").read_text("utf-8")
    assert "phrases.txt, weight 1.5: origin not recorded; `NOASSERTION`" in card
    assert "python -m bundled.make --text" in card
    assert "--vocab-size 260" in card
    assert "3 steps" in card
    assert "probability 15 % (80 % `<mask>`, 10 % random, 10 % kept)" in card


def test_the_bundled_card_gives_each_text_its_licence():
    card = (files("camembert_dual") / "assets" / "camembert-tiny-fr" / "README.md").read_text(
        "utf-8"
    )
    assert card.startswith("---\n")
    assert "\nlicense: apache-2.0\n" in card
    command = next(line for line in card.splitlines() if line.startswith("python -m bundled.make"))
    texts = [Path(word) for word in re.findall(r"--text (\S+)", command)]
    assert len(texts) == 4
    for text in texts:
        name, _, weight = text.name.partition(":")
        line = source_line(text.parent.name, name, float(weight or 1))
        assert f"\n- {line}\n" in card
        assert "NOASSERTION" not in line


@pytest.mark.parametrize("text", ["phrases.txt", "held-out tenth of phrases.txt"])
def test_the_card_scores_model_and_baselines_on_the_same_tokens(made: Path, text: str):
    card = (made / "model" / "README.md").read_text("utf-8")
    rows = [line.split(" | ") for line in card.splitlines() if line.startswith(f"| {text}, ")]
    by_title: dict[str, list[str]] = {}
    for title, count, *_ in rows:
        by_title.setdefault(title, []).append(count)
    assert by_title
    assert all(len(counts) == 3 and len(set(counts)) == 1 for counts in by_title.values())
