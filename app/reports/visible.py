"""Outside text as a page shows it: escaped, and with every character that hides or reorders what is read made visible.

A terminal's escape, an override of the reading direction or a character without width could make a trace look like
something it is not, to the reader or in the page around it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

from markupsafe import Markup, escape

# Controls but for tab, line feed and the carriage return before one; marks, embeddings, overrides and isolates of
# direction; separators and characters without width (joiners stay: they belong to scripts and emoji); tags.
_HIDDEN = re.compile(
    "(\r(?!\n)|["
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
    "\u00ad\u034f\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb\ufffe\uffff"
    "\U000e0000-\U000e0fff"
    "])\\1*"
)
_PICTURES = 0x2400  # symbols for the controls 0x00 to 0x1f
_DELETE, _DELETE_PICTURE, _CONTROLS = 0x7F, "\u2421", 0x20


def visible(text: str | None) -> Markup:
    """The text, to stand in an element. What is hidden becomes a small sign of its name, a run of one and the same
    character one sign with its count.
    """
    return Markup("").join(_parts(text or ""))


def signed(text: str) -> str:
    """The same as plain text, for places that hold no element: attributes, titles, charts."""
    return _HIDDEN.sub(lambda hidden: _shown(ord(hidden[1])) + _times(hidden.end() - hidden.start()), text)


def first_sign(text: str) -> str:
    """The sign of the first hidden character; empty where nothing is hidden."""
    found = _HIDDEN.search(text)
    return _shown(ord(found[1])) if found else ""


def signed_within(value: Any) -> Any:
    """A JSON-like value with all its texts `signed`, names of fields too."""
    if isinstance(value, str):
        return signed(value)
    if isinstance(value, dict):
        return {signed(name): signed_within(inside) for name, inside in value.items()}
    if isinstance(value, list | tuple):
        return [signed_within(inside) for inside in value]
    return value


def finished(value: Any) -> Any:
    """What templates put out of every expression: text nobody marked as safe is `signed`, and escaped after that.

    What a form sends back must be what it was: it goes out by `|e`, which escapes and marks as safe.
    """
    return signed(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _parts(text: str) -> Iterator[Markup]:
    place = 0
    for hidden in _HIDDEN.finditer(text):
        yield escape(text[place : hidden.start()])
        yield _sign(hidden[1], hidden.end() - hidden.start())
        place = hidden.end()
    yield escape(text[place:])


def _sign(character: str, count: int) -> Markup:
    code = ord(character)
    name = unicodedata.name(character, "control character")
    title = f"U+{code:04X} {name.lower()}"
    return Markup('<span class="hidden-character" title="{}">{}</span>').format(title, _shown(code) + _times(count))


def _times(count: int) -> str:
    return f" ×{count}" if count > 1 else ""


def _shown(code: int) -> str:
    """␛ for a control that has a picture, ⟨U+202E⟩ for the rest."""
    if code < _CONTROLS:
        return chr(_PICTURES + code)
    return _DELETE_PICTURE if code == _DELETE else f"\u27e8U+{code:04X}\u27e9"
