"""Words as soon as they are whole: printed, or handed to another thread."""

from queue import Empty
from threading import Thread

import numpy as np
import pytest

from camembert_dual import TextIteratorStreamer, TextStreamer


class Letters:
    """A tokenizer whose tokens are letters."""

    def decode(self, tokens, upper=False):
        text = "".join(map(chr, tokens))
        return text.upper() if upper else text


def ids(text):
    return np.array([list(map(ord, text))])


class Recorder(TextStreamer):
    """Keeps what it is given."""

    def on_finalized_text(self, text, stream_end=False):
        self.__dict__.setdefault("seen", []).append(text)
        self.is_over = stream_end


def seen(prompt, text, **options):
    streamer = Recorder(Letters(), **options)
    streamer.put(ids(prompt))
    for letter in text:
        streamer.put(ids(letter)[0])
    streamer.end()
    assert streamer.is_over
    return streamer.seen


def test_a_word_is_given_when_a_blank_follows():
    assert seen("le ", "chat dort") == ["le ", *[""] * 4, "chat ", *[""] * 4, "dort"]


def test_the_prompt_is_left_out_where_asked():
    assert seen("le ", "chat x", skip_prompt=True) == [*[""] * 4, "chat ", "", "x"]


def test_a_line_is_given_at_its_end_and_forgotten():
    assert seen("a", "b\nc d") == ["", "", "ab\n", "", "c ", "", "d"][:7]


def test_chinese_is_given_at_once():
    assert seen("", "你好 a") == ["", "你", "好", " ", "", "a"]


def test_options_of_decoding_are_passed_on():
    assert "".join(seen("le ", "chat", upper=True)) == "LE CHAT"


def test_words_are_printed_as_they_come(capsys):
    streamer = TextStreamer(Letters())
    streamer.put(ids("un chat"))
    assert capsys.readouterr().out == "un "
    streamer.end()
    assert capsys.readouterr().out == "chat\n"


def test_a_streamer_serves_one_text_after_the_other():
    streamer = Recorder(Letters(), skip_prompt=True)
    for _ in range(2):
        streamer.put(ids("prompt"))
        streamer.put(ids("a")[0])
        streamer.end()
    assert streamer.seen == ["", "a", "", "a"]


def test_several_texts_are_refused():
    with pytest.raises(ValueError, match="A streamer must be given one text; received 2"):
        TextStreamer(Letters()).put(np.ones((2, 3), int))


def test_another_thread_gets_the_words():
    streamer = TextIteratorStreamer(Letters(), timeout=20)

    def write():
        streamer.put(ids("un chat "))
        streamer.put(ids("noir")[0])
        streamer.end()

    thread = Thread(target=write)
    thread.start()
    assert list(streamer) == ["un chat ", "", "noir"]
    thread.join()
    with pytest.raises(Empty):
        next(TextIteratorStreamer(Letters(), timeout=0.01))
