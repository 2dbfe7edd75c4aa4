"""Tokenizer files that are broken or lie: one error of one line that names the file, at once."""

import copy
import json
import shutil
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from camembert_dual.tokenization import (
    AutoTokenizer,
    CamembertTokenizer,
    CamembertTokenizerFast,
    TokenizerFast,
)
from tokenization_models import write_model

CLASSES = [CamembertTokenizer, CamembertTokenizerFast, AutoTokenizer, TokenizerFast]
MASK_ID = 218
CONFIG, ADDED, MAP, JSON = (
    *("tokenizer_config.json", "added_tokens.json", "special_tokens_map.json"),
    "tokenizer.json",
)


@pytest.fixture(scope="module")
def sound(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sound")
    tokenizer = CamembertTokenizer(write_model(folder))
    tokenizer.add_tokens(["<a>", "<b>"])
    tokenizer.add_special_tokens({"pad_token": "[PAD]", "additional_special_tokens": ["<c>"]})
    tokenizer.save_pretrained(folder)
    (folder / "config.json").write_text(
        json.dumps({"model_type": "camembert", "max_position_embeddings": 66, "pad_token_id": 1})
    )
    return folder


@pytest.fixture
def folder(sound, tmp_path):
    return shutil.copytree(sound, tmp_path / "folder")


def change(folder, name, **values):
    path = folder / name
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def refusal(cls, folder):
    with pytest.raises(ValueError, match=r"must .*; received .*\.$") as caught:
        cls.from_pretrained(folder)
    text = str(caught.value)
    assert text.isprintable()
    assert len(text) < 500 + len(str(folder))
    return text


TOKENS = [5, True, [], {}, {"content": 5}, {"content": "x", "lstrip": "yes"}, {"text": "x"}]
WRONG = [
    *((CONFIG, {"pad_token": token}) for token in TOKENS),
    *((CONFIG, {"additional_special_tokens": token}) for token in (5, True, [5], [None], {"a": 1})),
    *((CONFIG, {"model_max_length": value}) for value in ("512", -1, 0, True, [], {})),
    *((CONFIG, {"padding_side": value}) for value in ("top", 1, None, [])),
    *((CONFIG, {"truncation_side": value}) for value in ("top", False)),
    *((CONFIG, {"model_input_names": value}) for value in ("input_ids", 5, [5], {})),
    *((CONFIG, {"clean_up_tokenization_spaces": value}) for value in ("false", 0, [])),
    *((CONFIG, {"added_tokens_decoder": value}) for value in ("x", 5, [1], {"a": {}}, {"-1": "x"})),
    *((CONFIG, {"added_tokens_decoder": {"300": value}}) for value in (None, 5, [], {}, "", " ")),
    (CONFIG, {"added_tokens_decoder": {str(MASK_ID): "<x>", str(MASK_ID + 1): "<x>"}}),
    (CONFIG, {"added_tokens_decoder": {"0218": "<x>", "218": "<y>"}}),
    (CONFIG, {"pad_token": {"content": "x\x1b[2J\n" * 10_000, "lstrip": "no"}}),
    *((ADDED, {"<x>": index}) for index in (-1, "5", 1.5, True, None, [], {}, 10**30)),
    (ADDED, {"<x>": 300, "<y>": 300}),
    (ADDED, {"": 300}),
    *((MAP, {"pad_token": token}) for token in TOKENS),
    *((JSON, {"added_tokens": value}) for value in (5, "x", {"a": 1}, [5], [{}], [{"id": "5"}])),
    *((JSON, {"added_tokens": [{"id": i, "content": "<x>"}]}) for i in (-1, 1.5, True, None, "6")),
    (JSON, {"added_tokens": [{"id": i, "content": "<x>"} for i in (300, 301)]}),
    (JSON, {"added_tokens": [{"id": 300, "content": text} for text in ("<x>", "<y>")]}),
    *(("config.json", {"max_position_embeddings": v}) for v in ("x", -5, 0, True, 1.5, [], {})),
    ("config.json", {"pad_token_id": "x"}),
]


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize(("name", "values"), WRONG, ids=lambda value: repr(value)[:60])
def test_a_field_of_another_kind_is_refused_with_its_file(folder, cls, name, values):
    if name == MAP:  # read where the config knows no added tokens
        content = json.loads((folder / CONFIG).read_text())
        del content["added_tokens_decoder"]
        (folder / CONFIG).write_text(json.dumps(content))
    change(folder, name, **values)
    assert refusal(cls, folder).startswith(f"{folder / name}: ")


COLLISIONS = {
    "the id of a piece": ({"<x>": 20}, "A piece must have its own id and no other"),
    "a piece elsewhere": ({"▁le": 300}, "A piece must have its own id and no other"),
    "far away": ({"<x>": 10**9}, "An added token must have an id from 0 to"),
}


@pytest.mark.parametrize("cls", CLASSES[:3])
@pytest.mark.parametrize(("added", "message"), COLLISIONS.values(), ids=COLLISIONS)
def test_an_id_that_is_taken_or_far_away_is_refused(tmp_path, cls, added, message):
    write_model(tmp_path)
    (tmp_path / ADDED).write_text(json.dumps(added))
    assert message in refusal(cls, tmp_path)


@pytest.mark.parametrize("cls", CLASSES[:2])
@pytest.mark.parametrize("decoder", [{20: "<x>"}, {-1: "<x>"}, {"5": "<x>"}, {300: 5}, {300: None}])
def test_a_decoder_given_by_hand_is_checked_alike(tmp_path, cls, decoder):
    with pytest.raises((TypeError, ValueError), match=r"must .*; received .*\.$"):
        cls(write_model(tmp_path), added_tokens_decoder=decoder)


VOCABULARIES = {
    "a text": "x",
    "no pairs": [["a"]] * 9,
    "texts as scores": [["<s>NOTUSED", "x"]] * 9,
    "numbers as texts": [[5, 0.0]] * 9,
    "none": [],
    "nothing": None,
    "too large scores": [["<s>NOTUSED", 1e300]] * 9,
}


@pytest.mark.parametrize("cls", CLASSES)
@pytest.mark.parametrize("vocab", VOCABULARIES.values(), ids=VOCABULARIES)
def test_a_wrong_vocabulary_of_a_tokenizer_json_is_refused(folder, cls, vocab):
    (folder / "sentencepiece.bpe.model").unlink()
    model = json.loads((folder / JSON).read_text())["model"]
    change(folder, JSON, model=model | {"vocab": vocab})
    if vocab != VOCABULARIES["too large scores"] or cls in CLASSES[:2]:
        refusal(cls, folder)  # the library itself takes any number
    change(folder, JSON, model=vocab)
    refusal(cls, folder)


NORMALIZERS = [
    {"type": "Precompiled", "precompiled_charsmap": "AAAA"},  # the library panics
    {"type": "Precompiled", "precompiled_charsmap": "not base64!"},
    {"type": "Precompiled", "precompiled_charsmap": 5},
    {"type": "Replace", "pattern": {"Regex": "(("}, "content": ""},
    {"type": "Nonsense"},
    {"type": "Sequence", "normalizers": 5},
]


@pytest.mark.parametrize("normalizer", NORMALIZERS, ids=lambda value: repr(value)[:60])
def test_what_the_library_raises_or_panics_at_is_one_error(folder, normalizer):
    change(folder, JSON, normalizer=normalizer)
    text = refusal(TokenizerFast, folder)
    assert text.startswith(f"{folder / JSON}: ")
    assert "one that the tokenizers library takes" in text


@pytest.mark.parametrize("depth", [600, 3000, 100_000])
def test_deep_nesting_is_read_or_refused(folder, depth):
    (folder / "sentencepiece.bpe.model").unlink()
    inner = '{"type": "Sequence", "normalizers": [' * depth + "]}" * depth
    content = json.loads((folder / JSON).read_text())
    text = json.dumps(content | {"normalizer": "DEEP"}).replace('"DEEP"', inner)
    (folder / JSON).write_text(text)
    for cls in CLASSES:
        text = "must"
        try:
            cls.from_pretrained(folder)
        except ValueError as error:
            text = str(error)
        assert "must" in text


values = st.sampled_from(
    (
        *(None, True, False, 0, 1, -1, 5, 218, 10**9, 10**25, 0.5, -0.0, 1e300, float("nan")),
        *("", "x", "</s>", "<mask>", "▁le", "\x1b[2J", "a\nb", "\ud800", "left"),
        *([], [5], ["x"], {}, {"content": "x"}, {"x": 5}, [["x", 0.5]], [[]], {"5": "y"}),
    )
)


def places(value, path=()):
    """Every place inside a JSON value; of long lists and tables the first and the last few."""
    yield path
    keys = list(value) if isinstance(value, dict) else []
    keys = list(range(len(value))) if isinstance(value, list) else keys
    for key in keys[:9] + keys[-4:] if len(keys) > 13 else keys:
        yield from places(value[key], (*path, key))


def damaged(content, path, value):
    if not path:
        return value
    content = copy.copy(content)
    content[path[0]] = damaged(content[path[0]], path[1:], value)
    return content


@pytest.mark.parametrize("alone", [True, False], ids=["json alone", "all files"])
@settings(max_examples=250, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(data=st.data())
def test_whatever_a_file_says_is_read_or_refused(sound, tmp_path_factory, alone, data):
    folder = shutil.copytree(sound, tmp_path_factory.mktemp("damaged") / "folder")
    if alone:
        (folder / "sentencepiece.bpe.model").unlink()
    name = data.draw(st.sampled_from((CONFIG, ADDED, MAP, JSON, JSON, "config.json")))
    content = json.loads((folder / name).read_text())
    path = data.draw(st.sampled_from(list(places(content))))
    value = data.draw(values)
    (folder / name).write_text(json.dumps(damaged(content, path, value)))
    for cls in CLASSES:
        text = ""
        try:
            tokenizer = cls.from_pretrained(folder)
            encoded = tokenizer(["le <a> chat<mask> 漢", "</s>"], truncation=True)
            tokenizer.batch_decode(encoded.input_ids, skip_special_tokens=True)
        except (TypeError, ValueError) as error:
            text = str(error)
        assert "\n" not in text
        assert len(text) < 500 + len(str(folder))


COUNT = 200_000
BUSY = 8  # seconds, for what takes less than two on a quiet machine, and minutes if it is quadratic
MANY = {f"<tok{i}>": MASK_ID + 5 + i for i in range(COUNT)}


def write_many(folder, name):
    """One of the files that can name them; every second token is special."""
    if name == ADDED:
        change(folder, ADDED, **MANY)
        return
    flags = dict.fromkeys(("lstrip", "normalized", "rstrip", "single_word"), False)
    even = MANY["<tok77>"] % 2
    tokens = {i: {"content": text, "special": i % 2 == even, **flags} for text, i in MANY.items()}
    content = json.loads((folder / name).read_text())
    if name == CONFIG:
        content["added_tokens_decoder"] |= tokens
    else:
        content["added_tokens"] += [{"id": i, **token} for i, token in tokens.items()]
    (folder / name).write_text(json.dumps(content))


@pytest.mark.parametrize(
    ("name", "cls"),
    [
        (ADDED, CamembertTokenizer),
        (CONFIG, CamembertTokenizerFast),
        (JSON, AutoTokenizer),
        (CONFIG, TokenizerFast),
        (JSON, TokenizerFast),
    ],
)
def test_two_hundred_thousand_added_tokens_are_quick_to_load(folder, cls, name):
    write_many(folder, name)
    start = time.thread_time()
    tokenizer = cls.from_pretrained(folder)
    ids = tokenizer("le <tok199999> chat<tok7><tok77>").input_ids
    text = tokenizer.decode(ids, skip_special_tokens=True)
    took = time.thread_time() - start
    assert {MANY["<tok199999>"], MANY["<tok7>"], MANY["<tok77>"]} < set(ids)
    assert ("<tok77>" in text) is (name == ADDED)  # which does not say that they are special
    assert len(tokenizer) == MASK_ID + 5 + COUNT
    assert took < BUSY


@pytest.mark.parametrize("special", [False, True])
def test_two_hundred_thousand_tokens_are_quick_to_add(sound, special):
    fresh = CamembertTokenizer(sound / "sentencepiece.bpe.model")
    start = time.thread_time()
    assert fresh.add_tokens(list(MANY), special_tokens=special) == COUNT
    assert fresh("<tok77>le").input_ids[1] == MASK_ID + 78
    assert time.thread_time() - start < BUSY
