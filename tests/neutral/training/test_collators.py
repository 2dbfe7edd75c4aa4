"""Rows into padded and masked batches; a run taken up again sees the batches it would have seen."""

import itertools

import numpy as np
import pytest

from camembert_dual.inputs import IGNORE_INDEX
from camembert_dual.training.collators import evaluation_batches, pad_batch, training_batches
from camembert_dual.training.corpus_rows import EncodedCorpus
from camembert_dual.training.masking import MaskingVocabulary
from camembert_dual.training.settings import PretrainingSettings

BOS, EOS, PAD = 5, 6, 1
TOKENS = ["x"] * 7 + ["▁mot"] * 13 + ["suite"] * 17 + ["<mask>"]
VOCABULARY = MaskingVocabulary.of_tokens(
    TOKENS,
    [0, 1, 2, 3, 4, 5, 6, 37],
    bos_token_id=BOS,
    eos_token_id=EOS,
    pad_token_id=PAD,
    mask_token_id=37,
)
SETTINGS = PretrainingSettings(tokens_per_batch=90, max_length=19, long_length=41, long_share=0.3)


def corpus(count=41):
    rng = np.random.default_rng(2)
    drawn = tuple((rng.integers(7, 37, size=rng.integers(1, 60)),) for _ in range(count))
    return EncodedCorpus((drawn[:20], drawn[20:]), (1.0, 1.5))


def test_rows_are_padded_on_the_right():
    rows = [[7, 8, 9], [10], [11, 12, 13, 14, PAD]]
    input_ids, attention_mask = pad_batch([np.array(row) for row in rows], PAD)
    assert input_ids.shape == attention_mask.shape == (3, 5)
    assert attention_mask.dtype == np.bool_
    for row, ids, attended in zip(rows, input_ids, attention_mask, strict=True):
        assert ids.tolist() == row + [PAD] * (5 - len(row))
        assert attended.tolist() == [True] * len(row) + [False] * (5 - len(row))


def test_a_batch_without_rows_is_refused():
    with pytest.raises(ValueError, match="at least one row; received none"):
        pad_batch([], PAD)


def test_a_run_taken_up_again_sees_the_batches_it_would_have_seen():
    whole = list(itertools.islice(training_batches(SETTINGS, corpus(), VOCABULARY, 0), 60))
    epochs = {tuple(batch.input_ids.ravel()) for batch in whole}
    assert len(epochs) == 60  # more than one epoch, and none like the one before
    again = itertools.islice(training_batches(SETTINGS, corpus(), VOCABULARY, 37), 23)
    for one, other in zip(whole[37:], again, strict=True):
        for ours, theirs in zip(one, other, strict=True):
            np.testing.assert_array_equal(ours, theirs)


def test_every_batch_has_something_to_predict_and_keeps_to_its_budget():
    for batch in itertools.islice(training_batches(SETTINGS, corpus(), VOCABULARY, 0), 60):
        assert (batch.labels != IGNORE_INDEX).any()
        assert batch.input_ids.size <= SETTINGS.tokens_per_batch
        np.testing.assert_array_equal(batch.attention_mask, batch.input_ids != PAD)


def test_batches_to_score_hide_every_label_and_are_the_same_each_time():
    rows = [np.array([BOS, 7, 20, 8, 21, 9, EOS])] * 30 + [np.array([BOS, EOS])]
    first, second = (evaluation_batches(rows, VOCABULARY) for _ in range(2))
    assert len(first) == len(second) == 1
    np.testing.assert_array_equal(first[0].input_ids, second[0].input_ids)
    np.testing.assert_array_equal(first[0].input_ids == 37, first[0].labels != IGNORE_INDEX)
    assert evaluation_batches([np.array([BOS, EOS])], VOCABULARY) == []
