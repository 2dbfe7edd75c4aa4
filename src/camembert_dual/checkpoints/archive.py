"""Zip archives whose members lie in them as they are, so that each can be read by offset."""

from __future__ import annotations

import itertools
import zipfile

from camembert_dual.checkpoints.raw_file import RawFile
from camembert_dual.common.errors import CheckpointError, require_file, short

ZIP_ERRORS = (zipfile.BadZipFile, ValueError, OSError, NotImplementedError, EOFError)


def read_members(raw: RawFile) -> dict[str, tuple[int, int]]:
    """Find where the members lie.

    Args:
        raw: The archive.

    Returns:
        Name to offset and size.

    Raises:
        CheckpointError: If the archive is not whole, a member is compressed, out of range, there
            twice or over another.
    """
    path = raw.path
    try:
        with zipfile.ZipFile(path) as archive:
            infos = archive.infolist()
    except ZIP_ERRORS as error:
        text = f"{path}: a zip archive must be whole; received {short(str(error))}."
        raise CheckpointError(text) from None
    places: dict[str, tuple[int, int]] = {}
    spans = []
    for info in infos:
        name = short(info.filename, 80)
        stored = info.compress_type == zipfile.ZIP_STORED and info.file_size == info.compress_size
        plain = stored and not info.flag_bits & 1
        require_file(path, plain, "an archive must keep its members uncompressed", name)
        header = raw.read(info.header_offset, 30)
        start = info.header_offset + 30
        start += int.from_bytes(header[26:28], "little") + int.from_bytes(header[28:30], "little")
        end = start + info.file_size
        inside = header[:4] == b"PK\x03\x04" and end <= raw.size
        require_file(path, inside, f"the member {name} must lie in the file", "one that does not")
        require_file(
            path, info.filename not in places, "a member must be there once", f"{name} twice"
        )
        places[info.filename] = (start, info.file_size)
        spans.append((info.header_offset, end))
    spans.sort()
    apart = all(one[1] <= other[0] for one, other in itertools.pairwise(spans))
    require_file(path, apart, "members must not lie over each other", "some that do")
    return places
