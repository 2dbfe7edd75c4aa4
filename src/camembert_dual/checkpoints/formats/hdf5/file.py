"""The bytes of an HDF5 file, and where its root group begins (section II.A, the superblock)."""

from __future__ import annotations

import struct

from camembert_dual.checkpoints.raw_file import RawFile
from camembert_dual.common.errors import require_file

UNDEFINED = 2**64 - 1  # the address of what was never written
MAX_DESCRIPTION = 1 << 24  # bytes; camembert-large with an optimiser's state takes a third
LEAST_READ = 512  # a small read counts as so much: its time does not depend on its size


class Hdf5File:
    """A file or a part of one, all of whose addresses are checked.

    What describes the arrays may take so many bytes and no more, each counted as often as it is
    read: that ends whatever refers to itself.

    Args:
        raw: The file.
        start: Where in it the HDF5 file begins.
        size: Its bytes.

    Raises:
        CheckpointError: If it does not begin as an HDF5 file does.
    """

    def __init__(self, raw: RawFile, start: int, size: int) -> None:
        self.raw = raw
        self.path = raw.path
        self.start = start
        self.size = size
        self._left = MAX_DESCRIPTION
        self.root = self._root()

    def read(self, address: int, count: int) -> bytes:
        """Read a part of the description.

        Raises:
            CheckpointError: If it does not lie in the file, or it is too much.
        """
        self.check_range(address, count)
        self._left -= max(count, LEAST_READ)
        rule = f"the description of an HDF5 file must take at most {MAX_DESCRIPTION} bytes"
        require_file(self.path, self._left >= 0, rule, "more, or one that refers to itself")
        return self.raw.read(self.start + address, count)

    def check_range(self, address: int, count: int) -> None:
        """Require that bytes lie in the file.

        Raises:
            CheckpointError: If they do not.
        """
        rule = f"an HDF5 file must be whole, with {count} bytes at {address}"
        require_file(self.path, address + count <= self.size, rule, f"a file of {self.size} bytes")

    def _root(self) -> int:
        head = self.read(0, min(self.size, 96)).ljust(96, b"\0")
        version = head[8]
        require_file(self.path, version <= 3, "the version of HDF5 must be 0 to 3", version)
        is_old = version <= 1
        sizes = head[13:15] if is_old else head[9:11]
        rule = "HDF5 addresses and sizes must have 8 bytes"
        require_file(self.path, sizes == b"\x08\x08", rule, sizes)
        if is_old:  # base address, free space, end, driver, root's name, root's header
            base, *_, root = struct.unpack_from("<6Q", head, 24 + 4 * version)
        else:  # base address, extension, end, root's header
            base, *_, root = struct.unpack_from("<4Q", head, 12)
        require_file(self.path, base == 0, "HDF5 addresses must count from the file's start", base)
        return int(root)
