"""Pipelines in either framework: forms of inputs, order, batches, types of weights, refusals."""

import os

import numpy as np
import pytest

import pipeline_models as models
from camembert_dual import AutoTokenizer, pipeline
from camembert_dual.pipelines import embed

BACKEND = os.environ["CAMEMBERT_BACKEND"]
TEXTS = list(models.TEXTS)
QUESTIONS = [
    {"question": models.QUESTION, "context": models.CONTEXT},
    {"question": "Qui dort ?", "context": TEXTS[0]},
]
CHOICES = [
    {"question": TEXTS[0], "choices": ["Il dort.", "Il mange.", "Il pleut sur la ville."]},
    {"question": TEXTS[2], "choices": ["Oui.", TEXTS[3]]},
    {"question": TEXTS[1], "choices": ["Un.", "Deux.", "Trois et quatre."]},
]
WORDS = {
    "fill-mask": ("masked", list(models.MASKED), {}),
    "text-classification": ("topics", TEXTS, {"top_k": None}),
    "zero-shot-classification": ("nli", TEXTS, {"candidate_labels": ["sport", "météo"]}),
    "token-classification": ("entities", TEXTS, {"aggregation_strategy": "average"}),
    "question-answering": ("answers", QUESTIONS, {"max_seq_len": 50, "doc_stride": 20}),
    "multiple-choice": ("choices", CHOICES, {}),
    "feature-extraction": ("masked", TEXTS, {}),
    "sentence-embeddings": ("masked", TEXTS, {}),
    "text-generation": ("decoder", TEXTS, {"max_new_tokens": 3}),
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    return models.write(tmp_path_factory.mktemp("pipelines"))


@pytest.fixture(scope="module")
def made(folders):
    kept = {}

    def make(word, **options):
        name, _, own = WORDS[word]
        key = (word, repr(options))
        if key not in kept:
            kept[key] = pipeline(word, folders[name], backend=BACKEND, **own, **options)
        return kept[key]

    return make


def same(one, other, tolerance=1e-5):
    """Whether two answers hold the same texts and nearly the same numbers."""
    if isinstance(one, dict):
        return one.keys() == other.keys() and all(same(one[k], other[k], tolerance) for k in one)
    if isinstance(one, list):
        return len(one) == len(other) and all(
            same(*pair, tolerance) for pair in zip(one, other, strict=True)
        )
    return abs(one - other) <= tolerance if isinstance(one, float) else one == other


@pytest.mark.parametrize("word", WORDS)
def test_a_list_has_the_answers_of_its_examples_in_their_order(made, word):
    examples = WORDS[word][1] * 2
    answers = made(word)(examples, batch_size=4)
    alone = [made(word)([one] * 2, batch_size=1)[0] for one in examples]
    assert same(answers, alone)


@pytest.mark.parametrize("word", WORDS)
def test_a_generator_is_answered_as_it_goes(made, word):
    examples = WORDS[word][1]
    asked = []

    def source():
        for number, one in enumerate(examples * 40):
            asked.append(number)
            yield one

    answers = made(word)(source(), batch_size=2)
    assert asked == []
    first = next(answers)
    assert 0 < len(asked) <= 16
    assert same(first, made(word)(examples)[0])


def test_a_stream_without_batches_reads_one_at_a_time(made):
    source = iter(list(models.MASKED))
    next(made("fill-mask")((one for one in source), batch_size=1))
    assert next(source) == models.MASKED[1]


@pytest.mark.parametrize("dtype", ["bfloat16", "float16"])
@pytest.mark.parametrize("word", [word for word in WORDS if word != "text-generation"])
def test_models_in_halves_answer(made, word, dtype):
    examples = WORDS[word][1]
    exact, rough = (made(word, **one)(examples) for one in ({}, {"torch_dtype": dtype}))
    assert len(exact) == len(rough)
    numbers = [floats(one) for one in (exact, rough)]
    if word == "feature-extraction":
        np.testing.assert_allclose(*numbers, atol=0.06)
    assert all(np.isfinite(numbers[1]))
    assert numbers[0] != numbers[1]


def floats(answer):
    if isinstance(answer, dict):
        return floats(list(answer.values()))
    if isinstance(answer, list):
        return [number for one in answer for number in floats(one)]
    return [answer] if isinstance(answer, float) else []


def test_choices_have_probabilities_and_the_best_is_first(made):
    one = made("multiple-choice")(CHOICES[0], top_k=3)
    assert sum(row["score"] for row in one) == pytest.approx(1, abs=1e-6)
    assert one == sorted(one, key=lambda row: -row["score"])
    assert [CHOICES[0]["choices"][row["index"]] for row in one] == [row["choice"] for row in one]
    by_name = made("multiple-choice")(**CHOICES[0])
    assert same(by_name, one[0])
    assert same(made("multiple-choice")(CHOICES)[0], one[0])


def test_sentence_embeddings_are_those_of_embed(made):
    found = made("sentence-embeddings", normalize=True)(TEXTS)
    maker = made("sentence-embeddings")
    expected = embed(maker.model, maker.tokenizer, TEXTS, normalize=True)
    np.testing.assert_allclose(np.array(found), expected, atol=1e-6)


def test_a_prompt_that_is_empty_begins_a_text(made):
    (one,) = made("text-generation")("")
    assert one["generated_text"]


def test_draws_are_repeated_by_a_seed(made):
    write = made("text-generation")
    asked = {"do_sample": True, "num_return_sequences": 3, "seed": 5}
    first, second = write(TEXTS[0], **asked), write(TEXTS[0], **asked)
    assert first == second
    assert len({one["generated_text"] for one in first}) > 1


def test_a_model_and_a_tokenizer_at_hand_are_taken(made, folders):
    named = made("text-classification")
    by_hand = pipeline(
        "text-classification",
        model=named.model,
        tokenizer=AutoTokenizer.from_pretrained(folders["topics"]),
        top_k=None,
    )
    assert by_hand.framework == BACKEND
    assert by_hand(TEXTS) == named(TEXTS)


def test_the_task_is_read_from_the_configuration(folders):
    assert pipeline(model=folders["entities"], backend=BACKEND).task == "token-classification"


def test_a_saved_pipeline_answers_the_same(made, tmp_path):
    made("fill-mask").save_pretrained(tmp_path)
    again = pipeline("fill-mask", tmp_path, backend=BACKEND)
    assert same(again(models.MASKED[0]), made("fill-mask")(models.MASKED[0]))


def test_bundled_masks_are_filled_without_a_name():
    best = pipeline("fill-mask", backend=BACKEND)("Il a <mask> un livre.", top_k=1)
    assert best[0]["sequence"].startswith("Il a ")


def test_rows_behind_the_tokenizer_are_never_proposed(folders):
    fill = pipeline("fill-mask", folders["masked"], backend=BACKEND)
    size = len(fill.tokenizer)
    expected = fill(models.MASKED[0], top_k=1)
    fill.model.resize_token_embeddings(size + 7)
    with pytest.raises(
        ValueError, match=f"top_k must be between 1 and {size}; received {size + 1}"
    ):
        fill(models.MASKED[0], top_k=size + 1)
    assert [one["token"] for one in fill(models.MASKED[0], top_k=1)] == [expected[0]["token"]]


@pytest.mark.parametrize(
    ("word", "inputs", "options", "message"),
    [
        ("fill-mask", ["Sans masque."], {}, "must contain <mask>"),
        ("fill-mask", [models.MASKED[0]], {"top_k": 0}, "top_k must be between 1 and"),
        ("fill-mask", [models.MASKED[0]], {"topk": 3}, "Options of fill-mask must be some of"),
        ("fill-mask", [3], {}, "A text must be a str"),
        ("fill-mask", [], {}, "inputs in one argument"),
        ("fill-mask", [models.MASKED[0]], {"batch_size": 0}, "batch_size must be an integer"),
        ("text-classification", [[["a", "b"]]], {}, "A text must be a str, or a pair"),
        ("text-classification", ["a"], {"function_to_apply": "tanh"}, "function_to_apply must"),
        ("token-classification", ["a"], {"aggregation_strategy": "sum"}, "aggregation_strategy"),
        ("token-classification", ["a"], {"aggregation_strategy": "none", "stride": 3}, "stride"),
        ("question-answering", [{"question": "Qui ?"}], {}, "A question must be"),
        ("question-answering", [QUESTIONS[0]], {"top_k": 0}, "top_k must be at least 1"),
        ("question-answering", [QUESTIONS[0]], {"doc_stride": 90}, "doc_stride must be at most"),
        ("multiple-choice", [{"question": "Qui ?", "choices": []}], {}, "A question must be"),
        ("zero-shot-classification", ["a"], {"candidate_labels": []}, "at least one label"),
        ("zero-shot-classification", ["a"], {"hypothesis_template": "Oui."}, "must hold {}"),
        ("text-generation", ["a"], {"return_text": True, "return_full_text": True}, "one at most"),
    ],
)
def test_a_mistake_is_told_in_one_line(made, word, inputs, options, message):
    with pytest.raises(ValueError, match=message) as caught:
        made(word)(*inputs, **options)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    ("word", "name", "message"),
    [
        ("translation", "masked", "A task must be one of feature-extraction,"),
        ("zero-shot-classification", "topics", "begins with 'entail'; received sport, politique"),
        ("text-classification", None, "A model must be given"),
    ],
)
def test_a_wrong_model_is_told_in_one_line(folders, word, name, message):
    with pytest.raises(ValueError, match=message):
        pipeline(word, name and folders[name], backend=BACKEND)("Un.", candidate_labels=["a"])


def test_a_model_of_another_task_is_refused(made):
    model = made("token-classification").model
    with pytest.raises(ValueError, match="A model for fill-mask must be a CamembertForMaskedLM"):
        pipeline("fill-mask", model, tokenizer="camembert-tiny-fr")
    with pytest.raises(ValueError, match="A tokenizer must be given with a model that is no name"):
        pipeline("ner", model)
