"""The page of an agreement: every task and stage, lines of tolerance, weights by how they match."""

import json
import re
from html.parser import HTMLParser
from xml.etree import ElementTree

import numpy as np
import pytest

from camembert_dual.checkpoints.folder import write_weights
from camembert_dual.cli import main
from camembert_dual.workflows import verify
from camembert_dual.workflows.agreement_page import APART, CLOSE, SAME, agreement_page, column
from camembert_dual.workflows.verify import Agreement, Run, WeightMatch
from checkpoint_cases import tiny_arrays, tiny_config, write_config

MLM = "CamembertForMaskedLM"
CHANGED = "roberta.encoder.layer.1.output.dense.bias"


class Reader(HTMLParser):
    """Collects what a page asks for, its rows, and whether its tags are closed."""

    def __init__(self, text):
        super().__init__()
        self.rows, self.links, self.open = [], [], []
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        if tag not in ("meta", "line", "rect"):
            self.open.append(tag)
        self.links += [value for name, value in attrs if name in ("src", "href")]
        if tag == "tr":
            self.rows.append("")

    def handle_endtag(self, tag):
        if tag not in ("meta", "line", "rect"):
            assert self.open.pop() == tag

    def handle_data(self, data):
        if "tr" in self.open:
            self.rows[-1] += f"{data} "


@pytest.fixture
def folders(tmp_path):
    arrays = tiny_arrays(MLM)
    changed = arrays | {CHANGED: arrays[CHANGED] + np.float32(1e-3)}
    for title, one in (("first", arrays), ("other", changed)):
        write_config(tmp_path / title, tiny_config(MLM))
        write_weights(tmp_path / title, one, "safetensors")
    return [str(tmp_path / title) for title in ("first", "other")]


@pytest.fixture
def in_this_process(monkeypatch):
    monkeypatch.setattr(verify, "run_stages", verify.stages)
    monkeypatch.setattr(verify, "run_weights", verify.weights)


def test_both_frameworks_agree_on_a_page(folders, tmp_path, in_this_process, capsys):
    page = tmp_path / "page.html"
    assert main(["verify", folders[0], "--html", str(page), "--json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["equal"] is True
    assert list(found["differences"]) == ["embeddings", "layer 0", "layer 1", "logits"]
    text = page.read_text("utf-8")
    reader = Reader(text)
    assert reader.open == []
    assert reader.links == []
    assert "http" not in text.replace('xmlns="http://www.w3.org/2000/svg"', "")
    titles = re.findall("<h2>(.*?)</h2>", text)
    assert titles[0] == MLM
    assert set(titles) == {MLM, "CamembertModel", "CamembertForCausalLM", "Weights"}
    weights = [row for row in reader.rows if "weight" in row or "bias" in row][1:]
    assert len(weights) == len(tiny_arrays(MLM))
    assert all("same" in row for row in weights)
    drawings = [ElementTree.fromstring(one) for one in re.findall("<svg.*?</svg>", text)]
    assert len(drawings) == len(titles) - 1


def test_a_page_shows_what_differs(folders, tmp_path, in_this_process):
    page = tmp_path / "page.html"
    assert main(["verify", *folders, "--backend", "pt", "--html", str(page)]) == 1
    reader = Reader(page.read_text("utf-8"))
    (row,) = (row for row in reader.rows if CHANGED in row)
    assert "different" in row
    assert float(row.split()[-1]) == pytest.approx(1e-3, rel=1e-3)
    assert sum("same" in row for row in reader.rows) == len(tiny_arrays(MLM)) - 1


def test_colours_and_places_follow_the_numbers():
    runs = [Run("a<b>", "pt"), Run("a<b>", "tf")]
    agreement = Agreement(runs, "float64", 1e-6, {"embeddings": 1e-9, "logits": 1e-3})
    weights = [
        WeightMatch("one", 0.0, True),
        WeightMatch("two", 1e-9, False),
        WeightMatch("three", float("inf"), False),
    ]
    page = agreement_page({"Task": agreement}, weights)
    marks = re.findall(r'<td>(\w+)</td><td><span class="mark" style="background:(#\w+)"', page)
    assert marks == [("one", SAME), ("two", CLOSE), ("three", APART)]
    assert re.findall(r'<rect [^>]*fill="(#\w+)"', page) == [SAME, APART]
    assert "a<b>" not in page
    assert "a&lt;b&gt;" in page
    # the line of the tolerance is as far from a bar as the powers of ten say
    assert column(1e-3) - column(1e-6) == pytest.approx(column(1e-6) - column(1e-9))
    assert column(0.0) < column(1e-17)
    assert column(float("nan")) == column(float("inf")) == column(1e9)
