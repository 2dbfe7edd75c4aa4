"""What each model class answers when its methods are asked, as JSON: ours and transformers' alike.

python model_methods.py MODULE    ask the TensorFlow classes of a module, print the answers
"""

import importlib
import json
import sys
import warnings

import numpy as np

SIZES = {
    "vocab_size": 53,
    "hidden_size": 24,
    "num_hidden_layers": 2,
    "num_attention_heads": 3,
    "intermediate_size": 35,
    "max_position_embeddings": 19,
    "type_vocab_size": 2,
    "pad_token_id": 1,
    "bos_token_id": 0,
    "eos_token_id": 2,
}
HEADS = (
    "Model",
    "ForCausalLM",
    "ForMaskedLM",
    "ForSequenceClassification",
    "ForMultipleChoice",
    "ForTokenClassification",
    "ForQuestionAnswering",
)
MASK = [[1, 1, 0], [1, 1, 1]]


def of_pytorch(module):
    """The answers of the PyTorch classes: {class: {question: answer}}."""
    return {f"Camembert{head}": torch_answers(module, f"Camembert{head}") for head in HEADS}


def torch_answers(module, name):
    import torch

    def listed(tensor):
        return np.nan_to_num(tensor.detach().numpy()).tolist()

    def kind(one):
        return "none" if one is None else "some"

    config = module.CamembertConfig(**SIZES)
    model = getattr(module, name)(config)
    ids = torch.ones(2, 7, dtype=torch.long)
    causal = getattr(module, name)(module.CamembertConfig(**SIZES, is_decoder=True))
    mask = torch.tensor(MASK)
    found = {
        "base_model": type(model.base_model).__name__,
        "base_model_prefix": model.base_model_prefix,
        "config_class": model.config_class.__name__,
        "main_input_name": model.main_input_name,
        "framework": model.framework,
        "device": str(model.device),
        "dtype": str(model.dtype),
        "supports_gradient_checkpointing": model.supports_gradient_checkpointing,
        "is_parallelizable": model.is_parallelizable,
        "dummy_inputs": {key: listed(one) for key, one in model.dummy_inputs.items()},
        "num_parameters": model.num_parameters(),
        "num_parameters without embeddings": model.num_parameters(exclude_embeddings=True),
        "get_memory_footprint": model.get_memory_footprint(return_buffers=False),
        "estimate_tokens": model.estimate_tokens({"input_ids": ids}),
        "floating_point_ops": model.floating_point_ops({"input_ids": ids}),
        "floating_point_ops with embeddings": model.floating_point_ops(
            {"input_ids": ids}, exclude_embeddings=False
        ),
        "get_input_embeddings": kind(model.get_input_embeddings()),
        "get_output_embeddings": kind(model.get_output_embeddings()),
        "get_head_mask of none": model.get_head_mask(None, 2),
        "get_head_mask": listed(model.get_head_mask(torch.tensor([1.0, 0.0, 1.0]), 2)),
        "get_head_mask by layer": listed(model.get_head_mask(torch.tensor([[1.0, 0, 1]] * 2), 2)),
        "get_head_mask in chunks": list(model.get_head_mask(torch.ones(3), 2, True).shape),
        "get_extended_attention_mask": listed(model.get_extended_attention_mask(mask, (2, 3))),
        "get_extended_attention_mask by query": listed(
            model.get_extended_attention_mask(torch.ones(2, 3, 3), (2, 3))
        ),
        "get_extended_attention_mask, causal": listed(
            causal.get_extended_attention_mask(mask, (2, 3))
        ),
        "get_extended_attention_mask, cached": listed(
            causal.get_extended_attention_mask(mask, (2, 2))
        ),
        "invert_attention_mask": listed(model.invert_attention_mask(mask)),
        "is_gradient_checkpointing": model.is_gradient_checkpointing,
    }
    model.gradient_checkpointing_enable()
    found["is_gradient_checkpointing, enabled"] = model.is_gradient_checkpointing
    model.gradient_checkpointing_disable()
    found["is_gradient_checkpointing, disabled"] = model.is_gradient_checkpointing
    model.enable_input_require_grads()
    model.requires_grad_(False)
    states = model.get_input_embeddings()(ids)
    found["enable_input_require_grads"] = states.requires_grad
    model.disable_input_require_grads()
    found["disable_input_require_grads"] = model.get_input_embeddings()(ids).requires_grad
    found["num_parameters, frozen"] = model.num_parameters(only_trainable=True)
    table = model.resize_token_embeddings(55, pad_to_multiple_of=8)
    found["resize_token_embeddings"] = [*table.weight.shape, model.config.vocab_size]
    model.resize_token_embeddings(pad_to_multiple_of=10)
    found["resize_token_embeddings, same"] = model.config.vocab_size
    decoder = model.get_output_embeddings()
    if decoder is not None:
        found["decoder"] = list(decoder(torch.ones(1, 24)).shape)
        found["tied"] = decoder.weight is model.get_input_embeddings().weight
        replaced = torch.nn.Linear(24, 60)
        model.set_output_embeddings(replaced)
        found["set_output_embeddings"] = model.get_output_embeddings() is replaced
        model.tie_weights()
        found["tied again"] = replaced.weight is model.get_input_embeddings().weight
    model.prune_heads({1: [0, 2]})
    found["prune_heads"] = {str(key): list(one) for key, one in model.config.pruned_heads.items()}
    return found


ORDERS = {
    "plain": {},
    "states": {"output_hidden_states": True, "output_attentions": True},
    "tuple": {"output_hidden_states": True, "output_attentions": True, "return_dict": False},
}


def orders_of(module, prefix, ones, zeros):
    """The order of what is returned: {class and call: names, or lengths and ranks of a tuple}."""

    def shape(one):
        return [shape(part) for part in one] if isinstance(one, tuple) else rank_of(one)

    found = {}
    for head, decodes in (*((head, False) for head in HEADS), ("Model", True), ("ForCausalLM", 1)):
        crossed = {"is_decoder": True, "add_cross_attention": True} if decodes else {}
        model = getattr(module, f"{prefix}Camembert{head}")(
            module.CamembertConfig(**SIZES, **crossed)
        )
        ids = ones((2, 2, 3) if head == "ForMultipleChoice" else (2, 3))
        inputs = {"encoder_hidden_states": zeros((2, 4, 24)), "use_cache": True} if decodes else {}
        for call, options in ORDERS.items():
            output = model(ids, **inputs, **options)
            is_tuple = options.get("return_dict") is False
            answer = [shape(one) for one in output] if is_tuple else list(output)
            found[f"{head}{' crossed' if decodes else ''}, {call}"] = answer
    return found


def rank_of(tensor):
    return None if tensor is None else len(tensor.shape)


def torch_orders(module):
    import torch

    return orders_of(
        module,
        "",
        lambda shape: torch.ones(shape, dtype=torch.long),
        lambda shape: torch.zeros(shape),
    )


def of_tensorflow(module):
    """The answers of the TensorFlow classes, and the order of their outputs."""
    import tensorflow as tf

    answers = {f"TFCamembert{head}": tf_answers(module, f"TFCamembert{head}") for head in HEADS}
    orders = orders_of(module, "TF", lambda shape: tf.ones(shape, tf.int32), tf.zeros)
    return {"answers": answers, "orders": orders}


def tf_answers(module, name):
    import tensorflow as tf

    def kind(one):
        return "none" if one is None else "some"

    model = getattr(module, name)(module.CamembertConfig(**SIZES))
    model(model.dummy_inputs)
    signature = model.input_signature
    ids = {key: tf.ones([2, 2, 3][-len(one.shape) :], tf.int32) for key, one in signature.items()}
    ids["token_type_ids"] = tf.zeros_like(ids["token_type_ids"])
    bias = model.get_bias()
    found = {
        "base_model_prefix": model.base_model_prefix,
        "config_class": model.config_class.__name__,
        "main_input_name": model.main_input_name,
        "framework": model.framework,
        "dummy_inputs": sorted(model.dummy_inputs),
        "input_signature": {
            key: [list(one.shape), one.dtype.name, one.name] for key, one in signature.items()
        },
        "num_parameters": model.num_parameters(),
        "get_input_embeddings": kind(model.get_input_embeddings()),
        "get_output_embeddings": kind(model.get_output_embeddings()),
        "get_lm_head": kind(model.get_lm_head()),
        "get_bias": bias and {key: list(one.shape) for key, one in bias.items()},
        "get_prefix_bias_name": str(model.get_prefix_bias_name()).rpartition("/")[2],
        "get_head_mask of none": model.get_head_mask(None, 2)
        if hasattr(model, "get_head_mask")
        else [None, None],
        "serving": {key: list(one.shape) for key, one in model.serving(ids).items()},
        "layers": [layer.name.partition("_")[0] for layer in model.layers],  # without numbers
        "layer": type(model.layers[0]).__name__,
        "encoder": len(model.roberta.encoder.layer),
        "pooler": kind(model.roberta.pooler),
    }
    if bias:
        model.set_bias({"bias": tf.Variable(tf.ones([53]), name="bias")})
        found["set_bias"] = np.asarray(model.get_bias()["bias"]).tolist()
    model.layers[0].trainable = False
    found["trainable"] = sum(int(np.prod(one.shape)) for one in model.trainable_weights)
    found["num_parameters, frozen"] = model.num_parameters(only_trainable=True)
    model.layers[0].trainable = True
    model.resize_token_embeddings(60)
    found["resize_token_embeddings"] = model.config.vocab_size
    return found


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    print(json.dumps(of_tensorflow(importlib.import_module(sys.argv[1]))))
