"""Reads the pickles of PyTorch files without running any of them.

A pickle is a program for a stack machine. This machine knows the instructions that data need and
refuses all others; the names a pickle may ask for are given by the caller and stand for functions
of this package. Nothing is imported, looked up or called by name, so there is nothing a file could
misuse. Every instruction costs at most the bytes it takes, and their number is bounded. What comes
out may still refer to itself many times over: compare and print its parts with care.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from camembert_dual.common.errors import CheckpointError, require_file, short

MAX_INSTRUCTIONS = 500_000  # camembert-large takes some 15,000
MAX_DIGITS = 40


class Global:
    """A name that a pickle may ask for.

    Args:
        build: What happens when the pickle calls it; None if it must not be called.
        value: What it stands for where it is an argument.
    """

    def __init__(self, build: Callable[..., Any] | None, value: Any = None) -> None:
        self.build = build
        self.value = value


class Inert:
    """What a pickle put into an object, and no more: an object without its class."""

    def __init__(self, *arguments: Any) -> None:
        self.values: dict[str, Any] = {}


class Machine:
    """Reads one pickle after another from a stream.

    Args:
        path: The file, for messages.
        data: The bytes that hold the pickles.
        names: Allowed names, as ``"module.name"``.
        persistent: Turns a persistent id into an object.
    """

    def __init__(
        self,
        path: Path,
        data: bytes,
        names: Mapping[str, Global],
        persistent: Callable[[Any], Any],
    ) -> None:
        self.path = path
        self.data = data
        self.position = 0
        self.names = names
        self.persistent = persistent
        self._left = MAX_INSTRUCTIONS

    def load(self) -> Any:
        """Read the next pickle.

        Raises:
            CheckpointError: If it needs anything but data, or is not whole.
        """
        self.stack: list[Any] = []
        self.marks: list[int] = []
        self.memo: dict[int, Any] = {}
        try:
            while True:
                self._left -= 1
                code = self.data[self.position : self.position + 1]
                self.position += 1
                if code == b".":
                    return self.stack.pop()
                instruction = _INSTRUCTIONS.get(code)
                if instruction is None or self._left < 0:
                    received = f"the instruction {code!r}" if code else "one that ends early"
                    rule = f"a pickle must be data in at most {MAX_INSTRUCTIONS} instructions"
                    require_file(self.path, False, rule, "more" if self._left < 0 else received)
                else:
                    instruction(self)
        except CheckpointError:
            raise
        except (
            IndexError,
            KeyError,
            TypeError,
            ValueError,
            AttributeError,
            OverflowError,
        ) as error:
            received = f"{type(error).__name__} at byte {self.position}"
            raise CheckpointError(
                f"{self.path}: a pickle must be whole and well formed; received {received}."
            ) from None

    def _take(self, count: int) -> bytes:
        taken = self.data[self.position : self.position + count]
        require_file(
            self.path, len(taken) == count, "a pickle must be whole", "one that ends early"
        )
        self.position += count
        return taken

    def _line(self) -> bytes:
        end = self.data.find(b"\n", self.position, self.position + 4096)
        require_file(self.path, end >= 0, "a line of a pickle must end", "one that does not")
        line = self.data[self.position : end]
        self.position = end + 1
        return line

    def _number(self, form: str) -> Any:
        return struct.unpack(form, self._take(struct.calcsize(form)))[0]

    def _since_mark(self) -> list[Any]:
        start = self.marks.pop()
        items = self.stack[start:]
        del self.stack[start:]
        return items

    def _find(self, module: str, name: str) -> None:
        found = self.names.get(f"{module}.{name}")
        rule = "a pickle must only name what arrays are made of"
        require_file(
            self.path, found, rule, f"{short(module, 80)}.{short(name, 80)}, which was not run"
        )
        self.stack.append(found)

    def _call(self) -> None:
        arguments, function = self.stack.pop(), self.stack.pop()
        callable_ = isinstance(function, Global) and function.build is not None
        require_file(
            self.path, callable_, "a pickle must only call what builds arrays", "another call"
        )
        require_file(
            self.path, isinstance(arguments, tuple), "arguments must be a tuple", "another type"
        )
        self.stack.append(function.build(*arguments))

    def _build(self) -> None:
        state, target = self.stack.pop(), self.stack[-1]
        if isinstance(target, Inert) and isinstance(state, dict):
            target.values.update(state)
        else:  # a state dict carries an attribute, its metadata, which is not needed
            rule = "a pickle must only set the state of namespaces and ordered dicts"
            require_file(
                self.path, type(target) is dict and isinstance(state, dict), rule, "another object"
            )

    def _set_items(self, target: Any, items: list[Any]) -> None:
        require_file(
            self.path, type(target) is dict, "items must be set in a dict", "another object"
        )
        keys, values = items[0::2], items[1::2]
        plain = all(isinstance(key, str | int | float | None) for key in keys)
        require_file(self.path, plain and len(keys) == len(values), "keys must be plain", "others")
        target.update(zip(keys, values, strict=True))

    def _append(self, target: Any, items: list[Any]) -> None:
        require_file(
            self.path, type(target) is list, "items must be appended to a list", "another object"
        )
        target.extend(items)

    def _integer(self, line: bytes) -> int:
        require_file(self.path, len(line) <= MAX_DIGITS, "an integer must be short", "a longer one")
        return int(line)

    def _little(self, size: int) -> int:
        require_file(
            self.path, 0 <= size <= MAX_DIGITS, "an integer must be short", f"{size} bytes"
        )
        return int.from_bytes(self._take(size), "little", signed=True)


def _push(read: Callable[[Machine], Any]) -> Callable[[Machine], None]:
    return lambda machine: machine.stack.append(read(machine))


def _text(form: str) -> Callable[[Machine], None]:
    def read(machine: Machine) -> str:
        return machine._take(machine._number(form)).decode("utf-8", "surrogatepass")

    return _push(read)


def _octets(form: str) -> Callable[[Machine], None]:
    return _push(lambda machine: machine._take(machine._number(form)))


def _old_text(form: str) -> Callable[[Machine], None]:
    return _push(lambda machine: machine._take(machine._number(form)).decode("latin-1"))


def _keep(form: str | None) -> Callable[[Machine], None]:
    def keep(machine: Machine) -> None:
        number = machine._integer(machine._line()) if form is None else machine._number(form)
        machine.memo[number] = machine.stack[-1]

    return keep


def _recall(form: str | None) -> Callable[[Machine], None]:
    def recall(machine: Machine) -> Any:
        return machine.memo[
            machine._integer(machine._line()) if form is None else machine._number(form)
        ]

    return _push(recall)


def _tuple(count: int) -> Callable[[Machine], None]:
    def make(machine: Machine) -> None:
        require_file(
            machine.path, len(machine.stack) >= count, "a pickle must be well formed", "a gap"
        )
        items = tuple(machine.stack[len(machine.stack) - count :])
        machine.stack[len(machine.stack) - count :] = [items]

    return make


def _boolean_or_integer(machine: Machine) -> Any:
    line = machine._line()
    return line == b"01" if line in (b"00", b"01") else machine._integer(line)


def _dict(machine: Machine) -> None:
    items = machine._since_mark()
    machine.stack.append({})
    machine._set_items(machine.stack[-1], items)


def _global(machine: Machine) -> None:
    machine._find(machine._line().decode(), machine._line().decode())


def _stack_global(machine: Machine) -> None:
    name, module = machine.stack.pop(), machine.stack.pop()
    texts = isinstance(module, str) and isinstance(name, str)
    require_file(machine.path, texts, "a name in a pickle must be text", "another object")
    machine._find(module, name)


def _append_one(machine: Machine) -> None:
    value = machine.stack.pop()
    machine._append(machine.stack[-1], [value])


def _append_all(machine: Machine) -> None:
    items = machine._since_mark()
    machine._append(machine.stack[-1], items)


def _set_one(machine: Machine) -> None:
    value, key = machine.stack.pop(), machine.stack.pop()
    machine._set_items(machine.stack[-1], [key, value])


def _set_all(machine: Machine) -> None:
    items = machine._since_mark()
    machine._set_items(machine.stack[-1], items)


def _memoize(machine: Machine) -> None:
    machine.memo[len(machine.memo)] = machine.stack[-1]


def _discard_to_mark(machine: Machine) -> None:
    machine._since_mark()


def _discard(machine: Machine) -> None:
    machine.stack.pop()


_INSTRUCTIONS: dict[bytes, Callable[[Machine], None]] = {
    b"\x80": lambda machine: machine._number("<B"),  # protocol
    b"\x95": lambda machine: machine._number("<Q"),  # frame: only a hint
    b"(": lambda machine: machine.marks.append(len(machine.stack)),
    b"0": _discard,
    b"1": _discard_to_mark,
    b"N": _push(lambda machine: None),
    b"\x88": _push(lambda machine: True),
    b"\x89": _push(lambda machine: False),
    b"I": _push(_boolean_or_integer),
    b"L": _push(lambda machine: machine._integer(machine._line().removesuffix(b"L"))),
    b"J": _push(lambda machine: machine._number("<i")),
    b"K": _push(lambda machine: machine._number("<B")),
    b"M": _push(lambda machine: machine._number("<H")),
    b"\x8a": _push(lambda machine: machine._little(machine._number("<B"))),
    b"\x8b": _push(lambda machine: machine._little(machine._number("<i"))),
    b"F": _push(lambda machine: float(machine._line())),
    b"G": _push(lambda machine: machine._number(">d")),
    b"X": _text("<I"),
    b"\x8c": _text("<B"),
    b"\x8d": _text("<Q"),
    b"V": _push(lambda machine: machine._line().decode("raw-unicode-escape")),
    b"T": _old_text("<I"),
    b"U": _old_text("<B"),
    b"B": _octets("<I"),
    b"C": _octets("<B"),
    b"\x8e": _octets("<Q"),
    b"}": _push(lambda machine: {}),
    b"]": _push(lambda machine: []),
    b")": _push(lambda machine: ()),
    b"t": lambda machine: machine.stack.append(tuple(machine._since_mark())),
    b"\x85": _tuple(1),
    b"\x86": _tuple(2),
    b"\x87": _tuple(3),
    b"l": lambda machine: machine.stack.append(machine._since_mark()),
    b"d": _dict,
    b"a": _append_one,
    b"e": _append_all,
    b"s": _set_one,
    b"u": _set_all,
    b"c": _global,
    b"\x93": _stack_global,
    b"R": lambda machine: machine._call(),
    b"\x81": lambda machine: machine._call(),
    b"b": lambda machine: machine._build(),
    b"Q": _push(lambda machine: machine.persistent(machine.stack.pop())),
    b"q": _keep("<B"),
    b"r": _keep("<I"),
    b"p": _keep(None),
    b"\x94": _memoize,
    b"h": _recall("<B"),
    b"j": _recall("<I"),
    b"g": _recall(None),
}
