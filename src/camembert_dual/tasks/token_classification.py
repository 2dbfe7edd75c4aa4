"""Labels of words as labels of tokens, for token classification."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from camembert_dual.tokenization.batch_encoding import BatchEncoding

if TYPE_CHECKING:
    from camembert_dual.tokenization.base import BaseTokenizer

IGNORED = -100


def align_labels(
    tokenizer: "BaseTokenizer",
    words: Sequence[Any],
    labels: Sequence[Any],
    *,
    label_all_pieces: bool = False,
    return_tensors: str | None = None,
    **options: Any,
) -> BatchEncoding:
    """Encodes sentences that come as words, with a label for every token.

    Args:
        tokenizer: The tokenizer.
        words: The words of a sentence, or of many.
        labels: A number for every word.
        label_all_pieces: Whether every piece of a word has its label; by default the first has it
            and the others have -100, so that a loss counts each word once.
        return_tensors: "np", "pt" or "tf"; lists by default.
        **options: Those of the tokenizer's call.

    Returns:
        The inputs, with ``labels`` beside them: -100 for special tokens and padding.

    Raises:
        ValueError: If a sentence has not as many labels as words.
    """
    batched = bool(words) and not isinstance(words[0], str)
    sentences = list(words) if batched else [words]
    numbers = list(labels) if batched else [labels]
    if len(sentences) != len(numbers):
        raise ValueError(
            f"labels must come for every sentence; received {len(numbers)} for {len(sentences)}"
        )
    for index, (sentence, row) in enumerate(zip(sentences, numbers, strict=True)):
        if len(sentence) != len(row):
            raise ValueError(
                f"a sentence must have a label for every word; sentence {index} has "
                f"{len(sentence)} words and {len(row)} labels"
            )
    encoding = tokenizer(sentences, is_split_into_words=True, **options)
    samples = encoding.get("overflow_to_sample_mapping", range(len(sentences)))
    encoding["labels"] = [
        _of_tokens(encoding.word_ids(row), numbers[sample], label_all_pieces)
        for row, sample in enumerate(samples)
    ]
    if return_tensors is None and not batched and "overflow_to_sample_mapping" not in encoding:
        for name, rows in encoding.items():
            encoding[name] = rows[0]
    return encoding.convert_to_tensors(return_tensors)


def _of_tokens(
    word_ids: Sequence[int | None], labels: Sequence[int], label_all_pieces: bool
) -> list[int]:
    row: list[int] = []
    previous = None
    for word in word_ids:
        counts = word is not None and (label_all_pieces or word != previous)
        row.append(int(labels[word]) if counts and word is not None else IGNORED)
        previous = word
    return row
