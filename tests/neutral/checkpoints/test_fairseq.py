"""fairseq's ``model.pt`` becomes a complete folder: weights, config and tokenizer."""

import argparse
import re
import sys
from collections import OrderedDict
from types import ModuleType

import pytest
import torch
from sentencepiece import SentencePieceProcessor

from camembert_dual.checkpoints.convert import convert
from camembert_dual.checkpoints.folder import open_checkpoint
from camembert_dual.common.errors import CheckpointError
from checkpoint_cases import assert_same, tiny_arrays, tiny_config
from tokenization_models import model_bytes

RULES = (  # published name to fairseq's, from its own modules
    (r"^roberta\.embeddings\.word_embeddings\.weight", "{p}.embed_tokens.weight"),
    (r"^roberta\.embeddings\.position_embeddings\.weight", "{p}.embed_positions.weight"),
    (r"^roberta\.embeddings\.LayerNorm", "{p}.{norm}"),
    (
        r"^roberta\.encoder\.layer\.(\d+)\.attention\.self\.(.)\w+\.",
        r"{p}.layers.\1.self_attn.\2_proj.",
    ),
    (
        r"^roberta\.encoder\.layer\.(\d+)\.attention\.output\.dense",
        r"{p}.layers.\1.self_attn.out_proj",
    ),
    (
        r"^roberta\.encoder\.layer\.(\d+)\.attention\.output\.LayerNorm",
        r"{p}.layers.\1.self_attn_layer_norm",
    ),
    (r"^roberta\.encoder\.layer\.(\d+)\.intermediate\.dense", r"{p}.layers.\1.fc1"),
    (r"^roberta\.encoder\.layer\.(\d+)\.output\.dense", r"{p}.layers.\1.fc2"),
    (r"^roberta\.encoder\.layer\.(\d+)\.output\.LayerNorm", r"{p}.layers.\1.final_layer_norm"),
    (r"^lm_head", "{head}.lm_head"),
)


def fairseq_names(arrays, prefix, norm):
    found = {}
    for name, one in arrays.items():
        if "token_type" in name:
            continue
        for rule, word in RULES:
            word = word.replace("{p}", prefix).replace("{norm}", norm)
            word = word.replace("{head}", prefix.split(".")[0])
            new = re.sub(rule, word, name)
            if new != name:
                found[new] = torch.from_numpy(one)
                break
        else:
            raise AssertionError(name)
    return found


@pytest.fixture(scope="module")
def vocabulary():
    return SentencePieceProcessor(model_proto=model_bytes())


def write(folder, model, processor, *, legacy=False, arguments=None, extra_state=None):
    folder.mkdir(exist_ok=True)
    content = {
        "args": argparse.Namespace(
            arch="roberta_base", encoder_attention_heads=3, activation_fn="gelu", dropout=0.1
        )
        if arguments is None
        else arguments,
        "model": model,
        "optimizer_history": [{"num_updates": 3, "best_loss": 1.5}],
        "last_optimizer_state": {
            "state": {0: {"step": 3, "exp_avg": torch.ones(2, 3)}},
            "param_groups": [{"lr": 1e-4, "betas": (0.9, 0.98), "params": [0]}],
        },
        "extra_state": {"train_iterator": {"epoch": 1}, **(extra_state or {})},
    }
    torch.save(content, folder / "model.pt", _use_new_zipfile_serialization=not legacy)
    pieces = [processor.id_to_piece(n) for n in range(processor.get_piece_size())]
    (folder / "dict.txt").write_text("".join(f"{piece} 1\n" for piece in pieces), "utf-8")
    (folder / "sentencepiece.bpe.model").write_bytes(processor.serialized_model_proto())


@pytest.mark.parametrize("legacy", [True, False])
@pytest.mark.parametrize(
    ("prefix", "norm"),
    [
        ("decoder.sentence_encoder", "emb_layer_norm"),
        ("encoder.sentence_encoder", "layernorm_embedding"),
    ],
)
def test_both_prefixes_give_a_complete_folder(tmp_path, vocabulary, prefix, norm, legacy):
    rows = vocabulary.get_piece_size() + 5
    arrays = tiny_arrays(config=tiny_config(vocab_size=rows))
    arrays["roberta.embeddings.token_type_embeddings.weight"][:] = 0
    model = fairseq_names(arrays, prefix, norm)
    model[f"{prefix.split('.')[0]}.lm_head.weight"] = model[f"{prefix}.embed_tokens.weight"]
    model[f"{prefix}.version"] = torch.tensor([3.0])
    write(tmp_path / "fairseq", model, vocabulary, legacy=legacy)
    convert(tmp_path / "fairseq", tmp_path / "there", "safetensors")
    there = open_checkpoint(tmp_path / "there")
    assert_same(there.arrays, arrays)
    config = there.config
    assert (config.num_attention_heads, config.vocab_size, config.layer_norm_eps) == (3, rows, 1e-5)
    assert (config.pad_token_id, config.bos_token_id, config.eos_token_id) == (1, 5, 6)
    from camembert_dual.tokenization import CamembertTokenizer, CamembertTokenizerFast

    for kind in (CamembertTokenizer, CamembertTokenizerFast):
        tokenizer = kind.from_pretrained(tmp_path / "there")
        assert len(tokenizer) == rows
        assert tokenizer.model_max_length == 38
        ids = tokenizer("bonjour")["input_ids"]
        assert (ids[0], ids[-1]) == (5, 6)


def test_a_joint_projection_is_cut_and_a_classification_head_kept(tmp_path, vocabulary):
    task = "CamembertForSequenceClassification"
    rows = vocabulary.get_piece_size() + 5
    arrays = tiny_arrays(task, tiny_config(task, vocab_size=rows, num_labels=4))
    arrays["roberta.embeddings.token_type_embeddings.weight"][:] = 0
    prefix = "decoder.sentence_encoder"
    head = {n: one for n, one in arrays.items() if n.startswith("classifier")}
    body = {n: one for n, one in arrays.items() if n not in head}
    model = fairseq_names(body, prefix, "emb_layer_norm")
    for layer in range(2):
        for kind in ("weight", "bias"):
            parts = [model.pop(f"{prefix}.layers.{layer}.self_attn.{q}_proj.{kind}") for q in "qkv"]
            model[f"{prefix}.layers.{layer}.self_attn.in_proj_{kind}"] = torch.cat(parts)
    for name, one in head.items():
        new = name.replace("classifier.", "classification_heads.sentence_head.")
        model[new] = torch.from_numpy(one)
    write(tmp_path / "fairseq", model, vocabulary)
    report = convert(tmp_path / "fairseq", tmp_path / "there", "bin")
    assert report["task"] == task
    assert report["source_format"] == "fairseq"
    there = open_checkpoint(tmp_path / "there")
    assert_same(there.arrays, arrays)
    assert there.config.num_labels == 4


@pytest.mark.parametrize("nested", [argparse.Namespace, dict])
def test_the_arguments_of_later_versions_lie_in_cfg(tmp_path, vocabulary, nested):
    arrays = tiny_arrays(config=tiny_config(vocab_size=vocabulary.get_piece_size() + 5))
    model = fairseq_names(arrays, "encoder.sentence_encoder", "layernorm_embedding")
    write(tmp_path, model, vocabulary)
    arguments = nested(
        encoder_attention_heads=4, activation_fn="relu", dropout=0.25, attention_dropout=0.125
    )
    content = {"args": None, "cfg": {"model": arguments, "task": None}, "model": model}
    torch.save(content, tmp_path / "model.pt")
    config = open_checkpoint(tmp_path / "model.pt").config
    assert (config.num_attention_heads, config.hidden_act) == (4, "relu")
    assert (config.hidden_dropout_prob, config.attention_probs_dropout_prob) == (0.25, 0.125)


@pytest.mark.parametrize("legacy", [True, False])
def test_the_statistics_of_a_training_of_2019_are_passed_over(
    tmp_path, monkeypatch, vocabulary, legacy
):
    meters = ModuleType("fairseq.meters")
    for name in ("AverageMeter", "StopwatchMeter", "TimeMeter"):
        setattr(meters, name, type(name, (), {"__module__": meters.__name__}))
    monkeypatch.setitem(sys.modules, "fairseq", ModuleType("fairseq"))
    monkeypatch.setitem(sys.modules, "fairseq.meters", meters)
    statistics = OrderedDict()
    for name in ("AverageMeter", "StopwatchMeter", "TimeMeter"):
        statistics[name] = getattr(meters, name)()
        statistics[name].__dict__ |= {"sum": 2.5, "count": 3, "last": torch.tensor(0.5)}
    arrays = tiny_arrays(config=tiny_config(vocab_size=vocabulary.get_piece_size() + 5))
    arrays["roberta.embeddings.token_type_embeddings.weight"][:] = 0
    model = fairseq_names(arrays, "decoder.sentence_encoder", "emb_layer_norm")
    write(tmp_path, model, vocabulary, legacy=legacy, extra_state={"train_meters": statistics})
    assert_same(open_checkpoint(tmp_path / "model.pt").arrays, arrays)


def test_an_untied_output_matrix_or_another_dictionary_is_refused(tmp_path, vocabulary):
    rows = vocabulary.get_piece_size() + 5
    arrays = tiny_arrays(config=tiny_config(vocab_size=rows))
    prefix = "encoder.sentence_encoder"
    model = fairseq_names(arrays, prefix, "layernorm_embedding")
    model["encoder.lm_head.weight"] = model[f"{prefix}.embed_tokens.weight"] + 1
    write(tmp_path / "fairseq", model, vocabulary)
    with pytest.raises(ValueError, match="different from"):
        convert(tmp_path / "fairseq", tmp_path / "there", "bin")
    del model["encoder.lm_head.weight"]
    write(tmp_path / "fairseq", model, vocabulary)
    lines = (tmp_path / "fairseq" / "dict.txt").read_text("utf-8").split("\n")
    lines[5], lines[6] = lines[6], lines[5]
    (tmp_path / "fairseq" / "dict.txt").write_text("\n".join(lines), "utf-8")
    with pytest.raises(CheckpointError, match="another order at line 6"):
        convert(tmp_path / "fairseq", tmp_path / "there", "bin")
