"""One checkpoint of random weights in every format that a library reads, made once.

    python benchmarks/models.py FOLDER SIZE DATA
    .venv-peer-bench/bin/python benchmarks/models.py FOLDER exports

A model of ``base`` size has camembert-base's sizes, and a vocabulary of that size of its own.
"""

import sys
from pathlib import Path
from typing import Any

SIZES: dict[str, dict[str, Any]] = {
    "base": {},
    "tiny": {
        "vocab_size": 305,
        "hidden_size": 24,
        "num_attention_heads": 3,
        "num_hidden_layers": 2,
        "intermediate_size": 35,
    },
}
FORMATS = ("bin", "tf-h5")


def make(folder: Path, size: str, data: Path) -> None:
    """Write the checkpoint with its tokenizer, in the formats of both frameworks."""
    import torch

    from camembert_dual import CamembertConfig, CamembertForMaskedLM
    from camembert_dual.checkpoints.convert import convert
    from corpus import train_tokenizer

    torch.manual_seed(0)
    config = CamembertConfig.camembert_base(**SIZES[size])
    train_tokenizer(data, config.vocab_size - 5, folder / "safetensors")
    CamembertForMaskedLM(config).save_pretrained(folder / "safetensors")
    for form in FORMATS:
        convert(folder / "safetensors", folder / form, form)


def export(folder: Path) -> None:
    """Write the bare model as an ONNX file, and as CTranslate2 has it, by its own converter."""
    from ctranslate2.converters import TransformersConverter

    from camembert_dual import CamembertModel
    from camembert_dual.pt import export_onnx

    model = CamembertModel.from_pretrained(folder / "safetensors", add_pooling_layer=False)
    export_onnx(model, folder / "onnx")
    TransformersConverter(str(folder / "safetensors")).convert(str(folder / "ctranslate2"))


def main() -> None:
    folder, what, *data = sys.argv[1:]
    if what == "exports":
        export(Path(folder))
    else:
        make(Path(folder), what, Path(data[0]))


if __name__ == "__main__":
    main()
