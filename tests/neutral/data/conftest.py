"""What the tests of the readers share."""

import pytest


@pytest.fixture
def write(tmp_path):
    """Write a file of that name and content, and give its path."""

    def write_file(name, content):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return path

    return write_file
