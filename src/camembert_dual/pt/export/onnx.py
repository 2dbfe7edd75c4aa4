"""A model as an ONNX file, in a folder as onnxruntime's users and optimum have it."""

from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn
from torch.export import Dim

from camembert_dual.checkpoints.loading import config_for_saving
from camembert_dual.common.backends import import_optional
from camembert_dual.common.errors import require
from camembert_dual.common.model_names import MULTIPLE_CHOICE
from camembert_dual.config import CamembertConfig
from camembert_dual.pt.layers import evaluation
from camembert_dual.storage.atomic import staged_save
from camembert_dual.storage.file_names import CONFIG, ONNX, ONNX_INT8

MAX_IN_ONE_FILE = 1_900_000_000  # bytes of weights; a larger message no protobuf reader takes
ROWS, CHOICES, TOKENS, CACHED = "batch_size", "num_choices", "sequence_length", "past_length"


# what every graph answers, whatever the config says
PLAIN = {"output_attentions": False, "output_hidden_states": False, "return_dict": True}


class Signature(NamedTuple):
    """What an exported model takes and gives.

    Attributes:
        inputs: Name to a tensor of that kind.
        axes: Name to the axes that are open, each with its name.
        outputs: Names, in the order of the model's output.
    """

    inputs: dict[str, Tensor]
    axes: dict[str, dict[int, Any]]
    outputs: list[str]


def export_onnx(
    model: Any, directory: str | Path, *, tokenizer: Any = None, quantize: bool = False
) -> None:
    """Write ``model.onnx`` and ``config.json``, and the tokenizer's files, each whole or not.

    The file takes ``input_ids`` and ``attention_mask`` of type int64, with any number of rows and
    tokens, and ``token_type_ids`` where the model knows more than one type. Its answers are named
    as the model's outputs. A decoder also takes its cache, ``past_key_values.0.key`` (B, H, P, K)
    and so on, empty (P = 0) at first, and gives ``present.0.key`` and so on; its mask is of all
    tokens, cached and new, and positions count what it attends to.

    Args:
        model: A model of this package.
        directory: The folder, made if need be.
        tokenizer: The model's tokenizer, if its files are wanted beside the model.
        quantize: Whether the weights become int8; the file is ``model_quantized.onnx`` then.

    Raises:
        ImportError: If onnx, onnxscript or, to quantize, onnxruntime is not installed.
        OSError: If the folder cannot be written.
        ValueError: If the model attends to encoder states, or its weights cannot be computed with.
    """
    import_optional("onnxscript", "onnx", "An export to ONNX")
    config = model.config
    crosses = config.is_decoder and config.add_cross_attention
    rule = "A model must attend to itself alone (add_cross_attention=False) to be exported to ONNX"
    require(not crosses, rule, f"add_cross_attention={config.add_cross_attention}")
    rule = "A model must be on the CPU, in float32 or float16, to be exported to ONNX"
    fits = model.device.type == "cpu" and model.dtype in (torch.float32, torch.float16)
    require(fits, rule, f"{model.dtype} on {model.device}")
    signature = signature_of(model)
    with staged_save(Path(directory)) as folder:
        write_graph(model, signature, folder / ONNX)
        if quantize:
            write_int8(folder / ONNX, folder / ONNX_INT8)
            for whole in folder.glob(f"{ONNX}*"):
                whole.unlink()
        text = config_for_saving(config, model.architecture).to_json_string()
        (folder / CONFIG).write_text(text, "utf-8")
        if tokenizer is not None:
            tokenizer.save_pretrained(folder)


def signature_of(model: Any) -> Signature:
    """What a model takes and gives, with sizes that no two axes share."""
    config = model.config
    answers = answers_of(model)
    keeps = "past_key_values" in answers
    past = 4 if keeps else 0
    longest = config.max_position_embeddings if keeps else config.max_sequence_length
    rows, tokens, cached = Dim(ROWS), Dim(TOKENS, max=longest), Dim(CACHED, max=longest)
    choices = {1: Dim(CHOICES)} if model.architecture == MULTIPLE_CHOICE else {}
    shape = (2, 3, 5) if choices else (2, 5)
    inputs = {"input_ids": torch.full(shape, config.pad_token_id)}
    inputs["attention_mask"] = torch.ones((*shape[:-1], past + shape[-1]), dtype=torch.int64)
    if config.type_vocab_size > 1:
        inputs["token_type_ids"] = torch.zeros(shape, dtype=torch.int64)
    axes: dict[str, dict[int, Any]] = {
        name: {0: rows, **choices, len(shape) - 1: tokens} for name in inputs
    }
    outputs = [name for name in answers if name != "past_key_values"]
    if keeps:
        axes["attention_mask"] = {0: rows, 1: Dim.AUTO}  # the sum of two others
        for layer in range(config.num_hidden_layers):
            size = (2, config.kept_head_count(layer), past, config.head_size)
            for part in ("key", "value"):
                inputs[f"past_key_values.{layer}.{part}"] = torch.zeros(size, dtype=model.dtype)
                axes[f"past_key_values.{layer}.{part}"] = {0: rows, 2: cached}
                outputs.append(f"present.{layer}.{part}")
    return Signature(inputs, axes, outputs)


def answers_of(model: Any) -> list[str]:
    """The fields of a model's output."""
    shape = (1, 1, 1) if model.architecture == MULTIPLE_CHOICE else (1, 1)
    with torch.no_grad(), evaluation():
        return list(model(torch.zeros(shape, dtype=torch.int64), **PLAIN))


class Graph(nn.Module):
    """A model as a function of tensors in the order of a signature."""

    def __init__(self, model: Any, names: list[str]) -> None:
        super().__init__()
        self.model = model
        self.names = names

    def forward(self, *values: Tensor) -> tuple[Tensor, ...]:
        """Call the model with its inputs by name; give its answers one after the other."""
        inputs: dict[str, Any] = dict(zip(self.names, values, strict=True))
        cache = [inputs.pop(name) for name in self.names if name.startswith("past_key_values")]
        if cache:
            inputs["past_key_values"] = tuple(zip(cache[::2], cache[1::2], strict=True))
            inputs["position_ids"] = positions_of_mask(
                self.model.config, inputs["attention_mask"], inputs["input_ids"]
            )
        output = self.model(**inputs, **PLAIN)
        caches = output.pop("past_key_values", ()) if cache else ()
        own = [value for name, value in output.items() if name != "past_key_values"]
        return (*own, *(part for layer in caches for part in layer))


def positions_of_mask(config: CamembertConfig, mask: Tensor, input_ids: Tensor) -> Tensor:
    """Number the attended tokens (B, P + T) without padding; give the new ones' (B, T)."""
    count = torch.cumsum(mask, dim=1)[:, -input_ids.shape[1] :]
    is_token = mask[:, -input_ids.shape[1] :] * (input_ids != config.pad_token_id)
    return count * is_token + config.pad_token_id


def write_graph(model: Any, signature: Signature, path: Path) -> None:
    """Trace a model and write the file; weights that are too many for one go beside it."""
    names = list(signature.inputs)
    with torch.no_grad(), evaluation():
        program: Any = torch.onnx.export(
            Graph(model, names).eval(),
            tuple(signature.inputs.values()),
            input_names=names,
            output_names=signature.outputs,
            dynamic_shapes=(tuple(signature.axes[name] for name in names),),
            dynamo=True,
            verbose=False,
        )
    size = sum(weight.numel() * weight.element_size() for weight in model.parameters())
    program.save(str(path), external_data=size > MAX_IN_ONE_FILE)


def write_int8(source: Path, target: Path) -> None:
    """Turn the weights of products into int8, with a scale for each column.

    Raises:
        ImportError: If onnxruntime is not installed.
    """
    quantization = import_optional("onnxruntime.quantization", "onnx", "A quantized export")
    quantization.quantize_dynamic(
        str(source), str(target), weight_type=quantization.QuantType.QInt8, per_channel=True
    )
