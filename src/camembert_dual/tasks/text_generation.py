"""Texts that go on: a prompt to ids, and what a model writes after it back to text."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from camembert_dual.common.errors import require
from camembert_dual.config import CamembertConfig
from camembert_dual.tasks.base import Answers, Kit, Prepared, parts_of

SEQUENCES = "sequences"  # the answer of a model that writes
HOLE = "hole"
MAX_LENGTH = 20  # unless the configuration has another


@dataclass(frozen=True)
class GenerationOptions:
    """How texts go on, and what is given of them.

    Attributes:
        return_full_text: Whether the prompt stands before what is new; it does if None.
        return_tensors: Whether to give ids instead of a text.
        return_text: Accepted; a text is given without it.
        clean_up_tokenization_spaces: Whether blanks before English punctuation go.
        prefix: What is read before the prompt, and not given back.
        handle_long_generation: ``"hole"`` to cut a prompt on the left that leaves no room.
        stop_sequence: A text whose first token ends what is written.
        add_special_tokens: Whether the prompt gets the tokens of a whole text.
        others: Options of the model's ``generate``.
    """

    return_full_text: bool | None = None
    return_tensors: bool | None = None
    return_text: bool | None = None
    clean_up_tokenization_spaces: bool = True
    prefix: str | None = None
    handle_long_generation: str | None = None
    stop_sequence: str | None = None
    add_special_tokens: bool = False
    others: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Check that what is asked for is one thing."""
        names = ("return_full_text", "return_tensors", "return_text")
        given = [name for name in names if getattr(self, name) is not None]
        rule = f"Of {', '.join(names)} one at most must be given"
        require(len(given) < 2, rule, ", ".join(given))
        rule = f"handle_long_generation must be {HOLE!r} or None"
        word = self.handle_long_generation
        require(word in (None, HOLE), rule, repr(word))


def prepare(kit: Kit, example: Any, options: GenerationOptions) -> Prepared:
    """Encode a prompt.

    Raises:
        ValueError: If it is no text, or leaves no room for what is to be written.
    """
    require(isinstance(example, str), "A prompt must be a str", type(example).__name__)
    text = (options.prefix or "") + example
    encoding = kit.tokenizer([text], add_special_tokens=options.add_special_tokens)
    part = parts_of(encoding, kit.tokenizer)[0]
    if options.handle_long_generation == HOLE:
        asked = new_tokens(kit.config, options, len(part["input_ids"]))
        kept = kit.longest - asked
        require(kept > 0, f"New tokens must be fewer than the {kit.longest} of the model", asked)
        part = {name: row[-kept:] for name, row in part.items()}
    return Prepared(example, [part], encoding)


def new_tokens(config: CamembertConfig, options: GenerationOptions, length: int) -> int:
    """How many tokens may follow a prompt of that length.

    Raises:
        ValueError: If the prompt alone is too long.
    """
    if options.others.get("max_new_tokens") is not None:
        return int(options.others["max_new_tokens"])
    longest = longest_text(config, options)
    rule = f"A prompt must be shorter than max_length={longest}"
    require(longest >= length, rule, f"{length} tokens")
    return longest - length


def longest_text(config: CamembertConfig, options: GenerationOptions) -> int:
    """The tokens of a text, prompt included, unless a number of new ones is asked for."""
    asked: Any = options.others.get("max_length")
    own: Any = getattr(config, "max_length", None)
    return int(asked or own or MAX_LENGTH)


def options_of_generate(kit: Kit, options: GenerationOptions) -> dict[str, Any]:
    """The options of ``generate``, with the lengths counted behind the prefix."""
    asked = dict(options.others)
    if options.stop_sequence is not None:
        encoded = kit.tokenizer(options.stop_sequence, add_special_tokens=False)
        asked["eos_token_id"] = encoded["input_ids"][0]
    if options.prefix:
        special = options.add_special_tokens
        size = len(kit.tokenizer(options.prefix, add_special_tokens=special)["input_ids"])
        if asked.get("max_new_tokens") is None:
            asked["max_length"] = longest_text(kit.config, options) + size
        if asked.get("min_new_tokens") is None and "min_length" in asked:
            asked["min_length"] += size
    return asked


def decode(
    kit: Kit, prepared: Prepared, answers: Sequence[Answers], options: GenerationOptions
) -> list[dict[str, Any]]:
    """Turn the ids of each text, prompt included, into the text."""
    prompt = len(text_of(kit, prepared.parts[0]["input_ids"], options))
    start = "" if options.return_full_text is False else prepared.example
    rows = answers[0][SEQUENCES].tolist()
    if options.return_tensors:
        return [{"generated_token_ids": row} for row in rows]
    texts = [text_of(kit, row, options)[prompt:] for row in rows]
    return [{"generated_text": start + text} for text in texts]


def text_of(kit: Kit, ids: Sequence[int], options: GenerationOptions) -> str:
    """Ids as a text."""
    text: str = kit.tokenizer.decode(
        ids,
        skip_special_tokens=True,
        clean_up_tokenization_spaces=options.clean_up_tokenization_spaces,
    )
    return text
