"""What a call of generate may give, and what takes part in it."""

import numpy as np
import pytest

import cases
import generation_oracle as oracle
from backend import tree
from camembert_dual import GenerationConfig, LogitsProcessorList, StoppingCriteriaList

LIMIT = 5
ENDLESS = {"eos_token_id": None}


@pytest.fixture(autouse=True)
def without_graphs(monkeypatch):
    tree.search_without_graphs(monkeypatch)


def model_of(config="decoder"):
    return tree.built(oracle.TASK, config)


def texts(prompts=oracle.PROMPTS, model=None, **options):
    given = {"max_new_tokens": LIMIT, **ENDLESS, **options}
    return tree.generate(model or model_of(), oracle.batch(prompts, 1), **given)


def test_a_text_without_prompt_begins_with_bos():
    alone = texts([(8,)])
    for given in ({"bos_token_id": 8}, {"inputs": tree.tensor([[8]])}):
        found = model_of().generate(max_new_tokens=LIMIT, **ENDLESS, **given).numpy()
        np.testing.assert_array_equal(found, alone)
    with pytest.raises(ValueError, match="bos_token_id must be given where there is no prompt"):
        model_of().generate(max_new_tokens=LIMIT, bos_token_id=None)


@pytest.mark.parametrize("options", [{}, {"num_beams": 3}], ids=str)
def test_embedded_prompts_are_continued_as_their_ids(options):
    inputs = oracle.batch(oracle.PROMPTS, 1)
    table = cases.weights(cases.config("decoder"), oracle.TASK)
    embeds = table["roberta.embeddings.word_embeddings.weight"][inputs["input_ids"]]
    mask = tree.tensor(inputs["attention_mask"])
    given = {"max_new_tokens": LIMIT, **ENDLESS, **options}
    found = model_of().generate(inputs_embeds=tree.tensor(embeds), attention_mask=mask, **given)
    np.testing.assert_array_equal(found.numpy(), texts(**options)[:, 4:])


def test_types_of_tokens_count_and_the_last_one_goes_on():
    config = cases.config("decoder", type_vocab_size=2)
    model = tree.new(oracle.TASK, config, cases.weights(config, oracle.TASK))
    inputs = oracle.batch(oracle.PROMPTS, 1)
    ones = np.ones_like(inputs["input_ids"])
    given = {"max_new_tokens": LIMIT, **ENDLESS}
    with_ones = tree.generate(model, {**inputs, "token_type_ids": ones}, **given)
    whole = tree.generate(model, {**inputs, "token_type_ids": ones}, use_cache=False, **given)
    np.testing.assert_array_equal(with_ones, whole)
    assert (with_ones != tree.generate(model, inputs, **given)).any()


@pytest.mark.parametrize("options", [{}, {"num_beams": 3}], ids=str)
def test_a_search_without_cache_finds_the_same(options):
    np.testing.assert_array_equal(texts(use_cache=False, **options), texts(**options))


def test_an_encoder_reads_the_whole_text_in_each_step():
    config = cases.config("plain", bos_token_id=0)
    weights = cases.weights(config, oracle.TASK)
    score = oracle.scorer(config, weights)
    new = [oracle.greedy(score, prompt, LIMIT, ()) for prompt in oracle.PROMPTS]
    with pytest.warns(UserWarning, match="should have is_decoder=True"):
        found = texts(model=tree.new(oracle.TASK, config, weights))
    np.testing.assert_array_equal(found, oracle.continued(oracle.PROMPTS, new, 1))


def test_prompts_that_end_in_padding_are_warned_of():
    with pytest.warns(UserWarning, match="pad prompts on the left"):
        model_of().generate(tree.tensor([[7, 8], [9, 1]]), max_new_tokens=1)


def test_options_come_from_the_call_its_config_or_the_model():
    config = cases.config("decoder")
    model = tree.new(oracle.TASK, config, cases.weights(config, oracle.TASK))
    beams = texts(num_beams=3)
    given = GenerationConfig(num_beams=3, max_new_tokens=LIMIT)
    ids = tree.tensor(oracle.batch(oracle.PROMPTS, 1)["input_ids"])
    np.testing.assert_array_equal(model.generate(ids, given).numpy(), beams)
    model.generation_config = given
    np.testing.assert_array_equal(model.generate(ids).numpy(), beams)
    np.testing.assert_array_equal(model.generate(ids, num_beams=1).numpy(), texts())
    assert given == GenerationConfig(num_beams=3, max_new_tokens=LIMIT)


def test_options_are_saved_with_the_model_and_loaded(tmp_path):
    config = cases.config("decoder")
    model = tree.new(oracle.TASK, config, cases.weights(config, oracle.TASK), "float32")
    model.save_pretrained(tmp_path / "derived")
    model.generation_config = GenerationConfig(num_beams=3, eos_token_id=[7, 9])
    model.save_pretrained(tmp_path / "chosen")
    kind = tree.model_class(oracle.TASK)
    derived = kind.from_pretrained(tmp_path / "derived")
    assert derived.generation_config.is_derived
    chosen = kind.from_pretrained(tmp_path / "chosen")
    assert chosen.generation_config == model.generation_config
    (tmp_path / "chosen" / "generation_config.json").unlink()
    found = kind.from_pretrained(tmp_path / "chosen").generation_config
    assert found == GenerationConfig.from_model_config(config)


class Listener:
    """A streamer that keeps what it hears."""

    def __init__(self):
        self.heard, self.ended = [], 0

    def put(self, value):
        self.heard.append(np.asarray(value))

    def end(self):
        self.ended += 1


@pytest.mark.parametrize(
    "options", [{}, {"do_sample": True, "seed": 3}, {"penalty_alpha": 0.6, "top_k": 4}], ids=str
)
def test_a_streamer_hears_the_prompt_and_each_token(options):
    listener = Listener()
    expected = texts(oracle.PROMPTS[:1], streamer=listener, **options)
    np.testing.assert_array_equal(listener.heard[0], expected[:, :4])
    assert [one.shape for one in listener.heard[1:]] == [(1,)] * LIMIT
    np.testing.assert_array_equal(np.concatenate(listener.heard[1:]), expected[0, 4:])
    assert listener.ended == 1


def test_a_streamer_does_not_hear_beams():
    with pytest.raises(ValueError, match="streamer must go with num_beams=1"):
        texts(streamer=Listener(), num_beams=2)


@pytest.mark.parametrize("options", [{}, {"num_beams": 2}], ids=str)
def test_functions_of_the_users_take_part(options):
    lengths = []

    def only(ids, scores, *length):
        lengths.append(ids.shape[1])
        column = np.arange(scores.shape[1]) == 40 + ids.shape[1]
        return scores + tree.tensor(np.where(column, 0.0, -1e6))

    def long_enough(ids, scores):
        return ids.shape[1] >= 7

    found = texts(
        logits_processor=LogitsProcessorList([only]),
        stopping_criteria=StoppingCriteriaList([long_enough]),
        **options,
    )
    assert lengths == [4, 5, 6]
    assert found[:, 4:].tolist() == [[44, 45, 46]] * 3


def test_words_may_be_allowed_by_a_function_of_row_and_text():
    found = texts(prefix_allowed_tokens_fn=lambda row, ids: [50 + row, 60 + len(ids) % 2])
    allowed = {
        (row, step): {50 + row, 60 + (4 + step) % 2} for row in range(3) for step in range(5)
    }
    for row, step in allowed:
        assert found[row, 4 + step] in allowed[row, step]


def test_a_search_may_end_by_time():
    assert texts(max_time=1e-9).shape == (3, 5)
    assert texts(max_time=1e3).shape == (3, 9)


def test_a_model_prepares_its_inputs_itself(monkeypatch):
    model, seen = model_of(), []
    prepare = type(model).prepare_inputs_for_generation

    def listened(self, input_ids, **inputs):
        seen.append(input_ids.shape[1])
        return prepare(self, input_ids, **inputs)

    monkeypatch.setattr(type(model), "prepare_inputs_for_generation", listened)
    texts()
    assert seen == [4, 1, 1, 1, 1]
    ids = tree.tensor([[7, 8, 9]])
    inputs = prepare(model, ids, past_key_values=((ids,),))
    assert inputs["input_ids"].numpy().tolist() == [[9]]
    assert inputs["attention_mask"].numpy().tolist() == [[1, 1, 1]]


def test_rows_of_a_cache_change_places():
    past = ((tree.tensor([[1.0], [2.0]]), tree.tensor([[3.0], [4.0]])),)
    moved = model_of()._reorder_cache(past, tree.tensor([1, 1]))
    assert [one.numpy().tolist() for one in moved[0]] == [[[2.0], [2.0]], [[4.0], [4.0]]]


@pytest.mark.parametrize("task", cases.TASKS)
def test_the_causal_language_model_alone_generates(task):
    assert tree.model_class(task).can_generate() == (task == oracle.TASK)
