"""``camembert-dual export``: a checkpoint as a SavedModel for serving or as a LiteRT file."""

from __future__ import annotations

import argparse
from pathlib import Path

import camembert_dual
from camembert_dual.common.errors import require
from camembert_dual.config import CamembertConfig

TASKS = (
    "Model",
    "ForCausalLM",
    "ForMaskedLM",
    "ForSequenceClassification",
    "ForMultipleChoice",
    "ForTokenClassification",
    "ForQuestionAnswering",
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("model", metavar="MODEL", help="folder or name of a checkpoint")
    parser.add_argument("path", type=Path, metavar="PATH", help="folder or file to write")
    parser.add_argument("--to", choices=("savedmodel", "litert"), default="savedmodel")
    parser.add_argument(
        "--task", choices=TASKS, help="which model to build; by default the one that was saved"
    )
    parser.add_argument("--batch-size", type=int, metavar="B", help="rows; default any")
    parser.add_argument("--length", type=int, metavar="T", help="SavedModel: tokens; default any")
    parser.add_argument(
        "--hidden-states", action="store_true", help="SavedModel: answer hidden states"
    )
    parser.add_argument(
        "--text", action="store_true", help="SavedModel: a signature that takes strings"
    )
    parser.add_argument("--int8", action="store_true", help="LiteRT: weights of eight bits")


def run(arguments: argparse.Namespace) -> int:
    """Write the files and say where they are.

    Raises:
        FileNotFoundError: If there is no such checkpoint.
        ImportError: If TensorFlow, or tensorflow-text for ``--text``, is not installed.
        OSError: If the files cannot be written.
        ValueError: If the checkpoint does not say which model it is, or an option is not one of
            the format's.
    """
    refuse_options_of_the_other_format(arguments)
    task = arguments.task or saved_task(arguments.model)
    model = getattr(camembert_dual, f"TFCamembert{task}").from_pretrained(arguments.model)
    if arguments.to == "litert":
        from camembert_dual.tf import export_litert

        rows = arguments.batch_size
        export_litert(model, arguments.path, batch_size=rows, quantize=arguments.int8)
    else:
        from camembert_dual.tf import export_saved_model

        tokenizer = None
        if arguments.text:
            tokenizer = camembert_dual.AutoTokenizer.from_pretrained(arguments.model)
        export_saved_model(
            model,
            arguments.path,
            batch_size=arguments.batch_size,
            length=arguments.length,
            output_hidden_states=arguments.hidden_states,
            tokenizer=tokenizer,
        )
    print(f"{arguments.model} ({type(model).__name__}) -> {arguments.path}")
    return 0


def refuse_options_of_the_other_format(arguments: argparse.Namespace) -> None:
    """Leave no option without effect.

    Raises:
        ValueError: If there is one.
    """
    others = {"savedmodel": ("int8",), "litert": ("length", "hidden_states", "text")}
    given = [name for name in others[arguments.to] if getattr(arguments, name)]
    options = ", ".join(f"--{name.replace('_', '-')}" for name in given)
    require(not given, f"An export to {arguments.to} must have options of its own", options)


def saved_task(name_or_path: str) -> str:
    """Read which model a checkpoint was saved from: ``ForMaskedLM`` of ``CamembertForMaskedLM``.

    Raises:
        ValueError: If its config does not say it.
    """
    names = CamembertConfig.from_pretrained(name_or_path).extra.get("architectures") or [""]
    task = next((one for one in TASKS if names[0].endswith(one)), None)
    rule = "A checkpoint whose config does not say its architecture needs --task"
    require(task is not None, rule, names[0] or "none")
    return str(task)
