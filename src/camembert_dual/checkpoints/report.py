"""What loading a checkpoint did, name by name."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True)
class LoadReport:
    """Which weights came from where; two reports are equal if they say the same.

    Attributes:
        loaded: Published names filled from the checkpoint.
        tied: Names that are another weight (the decoder of a tied LM head).
        ignored: Names in the checkpoint that this model has no use for, all known: an unused
            pooler, another task's head, a buffer, or an alias found equal to what it aliases.
        missing: Names the checkpoint does not have; they keep their new random values. Only a new
            head or pooler may be missing as a whole.
        mismatched: Names whose shapes differ, left at their new values because the caller allowed
            it.
        dtype_cast: Names whose type was changed, with both types, as ``"name: float16 ->
            float32"``.
    """

    loaded: tuple[str, ...] = ()
    tied: tuple[str, ...] = ()
    ignored: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    mismatched: tuple[str, ...] = ()
    dtype_cast: tuple[str, ...] = ()

    def __str__(self) -> str:
        """One line per kind that is not empty: its count and its names."""
        lines = []
        for kind in fields(self):
            names = getattr(self, kind.name)
            if names:
                shown = ", ".join(names[:6]) + (", ..." if len(names) > 6 else "")
                lines.append(f"{kind.name:<12}{len(names):>6}  {shown}")
        return "\n".join(lines)
