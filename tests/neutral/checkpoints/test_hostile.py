"""Every broken or hostile checkpoint gives one typed error, soon, and nothing is run or written."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

import hostile_base
import hostile_damage
import hostile_files
import hostile_reader
from camembert_dual.checkpoints.folder import open_checkpoint
from checkpoint_cases import assert_same, tiny_arrays, write_config


@pytest.fixture(scope="module")
def outcomes(tmp_path_factory):
    corpus = tmp_path_factory.mktemp("corpus")
    cases = hostile_files.write_corpus(corpus)
    before = {path: path.lstat().st_mtime_ns for path in corpus.rglob("*")}
    command = [sys.executable, hostile_reader.__file__, str(corpus)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=corpus.parent, check=False)
    lines = [json.loads(line) for line in done.stdout.splitlines()]
    after = {path: path.lstat().st_mtime_ns for path in corpus.rglob("*")}
    titles = list(cases)
    if len(lines) < len(titles):
        pytest.fail(f"the reader died at {titles[len(lines)]!r}: {done.stderr[-2000:]}")
    assert done.returncode == 0
    return (
        {title: (cases[title], *line) for title, line in zip(titles, lines, strict=True)},
        before,
        after,
    )


def test_the_corpus_is_large(outcomes):
    assert len(outcomes[0]) >= 200


def test_every_file_gives_one_printable_line_that_names_the_file_and_the_reason(outcomes):
    wrong = {}
    for number, (title, (may_load, outcome, message, *_)) in enumerate(outcomes[0].items()):
        refused = not outcome.startswith(("loaded", "untyped")) and f"{number:04d}" in message
        if not refused and not (may_load and outcome == "loaded"):
            wrong[title] = (outcome, message)
        if outcome != "loaded" and len(message) >= 500:
            wrong[title] = (outcome, f"{len(message)} characters")
        if not message.isprintable():
            wrong[title] = (outcome, repr(message))
    assert wrong == {}, "\n".join(f"{title}: {line}" for title, line in wrong.items())


def test_every_answer_comes_soon(outcomes):
    slow = {title: line[3] for title, line in outcomes[0].items() if line[3] > 5}
    assert slow == {}
    configs = {title: line[3] for title, line in outcomes[0].items() if title.startswith("config")}
    assert {title for title, seconds in configs.items() if seconds > 1} == set()


def test_nothing_is_run_imported_or_written(outcomes):
    events = {title: line[4] for title, line in outcomes[0].items() if line[4]}
    assert events == {}
    assert outcomes[1] == outcomes[2]
    assert not Path(hostile_base.MARKER).exists()
    assert not os.path.exists(os.path.join(os.path.expanduser("~"), hostile_base.MARKER))


@pytest.mark.parametrize("kind", hostile_damage.sound_files())
def test_what_is_damaged_was_sound(tmp_path, kind):
    name, content = hostile_damage.sound_files()[kind]
    write_config(tmp_path, hostile_base.CONFIG)
    (tmp_path / name).write_bytes(content)
    expected = tiny_arrays(hostile_base.TASK, hostile_base.CONFIG)
    assert_same(open_checkpoint(tmp_path).arrays, expected)


def test_flips_that_pass_are_only_in_the_numbers(outcomes):
    loaded = [title for title, line in outcomes[0].items() if line[1] == "loaded"]
    assert all("with byte" in title or "with a text" in title for title in loaded)
