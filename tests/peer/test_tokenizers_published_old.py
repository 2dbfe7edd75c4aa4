"""Against transformers 4.34.0: spellings from years before, labels, tables of special tokens."""

import inspect
import warnings

import pytest
import transformers

import camembert_dual
from tokenization_models import SENTENCES, write_model

NAMES = ["CamembertTokenizer", "CamembertTokenizerFast"]
LONG = " ".join(SENTENCES[:3])
# what this package refuses in a line, or has no use for
ABSENT = {
    "default_chat_template": "CamemBERT holds no conversations",
    "register_for_auto_class": "no code of a checkpoint is run",
    "set_truncation_and_padding": "a call says how it pads and cuts",
    "decoder": "a part of the library's tokenizer, backend_tokenizer.decoder",
    "convert_added_tokens": "a step of reading files",
    "prepare_for_tokenization": "a hook of classes that rewrite text",
    "slow_tokenizer_class": "both classes are made of either file",
}


@pytest.fixture(scope="module")
def vocab_file(tmp_path_factory):
    return str(write_model(tmp_path_factory.mktemp("model")))


@pytest.fixture(params=NAMES)
def pair(request, vocab_file):
    kinds = [getattr(one, request.param) for one in (camembert_dual, transformers)]
    return [kind(vocab_file, model_max_length=512) for kind in kinds]


def warned(tokenizer, *arguments, **options):
    """A result as a dict, and the kinds of warnings beside it."""
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        found = dict(tokenizer(*arguments, **options))
    return found, [one.category for one in caught if one.category is FutureWarning]


@pytest.mark.parametrize("padding", [{}, {"padding": True}, {"padding": "max_length"}])
@pytest.mark.parametrize("truncation", [{}, {"truncation": "only_first"}, {"truncation": False}])
@pytest.mark.parametrize(
    "old",
    [
        {"pad_to_max_length": True},
        {"pad_to_max_length": False},
        {"truncation_strategy": "only_second"},
        {"truncation_strategy": "longest_first"},
        {"truncation_strategy": "do_not_truncate"},
        {"pad_to_max_length": True, "truncation_strategy": "only_first"},
    ],
)
@pytest.mark.parametrize("limit", [{}, {"max_length": 33}, {"max_length": 200}])
def test_options_from_years_before_agree(pair, padding, truncation, old, limit):
    texts = [(LONG, "la mer"), ("le", "la")]
    if "only_second" in old.values():
        texts = [(b, a) for a, b in texts]
        if truncation.get("truncation") == "only_first" and limit.get("max_length") == 33:
            return  # which the peer gives up with a message in its log
    ours, theirs = (warned(one, texts, **padding, **truncation, **old, **limit) for one in pair)
    assert ours == theirs


@pytest.mark.parametrize("second", [None, LONG])
@pytest.mark.parametrize("kind", ["tokens", "ids", "mixed"])
def test_texts_that_were_cut_before_agree_with_the_slow_class(vocab_file, second, kind):
    found = []
    for package in (camembert_dual, transformers):
        one = package.CamembertTokenizer(vocab_file, model_max_length=512)
        cut = [
            None if t is None else one.tokenize(t)
            for t in (SENTENCES[0] if second else LONG, second)
        ]
        if kind == "ids":
            cut = [None if t is None else one.convert_tokens_to_ids(t) for t in cut]
        if kind == "mixed":
            cut[1] = second
        options = {"max_length": 60, "truncation": "only_second" if second else True, "stride": 2}
        result = one.encode_plus(*cut, return_overflowing_tokens=True, **options)
        row = one.prepare_for_model([9, 8, 7], max_length=4, truncation=True, return_tensors="np")
        batch = one.encode_plus(*cut, return_tensors="np")
        tensors = [{n: a.tolist() for n, a in some.items()} for some in (row, batch)]
        found.append((dict(result), tensors, one.encode(*cut)))
    assert found[0] == found[1]


def test_texts_that_are_labels_agree(pair):
    options = {"max_length": 9, "truncation": True, "padding": True}
    for arguments in ({"text_target": SENTENCES}, {"text": SENTENCES, "text_target": ["le"] * 15}):
        ours, theirs = (dict(one(**arguments, **options)) for one in pair)
        assert ours == theirs
    for one in pair:
        with pytest.warns(Warning, match="text_target"), one.as_target_tokenizer():
            assert one("la mer").input_ids == pair[0]("la mer").input_ids
    ours, theirs = (
        warned(one.prepare_seq2seq_batch, SENTENCES[:3], SENTENCES[3:6], max_length=9)
        for one in pair
    )
    assert ours == theirs


@pytest.mark.parametrize("strategy", ["longest_first", "only_first", "only_second"])
@pytest.mark.parametrize("side", ["left", "right"])
@pytest.mark.parametrize("second", [None, [21, 22, 23, 24], [21, 22, 23, 24, 25, 26, 27, 28]])
def test_ids_are_cut_alike(pair, strategy, side, second):
    if strategy == "only_second" and second is None:
        return
    for one in pair:
        one.truncation_side = side
    for count in range(4):
        for stride in range(4):
            ours, theirs = (
                one.truncate_sequences([11, 12, 13, 14, 15, 16], second, count, strategy, stride)
                for one in pair
            )
            assert ours == theirs


def in_order(roles):
    """Special tokens by role; lists in an order that does not change from run to run, as there."""
    return {role: sorted(one) if isinstance(one, list) else one for role, one in roles.items()}


CHANGES = [
    lambda one: None,
    lambda one: one.add_special_tokens(
        {"additional_special_tokens": ["<e1>"]}, replace_additional_special_tokens=False
    ),
    lambda one: one.add_special_tokens({"pad_token": "[PAD]", "cls_token": "[CLS]"}),
    lambda one: setattr(one, "additional_special_tokens", None),
    lambda one: setattr(one, "additional_special_tokens_ids", [5, 6]),
    lambda one: setattr(one, "mask_token_id", 9),
    lambda one: setattr(one, "sep_token", None),
    lambda one: one.add_tokens(["crèmerie", "la mer"]),
]


@pytest.mark.parametrize("change", CHANGES)
def test_special_tokens_agree(pair, change):
    ours, theirs = pair
    for one in pair:
        change(one)
    assert in_order(ours.special_tokens_map) == in_order(theirs.special_tokens_map)
    assert sorted(ours.all_special_tokens) == sorted(theirs.all_special_tokens)
    assert sorted(ours.all_special_ids) == sorted(theirs.all_special_ids)
    assert ours.special_tokens_map_extended.keys() == theirs.special_tokens_map_extended.keys()
    ids = [sorted(one.additional_special_tokens_ids or []) for one in pair]
    assert ids[0] == ids[1]
    assert ours.sanitize_special_tokens() == 0
    assert len(ours) == len(theirs)
    assert ours.vocab_size == theirs.vocab_size
    assert ours.num_special_tokens_to_add(True) == theirs.num_special_tokens_to_add(True)
    assert ours.max_len_sentences_pair == theirs.max_len_sentences_pair


def test_a_new_list_of_special_tokens_takes_the_place_of_the_old_as_documented_there(pair):
    """There the old ones stay in the list all the same."""
    ours, theirs = pair
    old = ours.additional_special_tokens
    for one in pair:
        assert one.add_special_tokens({"additional_special_tokens": ["<e1>", "<e2>"]}) == 2
    assert ours.additional_special_tokens == ["<e1>", "<e2>"]
    assert set(theirs.additional_special_tokens) == {*old, "<e1>", "<e2>"}
    assert ours.get_added_vocab().keys() >= theirs.get_added_vocab().keys()


SIGNATURES = (
    *("__call__", "save_pretrained", "add_special_tokens", "decode", "truncate_sequences"),
    *("add_tokens", "batch_decode", "get_special_tokens_mask", "save_vocabulary", "tokenize"),
)


@pytest.mark.parametrize("name", NAMES)
def test_public_names_are_there(name):
    """Methods and attributes of the classes, and the arguments of a call in their order."""
    theirs, ours = (getattr(one, name) for one in (transformers, camembert_dual))
    missing = {one for one in dir(theirs) if not one.startswith("_") and not hasattr(ours, one)}
    assert missing <= set(ABSENT), missing - set(ABSENT)
    for method in (
        "__call__",
        "save_pretrained",
        "add_special_tokens",
        "decode",
        "truncate_sequences",
    ):
        expected = list(inspect.signature(getattr(theirs, method)).parameters)
        found = list(inspect.signature(getattr(ours, method)).parameters)
        expected = [one for one in expected if one != "kwargs"]
        assert found[: len(expected)] == expected, method


def test_a_new_vocabulary_is_as_large_as_theirs(vocab_file):
    sizes = []
    for one in (camembert_dual, transformers):
        new = one.CamembertTokenizerFast(vocab_file).train_new_from_iterator([SENTENCES], 120)
        sizes.append(len(new))
        assert new.special_tokens_map == one.CamembertTokenizerFast(vocab_file).special_tokens_map
        text = new.decode(new(SENTENCES[0]).input_ids, skip_special_tokens=True)
        assert text.replace(" ", "") == SENTENCES[0].replace(" ", "")
    assert abs(sizes[0] - sizes[1]) <= 2


@pytest.mark.parametrize("legacy_format", [None, True, False])
def test_files_of_either_form_are_read_there(vocab_file, tmp_path, legacy_format):
    ours = camembert_dual.CamembertTokenizerFast(vocab_file)
    ours.add_tokens(["crèmerie"])
    ours.save_pretrained(tmp_path, legacy_format=legacy_format)
    other = transformers.CamembertTokenizerFast.from_pretrained(tmp_path)
    assert other(SENTENCES).input_ids == ours(SENTENCES).input_ids
    for token in ("crèmerie", "<mask>", "<pad>"):
        assert other.convert_tokens_to_ids(token) == ours.convert_tokens_to_ids(token)
