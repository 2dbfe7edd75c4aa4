"""Drive the TensorFlow tree from the neutral cases: build, call, differentiate."""

import contextlib
import functools
from typing import Any

import keras
import numpy as np
import tensorflow as tf

import camembert_dual.tf as tree
import cases
from camembert_dual.generation.modes import warpers_of
from camembert_dual.tf import attention as attention
from camembert_dual.tf import masks, surgery
from camembert_dual.tf.generation import rules as rules
from camembert_dual.tf.generation import sampling, search

NAME = "tf"
ID_TYPE = tf.int32
SINGLE = tf.float32
HALVES = {  # how to halve, and the largest difference in units of a stage
    "bfloat16": 4e-2,
    "float16": 6e-3,
    "mixed_bfloat16": 4e-2,
    "mixed_float16": 6e-3,
}
relu = tf.nn.relu
tensor = tf.constant
causal_mask = masks.causal_mask
backbone_of = surgery.backbone_of
next_tokens = sampling.next_tokens


def model_class(task: str) -> type:
    return getattr(tree, f"TF{task}")


def forward_of(task: str):
    """The function that a call of a model runs."""
    return model_class(task).call


def stored(row: Any) -> tuple[str, tuple[int, ...]]:
    """Where a row of the table lies in a model, and its shape there."""
    return row.path, row.shape[::-1] if row.transposed else row.shape


def shapes(model: Any) -> dict[str, tuple[int, ...]]:
    """Path below the model's own name to shape; a path given twice is an error."""
    paths = [weight.path.partition("/")[2] for weight in model.weights]
    assert len(set(paths)) == len(paths)
    return dict(zip(paths, (tuple(weight.shape) for weight in model.weights), strict=True))


def new(
    task: str, config: Any, arrays: dict[str, np.ndarray], dtype: str = "float64", **options: Any
):
    """A model with the given weights."""
    model = model_class(task)(config, dtype=dtype, **options)
    model.load_arrays({name: array.astype(dtype) for name, array in arrays.items()})
    return model


@functools.cache
def built(task: str, config_name: str, dtype: str = "float64"):
    """The model of a task and a config of the matrix with its weights; shared, never changed."""
    config = cases.config(config_name)
    return new(task, config, cases.weights(config, task), dtype)


def as_tensor(value: Any, dtype: str) -> Any:
    """Numpy to tensors, structures included; real numbers in the model's type."""
    if isinstance(value, tuple | list):
        return tuple(as_tensor(one, dtype) for one in value)
    if not isinstance(value, np.ndarray):
        return value
    return tf.constant(value.astype(dtype) if value.dtype.kind == "f" else value)


def as_array(tensor: Any) -> np.ndarray:
    return tensor.numpy()


def call(model: Any, *args: Any, **keywords: Any):
    """The output of a call."""
    return model(*args, **keywords)


def run(model: Any, inputs: dict[str, Any], dtype: str = "float64", **switches: Any):
    """Every stage that a call returns, by name."""
    given = {name: as_tensor(value, dtype) for name, value in inputs.items()}
    output = call(model, **given, **(switches or cases.ALL_OUTPUTS))
    return cases.stages(output, as_array)


def search_without_graphs(patch: Any) -> None:
    """A graph takes long to trace; tests/tf/test_generation.py holds graphs against this."""

    def run(model, plan, prompt, search_alone):
        return lambda *inputs: search_alone(model, plan, *inputs)

    patch.setattr(search, "compiled", run)


def warped(scores: Any, options: Any) -> Any:
    """Scores as they are drawn from."""
    return rules.process(warpers_of(options), scores, tf.zeros_like(scores, tf.int32), 1)


def generate(model: Any, inputs: dict[str, Any], **options: Any) -> np.ndarray:
    given = {name: as_tensor(value, "float64") for name, value in inputs.items()}
    return model.generate(**given, **options).numpy()


def gradients(model: Any, inputs: dict[str, Any], dtype: str = "float64"):
    """The loss and the gradient of every weight, by published name."""
    given = {name: as_tensor(value, dtype) for name, value in inputs.items()}
    with tf.GradientTape() as tape:
        loss = model(**given).loss
    variables = model.variables_by_name()
    rows = model.expected_parameters()
    weights = [variables[row.name] for row in rows]
    found = tape.gradient(loss, weights)
    arrays = {}
    for row, weight, gradient in zip(rows, weights, found, strict=True):
        # a position table that relative positions leave unused has no gradient at all
        gradient = np.zeros(weight.shape) if gradient is None else gradient
        array = tf.convert_to_tensor(gradient).numpy()  # slices of tables become tables
        arrays[row.name] = array.T if row.transposed else array
    return loss.numpy(), arrays


def in_half(kind: str, task: str, config: Any, arrays: dict[str, np.ndarray]):
    """A model that computes in half precision: as a whole, or by a mixed policy."""
    model = model_class(task)(config, dtype=kind)
    model.load_arrays(arrays)
    return model


def mixing(kind: str):
    """A policy is the model's own."""
    return contextlib.nullcontext()


def as_single(tensor: Any) -> np.ndarray:
    return tf.cast(tensor, SINGLE).numpy()


def half_gradients(kind: str, model: Any, inputs: dict[str, np.ndarray], **switches: Any):
    """The output of a call and the gradients of its loss, in single precision."""
    given = {name: tf.constant(value) for name, value in inputs.items()}
    with tf.GradientTape() as tape:
        output = model(**given, **switches)
    found = tape.gradient(output.loss, [weight.value for weight in model.trainable_variables])
    return output, [as_single(tf.convert_to_tensor(gradient)) for gradient in found]


@functools.cache
def outcome(task: str, case: cases.Case, dtype: str = "float64"):
    """Every stage of a call of the matrix, computed once."""
    return run(built(task, case.config, dtype), cases.inputs(task, case), dtype)


@functools.cache
def loss_outcome(name: str, dtype: str = "float64"):
    """The stages of a loss of the cases, by its name, computed once."""
    loss = next(one for one in cases.LOSSES if str(one) == name)
    config, inputs = cases.loss_call(loss)
    model = new(loss.task, config, cases.weights(config, loss.task), dtype)
    return run(model, inputs, dtype, return_dict=True)


@functools.cache
def training_outcome(name: str, dtype: str = "float64"):
    """The loss and the gradients of a training of the cases, by its name, computed once."""
    training = next(one for one in cases.TRAININGS if one.name == name)
    config, inputs = cases.training_call(training)
    task = training.loss.task
    return gradients(new(task, config, cases.weights(config, task), dtype), inputs, dtype)


def sizes_of_a_step(task: str, config, rows: int, length: int) -> set[int]:
    """The numbers in every tensor that a loss and its gradients make."""
    model = new(task, config, cases.weights(config, task))

    def step(ids):
        with tf.GradientTape() as tape:
            loss = model(input_ids=ids, labels=ids).loss
        found = tape.gradient(loss, model.trainable_variables)
        return [tf.convert_to_tensor(one) for one in found if one is not None]

    ids = tf.TensorSpec([rows, length], tf.int32)
    graph = tf.function(step, autograph=False).get_concrete_function(ids).graph
    tensors = [one for operation in graph.get_operations() for one in operation.outputs]
    return {one.shape.num_elements() for one in tensors if one.shape.is_fully_defined()}


def add_layer(model: Any) -> None:
    """Give a model a layer that its config does not know."""
    layer = keras.layers.Dense(3)
    layer.build((None, 3))
    with surgery.unlocked(model):
        model.extra = layer
