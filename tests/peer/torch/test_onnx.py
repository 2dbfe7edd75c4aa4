"""ONNX files in onnxruntime: every head, every length, a decoder's cache, weights of eight bits."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import onnxruntime
import pytest
import torch

import cases
import tree_pt as tree
from camembert_dual import AutoTokenizer, CamembertConfig, CamembertForMaskedLM
from camembert_dual.cli import main
from camembert_dual.pt import export_onnx

NAME = "camembert-tiny-fr"
SIZES = ((2, 5), (3, 9), (1, 1), (1, 17))  # rows and tokens
CACHE = ("past_key_values.", "present.")
TEXTS = (
    "Paris est la <mask> de la France.",
    "Il ouvrit la <mask> et entra dans la chambre.",
    "Le roi mourut dans son <mask>.",
    "Elle avait les yeux <mask> de larmes.",
    "Je ne sais pas ce que vous <mask> dire.",
)


def session(folder, name="model.onnx"):
    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    return onnxruntime.InferenceSession(folder / name, options)


def run(graph, inputs):
    """The answers of a graph by name; what it has no input for is left out."""
    known = {one.name: one for one in graph.get_inputs()}
    feed = {name: value.numpy() for name, value in inputs.items() if name in known}
    for name in known.keys() - feed.keys():  # an empty cache
        _, heads, _, size = known[name].shape
        feed[name] = np.zeros((len(feed["input_ids"]), heads, 0, size), np.float32)
    names = [one.name for one in graph.get_outputs()]
    return dict(zip(names, graph.run(None, feed), strict=True))


def batch(task, rows, length):
    random = cases.generator("onnx", rows, length)
    shape = (rows, 3, length) if task == cases.CHOICE else (rows, length)
    mask = np.ones(shape, np.int64)
    mask[0, ..., length // 2 + 1 :] = 0
    inputs = {"input_ids": random.integers(6, 101, shape), "attention_mask": mask}
    inputs["token_type_ids"] = random.integers(0, 2, shape)
    return {name: torch.tensor(value) for name, value in inputs.items()}


@pytest.mark.parametrize("task", cases.TASKS)
def test_a_head_answers_what_pytorch_answers_for_every_size(task, tmp_path):
    config = cases.config()
    model = tree.new(task, config, cases.weights(config, task), "float32")
    export_onnx(model, tmp_path)
    graph = session(tmp_path)
    open_axes = {axis for one in graph.get_inputs() for axis in one.shape}
    assert open_axes - {"num_choices"} == {"batch_size", "sequence_length"}
    for rows, length in SIZES:
        inputs = batch(task, rows, length)
        with torch.no_grad():
            expected = model(**inputs, return_dict=True)
        found = run(graph, inputs)
        assert list(found) == list(expected)
        for name, value in expected.items():
            np.testing.assert_allclose(found[name], value.numpy(), rtol=0, atol=1e-5)


@pytest.mark.parametrize("config", ["decoder", "decoder, relative_key", "decoder, pad 5"])
def test_a_decoder_goes_on_from_its_cache(config, tmp_path):
    settings = cases.config(config, eos_token_id=None)
    model = tree.new(cases.CAUSAL, settings, cases.weights(settings, cases.CAUSAL), "float32")
    export_onnx(model, tmp_path)
    graph = session(tmp_path)
    pad = settings.pad_token_id
    tokens = torch.tensor([[9, 33, 71, 12], [pad, pad, 44, 7]])
    expected = model.generate(tokens, max_new_tokens=6)
    mask = (tokens != pad).long()
    inputs = {"input_ids": tokens, "attention_mask": mask}
    for _ in range(6):
        inputs["token_type_ids"] = torch.zeros_like(inputs["input_ids"])
        answers = run(graph, inputs)
        new = torch.tensor(answers["logits"][:, -1]).argmax(dim=-1, keepdim=True)
        tokens = torch.cat([tokens, new], dim=1)
        mask = torch.cat([mask, torch.ones_like(new)], dim=1)
        past = {
            name.replace(CACHE[1], CACHE[0]): torch.tensor(value)
            for name, value in answers.items()
            if name.startswith(CACHE[1])
        }
        assert all(value.shape[2] == tokens.shape[1] - 1 for value in past.values())
        inputs = {"input_ids": new, "attention_mask": mask, **past}
    assert torch.equal(tokens, expected)


def test_pruned_heads_and_an_untied_decoder_are_exported_as_they_are(tmp_path):
    settings = cases.config("pruned", tie_word_embeddings=False)
    model = tree.new(cases.MASKED, settings, cases.weights(settings, cases.MASKED), "float32")
    export_onnx(model, tmp_path)
    inputs = batch(cases.MASKED, 2, 7)
    found = run(session(tmp_path), inputs)["logits"]
    np.testing.assert_allclose(found, model(**inputs).logits.detach(), rtol=0, atol=1e-5)


def test_the_command_writes_a_folder_with_config_and_tokenizer(tmp_path, capsys):
    assert main(["export", NAME, str(tmp_path), "--to", "onnx"]) == 0
    assert f"(CamembertForMaskedLM) -> {tmp_path}" in capsys.readouterr().out
    names = {one.name for one in tmp_path.iterdir()}
    assert {"model.onnx", "config.json", "tokenizer.json", "sentencepiece.bpe.model"} <= names
    assert "model.safetensors" not in names
    config = CamembertConfig.from_pretrained(tmp_path)
    assert config.architectures == ["CamembertForMaskedLM"]
    tokenizer = AutoTokenizer.from_pretrained(tmp_path)
    inputs = tokenizer(list(TEXTS), padding=True, return_tensors="pt")
    expected = CamembertForMaskedLM.from_pretrained(NAME)(**inputs).logits.detach().numpy()
    found = run(session(tmp_path), inputs)["logits"]
    real = inputs["attention_mask"].numpy() == 1
    np.testing.assert_allclose(found[real], expected[real], rtol=1e-5, atol=1e-4)


def test_weights_of_eight_bits_are_smaller_and_answer_nearly_the_same(tmp_path):
    assert main(["export", NAME, str(tmp_path / "whole"), "--to", "onnx"]) == 0
    assert main(["export", NAME, str(tmp_path / "int8"), "--to", "onnx", "--int8"]) == 0
    small = tmp_path / "int8" / "model_quantized.onnx"
    assert not (tmp_path / "int8" / "model.onnx").exists()
    assert small.stat().st_size < 0.5 * (tmp_path / "whole" / "model.onnx").stat().st_size
    tokenizer = AutoTokenizer.from_pretrained(NAME)
    inputs = tokenizer(list(TEXTS), padding=True, return_tensors="pt")
    masks = (inputs["input_ids"] == tokenizer.mask_token_id).numpy()
    answers = [
        run(session(folder, name), inputs)["logits"][masks]
        for folder, name in ((tmp_path / "whole", "model.onnx"), (small.parent, small.name))
    ]
    best = [one.argmax(axis=-1) for one in answers]
    assert (best[0] == best[1]).mean() >= 0.8


def test_what_cannot_be_exported_is_refused(tmp_path):
    config = cases.config("crossed")
    model = tree.new(cases.CAUSAL, config, cases.weights(config, cases.CAUSAL), "float32")
    with pytest.raises(ValueError, match=r"must attend to itself alone .* to be exported to ONNX"):
        export_onnx(model, tmp_path)
    config = cases.config()
    model = tree.new(cases.TOKEN, config, cases.weights(config, cases.TOKEN), "float64")
    with pytest.raises(ValueError, match=r"must be on the CPU, in float32 or float16"):
        export_onnx(model, tmp_path)
    assert not list(tmp_path.iterdir())


def test_the_example_answers_from_both_files():
    path = Path(__file__).parents[3] / "examples" / "pt" / "export_and_serve.py"
    words = [sys.executable, "-W", "ignore", str(path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
    lines = [line for line in done.stdout.splitlines() if " MB): " in line]
    sizes = [float(line.partition("(")[2].partition(" ")[0]) for line in lines]
    assert sizes[1] < sizes[0] / 3
    proposals = [
        [one.rpartition(" ")[0] for one in line.partition("): ")[2].split(", ")] for line in lines
    ]
    assert len(proposals[0]) == 5
    assert len({*proposals[0]} & {*proposals[1]}) >= 3  # eight bits move few of them
