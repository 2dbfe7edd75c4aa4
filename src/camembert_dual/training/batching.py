"""Rows of token ids into batches of similar length, within a budget of padded tokens.

Letters: B rows, T positions, V vocabulary.
"""

from collections.abc import Iterable, Iterator, Sequence

import numpy as np
import numpy.typing as npt

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


def batches_by_length(
    lengths: npt.ArrayLike,
    *,
    tokens_per_batch: int,
    rng: np.random.Generator,
    noise: float = 0.05,
) -> list[IntArray]:
    """Partition rows into batches of similar length, in random order.

    Rows are sorted by their length times a random factor within `1 - noise` and `1 + noise`, cut
    into batches from the longest on, and the batches shuffled. So each epoch has other batches,
    while about half of `noise` of a batch is padding.

    Args:
        lengths: number of tokens of each row, shape (N,).
        tokens_per_batch: most tokens of a batch, padding included (rows times longest row).
        rng: source of the order; the same state gives the same batches.
        noise: how far lengths may be mistaken for each other, 0 up to below 1.

    Returns:
        One array of row numbers per batch; each row occurs once.

    Raises:
        ValueError: a row is empty or over the budget, or `noise` is out of its range.
    """
    sizes = np.asarray(lengths, dtype=np.int64)
    if sizes.ndim != 1:
        raise ValueError(f"lengths must have shape (N,); received shape {sizes.shape}")
    if not 0.0 <= noise < 1.0:
        raise ValueError(f"noise must be at least 0 and below 1; received {noise}")
    if sizes.size == 0:
        return []
    if sizes.min() < 1 or sizes.max() > tokens_per_batch:
        raise ValueError(
            f"lengths must be within 1 and tokens_per_batch={tokens_per_batch}; "
            f"received {int(sizes.min())} to {int(sizes.max())}"
        )
    factors = rng.uniform(1.0 - noise, 1.0 + noise, size=sizes.size)
    shuffled = rng.permutation(sizes.size)  # with noise 0, equal lengths still mix
    order = shuffled[np.argsort(-(sizes * factors)[shuffled], kind="stable")]
    batches = np.split(order, _cuts(sizes[order].tolist(), tokens_per_batch))
    return [batches[number] for number in rng.permutation(len(batches))]


def _cuts(sizes: list[int], tokens_per_batch: int) -> list[int]:
    """Return where a new batch begins: as soon as rows times longest row would pass the budget."""
    cuts = []
    start = longest = 0
    for position, size in enumerate(sizes):
        longest = max(longest, size)
        if longest * (position - start + 1) > tokens_per_batch:
            cuts.append(position)
            start, longest = position, size
    return cuts


def pad_batch(rows: Sequence[npt.ArrayLike], pad_token_id: int) -> tuple[IntArray, BoolArray]:
    """Put rows of different lengths into one array, padded on the right.

    Args:
        rows: B arrays of ids, each of shape (length,).
        pad_token_id: id that fills the rest.

    Returns:
        `(input_ids, attention_mask)`, int64 and boolean (True = attend), both of shape (B, T) with
        T the longest length.

    Raises:
        ValueError: there are no rows.
    """
    if not rows:
        raise ValueError("a batch needs at least one row; received none")
    arrays = [np.asarray(row, dtype=np.int64) for row in rows]
    lengths = np.array([array.size for array in arrays])
    attention_mask = np.arange(lengths.max()) < lengths[:, None]  # (B, T)
    input_ids = np.full(attention_mask.shape, pad_token_id, dtype=np.int64)
    input_ids[attention_mask] = np.concatenate(arrays)
    return input_ids, attention_mask


def pack_paragraphs(
    paragraphs: Iterable[npt.ArrayLike],
    *,
    max_length: int,
    bos_token_id: int,
    eos_token_id: int,
    word_starts: BoolArray,
) -> Iterator[IntArray]:
    """Join consecutive paragraphs of one document into rows `<s> paragraph … paragraph </s>`.

    Paragraphs stay whole where they can: a row ends before the paragraph that would overflow it. A
    paragraph longer than a row is cut at the last beginning of a word that fits. No row joins two
    documents: call once per document, or once per sentence where sentences are independent.

    Args:
        paragraphs: arrays of ids without special tokens, each of shape (length,).
        max_length: most tokens of a row, `<s>` and `</s>` included.
        bos_token_id: id of `<s>`.
        eos_token_id: id of `</s>`.
        word_starts: shape (V,), from `word_start_table`.

    Yields:
        Rows of ids, int64, shape (at most `max_length`,).

    Raises:
        ValueError: `max_length` leaves no room for a token.

    Source:
        Liu et al. 2019, section 4.2 (DOC-SENTENCES).
    """
    capacity = max_length - 2
    if capacity < 1:
        raise ValueError(f"max_length must be at least 3; received {max_length}")
    bos, eos = np.array([bos_token_id]), np.array([eos_token_id])
    row: list[IntArray] = []
    used = 0
    for paragraph in paragraphs:
        for part in _cut_at_words(np.asarray(paragraph, dtype=np.int64), capacity, word_starts):
            if used + part.size > capacity:
                yield np.concatenate([bos, *row, eos])
                row, used = [], 0
            row.append(part)
            used += part.size
    if row:
        yield np.concatenate([bos, *row, eos])


def _cut_at_words(ids: IntArray, capacity: int, word_starts: BoolArray) -> Iterator[IntArray]:
    """Cut ids into parts of at most `capacity`, inside a word only if the word alone is longer."""
    while ids.size > capacity:
        starts = np.flatnonzero(word_starts[ids[1 : capacity + 1]])
        cut = int(starts[-1]) + 1 if starts.size else capacity
        yield ids[:cut]
        ids = ids[cut:]
    if ids.size:
        yield ids
