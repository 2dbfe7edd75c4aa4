"""``inspect``: what is there, and a remedy for everything known to go wrong."""

import json

import pytest
from sentencepiece import SentencePieceProcessor

from camembert_dual.checkpoints.folder import write_weights
from camembert_dual.cli import main
from camembert_dual.tokenization import CamembertTokenizerFast
from checkpoint_cases import tiny_arrays, tiny_config, tiny_folder
from tokenization_models import model_bytes

TOKENS = SentencePieceProcessor(model_proto=model_bytes()).get_piece_size() + 5


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "spm").write_bytes(model_bytes())
    tokenizer = CamembertTokenizerFast(tmp_path / "spm", model_max_length=38)
    config = tiny_config(vocab_size=len(tokenizer))
    tiny_folder(tmp_path / "sound", config=config)
    tokenizer.save_pretrained(tmp_path / "sound")
    return tmp_path / "sound"


def change(path, **values):
    content = json.loads(path.read_text("utf-8"))
    for name, value in values.items():
        if value is None:
            content.pop(name)
        else:
            content[name] = value
    path.write_text(json.dumps(content), "utf-8")


def inspected(folder, capsys):
    status = main(["inspect", str(folder)])
    return status, capsys.readouterr().out


def test_a_sound_folder_has_no_problems(folder, capsys):
    status, out = inspected(folder, capsys)
    assert (status, "no problems found" in out) == (0, True)
    assert "camembert" in out
    assert "task      CamembertForMaskedLM" in out
    total = sum(one.size for one in tiny_arrays(config=tiny_config(vocab_size=TOKENS)).values())
    assert f"weights   {total:,} in 42 arrays" in out
    assert "float32 (42)" in out
    assert "model.safetensors" in out


@pytest.mark.parametrize(
    ("file", "values", "problem", "remedy"),
    [
        ("config.json", {"pad_token_id": 0}, "pad_token_id is 0", '"pad_token_id": 1'),
        ("config.json", {"bos_token_id": 0}, "bos_token_id is 0", '"bos_token_id": 5'),
        ("config.json", {"eos_token_id": 2}, "eos_token_id is 2", '"eos_token_id": 6'),
        ("config.json", {"tie_word_embeddings": None}, "no decoder", '"tie_word_embeddings": true'),
        ("config.json", {"layer_norm_eps": 1e-12}, "layer_norm_eps is 1e-12", "1e-05"),
        (
            "config.json",
            {"vocab_size": 999},
            f"the embeddings have {TOKENS} rows",
            f'"vocab_size": {TOKENS}',
        ),
        ("config.json", {"model_type": None}, "no model_type", '"model_type": "camembert"'),
        (
            "config.json",
            {"model_type": "deberta-v2"},
            "another network",
            "a package for deberta-v2",
        ),
        ("tokenizer_config.json", {"model_max_length": 1e30}, "model_max_length is 1e+30", "38"),
        ("tokenizer_config.json", {"model_max_length": None}, "model_max_length is None", "38"),
    ],
)
def test_each_problem_has_its_remedy(folder, capsys, file, values, problem, remedy):
    change(folder / file, **values)
    status, out = inspected(folder, capsys)
    assert status == 1
    assert problem in out
    assert remedy in out


def test_files_of_a_tokenizer_that_contradict_each_other_are_told(folder, capsys):
    change(folder / "special_tokens_map.json", pad_token="</s>")
    change(folder / "added_tokens.json", **{"<mask>": TOKENS, "<new>": TOKENS + 1})
    status, out = inspected(folder, capsys)
    assert status == 1
    said = "pad_token is '<pad>' in tokenizer_config.json and '</s>' in special_tokens_map.json"
    assert said in out
    mask = f"the id of '<mask>' is {TOKENS - 1} in tokenizer.json and {TOKENS} in added_tokens.json"
    assert mask in out
    assert "tokenizer.save_pretrained" in out


def test_another_order_of_the_first_pieces_is_found(folder, capsys):
    content = json.loads((folder / "tokenizer.json").read_text("utf-8"))
    vocabulary = content["model"]["vocab"]
    vocabulary[3], vocabulary[4] = vocabulary[4], vocabulary[3]
    content["model"]["unk_id"] = 4
    (folder / "tokenizer.json").write_text(json.dumps(content), "utf-8")
    status, out = inspected(folder, capsys)
    assert status == 1
    assert "</s>NOTUSED, <unk>NOTUSED, <unk>, <s>, </s> and unk_id 4" in out
    assert "delete tokenizer.json" in out


@pytest.mark.parametrize(
    ("numbers", "problems"),
    [
        ({"3": "<unk>", "4": "<unk>NOTUSED"}, 0),
        ({"4": "<unk>"}, 1),
        ({"4": "<unk>", str(TOKENS): "<unk>NOTUSED"}, 2),
    ],
)
def test_the_published_layouts_of_unk_are_told_apart(folder, capsys, numbers, problems):
    added = {number: {"content": text, "special": True} for number, text in numbers.items()}
    change(folder / "tokenizer_config.json", added_tokens_decoder=added)
    status, out = inspected(folder, capsys)
    assert out.count("gives <unk>") == problems
    assert ('"3" for <unk> in its added_tokens_decoder' in out) == (problems > 0)
    assert status == (problems > 0)


def test_another_layout_is_no_problem_in_another_family(folder, capsys):
    change(folder / "config.json", model_type="xlm-roberta")
    added = {"0": {"content": "<s>"}, "2": {"content": "</s>"}}
    change(folder / "tokenizer_config.json", added_tokens_decoder=added)
    assert "gives <s>" not in inspected(folder, capsys)[1]


def test_a_tokenizer_larger_than_the_embeddings_and_none_at_all_are_found(folder, capsys):
    tiny_folder(folder)
    assert (
        f"the tokenizer has {TOKENS} tokens, the embeddings 101 rows"
        in inspected(folder, capsys)[1]
    )
    for name in ("tokenizer.json", "sentencepiece.bpe.model"):
        (folder / name).unlink()
    assert "there is no tokenizer" in inspected(folder, capsys)[1]


def test_the_weights_of_another_family_are_named(folder, capsys):
    arrays = tiny_arrays(config=tiny_config(vocab_size=TOKENS))
    renamed = {name.replace("roberta.", "deberta."): one for name, one in arrays.items()}
    write_weights(folder, renamed, "safetensors")
    status, out = inspected(folder, capsys)
    assert status == 1
    assert "DeBERTa" in out


@pytest.mark.parametrize(
    ("name", "content", "problem"),
    [
        ("model.safetensors", "version https://git-lfs.github.com/spec/v1\n", "Git LFS pointer"),
        ("config.json", "{", "config.json: a JSON file must be JSON in UTF-8"),
        ("tokenizer.json", "{", "the tokenizer cannot be read"),
        ("tokenizer_config.json", "[]", "the tokenizer cannot be read"),
    ],
)
def test_a_broken_file_is_a_problem_and_not_a_crash(folder, capsys, name, content, problem):
    (folder / name).write_text(content)
    status, out = inspected(folder, capsys)
    assert status == 1
    assert problem in out
    assert "remedy" in out
