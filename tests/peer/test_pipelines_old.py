"""Against transformers 4.34.0: the answers of the pipelines of the same names, by options."""

import functools

import numpy as np
import pytest
import transformers

import pipeline_models as models
from camembert_dual import pipeline

TEXT, _, NAMES, _ = TEXTS = list(models.TEXTS)
PAIR = {"text": TEXT, "text_pair": NAMES}
QA = {"question": models.QUESTION, "context": models.CONTEXT}
LONG_QA = {"question": models.QUESTION, "context": models.LONG}
LABELS = ["sport", "météo", "vie quotidienne"]
ONE_MASK, TWO_MASKS, _ = MASKED = list(models.MASKED)
NARROW = {"max_seq_len": 40, "doc_stride": 12}
STRATEGIES = ("none", "simple", "first", "average", "max")

# checkpoint, word, options of the pipeline, inputs, options of the call
CALLS = [
    ("masked", "fill-mask", {}, [ONE_MASK], {}),
    ("masked", "fill-mask", {"top_k": 3}, [TWO_MASKS], {}),
    ("masked", "fill-mask", {"top_k": 3}, [MASKED], {"top_k": 2}),
    ("masked", "fill-mask", {}, [[ONE_MASK]], {}),
    ("masked", "fill-mask", {}, [ONE_MASK], {"targets": ["▁ville", "▁capitale", "▁mer"]}),
    ("masked", "fill-mask", {"targets": "ville"}, [ONE_MASK], {}),
    ("masked", "fill-mask", {}, [ONE_MASK], {"targets": ["▁mer", "▁ville"], "top_k": 1}),
    ("masked", "fill-mask", {}, [ONE_MASK], {"tokenizer_kwargs": {"truncation": True}}),
    *(
        (checkpoint, "text-classification", {}, [inputs], options)
        for checkpoint in ("topics", "several", "number")
        for inputs in (TEXT, TEXTS, [TEXT], PAIR, [PAIR, PAIR], [[[TEXT, NAMES]]])
        for options in ({}, {"top_k": None}, {"top_k": 2}, {"return_all_scores": True})
    ),
    ("topics", "sentiment-analysis", {}, [TEXT], {}),
    ("topics", "sentiment-analysis", {"top_k": None}, [TEXT], {}),
    ("topics", "sentiment-analysis", {"top_k": 1}, [TEXTS], {"return_all_scores": False}),
    ("topics", "text-classification", {"return_all_scores": False}, [TEXTS], {}),
    ("topics", "text-classification", {}, [TEXT], {"function_to_apply": "sigmoid"}),
    ("topics", "text-classification", {"function_to_apply": "none"}, [TEXT], {}),
    ("topics", "text-classification", {}, [models.LONG * 3], {"truncation": True}),
    ("topics", "text-classification", {}, [TEXTS], {"truncation": True, "max_length": 7}),
    *(
        ("entities", word, {"aggregation_strategy": strategy}, [inputs], options)
        for word in ("ner", "token-classification")
        for strategy in STRATEGIES
        for inputs in (TEXT, TEXTS)
        for options in ({}, {"ignore_labels": []}, {"ignore_labels": ["PER", "B-LOC"]})
    ),
    *(
        ("entities", "ner", {"aggregation_strategy": strategy}, [models.LONG * 2], {"stride": 9})
        for strategy in STRATEGIES[1:]
    ),
    ("entities", "ner", {}, [models.LONG * 4], {}),
    ("entities", "ner", {"grouped_entities": True}, [TEXTS], {}),
    ("entities", "ner", {"grouped_entities": True, "ignore_subwords": True}, [TEXTS], {}),
    *(
        ("answers", "question-answering", first, [inputs], options)
        for inputs in (QA, [QA], [QA, LONG_QA], LONG_QA)
        for first in ({}, NARROW)
        for options in (
            {},
            {"top_k": 5},
            {"align_to_words": False, "top_k": 2},
            {"handle_impossible_answer": True},
            {"handle_impossible_answer": True, "top_k": 4, "max_answer_len": 3},
        )
    ),
    ("answers", "question-answering", {}, [models.QUESTION, models.CONTEXT], {}),
    ("answers", "question-answering", {}, [], QA),
    ("answers", "question-answering", {}, [], {"question": ["Qui ?", "Où ?"], "context": TEXT}),
    ("answers", "question-answering", {}, [], {"question": ["Qui ?"] * 2, "context": TEXTS[:3:2]}),
    ("answers", "question-answering", {}, [], {"data": [QA, QA], "topk": 2}),
    *(
        (checkpoint, "zero-shot-classification", first, [inputs], {"candidate_labels": labels})
        for checkpoint in ("nli", "nli first")
        for first in ({}, {"multi_label": True}, {"hypothesis_template": "Il s'agit de {}."})
        for inputs in (TEXT, TEXTS)
        for labels in (LABELS, "sport, météo", "sport")
    ),
    ("nli", "zero-shot-classification", {}, [TEXT, LABELS], {}),
    ("masked", "feature-extraction", {}, [TEXT], {}),
    ("masked", "feature-extraction", {"truncation": True}, [[*TEXTS, models.LONG * 4]], {}),
    ("masked", "feature-extraction", {"tokenize_kwargs": {"max_length": 5}}, [TEXTS], {}),
    ("decoder", "text-generation", {}, [TEXTS[1]], {}),
    ("decoder", "text-generation", {"max_new_tokens": 4}, [TEXTS], {}),
    ("decoder", "text-generation", {"max_new_tokens": 4}, [TEXTS], {"return_full_text": False}),
    ("decoder", "text-generation", {"max_new_tokens": 4}, [TEXT], {"return_tensors": True}),
    ("decoder", "text-generation", {"prefix": "Il dit"}, [TEXTS[1]], {"max_length": 12}),
    ("decoder", "text-generation", {}, [TEXT], {"num_beams": 3, "num_return_sequences": 2}),
    ("decoder", "text-generation", {}, [TEXTS[1]], {"stop_sequence": "ville"}),
    (
        "decoder",
        "text-generation",
        {"handle_long_generation": "hole"},
        [models.LONG * 4],
        {"max_new_tokens": 6, "return_full_text": False},
    ),
]


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return models.write(tmp_path_factory.mktemp("pipelines"))


@pytest.fixture(scope="module")
def made(folders):
    """Pipelines of both by checkpoint, word and options, each made once."""

    @functools.cache
    def make(name, word, options):
        given = dict(eval(options))
        theirs = transformers.pipeline(word, model=folders[name], framework="pt", **given)
        return pipeline(word, model=folders[name], backend="pt", **given), theirs

    return lambda name, word, options: make(name, word, repr(list(options.items())))


def assert_equal(ours, theirs, path="answer"):
    """Texts and whole numbers are the same, others within 1e-5, keys in any order.

    Blanks around a word may differ: before an unknown character the peer gives one.
    """
    if path.endswith("['word']"):
        ours, theirs = ours.strip(), theirs.strip()
    if isinstance(theirs, dict):
        assert sorted(ours) == sorted(theirs), path
        for key, value in theirs.items():
            assert_equal(ours[key], value, f"{path}[{key!r}]")
    elif isinstance(theirs, list):
        assert isinstance(ours, list), path
        assert len(ours) == len(theirs), path
        for number, pair in enumerate(zip(ours, theirs, strict=True)):
            assert_equal(*pair, f"{path}[{number}]")
    elif isinstance(theirs, float | np.floating):
        assert ours == pytest.approx(float(theirs), rel=1e-5, abs=1e-5), path
    else:
        assert ours == theirs, path


@pytest.mark.parametrize(("name", "word", "options", "inputs", "call"), CALLS, ids=str)
def test_answers_are_those_of_the_peer(made, name, word, options, inputs, call):
    ours, theirs = made(name, word, options)
    assert_equal(ours(*inputs, **call), theirs(*inputs, **call))


@pytest.mark.parametrize(
    ("name", "word", "inputs"),
    [
        ("masked", "fill-mask", MASKED),
        ("topics", "text-classification", TEXTS),
        ("entities", "ner", TEXTS),
        ("answers", "question-answering", [QA, LONG_QA]),
        ("masked", "feature-extraction", TEXTS),
    ],
)
def test_a_generator_and_a_dataset_are_answered_one_by_one(made, name, word, inputs):
    class Dataset(transformers.pipelines.base.Dataset):
        def __len__(self):
            return len(inputs)

        def __getitem__(self, index):
            return inputs[index]

    ours, theirs = made(name, word, {})
    for source in (lambda: (one for one in inputs), Dataset):
        found, expected = ours(source()), theirs(source())
        assert not isinstance(found, list)
        assert_equal(list(found), list(expected))


def test_examples_of_the_peer_are_read(made):
    ours, theirs = made("answers", "question-answering", {})
    example = theirs.create_sample(**QA)
    assert_equal(ours(example), theirs([example]))
    assert_equal(ours([example] * 2, batch_size=1), theirs([example] * 2))
