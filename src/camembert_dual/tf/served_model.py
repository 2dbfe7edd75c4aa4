"""What scripts for TensorFlow ask of a model: what it is served by, its loss, its LM head."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from typing import Any, ClassVar

import keras
import tensorflow as tf

from camembert_dual.call_forms import names_of
from camembert_dual.common.errors import require
from camembert_dual.common.model_names import MULTIPLE_CHOICE
from camembert_dual.outputs import ModelOutput
from camembert_dual.tf.keras_model import KerasModel

INTERNALS = ("use_cache", "output_hidden_states", "output_attentions")
STACKED = ("hidden_states", "attentions", "cross_attentions", "past_key_values")
SIGNATURE = ("input_ids", "attention_mask", "token_type_ids")


class ServedModel(KerasModel):
    """A model with the names by which TensorFlow's scripts serve it and reach its LM head."""

    supports_xla_generation: ClassVar[bool] = True

    @property
    def input_signature(self) -> dict[str, tf.TensorSpec]:
        """What :meth:`serving` takes: ids, mask and token types of any batch and length."""
        shape = (None, None, None) if self.architecture == MULTIPLE_CHOICE else (None, None)
        return {name: tf.TensorSpec(shape, tf.int32, name) for name in SIGNATURE}

    @property
    def dummy_inputs(self) -> dict[str, tf.Tensor]:
        """A small batch that every model takes."""
        shape = (3, 5) if len(self.input_signature["input_ids"].shape) == 2 else (3, 2, 5)
        inputs = {name: tf.ones(shape, tf.int32) for name in self.input_signature}
        return inputs | {"token_type_ids": tf.zeros(shape, tf.int32)}

    def export(
        self, filepath: Any, format: str = "tf_saved_model", verbose: Any = None, **options: Any
    ) -> None:
        """Write a SavedModel, ONNX, OpenVINO or LiteRT file, as Keras does, of any model.

        Keras asks for a call before; here the inputs are known from the start. A decoder's cache
        and inner states are left out: a signature answers with tensors alone.

        Args:
            filepath: The folder or file.
            format: One of Keras' formats.
            verbose: Whether to say what was written.
            **options: ``input_signature``; a dict of ``input_ids`` and ``attention_mask`` (B, T),
                both int32, if none is given. Others as in ``keras.Model.export``.

        Raises:
            ValueError: If there is no such format.
        """
        if not all(layer.built for layer in self._flatten_layers()):
            initialise(self)
        if options.get("input_signature") is None:
            options["input_signature"] = self._exported_inputs()
        with without_internals(self.config):
            super().export(str(filepath), format, verbose, **options)

    def _exported_inputs(self) -> list[Any]:
        """The inputs that :meth:`export` takes for granted: what a tokenizer gives.

        They are one dict, but one by one for a user's call that has an argument for each.
        """
        specs, names = self.input_signature, names_of(type(self).call)
        wanted = {name: specs[name] for name in ("input_ids", "attention_mask")}
        one_by_one = self.call_is_own() and names[1] in wanted
        return [wanted[one] for one in names if one in wanted] if one_by_one else [wanted]

    @cached_property
    def serving(self) -> Any:
        """A graph of the model, from a dict of :attr:`input_signature`."""
        return tf.function(self.eager_serving, input_signature=[self.input_signature])

    def eager_serving(self, inputs: Mapping[str, tf.Tensor]) -> ModelOutput:
        """The model's output for a dict of inputs, as :meth:`serving` computes it in a graph."""
        names = names_of(type(self).call)
        asked = {"return_dict": True} if "return_dict" in names else {}
        if self.call_is_own() and names[1] in inputs:  # a user's call, with an argument for each
            given = {name: value for name, value in inputs.items() if name in names}
            return self.serving_output(self(**given, **asked))
        return self.serving_output(self(dict(inputs), **asked))

    def serving_output(self, output: ModelOutput) -> ModelOutput:
        """What is served of an output: tuples of tensors become one tensor each."""
        if not isinstance(output, Mapping):  # of a user's call
            return output
        served = {
            name: tf.convert_to_tensor(value) if name in STACKED else value
            for name, value in output.items()
        }
        return type(output)(served)

    def hf_compute_loss(self, labels: Any, logits: Any) -> tf.Tensor:
        """The loss of the labels under the logits, as the head's call takes them.

        A class of a user's own may have its own way; ``fit`` then trains on it.
        """
        return self.head_loss(labels, logits)

    def get_lm_head(self) -> keras.layers.Layer | None:
        """The LM head; None without one."""
        return getattr(self, "lm_head", None)

    def get_output_layer_with_bias(self) -> keras.layers.Layer | None:
        """The layer whose bias is added to the logits of words: the LM head."""
        return self.get_lm_head()

    def get_bias(self) -> dict[str, keras.Variable] | None:
        """The bias of the LM head, by its name; None without LM head."""
        head = self.get_lm_head()
        return None if head is None else {"bias": head.bias}

    def set_bias(self, value: Mapping[str, Any]) -> None:
        """Give the LM head's bias other values.

        Args:
            value: As :meth:`get_bias` gives it.
        """
        head = self.get_lm_head()
        require(head is not None, "set_bias must be called of a model with LM head", "none")
        head.bias.assign(value["bias"])

    def get_prefix_bias_name(self) -> str | None:
        """The path of the layer that :meth:`get_bias` reads; None without LM head."""
        head = self.get_lm_head()
        return None if head is None else f"{self.name}/{head.name}"


@contextmanager
def without_internals(config: Any) -> Iterator[None]:
    """Where calls of a model answer what its head computes and nothing from inside."""
    before = {name: getattr(config, name) for name in INTERNALS}
    try:
        for name in INTERNALS:
            setattr(config, name, False)
        yield
    finally:
        for name, value in before.items():
            setattr(config, name, value)


def initialise(model: Any) -> None:
    """Build the own layers of a user's model, which start by their own initializers."""
    inputs, names = model.dummy_inputs, names_of(type(model).call)
    if model.main_input_name in names:  # each input has an argument
        model(**{name: value for name, value in inputs.items() if name in names})
    else:
        model(inputs)
