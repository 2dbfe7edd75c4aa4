"""Tools around Keras take the models: ONNX, OpenVINO, KerasTuner, pydot."""

import keras
import keras_tuner
import numpy as np
import onnxruntime
import openvino
import pytest

import cases
import tree_tf as tree
from camembert_dual import TFCamembertForSequenceClassification, TFCamembertModel


def new(task: str):
    config = cases.config(num_hidden_layers=1, is_decoder=task == cases.CAUSAL)
    return tree.new(task, config, cases.weights(config, task), "float32")


def texts(task: str):
    """Padded ids and their mask, as a tokenizer gives them."""
    ids = cases.ids(cases.config(), cases.generator("tools"), 3, 6).astype("int32")
    ids[-1, 4:] = cases.config().pad_token_id
    mask = (ids != cases.config().pad_token_id).astype("int32")
    one_more = (lambda value: value[:, None]) if task == cases.CHOICE else (lambda value: value)
    return {"input_ids": one_more(ids), "attention_mask": one_more(mask)}


@pytest.mark.parametrize("task", cases.TASKS)
def test_onnx_and_openvino_answer_as_the_model_that_was_never_called(task, tmp_path):
    model, given = new(task), texts(task)
    for format, name in (("onnx", "model.onnx"), ("openvino", "model.xml")):
        model.export(tmp_path / name, format=format, verbose=False)
    output = model(given, use_cache=False) if task == cases.CAUSAL else model(given)
    expected = {name: np.asarray(value) for name, value in output.items()}
    session = onnxruntime.InferenceSession(tmp_path / "model.onnx")
    found = dict(
        zip([one.name for one in session.get_outputs()], session.run(None, given), strict=True)
    )
    whole = {"INFERENCE_PRECISION_HINT": "f32"}
    answers = openvino.Core().compile_model(tmp_path / "model.xml", "CPU", whole)(given)
    others = {port.get_any_name(): value for port, value in answers.items()}
    for one in (found, others):
        assert set(one) == set(expected)
        for name, value in expected.items():
            np.testing.assert_allclose(one[name], value, rtol=0, atol=2e-5, err_msg=name)


def test_a_tuner_searches_over_two_trials(tmp_path):
    def made(values):
        config = cases.config(num_hidden_layers=1, hidden_dropout_prob=values.Float("p", 0.0, 0.3))
        model = TFCamembertForSequenceClassification(config)
        model.compile(keras.optimizers.SGD(values.Choice("rate", [1e-2, 1e-1])))
        return model

    ids, classes = texts(cases.SEQUENCE)["input_ids"], np.array([0, 3, 1])
    tuner = keras_tuner.RandomSearch(
        made, objective="val_loss", max_trials=2, directory=tmp_path, seed=1
    )
    tuner.search(ids, classes, epochs=1, validation_data=(ids, classes), verbose=0)
    trials = list(tuner.oracle.trials.values())
    assert len(trials) == 2
    best = tuner.get_best_models()[0]
    scores = [trial.score for trial in trials]
    assert best.evaluate(ids, classes, verbose=0) == pytest.approx(min(scores), rel=1e-5)


def test_a_plan_names_the_parts():
    inputs = keras.Input((None,), dtype="int32", name="input_ids")
    states = TFCamembertModel(cases.config(num_hidden_layers=1), name="camembert")(inputs)
    model = keras.Model(inputs, keras.layers.Dense(3, name="scorer")(states.last_hidden_state))
    plan = keras.utils.model_to_dot(model, show_shapes=True).to_string()
    for name in ("input_ids", "camembert", "TFCamembertModel", "scorer"):
        assert (
            name in plan
            or name in keras.utils.model_to_dot(model, show_layer_names=True).to_string()
        )
