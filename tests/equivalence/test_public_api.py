"""The public names and their signatures are those of the committed list."""

import public_api


def test_names_and_signatures_are_those_that_users_rely_on():
    listed = set(public_api.LIST.read_text("utf-8").splitlines())
    found = set(public_api.lines())
    told = [f"gone: {one}" for one in listed - found] + [f"new: {one}" for one in found - listed]
    assert not told, "python tests/support/public_api.py, and a line in CHANGELOG.md"


def test_the_list_would_tell_a_change_of_a_signature():
    """In a default, a name or the order, of a method, too."""

    class Before:
        def act(self, a, b=1):
            return a, b

    class After:
        def act(self, a, b=2):
            return a, b

    for one in (Before, After):
        one.__module__ = public_api.PACKAGE
    before, after = (public_api.described("name", one, {}) for one in (Before, After))
    assert before == ["name()", "name.act(self, a, b=1)"]
    assert after == ["name()", "name.act(self, a, b=2)"]
