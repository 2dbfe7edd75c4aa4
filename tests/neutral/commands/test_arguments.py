"""The options that commands share are read alike, in each word that people type."""

import argparse

import pytest

from camembert_dual.commands.arguments import add_backend, add_numbers, add_task
from camembert_dual.training.settings import PretrainingSettings


def parsed(add, *words, **options):
    parser = argparse.ArgumentParser()
    add(parser, "help", **options)
    return parser.parse_args(words)


@pytest.mark.parametrize(
    ("word", "read"),
    [("pt", "pt"), ("torch", "pt"), ("pytorch", "pt"), ("keras", "tf"), ("tensorflow", "tf")],
)
def test_a_backend_has_several_words(word, read):
    assert parsed(add_backend, "--backend", word).backend == read
    assert parsed(add_backend, "--backend", word, both=True).backend == read


def test_both_is_an_answer_only_where_it_is_one(capsys):
    assert parsed(add_backend, "--backend", "both", both=True).backend == "both"
    with pytest.raises(SystemExit):
        parsed(add_backend, "--backend", "both")
    assert "A backend must be one of pt, tf; received 'both'." in capsys.readouterr().err


@pytest.mark.parametrize(
    "word", ["fill-mask", "CamembertForMaskedLM", "TFCamembertForMaskedLM", "ForMaskedLM"]
)
def test_a_task_is_the_word_of_the_hub_or_a_class(word):
    assert parsed(add_task, "--task", word).task == "CamembertForMaskedLM"


def test_another_task_is_refused_with_the_list(capsys):
    with pytest.raises(SystemExit):
        parsed(add_task, "--task", "summarization")
    assert "A task must be one of feature-extraction" in capsys.readouterr().err


def test_numbers_have_the_types_of_the_settings():
    parser = argparse.ArgumentParser()
    add_numbers(parser, PretrainingSettings(), ("steps", "learning_rate"))
    read = parser.parse_args(["--steps", "7", "--learning-rate", "1e-3"])
    assert (read.steps, read.learning_rate) == (7, 1e-3)
    assert parser.parse_args([]).steps is None  # so that a given default is told from none
