"""Words from outside as LaTeX that every engine sets: nothing in them acts, nothing in them is dropped in silence."""

from __future__ import annotations

import unicodedata

_ACTIVE = {
    "\\": r"\textbackslash{}",
    "{": r"\{",
    "}": r"\}",
    "$": r"\$",
    "&": r"\&",
    "#": r"\#",
    "%": r"\%",
    "_": r"\_",
    "^": r"\textasciicircum{}",
    "~": r"\textasciitilde{}",
    "<": r"$<$",
    ">": r"$>$",
    "|": r"$|$",
    '"': "''",
    "`": "{`}",
    "-": "{-}",  # two in a row are no dash
    "[": "{[}",  # after a row's end it would be an option
    "]": "{]}",
    "*": "{*}",
    "–": "--",
    "—": "---",
    "−": "$-$",
    "∞": r"$\infty$",
    "±": r"$\pm$",
    "×": r"$\times$",
    "·": r"$\cdot$",
    "≤": r"$\leq$",
    "≥": r"$\geq$",
    "…": r"\ldots{}",
    "†": r"$\dagger$",
    "’": "'",
    "‘": "{`}",
    "“": "``",
    "”": "''",
    "ß": r"\ss{}",
    "ø": r"\o{}",
    "Ø": r"\O{}",
    "æ": r"\ae{}",
    "Æ": r"\AE{}",
    "œ": r"\oe{}",
    "Œ": r"\OE{}",
    "ł": r"\l{}",
    "Ł": r"\L{}",
}
_ACCENTS = {
    "\u0300": r"\`",
    "\u0301": r"\'",
    "\u0302": r"\^",
    "\u0303": r"\~",
    "\u0304": r"\=",
    "\u0306": r"\u",
    "\u0307": r"\.",
    "\u0308": r"\"",
    "\u030a": r"\r",
    "\u030b": r"\H",
    "\u030c": r"\v",
    "\u0327": r"\c",
}
_GREEK = "alpha beta gamma delta epsilon zeta eta theta iota kappa lambda mu nu xi pi rho sigma tau phi chi psi omega"
_SMALL = {unicodedata.lookup(f"GREEK SMALL LETTER {name.replace('lambda', 'lamda')}"): rf"${chr(92)}{name}$"
          for name in _GREEK.split()}  # fmt: skip


def escaped(text: str) -> str:
    """One line of LaTeX. A character that plain LaTeX cannot set is named by its number, as in [U+4E2D]."""
    return "".join(map(_letter, " ".join(text.split()))).replace(r" \%", r"\,\%")


def comment(text: str) -> str:
    """Words behind a % sign: on one line, in ASCII."""
    return "% " + "".join(letter if _plain(letter) else _named(letter) for letter in " ".join(text.split()))


def _letter(letter: str) -> str:
    known = _ACTIVE.get(letter) or _SMALL.get(letter)
    if known:
        return known
    if _plain(letter):
        return letter
    parts = unicodedata.normalize("NFD", letter)
    base, accent = parts[0], parts[1:]
    if accent in _ACCENTS and base.isascii() and base.isalpha():
        return f"{_ACCENTS[accent]}{{{base}}}"
    return f"{{[}}{_named(letter)[1:-1]}{{]}}"


def _plain(letter: str) -> bool:
    return letter.isascii() and letter.isprintable()


def _named(letter: str) -> str:
    return f"[U+{ord(letter):04X}]"
