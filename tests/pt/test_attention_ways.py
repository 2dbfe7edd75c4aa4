"""The ways to attend: each equals the plain one on every call of the matrix."""

import sys
from pathlib import Path
from typing import NamedTuple

import pytest
import torch

import cases
import reference
import tree_pt as tree
from camembert_dual import AutoModel, CamembertConfig
from camembert_dual.pt import attention_kernels, flash_attention

STAND_INS = Path(__file__).parents[1] / "support" / "stand_ins"
pytestmark = pytest.mark.filterwarnings("ignore:flex_attention called without torch.compile")
WAYS = (None, "eager", "sdpa", "flex_attention", "flash_attention_2")
IDS = torch.tensor([[5, 9, 33, 7], [8, 71, 12, 1]])
MASK = (IDS != 1).long()


@pytest.fixture
def flash(monkeypatch):
    """A package ``flash_attn`` without its kernels, which also takes float64 and the CPU."""
    monkeypatch.syspath_prepend(STAND_INS)
    monkeypatch.setattr(attention_kernels, "check_states", lambda states: None)
    yield
    sys.modules.pop("flash_attn", None)


def model_with(way: str | None, task: str = cases.BARE, config: str = "plain", **overrides):
    settings = cases.config(config, attn_implementation=way, **overrides)
    return tree.new(task, settings, cases.weights(settings, task))


@pytest.mark.usefixtures("flash")
@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(("task", "case"), cases.CALLS, ids=cases.call_name)
def test_every_way_gives_what_the_plain_one_gives(task, case, way):
    plain = tree.outcome(task, case)  # which equals the oracle, see tests/both/test_model.py
    model = model_with(way, task, case.config)
    found = tree.run(model, cases.inputs(task, case), return_dict=True)
    expected = {name: plain[name] for name in found}
    assert reference.first_difference(expected, found, 1e-10) is None


@pytest.mark.usefixtures("flash")
@pytest.mark.parametrize("way", ["eager", "sdpa", "flash_attention_2"])
def test_the_gradients_are_the_same(way):
    losses, gradients = [], []
    for one in ("eager", way):
        model = model_with(one, cases.TOKEN)
        loss = model(IDS, MASK, labels=IDS % 5).loss
        loss.backward()
        losses.append(loss.detach())
        gradients.append([weight.grad for weight in model.parameters()])
    torch.testing.assert_close(losses[1], losses[0], rtol=0, atol=1e-12)
    for found, expected in zip(*gradients, strict=True):
        torch.testing.assert_close(found, expected, rtol=0, atol=1e-10)


def kernels_used(model, monkeypatch) -> list[str]:
    """The kernels that a call runs, by name, once for each layer."""
    used = []

    def watched(name, kernel):
        def run(*args):
            used.append(name)
            return kernel(*args)

        return run

    with monkeypatch.context() as patch, torch.no_grad():
        for name, kernel in attention_kernels.KERNELS.items():
            patch.setitem(attention_kernels.KERNELS, name, watched(name, kernel))
        model(IDS, MASK)
    return used


@pytest.mark.usefixtures("flash")
@pytest.mark.parametrize(
    ("way", "used"),
    [(None, ["sdpa"]), ("eager", []), *((way, [way]) for way in WAYS[2:])],
)
def test_a_live_model_attends_as_it_was_told_last(way, used, monkeypatch):
    model = model_with("eager")
    model.set_attn_implementation(way)
    assert kernels_used(model, monkeypatch) == used * 2
    assert model.config.attn_implementation == way


def test_a_loaded_model_attends_as_the_call_or_the_config_says(tmp_path, monkeypatch):
    model_with(None).save_pretrained(tmp_path)
    loaded = AutoModel.from_pretrained(tmp_path, attn_implementation="eager")
    assert kernels_used(loaded, monkeypatch) == []
    config = CamembertConfig.from_pretrained(tmp_path, attn_implementation="eager")
    loaded = AutoModel.from_pretrained(tmp_path, config=config)
    assert kernels_used(loaded, monkeypatch) == []
    loaded.save_pretrained(tmp_path / "again")
    assert "attn_implementation" not in (tmp_path / "again" / "config.json").read_text()
    assert AutoModel.from_pretrained(tmp_path / "again").config.attn_implementation is None


@pytest.mark.parametrize("way", ["flash_attention_3", "fast", 1])
def test_another_way_is_refused_and_the_model_keeps_its_own(way):
    model = model_with("eager")
    rule = r"attn_implementation must be one of None, eager, sdpa, flex_attention, .*; received"
    with pytest.raises(ValueError, match=rule):
        model.set_attn_implementation(way)
    with pytest.raises(ValueError, match=rule):
        cases.config(attn_implementation=way)
    assert model.config.attn_implementation == "eager"


def test_what_flex_attention_cannot_do_is_refused():
    model = model_with("flex_attention", attention_probs_dropout_prob=0.0)
    with pytest.raises(ValueError, match=r"must be used under torch.no_grad\(\) on a CPU"):
        model(IDS)
    model.config.attention_probs_dropout_prob = 0.5
    for layer in model.encoder.layer:
        layer.attention.self.dropout.p = 0.5
    with torch.no_grad(), pytest.raises(ValueError, match=r"without dropout .*; received 0.5"):
        model.train()(IDS)


@pytest.mark.usefixtures("flash")
def test_flash_attention_is_handed_the_keys_that_are_kept_and_the_dropout(monkeypatch):
    import flash_attn

    calls = []
    kernel = flash_attn.flash_attn_varlen_func

    def watched(q, k, v, **options):
        calls.append((q.shape, k.shape, options))
        return kernel(q, k, v, **options)

    monkeypatch.setattr(flash_attn, "flash_attn_varlen_func", watched)
    model = model_with("flash_attention_2", attention_probs_dropout_prob=0.25).train()
    model(IDS, MASK)
    heads = (3, 8)
    queries, keys, options = calls[0]
    assert (queries, keys) == ((8, *heads), (int(MASK.sum()), *heads))
    assert options["cu_seqlens_q"].tolist() == [0, 4, 8]
    assert options["cu_seqlens_k"].tolist() == [0, 4, 7]
    assert options["dropout_p"] == 0.25
    model.eval()(IDS, MASK)
    assert calls[-1][2]["dropout_p"] == 0.0


def test_flash_attention_is_refused_without_its_package_and_where_its_kernels_do_not_run(
    monkeypatch,
):
    model = model_with("eager")
    rule = r"must have the package flash_attn; received none\."
    with pytest.raises(ValueError, match=rule):
        model.set_attn_implementation("flash_attention_2")
    assert model.config.attn_implementation == "eager"
    with pytest.raises(ValueError, match=rule):
        model_with("flash_attention_2")(IDS)
    monkeypatch.syspath_prepend(STAND_INS)
    model.set_attn_implementation("flash_attention_2")
    rule = r"in float16 or bfloat16 on a GPU \(sdpa serves the rest\); received float64 on cpu\."
    with pytest.raises(ValueError, match=rule):
        model(IDS)
    for dtype in (torch.float16, torch.bfloat16):
        flash_attention.check_states(Elsewhere(dtype))
    with pytest.raises(ValueError, match=r"received float32 on cuda\."):
        flash_attention.check_states(Elsewhere(torch.float32))


class Elsewhere(NamedTuple):
    """What is asked of a tensor on a GPU."""

    dtype: torch.dtype
    is_cuda: bool = True
    device: torch.device = torch.device("cuda")
