"""Predictions for a person to read: entities in colours, labels with their shares."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from rich.text import Text

from camembert_dual.commands.printing import FAINT, GOOD, console
from camembert_dual.common.errors import short
from camembert_dual.workflows.predict import TEXT, Prediction

COLOURS = "bright_yellow bright_cyan bright_green bright_magenta bright_red bright_blue"
STYLES = tuple(f"black on {colour}" for colour in COLOURS.split())
# what is the answer of a task, the first that is there
WORDS = ("label", "answer", "choice", "token_str", "generated_text", "entity")
LONGEST = 2000  # characters of an example that are shown


def show(one: Prediction, styles: dict[str, str]) -> None:
    """Print an example with its answer.

    Args:
        one: The prediction.
        styles: The colour of each kind of entity so far; new kinds are added.
    """
    text = str(one.record.get(TEXT, "")) or "  ".join(map(str, one.record.values()))
    spans = [row for row in rows_of(one.answer) if "entity_group" in row or "entity" in row]
    shown = Text(short(text, LONGEST))
    if spans and len(shown) == len(text):
        shown = coloured(shown, spans, styles)
    console().print(shown, soft_wrap=True)
    if not spans:
        for line in lines_of(one.answer):
            console().print(line, soft_wrap=True)


def coloured(text: Text, spans: Sequence[Mapping[str, Any]], styles: dict[str, str]) -> Text:
    """Mark each entity with its colour and its label."""
    whole, end = Text(), 0
    for span in spans:
        label = short(str(span.get("entity_group", span.get("entity"))))
        style = styles.setdefault(label, STYLES[len(styles) % len(STYLES)])
        whole.append_text(text[end : span["start"]])
        whole.append_text(Text(text.plain[span["start"] : span["end"]], style))
        whole.append(f" {label}", f"bold {FAINT}")
        end = span["end"]
    return whole.append_text(text[end:])


def rows_of(answer: Any) -> list[Mapping[str, Any]]:
    """The parts of an answer, those of several masks one after the other."""
    if isinstance(answer, Mapping):
        return [answer]
    nested = answer if isinstance(answer, list) else []
    return [row for one in nested for row in rows_of(one)]


def lines_of(answer: Any) -> Iterator[Text]:
    """A line for each part of an answer."""
    rows = rows_of(answer)
    if not rows and isinstance(answer, list) and answer:
        yield Text(f"    {len(answer)} numbers", FAINT)
    for row in rows:
        found = next((row[name] for name in WORDS if name in row), "")
        words, scores = row.get("labels", [found]), row.get("scores", [row.get("score")])
        for word, score in zip(words, scores, strict=True):
            line = Text("    " if score is None else f"{score:8.1%}  ", FAINT)
            yield line.append(short(str(word), LONGEST), GOOD)
