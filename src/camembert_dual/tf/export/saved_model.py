"""A model as a SavedModel, for serving."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf

from camembert_dual.common.arrays import Array
from camembert_dual.common.errors import require
from camembert_dual.common.model_names import MULTIPLE_CHOICE
from camembert_dual.outputs import ModelOutput
from camembert_dual.storage.atomic import atomic_folder
from camembert_dual.storage.file_names import SAVED_MODEL
from camembert_dual.tf.export.warm_up import requests_of, write_warm_up
from camembert_dual.tf.served_model import SIGNATURE


def export_saved_model(
    model: Any,
    path: str | Path,
    *,
    batch_size: int | None = None,
    length: int | None = None,
    output_hidden_states: bool = False,
    published: bool = False,
    signatures: Mapping[str, Any] | None = None,
    tokenizer: Any = None,
) -> None:
    """Write a SavedModel that TensorFlow loads without this package.

    TensorFlow Serving sees ``serving_default`` and ``int64``, which take ``input_ids`` and attend
    to all but padding, and ``masked`` and ``int64_masked``, which also take ``attention_mask``.
    Their answers are named as the model's outputs. ``tf.saved_model.load(path).serve(ids, mask)``
    takes both types, with a mask or without. Requests to warm up with lie in ``assets.extra``, one
    for each endpoint but the user's own.

    Args:
        model: A model of this package.
        path: The folder to write, whole or not at all; a SavedModel that is there is replaced.
        batch_size: The number of rows, or None for any.
        length: The length of rows, or None for any.
        output_hidden_states: Whether to answer ``hidden_states_0``, ``hidden_states_1``, ... too.
        published: Whether ``serving_default`` and ``int64_serving`` take and answer what they did
            in a SavedModel of ``transformers`` 4, see :func:`published_endpoints`; what is
            otherwise ``serving_default`` is called ``int32`` then.
        signatures: More endpoints by name: ``tf.function`` with an input signature.
        tokenizer: The model's tokenizer, for an endpoint ``text`` that takes strings; see
            :func:`camembert_dual.tf.export.answers.text_signature`.

    Raises:
        FileExistsError: If something else than a SavedModel is there.
        ImportError: If a tokenizer is given and tensorflow-text is not installed.
        ValueError: If a signature has a name of the endpoints above.
    """
    serve = serving_function(model, output_hidden_states)
    shape = shape_of_ids(model, batch_size, length)
    own = optional_mask_endpoints(serve, shape)
    if published:
        own["int32"] = own.pop("serving_default")
        own |= published_endpoints(model, shape)
    if tokenizer is not None:
        from camembert_dual.tf.export.answers import text_signature

        own["text"] = text_signature(model, tokenizer).get_concrete_function()
    twice = sorted(own.keys() & (signatures or {}).keys())
    require(
        not twice, f"The name of a signature must be none of {', '.join(own)}", ", ".join(twice)
    )
    module = tf.Module()
    module.weights = [weight.value for weight in model.weights]
    module.serve = serve
    asked = getattr(tokenizer, "mask_token", "")  # which a masked language model insists on
    with atomic_folder(Path(path), holds=SAVED_MODEL) as folder:
        tf.saved_model.save(module, str(folder), signatures={**own, **(signatures or {})})
        write_warm_up(folder, requests_of(own, model.config.bos_token_id, asked))


def optional_mask_endpoints(serve: Any, shape: list[int | None]) -> dict[str, Any]:
    """Endpoints of both types of ids, each with a mask and without."""
    own = {}
    for prefix, dtype in (("", tf.int32), ("int64_", tf.int64)):
        spec = tf.TensorSpec(shape, dtype, "input_ids")
        mask = tf.TensorSpec(shape, dtype, "attention_mask")
        plain = f"{prefix}serving_default".removesuffix("_serving_default")
        own[plain] = serve.get_concrete_function(spec)
        own[f"{prefix}masked"] = serve.get_concrete_function(spec, mask)
    return own


def published_endpoints(model: Any, shape: list[int | None]) -> dict[str, Any]:
    """The endpoints of a SavedModel of ``transformers`` 4, for programs that ask them.

    Both take ``input_ids``, ``attention_mask`` and ``token_type_ids``, as int32 or int64. They
    answer the outputs of a head by name and, where the config says so, ``hidden_states``
    (N + 1, B, T, D), ``attentions`` (N, B, H, T, S) and ``past_key_values`` (N, 2, B, H, T, K),
    each as one tensor.
    """

    @tf.function(autograph=False)
    def serve(
        input_ids: tf.Tensor, attention_mask: tf.Tensor, token_type_ids: tf.Tensor
    ) -> dict[str, tf.Tensor]:
        inputs = dict(zip(SIGNATURE, (input_ids, attention_mask, token_type_ids), strict=True))
        return dict(model.eager_serving(inputs))

    return {
        name: serve.get_concrete_function(*[tf.TensorSpec(shape, dtype, one) for one in SIGNATURE])
        for name, dtype in (("serving_default", tf.int32), ("int64_serving", tf.int64))
    }


def open_saved_model(path: str | Path) -> Callable[..., dict[str, Array]]:
    """Read a SavedModel as a function of ids and mask, by name, that gives named arrays.

    Raises:
        OSError: If it cannot be read.
    """
    served = tf.saved_model.load(str(path))

    def run(input_ids: Array, attention_mask: Array | None = None) -> dict[str, Array]:
        given = (one for one in (input_ids, attention_mask) if one is not None)
        answers = served.serve(*(tf.convert_to_tensor(one, tf.int32) for one in given))
        return {name: value.numpy() for name, value in answers.items()}

    return run


def serving_function(model: Any, output_hidden_states: bool) -> Any:
    """A function of ids and mask that gives a flat dict of named tensors, as signatures must."""

    @tf.function(autograph=False)
    def serve(
        input_ids: tf.Tensor, attention_mask: tf.Tensor | None = None
    ) -> dict[str, tf.Tensor]:
        if attention_mask is None:
            padding = tf.constant(model.config.pad_token_id, input_ids.dtype)
            attention_mask = tf.cast(input_ids != padding, input_ids.dtype)
        output = model(
            input_ids=input_ids,
            attention_mask=attention_mask,
            output_hidden_states=output_hidden_states,
            output_attentions=False,
            return_dict=True,
            training=False,
        )
        return flat_outputs(output)

    return serve


def flat_outputs(output: ModelOutput) -> dict[str, tf.Tensor]:
    """Name every tensor of an output: ``logits``, ``hidden_states_0``, ...; leave out the cache."""
    flat = {}
    for name, value in output.items():
        if tf.is_tensor(value):
            flat[name] = value
        elif name != "past_key_values":
            flat |= {f"{name}_{index}": one for index, one in enumerate(value)}
    return flat


def shape_of_ids(model: Any, batch_size: int | None, length: int | None) -> list[int | None]:
    """(B, T), or (B, C, T) with any number of choices."""
    choices = [None] if model.architecture == MULTIPLE_CHOICE else []
    return [batch_size, *choices, length]
