"""Special tokens and ids: what a user or a file says is what is encoded, saved and loaded."""

import json
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from tokenizers import AddedToken

from camembert_dual.tokenization import (
    AutoTokenizer,
    CamembertTokenizer,
    CamembertTokenizerFast,
    TokenizerFast,
)
from camembert_dual.tokenization.added_tokens import ROLES
from camembert_dual.tokenization.contradictions import contradictions
from tokenization_models import SENTENCES, write_model

CAMEMBERT = [CamembertTokenizer, CamembertTokenizerFast]
TEXTS = [
    "le [PAD] chat [MASK]dort 漢[UNK] <e1>le </s><pad>",
    "la <mask> mer▁le fromagerie [CLS][SEP] <unk>",
    "a  lead a b.étü trail  <x><s>NOTUSED<unk>NOTUSED\u00a0x la.le",
    *SENTENCES[:3],
]
PIECES = 214  # of the model of these tests, so <mask> is 218
MASK_ID = PIECES + 4


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = tmp_path_factory.mktemp("model")
    CamembertTokenizer(write_model(path)).save_pretrained(path)
    return path


def make(cls, folder):
    """A tokenizer of a class; the generic one serves CamemBERT's own ``tokenizer.json``."""
    return cls.from_pretrained(folder)


@pytest.fixture(params=[*CAMEMBERT, TokenizerFast], ids=lambda cls: cls.__name__)
def tokenizer(request, folder):
    return make(request.param, folder)


def state(tokenizer):
    """All that must be the same after saving and loading."""
    encoded = tokenizer(TEXTS, padding=bool(tokenizer.pad_token), return_special_tokens_mask=True)
    rows = encoded.input_ids
    return {
        "ids": rows,
        "mask": encoded.special_tokens_mask,
        "attention": encoded.attention_mask,
        "vocab": tokenizer.get_vocab(),
        "size": len(tokenizer),
        "roles": {role: getattr(tokenizer, role) for role in ROLES},
        "role ids": {role: getattr(tokenizer, f"{role}_id") for role in ROLES},
        "additional": tokenizer.additional_special_tokens,
        "plain": [tokenizer.decode(row, skip_special_tokens=True) for row in rows],
        "text": [tokenizer.decode(row) for row in rows],
    }


def reload(tokenizer, path, kinds=(CamembertTokenizer, CamembertTokenizerFast, AutoTokenizer)):
    """Loaded again by every class that reads the files."""
    tokenizer.save_pretrained(path)
    if type(tokenizer) is TokenizerFast:
        return [TokenizerFast.from_pretrained(path)]
    return [cls.from_pretrained(path) for cls in kinds]


CHANGES = {
    "a piece pads": {"pad_token": "</s>"},
    "a new token pads": {"pad_token": "[PAD]"},
    "unknown text pads": {"pad_token": "<unk>"},
    "an unused row pads": {"pad_token": "<s>NOTUSED"},
    "an ordinary piece pads": {"pad_token": "le"},
    "a new mask": {"mask_token": "[MASK]"},
    "a mask that strips": {"mask_token": AddedToken("[MASK]", lstrip=True, rstrip=True)},
    "a piece masks": {"mask_token": "</s>"},
    "a new unknown": {"unk_token": "[UNK]"},
    "a new first and last": {"cls_token": "[CLS]", "sep_token": "[SEP]"},
    "BERT's": {
        **{"cls_token": "[CLS]", "sep_token": "[SEP]", "pad_token": "[PAD]"},
        **{"mask_token": "[MASK]", "unk_token": "[UNK]"},
    },
    "roles exchanged": {"bos_token": "</s>", "eos_token": "<s>", "sep_token": "<pad>"},
    "more": {"additional_special_tokens": ["<e1>", AddedToken("▁le", single_word=True)]},
    "one string is one token": {"additional_special_tokens": "<e1>"},
}


@pytest.mark.parametrize("how", ["add_special_tokens", "attribute", "id"])
@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_a_changed_role_keeps_its_id_through_save_and_load(tokenizer, tmp_path, change, how):
    if how == "add_special_tokens":
        tokenizer.add_special_tokens(change)
    for role, token in change.items():
        if how == "attribute":
            setattr(tokenizer, role, token)
        elif how == "id" and role in ROLES:
            tokenizer.add_tokens(token)
            setattr(tokenizer, f"{role}_id", tokenizer.convert_tokens_to_ids(str(token)))
    expected = state(tokenizer)
    for role, token in change.items():
        if role in ROLES:
            assert getattr(tokenizer, role) == str(token)
            assert tokenizer.convert_ids_to_tokens(getattr(tokenizer, f"{role}_id")) == str(token)
    for again in reload(tokenizer, tmp_path):
        assert state(again) == expected


@pytest.mark.parametrize("cls", CAMEMBERT)
def test_ids_of_changed_roles_are_those_that_were_asked_for(folder, cls):
    tokenizer = make(cls, folder)
    assert len(tokenizer) == MASK_ID + 1
    tokenizer.add_special_tokens({"pad_token": "</s>", "mask_token": "[MASK]"})
    assert (tokenizer.pad_token_id, tokenizer.mask_token_id) == (6, MASK_ID + 1)
    assert tokenizer(["le", "le chat dort"], padding=True).input_ids[0][-1] == 6
    tokenizer.unk_token = "[UNK]"
    assert tokenizer("漢", add_special_tokens=False).input_ids[-1] == MASK_ID + 2
    assert tokenizer("<mask><unk>", add_special_tokens=False).input_ids == [MASK_ID, 3]
    tokenizer.cls_token_id = 6
    assert tokenizer("le").input_ids[0] == 6


@pytest.mark.parametrize("cls", CAMEMBERT)
def test_roles_given_to_a_new_tokenizer_take_the_usual_places(tmp_path, cls):
    path = write_model(tmp_path)
    tokenizer = cls(path, pad_token="[PAD]", unk_token="[UNK]", mask_token="[MASK]")
    assert tokenizer.convert_ids_to_tokens([1, 3, MASK_ID]) == ["[PAD]", "[UNK]", "[MASK]"]
    assert len(tokenizer) == MASK_ID + 1
    assert tokenizer("le [MASK]").input_ids == cls(path)("le <mask>").input_ids
    piece = cls(path, pad_token="</s>", unk_token="<s>")
    assert (piece.pad_token_id, piece.unk_token_id) == (6, 5)
    assert piece.convert_ids_to_tokens([1, 3]) == ["<pad>", "<unk>"]
    for one in (tokenizer, piece):
        for again in reload(one, tmp_path / "saved"):
            assert state(again) == state(one)


def test_an_empty_role_stays_empty(tokenizer, tmp_path):
    tokenizer.mask_token = None
    tokenizer.bos_token_id = None
    tokenizer.additional_special_tokens = []
    for again in reload(tokenizer, tmp_path):
        assert (again.mask_token, again.mask_token_id, again.bos_token) == (None, None, None)
        assert again.additional_special_tokens == []
        assert state(again) == state(tokenizer)


def test_special_tokens_are_skipped_and_marked_after_a_reload_too(tokenizer, tmp_path):
    assert tokenizer.add_tokens("<a>", special_tokens=True) == 1
    assert tokenizer.add_tokens([AddedToken("<b>", special=True), "<c>"]) == 2
    assert tokenizer.add_tokens("<c>", special_tokens=True) == 0  # from now on it is special
    assert tokenizer.add_tokens(AddedToken("<a>", special=False)) == 0  # but not the other way
    tokenizer.add_tokens("<plain>")
    for one in (tokenizer, *reload(tokenizer, tmp_path)):
        encoded = one("<a> le<b>la <c><plain>", return_special_tokens_mask=True)
        ids = encoded.input_ids
        special = {*one.convert_tokens_to_ids(["<a>", "<b>", "<c>"]), 5, 6}
        expected = [int(index in special) for index in ids]
        assert sum(expected) == 5
        assert encoded.special_tokens_mask == expected
        assert one.get_special_tokens_mask(ids, None, True) == expected
        text = one.decode(ids, skip_special_tokens=True)
        assert "<plain>" in text
        assert not {"<a>", "<b>", "<c>"} & {text[i : i + 3] for i in range(len(text))}
        assert "<b>" not in one.convert_ids_to_tokens(ids, skip_special_tokens=True)


BLANKS = ["", [""], [" ", "\t\n", "\u00a0"], [AddedToken(""), AddedToken("  ")], [], ()]


@pytest.mark.parametrize("tokens", BLANKS, ids=repr)
def test_empty_and_blank_tokens_are_passed_over(tokenizer, tokens):
    before = state(tokenizer)
    assert tokenizer.add_tokens(tokens) == tokenizer.add_tokens(tokens, special_tokens=True) == 0
    more = {"additional_special_tokens": tokens}
    assert tokenizer.add_special_tokens(more, replace_additional_special_tokens=False) == 0
    assert state(tokenizer) == before


WRONG = [None, 5, 1.5, float("nan"), True, b"<a>", [None], ["<a>", 3], [["<a>"]], {"<a>": 1}]


@pytest.mark.parametrize("token", WRONG, ids=repr)
def test_what_is_no_token_is_refused_and_changes_nothing(tokenizer, token):
    before = state(tokenizer)
    calls = [
        lambda: tokenizer.add_tokens(token),
        lambda: tokenizer.add_tokens(token, special_tokens=True),
        lambda: tokenizer.add_special_tokens({"pad_token": "[PAD]", "mask_token": token}),
        lambda: tokenizer.add_special_tokens({"additional_special_tokens": token}),
    ]
    if token is not None:  # None empties a role, and the list
        calls += [
            lambda: setattr(tokenizer, "pad_token", token),
            lambda: setattr(tokenizer, "additional_special_tokens", token),
        ]
    for call in calls:
        with pytest.raises((TypeError, ValueError), match=r"must .*; received .*\.$") as caught:
            call()
        assert "\n" not in str(caught.value)
    assert state(tokenizer) == before


@pytest.mark.parametrize("value", ["", "  ", "\ud800", AddedToken("")], ids=ascii)
def test_a_role_needs_a_text(tokenizer, value):
    for call in (
        lambda: tokenizer.add_special_tokens({"pad_token": value}),
        lambda: setattr(tokenizer, "pad_token", value),
    ):
        with pytest.raises(ValueError, match=r"must .*; received .*\.$"):
            call()


def test_roles_and_mappings_are_named(tokenizer):
    for wrong in ({"nose_token": "x"}, {"pad_token": "[P]", 3: "x"}):
        with pytest.raises(ValueError, match="A special token must be one of bos_token"):
            tokenizer.add_special_tokens(wrong)
    with pytest.raises(TypeError, match="a mapping by role; received 'x'"):
        tokenizer.add_special_tokens("x")
    assert "[P]" not in tokenizer.get_vocab()


texts = st.sampled_from(
    (
        *("[PAD]", "[MASK]", "<unk>", "</s>", "<s>", "<pad>", "<mask>", "le", "▁la", "ü", "<x>"),
        *("<s>NOTUSED", "<unk>NOTUSED", "a b", " lead", "trail ", "漢", "\u00a0x", "e\u0301", "."),
    )
)
flags = st.fixed_dictionaries(dict.fromkeys(("lstrip", "rstrip", "single_word"), st.booleans()))
tokens = texts | st.builds(lambda text, one: AddedToken(text, **one), texts, flags)
steps = st.lists(
    st.tuples(st.sampled_from(ROLES), tokens | st.none())
    | st.tuples(st.just("add_tokens"), st.lists(tokens, max_size=3))
    | st.tuples(st.just("special"), st.lists(tokens, max_size=3))
    | st.tuples(st.just("additional_special_tokens"), st.lists(tokens, max_size=3))
    | st.tuples(st.just("id"), st.tuples(st.sampled_from(ROLES), st.integers(0, MASK_ID))),
    max_size=6,
)


def apply(tokenizer, steps):
    for name, value in steps:
        if name == "add_tokens":
            tokenizer.add_tokens(value)
        elif name == "special":
            tokenizer.add_tokens(value, special_tokens=True)
        elif name == "id":
            setattr(tokenizer, f"{value[0]}_id", value[1])
        elif name not in ("cls_token", "sep_token") or value is not None:
            setattr(tokenizer, name, value)


@pytest.mark.parametrize("cls", [*CAMEMBERT, TokenizerFast])
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=steps)
def test_whatever_is_changed_is_saved_and_loaded(tmp_path_factory, folder, cls, steps):
    tokenizer = make(cls, folder)
    apply(tokenizer, steps)
    if tokenizer.unk_token is None and cls is TokenizerFast:
        return  # nothing stands for unknown tokens
    for again in reload(tokenizer, tmp_path_factory.mktemp("saved")):
        assert state(again) == state(tokenizer)


@settings(max_examples=60, deadline=None)
@given(steps=steps)
def test_slow_and_fast_change_alike(folder, steps):
    slow, fast = (make(cls, folder) for cls in CAMEMBERT)
    apply(slow, steps)
    apply(fast, steps)
    assert state(slow) == state(fast)


# what files say ---------------------------------------------------------------------------------


def write(folder: Path, name: str, content) -> None:
    (folder / name).write_text(json.dumps(content), encoding="utf-8")


def entry(content, **more):
    return {"content": content, "special": True, **more}


@pytest.fixture
def pieces(tmp_path):
    write_model(tmp_path)
    return tmp_path


@pytest.mark.parametrize("cls", [*CAMEMBERT, AutoTokenizer])
def test_the_config_counts_where_it_knows_added_tokens_else_the_map(pieces, cls):
    config = {"pad_token": "</s>", "additional_special_tokens": ["<a>"]}
    write(pieces, "special_tokens_map.json", {"pad_token": "<pad>", "mask_token": "<mask>"})
    decoder = {str(MASK_ID): entry("<mask>"), str(MASK_ID + 1): entry("<a>")}
    write(pieces, "tokenizer_config.json", config | {"added_tokens_decoder": decoder})
    assert cls.from_pretrained(pieces).pad_token_id == 6
    write(pieces, "tokenizer_config.json", config)
    assert cls.from_pretrained(pieces).pad_token_id == 1
    (found,) = contradictions(pieces)
    assert found == ("pad_token", *(f"{text} in {name}" for text, name in SAID))


SAID = (("'<pad>'", "special_tokens_map.json"), ("'</s>'", "tokenizer_config.json"))


@pytest.mark.parametrize("cls", [*CAMEMBERT, TokenizerFast])
def test_tokens_edited_in_the_config_count_although_there_is_a_map(folder, tmp_path, cls):
    tokenizer = make(cls, folder)
    tokenizer.save_pretrained(tmp_path)
    write(tmp_path, "special_tokens_map.json", {"additional_special_tokens": ["<s>NOTUSED"]})
    path = tmp_path / "tokenizer_config.json"
    for name in ("additional_special_tokens", "extra_special_tokens"):
        content = json.loads(path.read_text())
        content.pop("additional_special_tokens", None)
        for edited in (["<e1>"], "<e1>", [entry("<e1>")]):
            path.write_text(json.dumps(content | {name: edited}))
            again = cls.from_pretrained(tmp_path)
            assert "<e1>" in again.additional_special_tokens
            assert (
                again.decode(again("le <e1>").input_ids, skip_special_tokens=True).strip() == "le"
            )


def test_tokenizer_json_says_the_id_first_then_the_config(folder, tmp_path):
    tokenizer = make(CamembertTokenizer, folder)
    tokenizer.add_tokens(["<a>", "<b>"])
    tokenizer.save_pretrained(tmp_path)
    path = tmp_path / "tokenizer_config.json"
    content = json.loads(path.read_text())
    decoder = content["added_tokens_decoder"]
    a, b = str(MASK_ID + 1), str(MASK_ID + 2)
    decoder[a], decoder[b] = decoder[b], decoder[a]
    decoder[str(MASK_ID + 3)] = entry("<c>")
    path.write_text(json.dumps(content))
    for cls in CAMEMBERT:
        again = cls.from_pretrained(tmp_path)
        ids = again.convert_tokens_to_ids(["<a>", "<b>", "<c>"])
        assert ids == [MASK_ID + 1, MASK_ID + 2, MASK_ID + 3]
    subjects = [found.subject for found in contradictions(tmp_path)]
    assert subjects == ["the id of '<b>'", "the id of '<a>'"]
    (tmp_path / "tokenizer.json").unlink()
    (tmp_path / "added_tokens.json").unlink()
    again = CamembertTokenizer.from_pretrained(tmp_path)
    assert again.convert_tokens_to_ids(["<a>", "<b>"]) == [MASK_ID + 2, MASK_ID + 1]


def test_a_saved_folder_has_no_contradictions_and_no_old_files(folder, tmp_path):
    tokenizer = make(CamembertTokenizer, folder)
    tokenizer.add_tokens("<a>")
    tokenizer.save_pretrained(tmp_path)
    assert contradictions(tmp_path) == []
    other = make(CamembertTokenizer, folder)
    other.save_pretrained(tmp_path)
    assert "<a>" not in CamembertTokenizer.from_pretrained(tmp_path).get_vocab()


def test_a_piece_that_is_added_is_still_a_piece_after_a_reload_from_json_alone(folder, tmp_path):
    tokenizer = make(CamembertTokenizer, folder)
    last = tokenizer.convert_ids_to_tokens(MASK_ID - 1)
    tokenizer.add_tokens([last, "<a>"])
    tokenizer.save_pretrained(tmp_path)
    for file in tmp_path.iterdir():
        if file.name not in ("tokenizer.json", "tokenizer_config.json"):
            file.unlink()
    alone = CamembertTokenizerFast(tokenizer_file=tmp_path / "tokenizer.json")
    for again in (AutoTokenizer.from_pretrained(tmp_path), alone):
        assert again.get_vocab() == tokenizer.get_vocab()
        assert again(TEXTS).input_ids == tokenizer(TEXTS).input_ids


@pytest.mark.parametrize("cls", CAMEMBERT)
def test_what_tokenizer_json_does_otherwise_than_the_roles_say_stays(folder, tmp_path, cls):
    """So the reference's fast class writes it, whose unknown text and ends ignore new roles."""
    tokenizer = make(CamembertTokenizer, folder)
    plain = json.loads((folder / "tokenizer.json").read_text())
    tokenizer.add_special_tokens({"unk_token": "[UNK]", "cls_token": "[CLS]"})
    tokenizer.save_pretrained(tmp_path)
    path = tmp_path / "tokenizer.json"
    content = json.loads(path.read_text())
    assert content["model"]["unk_id"] == tokenizer.unk_token_id == MASK_ID + 1
    content["model"] = plain["model"]
    content["post_processor"] = plain["post_processor"]
    path.write_text(json.dumps(content))
    one = cls.from_pretrained(tmp_path)
    assert (one.unk_token_id, one.cls_token_id) == (MASK_ID + 1, MASK_ID + 2)
    assert one("le 漢").input_ids == make(cls, folder)("le 漢").input_ids
    for again in reload(one, tmp_path / "again"):
        assert state(again) == state(one)
    one.unk_token, one.cls_token = "<x>", "<y>"
    assert one("漢").input_ids == [MASK_ID + 4, 7, MASK_ID + 3, 6]
    named = cls.from_pretrained(tmp_path, unk_token="[UNK]", cls_token="[CLS]")
    assert named("漢").input_ids == tokenizer("漢").input_ids == [MASK_ID + 2, 7, MASK_ID + 1, 6]
