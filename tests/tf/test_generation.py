"""What generation in TensorFlow alone must show: graphs, files, dropout, half precision."""

import keras
import numpy as np
import pytest

import cases
import generation_oracle as oracle
import tree_tf as tree
from camembert_dual.tf.generation import cache
from tree_tf import generate

LIMIT = 4
NOW_AND_THEN = {"eos_token_id": oracle.SEVERAL}
ENDLESS = {"eos_token_id": ()}


@pytest.fixture
def eager(monkeypatch):
    tree.search_without_graphs(monkeypatch)


def fresh(config="decoder", dtype="float64", **overrides):
    config = cases.config(config, num_hidden_layers=1, **overrides)
    return tree.new(oracle.TASK, config, cases.weights(config, oracle.TASK), dtype)


def traces(model):
    graphs = vars(model)["_searches"][1]
    return [graph.experimental_get_tracing_count() for graph in graphs.values()]


@pytest.mark.parametrize(
    ("config", "options"),
    [
        ("crossed", NOW_AND_THEN),
        ("crossed", oracle.BEAMS[-1].options),
        ("decoder", {"do_sample": True, "top_k": 30, "top_p": 0.9, "seed": 3, **NOW_AND_THEN}),
    ],
    ids=str,
)
def test_the_graph_gives_what_the_search_without_one_gives(config, options, request):
    inputs = oracle.scorers(config)[1]
    model = fresh(config)
    rows = generate(model, inputs, max_new_tokens=LIMIT, **options)
    request.getfixturevalue("eager")
    expected = generate(model, inputs, max_new_tokens=LIMIT, **options)
    np.testing.assert_array_equal(rows, expected)


def test_the_prompt_is_read_at_once_and_each_step_reads_one_token(monkeypatch):
    lengths, ask = [], cache.ask

    def listened(call, inputs, *given, **keep):
        lengths.append(inputs["input_ids"].shape[1])
        return ask(call, inputs, *given, **keep)

    monkeypatch.setattr(cache, "ask", listened)
    generate(fresh(), oracle.batch(oracle.PROMPTS, 1), max_new_tokens=5)
    assert lengths == [None, 1]


def test_one_graph_serves_all_batches_lengths_limits_types_and_seeds():
    model = fresh()
    for prompts in (oracle.PROMPTS, oracle.PROMPTS[1:], oracle.PROMPTS[:1]):
        for limit, dtype in ((1, np.int32), (4, np.int64)):
            given = {k: v.astype(dtype) for k, v in oracle.batch(prompts, 1).items()}
            assert generate(model, given, max_new_tokens=limit, eos_token_id=()).shape == (
                len(prompts),
                limit + len(prompts[0]),
            )
    assert traces(model) == [1]
    for seed in (1, 2):
        generate(model, given, max_new_tokens=limit, do_sample=True, seed=seed)
    assert traces(model) == [1, 1]


def test_replaced_weights_are_seen_and_assigned_ones_are_too():
    model, inputs = fresh(), oracle.batch(oracle.PROMPTS, 1)
    generate(model, inputs, max_new_tokens=4)
    model.lm_head.bias.assign(50.0 * (np.arange(101) == 44))
    assert (generate(model, inputs, max_new_tokens=4)[:, 4:] == 44).all()
    assert traces(model) == [1]
    model.resize_token_embeddings(103)
    model.lm_head.bias.assign(50.0 * (np.arange(103) == 102))
    assert (generate(model, inputs, max_new_tokens=4)[:, 4:] == 102).all()
    assert traces(model) == [1]


@pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning")  # Keras' own
def test_a_model_that_has_generated_is_saved_and_loaded_as_before(tmp_path, request):
    model, inputs = fresh(dtype="float32"), oracle.batch(oracle.PROMPTS, 1)
    expected = generate(model, inputs, max_new_tokens=4)
    model.save(tmp_path / "model.keras")
    loaded = keras.models.load_model(tmp_path / "model.keras")
    request.getfixturevalue("eager")
    np.testing.assert_array_equal(generate(loaded, inputs, max_new_tokens=4), expected)


@pytest.mark.usefixtures("eager")
def test_a_model_with_dropout_generates_without():
    inputs = oracle.batch(oracle.PROMPTS, 1)
    np.testing.assert_array_equal(
        generate(fresh(hidden_dropout_prob=0.5), inputs, max_new_tokens=LIMIT),
        generate(fresh(), inputs, max_new_tokens=LIMIT),
    )


@pytest.mark.usefixtures("eager")
@pytest.mark.parametrize("dtype", ["mixed_float16", "bfloat16"])
@pytest.mark.parametrize(
    "options", [{}, {"num_beams": 3}, {"do_sample": True, "top_p": 0.9, "seed": 1}], ids=str
)
def test_half_precision_generates(dtype, options):
    model = tree.tree.TFCamembertForCausalLM(cases.config("decoder"), dtype=dtype)
    inputs = oracle.batch(oracle.PROMPTS, 1)
    rows = generate(model, inputs, max_new_tokens=4, **ENDLESS, **options)
    assert rows.shape == (3, 8)
    assert ((rows >= 0) & (rows < 101)).all()


@pytest.mark.usefixtures("eager")
def test_the_seed_of_the_framework_and_its_generators_control_the_draws():
    inputs = oracle.batch(oracle.PROMPTS, 1)
    model = tree.built(oracle.TASK, "decoder")
    options = {"max_new_tokens": 5, "do_sample": True, "temperature": 3.0, **ENDLESS}

    def texts(**more):
        return generate(model, inputs, **options, **more).tolist()

    keras.utils.set_random_seed(3)
    first = [texts(), texts()]
    keras.utils.set_random_seed(3)
    generate(model, inputs, max_new_tokens=5)  # draws nothing
    assert [texts(), texts()] == first
    assert first[0] != first[1]
    one, other = (keras.random.SeedGenerator(5) for _ in range(2))
    drawn = [texts(generator=one), texts(generator=one)]
    assert [texts(generator=other), texts(generator=other)] == drawn
    assert drawn[0] != drawn[1]
    with pytest.raises(ValueError, match="SeedGenerator; received int"):
        texts(generator=7)
