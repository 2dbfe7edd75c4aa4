"""The global heaps of an HDF5 file, where texts lie, checked before the library walks them.

The library (seen in 1.14) adds up the sizes of a heap's objects without checking them: one of no
size, or of nearly 2**64, keeps it in a loop that nothing can interrupt. Layout: HDF5 File Format
Specification 3.0, III.E, "Disk Format: Level 1E - Global Heap".
"""

from __future__ import annotations

from collections.abc import Iterator

from camembert_dual.checkpoints.errors import require
from camembert_dual.checkpoints.raw_file import RawFile

SIGNATURE = b"GCOL\x01"  # with the only version there is
HEADER = 16  # of a heap and of an object: both end in a size of 8 bytes
SMALLEST = 4096  # the library refuses a smaller heap itself, and one that leaves the file
MOST_OBJECTS = 1 << 20
STEP = 1 << 22


def check_heaps(raw: RawFile, start: int, size: int) -> None:
    """Refuse a file with a heap that the library could not walk to its end.

    Args:
        raw: The file.
        start: Where the HDF5 file begins in it.
        size: Its bytes.

    Raises:
        CheckpointError: If there is one.
    """
    superblock = raw.read(start, min(size, HEADER))
    sizes = superblock[13:15] if superblock[8:9] in (b"\0", b"\1") else superblock[9:11]
    require(raw.path, sizes == b"\x08\x08", "HDF5 addresses and sizes must have 8 bytes", sizes)
    objects = 0
    for heap in _signatures(raw, start, size):
        length = _size_at(raw, heap)
        end = heap + length
        if not SMALLEST <= length <= start + size - heap:
            continue
        here = heap + HEADER
        while end - here >= HEADER:  # a smaller rest is free space
            objects += 1
            rule = f"the texts of an HDF5 file must be at most {MOST_OBJECTS}"
            require(raw.path, objects <= MOST_OBJECTS, rule, "more")
            length = _size_at(raw, here)
            is_free = raw.read(here, 2) == b"\0\0"
            step = length if is_free else HEADER + (length + 7) // 8 * 8
            rule = f"the heap at byte {heap} must be whole"
            require(raw.path, HEADER <= step <= end - here, rule, f"a size of {length} in it")
            here += step


def _signatures(raw: RawFile, start: int, size: int) -> Iterator[int]:
    """Where in the file heaps begin, or numbers that look so."""
    overlap = len(SIGNATURE) - 1
    for offset in range(start, start + size, STEP):
        part = raw.read(offset, min(STEP + overlap, start + size - offset))
        found = part.find(SIGNATURE)
        while found >= 0:
            if offset + found + HEADER <= start + size:
                yield offset + found
            found = part.find(SIGNATURE, found + 1)


def _size_at(raw: RawFile, offset: int) -> int:
    return int.from_bytes(raw.read(offset + 8, 8), "little")
