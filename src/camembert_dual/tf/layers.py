"""The bricks, with every default of the framework stated here and nowhere else."""

import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any

import keras
import tensorflow as tf

from camembert_dual.config import CamembertConfig

_initialises = ContextVar("initialises", default=True)


@contextmanager
def uninitialised() -> Iterator[None]:
    """Make models whose matrices get no values, as a checkpoint is about to fill them.

    Drawing takes most of the time and of the passing memory of a load.
    """
    token = _initialises.set(False)
    try:
        yield
    finally:
        _initialises.reset(token)


def initialise(
    shape: tuple[int, ...],
    dtype: Any = None,
    *,
    config: CamembertConfig,
    padding_index: int | None = None,
) -> tf.Tensor:
    """Start a matrix at normal values, and a padding row at zero."""
    if not _initialises.get():
        # memory that nobody has written takes no room yet
        return tf.raw_ops.Empty(shape=shape, dtype=dtype)
    normal = keras.initializers.RandomNormal(0.0, config.initializer_range)(shape, dtype)
    if padding_index is None:
        return normal
    is_padding = tf.range(shape[0])[:, None] == padding_index
    return tf.where(is_padding, tf.zeros((), dtype), normal)


class Dense(keras.layers.Dense):
    """A dense layer that knows its input size, so that it can be built without an input."""

    def __init__(self, in_size: int, out_size: int, **options: Any) -> None:
        super().__init__(out_size, **options)
        self.in_size = in_size

    def build(self, input_shape: Any = None) -> None:
        """Make the weights."""
        super().build((None, self.in_size))

    def call(self, inputs: tf.Tensor, training: bool | None = None) -> tf.Tensor:
        """Map (..., in_size) to (..., out_size)."""
        return affine(inputs, lambda rows: tf.matmul(rows, self.kernel), self.bias)

    def quantize(self, *args: Any, **options: Any) -> None:
        """Keep the weights in fewer bits, as Keras' own class does; it refuses classes over it."""
        super().quantize(*args, **(options | {"type_check": False}))


class Embedding(keras.layers.Embedding):
    """A table whose padding row gets no gradient by look-up, and that can be called in reverse."""

    def __init__(self, rows: int, size: int, padding_index: int | None, **options: Any) -> None:
        super().__init__(rows, size, **options)
        self.padding_index = padding_index

    def build(self, input_shape: Any = None) -> None:
        """Make the weights."""
        super().build()

    def call(self, inputs: tf.Tensor, reverse: bool = False) -> tf.Tensor:
        """Look up ids (...) in the table: (..., D); in reverse, multiply (N, D) with it: (N, V)."""
        table = tf.cast(self.embeddings, self.compute_dtype)  # Keras' own tables do not cast
        if reverse:
            return tf.matmul(inputs, table, transpose_b=True)
        # a reshape has a whole table for its gradient; an optimiser that scattered rows into the
        # table would have TensorFlow copy it at every later read
        rows = tf.gather(tf.reshape(table, table.shape), inputs)  # (..., D)
        if self.padding_index is None:
            return rows
        # LiteRT's converter knows no other way to add an axis to two unknown ones
        is_padding = tf.expand_dims(inputs == self.padding_index, -1)  # (..., 1)
        return tf.where(is_padding, tf.stop_gradient(rows), rows)


class LayerNormalization(keras.layers.LayerNormalization):
    """Layer normalisation that knows its size, so that it can be built without an input."""

    def __init__(self, size: int, **options: Any) -> None:
        super().__init__(axis=-1, center=True, scale=True, **options)
        self.size = size

    def build(self, input_shape: Any = None) -> None:
        """Make the weights."""
        super().build((None, self.size))


class Dropout(keras.layers.Dropout):
    """Dropout whose draws go on where they were when its model is loaded; Keras saves no seeds."""

    def save_own_variables(self, store: Any) -> None:
        """Keep the state of the draws."""
        if self.rate > 0:
            store["seed"] = self.seed_generator.state.numpy()

    def load_own_variables(self, store: Any) -> None:
        """Take up the state of the draws, if the file has it."""
        if self.rate > 0 and "seed" in list(store.keys()):  # a store of Keras is no mapping
            self.seed_generator.state.assign(store["seed"])


def size_of(tensor: tf.Tensor, axis: int) -> int | tf.Tensor:
    """The size of an axis: a number where it is known, which needs no operation."""
    known: int | None = tensor.shape[axis]
    return tf.shape(tensor)[axis] if known is None else known


def affine(
    states: tf.Tensor, product: Callable[[tf.Tensor], tf.Tensor], bias: tf.Tensor
) -> tf.Tensor:
    """Map states by a product with a matrix and a bias, as one product of two matrices.

    Keras' product of more axes takes shapes apart and joins them again, a dozen operations each
    time; that of TensorFlow makes a matrix for each text in its gradient.

    Args:
        states: (..., I).
        product: A map of (N, I) to (N, O).
        bias: (O).

    Returns:
        (..., O).
    """
    rows = tf.reshape(states, [-1, states.shape[-1]])
    rows = tf.nn.bias_add(product(rows), bias)
    middle = [size_of(states, axis) for axis in range(1, len(states.shape) - 1)]
    return tf.reshape(rows, [-1, *middle, rows.shape[-1]]) if middle else rows


def dense(in_size: int, out_size: int, config: CamembertConfig, *, name: str, dtype: Any) -> Dense:
    """An affine map (..., in_size) -> (..., out_size): normal weights, zero bias."""
    return Dense(
        in_size,
        out_size,
        use_bias=True,
        kernel_initializer=partial(initialise, config=config),
        bias_initializer="zeros",
        name=name,
        dtype=dtype,
    )


def embedding(
    rows: int,
    size: int,
    config: CamembertConfig,
    padding_index: int | None = None,
    *,
    name: str,
    dtype: Any,
) -> Embedding:
    """A table of normal rows; the padding row starts at zero and gets no gradient by look-up."""
    return Embedding(
        rows,
        size,
        padding_index,
        embeddings_initializer=partial(initialise, config=config, padding_index=padding_index),
        name=name,
        dtype=dtype,
    )


def layer_norm(config: CamembertConfig, *, name: str, dtype: Any) -> LayerNormalization:
    """Layer normalisation of the hidden states (Ba et al. 2016), with the config's epsilon."""
    return LayerNormalization(
        config.hidden_size, epsilon=config.layer_norm_eps, name=name, dtype=dtype
    )


def dropout(probability: float, *, dtype: Any) -> Dropout:
    """Dropout, active only in training."""
    return Dropout(probability, name="dropout", dtype=dtype)


def activation(config: CamembertConfig) -> Callable[[tf.Tensor], tf.Tensor]:
    """The feed-forward layer's nonlinearity (GELU: Hendrycks and Gimpel 2016)."""
    if callable(config.hidden_act):
        return config.hidden_act
    functions: dict[str, Callable[[tf.Tensor], tf.Tensor]] = {
        "gelu": gelu,
        "gelu_new": gelu_new,
        "relu": tf.nn.relu,
        "silu": tf.nn.silu,
    }
    return functions[config.hidden_act]


def gelu(hidden_states: tf.Tensor) -> tf.Tensor:
    """The exact GELU, by the error function; the LM head always uses this one."""
    return exact_gelu(hidden_states)


@tf.custom_gradient
def exact_gelu(values: tf.Tensor) -> tuple[tf.Tensor, Callable[[tf.Tensor], tf.Tensor]]:
    """The GELU of values, which are all that training keeps of it; TensorFlow would keep five."""
    # tf.nn.gelu rounds its constants to float32 first, which shows in float64
    scale = tf.constant(math.sqrt(0.5), values.dtype)
    peak = tf.constant(1 / math.sqrt(2 * math.pi), values.dtype)

    def gradient(upstream: tf.Tensor) -> tf.Tensor:
        below = 0.5 * (1.0 + tf.math.erf(values * scale))
        return upstream * (below + values * peak * tf.exp(-0.5 * tf.square(values)))

    return 0.5 * values * (1.0 + tf.math.erf(values * scale)), gradient


def gelu_new(hidden_states: tf.Tensor) -> tf.Tensor:
    """The GELU's tanh form."""
    scale = tf.constant(math.sqrt(2.0 / math.pi), hidden_states.dtype)
    cubic = tf.constant(0.044715, hidden_states.dtype) * hidden_states**3
    return 0.5 * hidden_states * (1.0 + tf.tanh(scale * (hidden_states + cubic)))
