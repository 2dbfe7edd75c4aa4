"""Texts while they are generated: printed, or handed to a reader, word by word.

``generate`` gives a streamer the prompt, then each token, and says when there are no more.
"""

from __future__ import annotations

from queue import Queue
from typing import Any

from camembert_dual.common.arrays import as_lists
from camembert_dual.common.errors import require

# blocks of Unicode with Chinese characters, which stand without blanks between words
CHINESE = (
    range(0x3400, 0x4DC0),
    range(0x4E00, 0xA000),
    range(0xF900, 0xFB00),
    range(0x20000, 0x2A6E0),
    range(0x2A700, 0x2B740),
    range(0x2B740, 0x2B820),
    range(0x2B820, 0x2CEB0),
    range(0x2F800, 0x2FA20),
)


class BaseStreamer:
    """What ``generate`` gives tokens to; a subclass says what becomes of them."""

    def put(self, value: Any) -> None:
        """Take tokens: the prompt (1, T) first, then one a step (1,)."""
        raise NotImplementedError(f"{type(self).__name__} must define put.")

    def end(self) -> None:
        """Know that no more tokens come."""
        raise NotImplementedError(f"{type(self).__name__} must define end.")


class TextStreamer(BaseStreamer):
    """Prints a text as soon as whole words of it are known.

    A word is whole before a blank; a line, at its end; a Chinese character, at once.

    Args:
        tokenizer: What decodes tokens.
        skip_prompt: Whether the prompt is left out.
        **decode_kwargs: Options of ``tokenizer.decode``.
    """

    def __init__(self, tokenizer: Any, skip_prompt: bool = False, **decode_kwargs: Any) -> None:
        self.tokenizer = tokenizer
        self.skip_prompt = skip_prompt
        self.decode_kwargs = decode_kwargs
        self.token_cache: list[int] = []  # tokens of the line that is not ended
        self.print_len = 0  # characters of that line that were given away
        self.next_tokens_are_prompt = True

    def put(self, value: Any) -> None:
        """Take tokens (T,) or (1, T), and give away the words that they end.

        Raises:
            ValueError: If there are several texts.
        """
        tokens = as_lists(value)
        is_batch = isinstance(tokens, list) and len(tokens) > 0 and isinstance(tokens[0], list)
        rule = "A streamer must be given one text"
        require(not is_batch or len(tokens) == 1, rule, len(tokens) if is_batch else 1)
        if self.skip_prompt and self.next_tokens_are_prompt:
            self.next_tokens_are_prompt = False
            return
        self.token_cache.extend(tokens[0] if is_batch else tokens)
        text = self._decoded()
        end = len(text)
        if text and not text.endswith("\n") and not _is_chinese(text[-1]):
            end = text.rfind(" ") + 1
        new = text[self.print_len : end]
        self.print_len += len(new)
        if text.endswith("\n"):
            self._forget()
        self.on_finalized_text(new)

    def end(self) -> None:
        """Give away what is left."""
        rest = self._decoded()[self.print_len :] if self.token_cache else ""
        self._forget()
        self.next_tokens_are_prompt = True
        self.on_finalized_text(rest, stream_end=True)

    def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
        """Print words; a subclass may do anything else with them.

        Args:
            text: What follows what was given before.
            stream_end: Whether it is the last.
        """
        print(text, flush=True, end=None if stream_end else "")

    def _decoded(self) -> str:
        text: str = self.tokenizer.decode(self.token_cache, **self.decode_kwargs)
        return text

    def _forget(self) -> None:
        self.token_cache = []
        self.print_len = 0


class TextIteratorStreamer(TextStreamer):
    """Hands a text to another thread, which iterates over it while ``generate`` runs in this one.

    Args:
        tokenizer: What decodes tokens.
        skip_prompt: Whether the prompt is left out.
        timeout: Seconds that the reader waits for the next words; forever if None.
        **decode_kwargs: Options of ``tokenizer.decode``.
    """

    def __init__(
        self,
        tokenizer: Any,
        skip_prompt: bool = False,
        timeout: float | None = None,
        **decode_kwargs: Any,
    ) -> None:
        super().__init__(tokenizer, skip_prompt, **decode_kwargs)
        self.text_queue: Queue[str | None] = Queue()
        self.stop_signal = None
        self.timeout = timeout

    def on_finalized_text(self, text: str, stream_end: bool = False) -> None:
        """Hand words over."""
        self.text_queue.put(text, timeout=self.timeout)
        if stream_end:
            self.text_queue.put(self.stop_signal, timeout=self.timeout)

    def __iter__(self) -> TextIteratorStreamer:
        return self

    def __next__(self) -> str:
        text = self.text_queue.get(timeout=self.timeout)
        if text is None:
            raise StopIteration
        return text


def _is_chinese(character: str) -> bool:
    return any(ord(character) in block for block in CHINESE)
