"""A Keras model that trains on the loss of its own head, and whose refusals stay one line."""

import inspect
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any, ClassVar

import keras
import tensorflow as tf

from camembert_dual.call_forms import check_keywords, names_of
from camembert_dual.common.errors import file_error
from camembert_dual.config import CamembertConfig
from camembert_dual.config_families import config_class_of
from camembert_dual.tf import call_inputs, keras_fit
from camembert_dual.tf.quantization import quantize_again, quantized_config, quantizing
from camembert_dual.tf.training.datasets import batches_of

UNLIKE = "A total of "  # how Keras begins to tell which layers do not fit, in several lines
SHUFFLE = 7  # arguments of ``fit`` behind x and y, with that of this name


class KerasModel(keras.Model):
    """What Keras asks of all our models when it calls, trains or evaluates them."""

    architecture: ClassVar[str | None] = None
    config: CamembertConfig
    _default_save_signature = None  # one of floats, which Keras traces beside that asked for

    @classmethod
    def call_is_own(cls) -> bool:
        """Whether a user's class has a call of its own, or a loss that a call asks for."""
        for one in cls.__mro__:
            if "architecture" in vars(one):
                return False
            if "call" in vars(one) or "hf_compute_loss" in vars(one):
                return True
        return False

    def get_config(self) -> dict[str, Any]:
        """The arguments of the constructor, as Keras saves them."""
        return config_of(self)

    @classmethod
    def from_config(cls, config: Mapping[str, Any]) -> Any:  # type: ignore[override]
        """Build a model from :meth:`get_config`."""
        return made_of(cls, config, getattr(cls, "config_class", None))

    def quantize(self, mode: str | None = None, config: Any = None, **options: Any) -> None:
        """Keep the weights of all dense layers in fewer bits, as Keras does.

        Tables of embeddings keep theirs.

        Args:
            mode: "int8", "int4" or "float8"; None with a ``config``.
            config: A ``keras.quantizers.QuantizationConfig``.
            **options: ``filters`` that say which layers.

        Raises:
            ValueError: If there is no such mode, or the model is quantized already.
        """
        with quantizing(mode):
            super().quantize(mode, config, **options)

    def _lock_state(self) -> None:
        """Refuse layers that come after the building, but in a user's class.

        Its constructor adds them when ours, which builds, has returned. There is no public call.
        """
        if "architecture" in vars(type(self)):
            super()._lock_state()

    @tf.autograph.experimental.do_not_convert
    def __call__(self, *args: Any, **options: Any) -> Any:
        """Call the model; what it refuses is said without Keras' report of all arguments."""
        with plain_refusals(type(self).call, options):
            names = names_of(type(self).call)[1:]
            padding = self.config.pad_token_id
            args, options = call_inputs.plain_call(args, options, names, padding)
            return super().__call__(*args, **options)

    def fit(self, x: Any = None, y: Any = None, *args: Any, **options: Any) -> Any:
        """Train, as Keras does; labels may stand among the inputs, whatever weighs them."""
        x, y, options = keras_fit.with_labels_apart(self, x, y, options)
        if isinstance(x, tf.data.Dataset) and len(args) < SHUFFLE:
            options.setdefault("shuffle", False)  # Keras warns of its own default
        if options.get("validation_data") is not None:
            validation = keras_fit.validation_of(self, options["validation_data"])
            options["validation_data"] = validation
        return super().fit(x, y, *args, **options)

    def evaluate(self, x: Any = None, y: Any = None, *args: Any, **options: Any) -> Any:
        """Measure losses and metrics, as Keras does; labels as in :meth:`fit`."""
        x, y, options = keras_fit.with_labels_apart(self, x, y, options)
        return super().evaluate(x, y, *args, **options)

    def train_on_batch(self, x: Any, y: Any = None, *args: Any, **options: Any) -> Any:
        """Take one step, as Keras does; labels as in :meth:`fit`."""
        x, y, options = keras_fit.with_labels_apart(self, x, y, options)
        return super().train_on_batch(x, y, *args, **options)

    def test_on_batch(self, x: Any, y: Any = None, *args: Any, **options: Any) -> Any:
        """Measure one batch, as Keras does; labels as in :meth:`fit`."""
        x, y, options = keras_fit.with_labels_apart(self, x, y, options)
        return super().test_on_batch(x, y, *args, **options)

    def load_weights(self, filepath: Any, skip_mismatch: bool = False, **options: Any) -> None:
        """Read the weights that Keras wrote of a like model.

        Args:
            filepath: A ``.weights.h5`` or ``.h5`` file, or what else Keras reads.
            skip_mismatch: Whether to leave layers that do not fit as they are, with a warning.
            **options: As in ``keras.Model.load_weights``.

        Raises:
            CheckpointError: If a layer does not fit; those that do have been read.
            OSError: If the file cannot be read.
        """
        try:
            super().load_weights(filepath, skip_mismatch, **options)
        except ValueError as error:
            if not str(error).startswith(UNLIKE):
                raise
            rule = "weights must be of a model of the same layers, sizes and quantization"
            example = str(error).split("\n\n")[1]  # of one layer
            raise file_error(filepath, rule, example) from None

    def compile(self, *args: Any, **options: Any) -> None:
        """Set optimizer, loss and metrics, as Keras does.

        For question answering, metrics in a list see both ends of a span as one: labels (B, 2) and
        logits (B, 2, T). A dict gives each end metrics of its own.
        """
        super().compile(*args, **options)
        given = inspect.signature(keras.Model.compile).bind(self, *args, **options).arguments
        metrics = (given.get("metrics"), given.get("weighted_metrics"))
        self.joins_spans = not any(isinstance(one, Mapping) for one in metrics)

    def compile_from_config(self, config: dict[str, Any]) -> None:
        """Compile as a file says, with room for the optimiser's state, which follows."""
        self.compile(**keras.saving.deserialize_keras_object(config))
        if self.optimizer is not None and self.built:
            self.optimizer.build(self.trainable_variables)

    def compute_loss(
        self,
        x: Any = None,
        y: Any = None,
        y_pred: Any = None,
        sample_weight: Any = None,
        training: bool = True,
    ) -> tf.Tensor:
        """The loss of ``fit``: the one given to ``compile``, on logits, or else the head's own.

        Raises:
            ValueError: If there are no labels, or not those that the head needs.
        """
        labels, logits = keras_fit.labels_of(self, x, y), keras_fit.logits_of(y_pred)
        if self.loss is not None:
            weights = keras_fit.weights_of(labels, sample_weight)
            return super().compute_loss(x, labels, logits, weights, training)
        if keras_fit.trains_on_call(self):
            loss = keras_fit.loss_of_call(self, y_pred)
        else:
            loss = keras_fit.loss_of_head(self, labels, logits, sample_weight)
        return loss + sum(self.losses)  # a user's regularisers

    def compute_metrics(
        self, x: Any, y: Any, y_pred: Any, sample_weight: Any = None
    ) -> dict[str, Any]:
        """The metrics of ``fit``, which see logits."""
        labels = keras_fit.labels_of(self, x, y)
        weights = keras_fit.weights_of_metrics(labels, sample_weight)
        logits = keras_fit.logits_of(y_pred)
        if self.joins_spans:
            labels, logits, weights = map(keras_fit.whole_spans, (labels, logits, weights))
        return super().compute_metrics(x, labels, logits, weights)

    def make_train_function(self, force: bool = False) -> Any:
        """The graph of a step of ``fit``, traced once: with its optimiser's variables made before.

        Keras would make them in the midst of the graph, and have to trace it again without them.
        """
        if not self.optimizer.built:
            with self.distribute_strategy.scope():
                self.optimizer.build(self.trainable_variables)
        return super().make_train_function(force)

    def predict(self, x: Any, *args: Any, **options: Any) -> Any:
        """Answer, as Keras does; inputs as in :meth:`fit`."""
        return super().predict(call_inputs.plain_inputs(x), *args, **options)

    def predict_on_batch(self, x: Any) -> Any:
        """Answer for one batch, as Keras does; inputs as in :meth:`fit`."""
        return super().predict_on_batch(call_inputs.plain_inputs(x))

    def predict_step(self, data: Any) -> Any:
        """One batch of ``predict``; labels are passed over: losses cannot be joined."""
        x, y, sample_weight = keras.utils.unpack_x_y_sample_weight(data)
        return super().predict_step((keras_fit.without_labels(x), y, sample_weight))

    def prepare_tf_dataset(self, dataset: Any, *args: Any, **options: Any) -> tf.data.Dataset:
        """Put examples together into batches for :meth:`fit`.

        Args:
            dataset: The examples by number, each a dict: a ``datasets.Dataset`` or a list.
            *args: The next arguments of :func:`camembert_dual.tf.training.datasets.batches_of`.
            **options: ``batch_size``, ``shuffle``, ``tokenizer``, ``collate_fn``,
                ``collate_fn_args``, ``drop_remainder`` and ``prefetch``, see there.

        Raises:
            ValueError: If there are no examples, or none of their fields is an input.
        """
        return batches_of(names_of(type(self).call), dataset, *args, **options)


@contextmanager
def plain_refusals(call: Callable[..., Any], options: Mapping[str, Any]) -> Iterator[None]:
    """Refuse keywords that a ``call`` does not have, and say each refusal in one line."""
    try:
        check_keywords(options, names_of(call))
        yield
    except (TypeError, ValueError) as error:
        raise refusal_in(error) from None


def refusal_in(error: Exception) -> Exception:
    """The error that reports around it repeat, marked so that nobody makes another one."""
    while error.__context__ is not None and str(error.__context__) in str(error):
        error = error.__context__  # type: ignore[assignment]
    vars(error)["_keras_call_info_injected"] = True  # Keras leaves an error with this mark alone
    vars(error)["ag_pass_through"] = True  # and TensorFlow, which traces, one with this
    return error


def config_of(layer: Any) -> dict[str, Any]:
    """The arguments of a layer with a config, as Keras saves them."""
    return {
        "config": json.loads(layer.config.to_json_string()),
        "name": layer.name,
        "dtype": keras.saving.serialize_keras_object(layer.dtype_policy),
        **quantized_config(layer),
    }


def made_of(layer_class: Any, config: Mapping[str, Any], config_class: Any = None) -> Any:
    """A layer from what :func:`config_of` made of one like it."""
    arguments = dict(config)
    quantized = arguments.pop("quantized", {})
    kind = config_class_of(arguments["config"], config_class)
    arguments["config"] = kind.from_dict(arguments["config"])
    arguments["dtype"] = keras.saving.deserialize_keras_object(arguments["dtype"])
    layer = layer_class(**arguments)
    if quantized:
        quantize_again(layer, quantized)
    return layer
