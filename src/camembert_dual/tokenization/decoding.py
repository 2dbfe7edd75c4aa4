"""From tokens back to text."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence

_CLEANING = (
    (" .", "."),
    (" ?", "?"),
    (" !", "!"),
    (" ,", ","),
    (" ' ", "'"),
    (" n't", "n't"),
    (" 'm", "'m"),
    (" 's", "'s"),
    (" 've", "'ve"),
    (" 're", "'re"),
)


def clean_up(text: str) -> str:
    """Remove the blanks before marks that English sets tight; French keeps them before ``?!``."""
    for spaced, tight in _CLEANING:
        text = text.replace(spaced, tight)
    return text


def join_tokens(
    tokens: Iterable[str], is_special: Callable[[str], bool], join: Callable[[Sequence[str]], str]
) -> str:
    """The text of tokens: special ones stay as written, a blank after each run of others' start.

    A special token after ordinary ones follows them directly; the text after it begins anew.
    """
    text, run, after_special = "", [], False
    for token in tokens:
        if not is_special(token):
            run.append(token)
            after_special = False
            continue
        if not after_special:
            text += " "
        text += join(run) + token
        run, after_special = [], True
    return (text + join(run)).strip()


def text_runs(
    tokens: Iterable[str], is_added: Callable[[str], bool], join: Callable[[Sequence[str]], str]
) -> list[str]:
    """Texts of runs of tokens, cut at added tokens that are not special and stand as written."""
    texts: list[str] = []
    run: list[str] = []
    for token in tokens:
        if is_added(token):
            texts += [join(run), token]
            run = []
        else:
            run.append(token)
    texts.append(join(run))
    return [text for text in texts if text]
