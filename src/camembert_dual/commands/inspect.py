"""``camembert-dual inspect``: what a checkpoint holds, what is wrong with it, and the remedy."""

from __future__ import annotations

import argparse

from camembert_dual.checkpoints.inspection import describe, inspect_folder, open_or_explain
from camembert_dual.commands.arguments import add_json, add_revision
from camembert_dual.commands.printing import BAD, GOOD, say, say_json
from camembert_dual.storage.file_names import COMPANIONS
from camembert_dual.storage.locate import locate


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the command's options."""
    parser.add_argument("path", metavar="PATH", help="folder, file, or name of a hub repository")
    add_revision(parser)
    add_json(parser)


def run(arguments: argparse.Namespace) -> int:
    """Print what is there; 0 if nothing is wrong, 1 otherwise."""
    path = locate(arguments.path, also=COMPANIONS, revision=arguments.revision, finish=False)
    checkpoint, findings = open_or_explain(path)
    folder = path if path.is_dir() else path.parent
    findings += inspect_folder(folder, checkpoint)
    lines = [] if checkpoint is None else describe(checkpoint)
    if arguments.json:
        problems = [{"problem": one.problem, "remedy": one.remedy} for one in findings]
        say_json({"path": str(path), "description": list(lines), "problems": problems})
        return 1 if findings else 0
    for line in lines:
        say(line)
    for finding in findings:
        say(f"problem   {finding.problem}", BAD)
        say(f"  remedy  {finding.remedy}")
    if not findings:
        say("no problems found", GOOD)
    return 1 if findings else 0
