"""Questions and contexts: windows that overlap, and the way back to characters."""

import json

import numpy as np
import pytest

from camembert_dual.tasks import best_answers, question_windows
from camembert_dual.tokenization import CamembertTokenizer, CamembertTokenizerFast
from shared_data import shared
from tokenization_models import SENTENCES, write_model

CONTEXT = " ".join(SENTENCES)
QUESTION = "Où fabrique-t-on le camembert ?"


@pytest.fixture(scope="module", params=[CamembertTokenizer, CamembertTokenizerFast])
def tokenizer(request, tmp_path_factory):
    return request.param(write_model(tmp_path_factory.mktemp("model")))


def logits(encoding, positions):
    """Scores of windows that point at the given tokens."""
    scores = np.zeros(np.shape(encoding["input_ids"]))
    for row, position in enumerate(positions):
        scores[row, position] = 10.0 if position else 0.0
    return scores


def answered(encoding, contexts, **options):
    starts, ends = encoding["start_positions"], encoding["end_positions"]
    return best_answers(
        encoding, logits(encoding, starts), logits(encoding, ends), contexts, **options
    )


@pytest.mark.parametrize("answer", ["Normandie", "lait de vache", "vieux", "trois ours", "Lyon"])
def test_an_answer_survives_the_round_trip_through_windows(tokenizer, answer):
    start = CONTEXT.find(answer)
    span = None if start < 0 else (start, start + len(answer))
    encoding = question_windows(
        tokenizer, [QUESTION], [CONTEXT], [span], max_length=96, stride=32, return_tensors="np"
    )
    assert len(encoding.input_ids) >= 3
    assert encoding.input_ids.shape[1] <= 96
    holding = np.flatnonzero(encoding.start_positions)
    if span is None:
        assert not len(holding)
        return
    assert len(holding)
    (found,) = answered(encoding, [CONTEXT])
    assert answer in found.text
    assert found.text == CONTEXT[found.start : found.end]
    for row in holding:
        first, last = encoding.start_positions[row], encoding.end_positions[row]
        offsets = encoding[int(row)].offsets
        assert offsets[first][0] <= span[0] < offsets[first][1]
        assert offsets[last][0] < span[1] <= offsets[last][1]


def test_positions_count_the_double_separator(tokenizer):
    """The pair form has four special tokens, two of them between question and context."""
    encoding = question_windows(tokenizer, ["le"], ["la mer"], [(3, 6)], return_tensors="np")
    alone = tokenizer("la mer", return_offsets_mapping=True)
    inside = [i for i, (start, end) in enumerate(alone.offset_mapping) if start < 6 and end > 3]
    shift = len(tokenizer("le").input_ids) + 1 - 1
    assert encoding.start_positions.tolist() == [inside[0] + shift]
    assert encoding.end_positions.tolist() == [inside[-1] + shift]
    assert encoding.input_ids[0, shift] == tokenizer.sep_token_id


def test_the_best_window_wins_and_bounds_hold(tokenizer):
    encoding = question_windows(tokenizer, [QUESTION], [CONTEXT], max_length=96, stride=32)
    shape = np.shape(encoding["input_ids"])
    starts, ends = np.zeros(shape), np.zeros(shape)
    context = [i for i, s in enumerate(encoding.sequence_ids(1)) if s == 1]
    starts[1, context[4]] = ends[1, context[6]] = 5.0
    starts[0, 1] = ends[0, 2] = 99.0  # the question is no place for an answer
    starts[2, context[9]], ends[2, context[2]] = 4.0, 4.5  # ends before it starts
    (answer,) = best_answers(encoding, starts, ends, [CONTEXT])
    first, last = (encoding.token_to_chars(1, context[i]) for i in (4, 6))
    assert answer.text == CONTEXT[first.start : last.end].strip()
    assert answer.score == 10.0
    (short,) = best_answers(encoding, starts, ends, [CONTEXT], max_answer_tokens=2)
    assert short.score < 10.0


def test_empty_contexts_have_no_answer(tokenizer):
    encoding = question_windows(
        tokenizer, [QUESTION, QUESTION], ["", CONTEXT], stride=9, max_length=96
    )
    zeros = np.zeros(np.shape(encoding["input_ids"]))
    assert best_answers(encoding, zeros, zeros, ["", CONTEXT])[0] is None


def test_answers_outside_their_context_are_refused(tokenizer):
    with pytest.raises(ValueError, match=r"of 6 characters; received \(3, 9\)"):
        question_windows(tokenizer, ["le"], ["la mer"], [(3, 9)])


def test_left_padding_moves_the_positions(tokenizer):
    pair = (["le", "le"], ["la mer", "la mer était belle"])
    spans = [(3, 6), (13, 18)]
    encoding = question_windows(tokenizer, *pair, spans, padding_side="left", return_tensors="np")
    found = answered(encoding, pair[1])
    assert [answer.text for answer in found] == ["mer", "belle"]


def test_gold_answers_of_piaf_come_back(tokenizer):
    path = shared("data/qa_piaf/piaf-v1.1.test.json")
    questions, contexts, spans = [], [], []
    for article in json.loads(path.read_text(encoding="utf-8"))["data"][:12]:
        for paragraph in article["paragraphs"]:
            for question in paragraph["qas"]:
                for answer in question["answers"][:1]:
                    begin = answer["answer_start"]
                    questions.append(question["question"])
                    contexts.append(paragraph["context"])
                    spans.append((begin, begin + len(answer["text"])))
    encoding = question_windows(
        tokenizer, questions, contexts, spans, max_length=320, stride=96, return_tensors="np"
    )
    assert len(encoding.input_ids) > len(questions)
    held = set(encoding.overflow_to_sample_mapping[encoding.start_positions > 0].tolist())
    assert len(held) > 0.98 * len(questions)
    found = answered(encoding, contexts, max_answer_tokens=320)
    for sample in held:
        gold = contexts[sample][slice(*spans[sample])].strip()
        assert gold in found[sample].text
        assert len(found[sample].text) <= len(gold) + 12
