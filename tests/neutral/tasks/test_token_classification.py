"""Labels of words become labels of tokens."""

import pytest

from camembert_dual.tasks import align_labels
from camembert_dual.tokenization import CamembertTokenizer, CamembertTokenizerFast
from shared_data import shared
from tokenization_models import SENTENCES, write_model

WORDS = ["L'", "élève", "mange", "du", "camembert"]
LABELS = [3, 1, 4, 1, 5]


@pytest.fixture(scope="module", params=[CamembertTokenizer, CamembertTokenizerFast])
def tokenizer(request, tmp_path_factory):
    return request.param(write_model(tmp_path_factory.mktemp("model")))


def test_the_first_piece_of_a_word_has_its_label(tokenizer):
    encoding = align_labels(tokenizer, WORDS, LABELS)
    assert len(encoding.labels) == len(encoding.input_ids)
    assert [label for label in encoding.labels if label != -100] == LABELS
    starts = [encoding.word_to_tokens(word).start for word in range(len(WORDS))]
    assert [encoding.labels[start] for start in starts] == LABELS


def test_all_pieces_may_have_it(tokenizer):
    encoding = align_labels(tokenizer, WORDS, LABELS, label_all_pieces=True)
    words = encoding.word_ids()
    assert encoding.labels == [-100 if word is None else LABELS[word] for word in words]


def test_batches_are_padded_and_windows_keep_their_labels(tokenizer):
    encoding = align_labels(
        tokenizer,
        [WORDS, WORDS[:2]],
        [LABELS, LABELS[:2]],
        padding=True,
        truncation=True,
        max_length=9,
        stride=2,
        return_overflowing_tokens=True,
        label_all_pieces=True,
        return_tensors="np",
    )
    assert encoding.labels.shape == encoding.input_ids.shape
    for row, sample in enumerate(encoding.overflow_to_sample_mapping):
        given = (LABELS, LABELS[:2])[sample]
        expected = [-100 if word is None else given[word] for word in encoding.word_ids(row)]
        assert encoding.labels[row].tolist() == expected


def test_numbers_of_words_and_labels_must_agree(tokenizer):
    with pytest.raises(ValueError, match="sentence 1 must be as many as its 2 words; received 1"):
        align_labels(tokenizer, [["a"], ["b", "c"]], [[0], [1]])
    with pytest.raises(ValueError, match="every sentence, 2 in all; received 1"):
        align_labels(tokenizer, [["a"], ["b"]], [[0]])


def test_annotated_newspapers_keep_every_label(tokenizer):
    path = shared("data/ner_europeana_fr/test.bio")
    names: dict[str, int] = {}
    sentences: list[list[tuple[str, int]]] = [[]]
    for line in path.read_text(encoding="utf-8").splitlines():
        if fields := line.split():
            sentences[-1].append((fields[0], names.setdefault(fields[-1], len(names))))
        elif sentences[-1]:
            sentences.append([])
    rows = [row for row in sentences[:400] if row]
    words, labels = [[w for w, _ in row] for row in rows], [[n for _, n in row] for row in rows]
    encoding = align_labels(tokenizer, words, labels, verbose=False)
    for row, given in enumerate(labels):
        seen = {word for word in encoding.word_ids(row) if word is not None}
        kept = [label for label in encoding.labels[row] if label != -100]
        assert kept == [label for word, label in enumerate(given) if word in seen]
        lost = [words[row][word] for word in set(range(len(given))) - seen]
        assert not any(tokenizer.tokenize(word) for word in lost)


def test_a_sentence_without_words_has_no_labels(tokenizer):
    assert align_labels(tokenizer, [], []).labels == [-100, -100]
    assert (
        align_labels(tokenizer, [SENTENCES[0].split(), []], [[1] * 16, []]).labels[1] == [-100] * 2
    )
