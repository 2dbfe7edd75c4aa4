"""Predictions are written line by line, and a run that was killed goes on where it stopped."""

import io
import json
import signal
import subprocess
import sys
import time

import pytest

from camembert_dual.cli import main
from camembert_dual.workflows import predict as workflow

TEXTS = [f"Il prit la <mask> numéro {number}." for number in range(30)]


class Reverser:
    """Stands for a pipeline: the answer is the text from behind; a text that says so is refused."""

    def __call__(self, examples):
        for one in examples:
            if one == "non":
                raise ValueError("A text must be another one; received 'non'.")
            yield one[::-1] if isinstance(one, str) else dict(one)


def written(path, records):
    return list(workflow.write_predictions(Reverser(), iter(records), path))


def records(*texts):
    return [{"text": one} for one in texts]


@pytest.fixture
def output(tmp_path):
    return tmp_path / "out.jsonl"


def test_each_line_has_the_example_and_its_answer(output):
    written(output, [*records("été", "\u202eb"), {"text": "a", "text_pair": "b"}])
    lines = output.read_text("utf-8").splitlines()
    assert lines[0] == '{"text": "été", "prediction": "été"}'
    assert json.loads(lines[1])["prediction"] == "b\u202e"
    assert json.loads(lines[2])["prediction"] == {"text": "a", "text_pair": "b"}


@pytest.mark.parametrize("cut", range(1, 80, 7))
def test_a_file_that_was_cut_anywhere_becomes_whole(output, cut):
    examples = records("un", "deux", "trois", "quatre")
    written(output, examples)
    whole = output.read_bytes()
    output.write_bytes(whole[:cut])
    found = written(output, examples)
    assert output.read_bytes() == whole
    assert found.count(None) == whole[:cut].count(b"\n")
    assert len(found) == 4


def test_a_mistake_leaves_what_is_before_it(output):
    with pytest.raises(ValueError, match="another one"):
        written(output, records("un", "non", "trois"))
    assert output.read_text() == '{"text": "un", "prediction": "nu"}\n'


@pytest.mark.parametrize("examples", [("un", "trois"), ("un",), ()])
def test_a_file_of_other_examples_is_refused_as_it_is(output, examples):
    written(output, records("un", "deux"))
    before = output.read_bytes()
    with pytest.raises(ValueError, match=r"line \d: an example must be the input's"):
        written(output, records(*examples))
    assert output.read_bytes() == before


def test_files_and_the_standard_input_follow_each_other(tmp_path):
    plain, lines = tmp_path / "a.txt", tmp_path / "b.jsonl"
    plain.write_bytes("\ufeffun\r\n\ndeux\n".encode())
    lines.write_text('{"question": "Qui ?", "context": "Lui."}\n')
    names = [str(plain), "-", str(lines)]
    found = list(workflow.read_records(names, io.StringIO("trois\n")))
    question = {"question": "Qui ?", "context": "Lui."}
    assert found == [*records("un", "deux", "trois"), question]
    assert workflow.example_of(found[0]) == "un"
    assert workflow.example_of(question) == question
    asked = list(workflow.read_records(["-"], io.StringIO('{"text": "a"}\n'), is_json=True))
    assert asked == records("a")


@pytest.mark.parametrize("line", ["[1]", "oui", "{", "[" * 9999])
def test_a_line_that_is_no_object_is_named(tmp_path, line):
    path = tmp_path / "b.jsonl"
    path.write_text(f'{{"text": "a"}}\n{line}\n')
    with pytest.raises(ValueError, match=r"b\.jsonl: line 2: a line must be a JSON object"):
        list(workflow.read_records([str(path)], []))


@pytest.fixture
def texts(tmp_path):
    path = tmp_path / "texts.txt"
    path.write_text("\n".join(TEXTS) + "\n", "utf-8")
    return path


def words(texts, output):
    return ["predict", "fill-mask", str(texts), "--out", str(output), "--option", "top_k=2"]


def test_a_killed_run_goes_on_and_nothing_is_lost_or_repeated(texts, output, capsys):
    slow = [*words(texts, output), "--batch-size", "1"]
    code = "import sys; from camembert_dual.cli import main; sys.exit(main(sys.argv[1:]))"
    process = subprocess.Popen([sys.executable, "-c", code, *slow], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 200
    while not (output.exists() and output.stat().st_size) and time.monotonic() < deadline:
        time.sleep(0.005)
    process.kill()
    assert process.wait() in (-signal.SIGKILL, 0)
    before = output.read_bytes()
    assert before
    output.write_bytes(before + '{"text": "à moiti'.encode()[:-1])
    assert main([*slow, "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    lines = [json.loads(line) for line in output.read_text("utf-8").splitlines()]
    assert [one["text"] for one in lines] == TEXTS
    assert all(len(one["prediction"]) == 2 for one in lines)
    assert told["lines"] == len(TEXTS)
    assert told["written"] == len(TEXTS) - before.count(b"\n")
    assert output.read_bytes().startswith(before[: before.rindex(b"\n") + 1])
    assert main(words(texts, output)) == 0
    assert capsys.readouterr().out.startswith("0 new of 30 predictions -> ")


def test_the_standard_input_is_answered_on_the_standard_output(capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO("Un <mask>.\nUn <mask> et une <mask>.\n"))
    assert main(["predict", "fill-mask", "-"]) == 0
    first, second = (json.loads(line) for line in capsys.readouterr().out.splitlines())
    assert first["text"] == "Un <mask>."
    assert len(first["prediction"]) == 5
    assert len(second["prediction"]) == 2


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_terminal_shows_colours_and_obeys_no_text(capsys, monkeypatch):
    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.setattr(sys, "stdin", io.StringIO("Un <mask> \x1b[2J rouge.\n"))
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    assert main(["predict", "fill-mask", "-", "--option", "top_k=1"]) == 0
    shown = screen.getvalue()
    assert "\x1b[" in shown
    assert "\\x1b[2J" in shown
    assert "\x1b[2J" not in shown


def test_entities_are_coloured_where_they_stand(monkeypatch):
    from camembert_dual.commands.showing import show

    monkeypatch.setenv("TERM", "xterm-256color")
    screen = Terminal()
    monkeypatch.setattr(sys, "stdout", screen)
    spans = [{"entity_group": "PER", "start": 0, "end": 5}]
    styles: dict[str, str] = {}
    show(workflow.Prediction({"text": "Marie dort."}, spans), styles)
    assert "Marie\x1b[0m" in screen.getvalue()
    assert "PER" in screen.getvalue()
    assert list(styles) == ["PER"]


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["fill-mask", "nowhere.txt"], "nowhere.txt"),
        (["fill-mask", "-", "--option", "top_k"], "must be NAME=VALUE; received top_k"),
        (["fill-mask", "-", "--option", "topk=3"], "must be some of top_k"),
        (["ner", "-"], "A model must be given"),
    ],
)
def test_a_mistake_is_told_in_one_line(given, message, capsys, monkeypatch):
    monkeypatch.setattr(sys, "stdin", io.StringIO(""))
    assert main(["predict", *given]) == 2
    lines = capsys.readouterr().err.splitlines()
    assert lines[-1].startswith("camembert-dual: ")
    assert message in lines[-1]
