"""Outside text as a page shows it: escaped, and with every character that hides or reorders what is read made visible.

A terminal's escape, an override of the reading direction or a character without width could make a trace look like
something it is not, to the reader or in the page around it.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

from markupsafe import Markup, escape

# Controls but for tab, line feed and the carriage return before one; marks, embeddings, overrides and isolates of
# direction; separators and characters without width (joiners stay: they belong to scripts and emoji); tags.
_HIDDEN = re.compile(
    "(\r(?!\n)|["
    "\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f"
    "\u00ad\u034f\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb"
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


def _parts(text: str) -> Iterator[Markup]:
    place = 0
    for hidden in _HIDDEN.finditer(text):
        yield escape(text[place : hidden.start()])
        yield _sign(hidden[1], hidden.end() - hidden.start())
        place = hidden.end()
    yield escape(text[place:])


def _sign(character: str, count: int) -> Markup:
    code = ord(character)
    times = f" ×{count}" if count > 1 else ""
    name = unicodedata.name(character, "control character")
    title = f"U+{code:04X} {name.lower()}"
    return Markup('<span class="hidden-character" title="{}">{}</span>').format(title, _shown(code) + times)


def _shown(code: int) -> str:
    """␛ for a control that has a picture, ⟨U+202E⟩ for the rest."""
    if code < _CONTROLS:
        return chr(_PICTURES + code)
    return _DELETE_PICTURE if code == _DELETE else f"\u27e8U+{code:04X}\u27e9"
