"""``camembert-dual convert``: any format into a folder of another, with a proof beside it."""

from __future__ import annotations

import argparse
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tqdm import tqdm

from camembert_dual.checkpoints.convert import convert
from camembert_dual.checkpoints.folder import DTYPES
from camembert_dual.checkpoints.formats.registry import WRITTEN
from camembert_dual.commands.arguments import add_json, add_revision, add_task
from camembert_dual.commands.printing import FAINT, say, say_json
from camembert_dual.storage.file_names import CONVERSION_REPORT


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("source", metavar="SRC", help="folder, file, or name of a hub repository")
    parser.add_argument("target", metavar="DST", type=Path, help="folder to write")
    parser.add_argument("--to", choices=tuple(WRITTEN), required=True, help="format of the weights")
    words = "config.json, or a folder with one, for weights that lie alone; default beside them"
    parser.add_argument("--config", metavar="PATH", type=Path, help=words)
    parser.add_argument(
        "--dtype", choices=tuple(DTYPES), help="type of the weights; default their own"
    )
    add_task(parser, "keep the weights of one class, default all")
    parser.add_argument(
        "--max-shard-size", metavar="SIZE", help='such as "500MB"; default one file'
    )
    add_revision(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Convert, and say what came of it."""
    with ExitStack() as bars:
        steps: dict[str, Any] = {}

        def progress(step: str, count: int) -> None:
            if step not in steps:
                bars.close()  # the step before is done
                steps[step] = bars.enter_context(tqdm(total=count, desc=step, unit="weight"))
            steps[step].update()

        report = convert(
            arguments.source,
            arguments.target,
            arguments.to,
            config=arguments.config,
            dtype=arguments.dtype,
            task=arguments.task,
            max_shard_size=arguments.max_shard_size,
            progress=progress,
            revision=arguments.revision,
        )
    if arguments.json:
        say_json(report)
        return 0
    target, count = arguments.target, len(report["tensors"])
    say(f"{report['source']} ({report['source_format']}) -> {target / report['target']}")
    say(f"{count} weights of {report['task']}; proof in {target / CONVERSION_REPORT}")
    for dropped in report["dropped"]:
        say(f"dropped {dropped['name']}: {dropped['reason']}", FAINT)
    return 0
