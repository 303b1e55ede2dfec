"""What the command line prints: results on standard output, everything else on standard error."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Any

import orjson
from rich.console import Console
from rich.table import Table
from rich.text import Text

# Wide enough for every table where the output is no terminal that could tell its own width.
FILE_WIDTH = 140
PICTURES, CONTROLS = 0x2400, 0x20  # a sign for each of the first control characters

out = Console(highlight=False, width=None if sys.stdout.isatty() else FILE_WIDTH)
err = Console(stderr=True, highlight=False, width=None if sys.stderr.isatty() else FILE_WIDTH)


def print_json(value: Any) -> None:
    """One JSON document on standard output."""
    sys.stdout.write(orjson.dumps(value, option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE).decode())


def say(text: str = "", *, style: str = "", to: Console = err) -> None:
    """A line of text as it is: words from outside are neither markup nor control sequences."""
    to.print(plain(text, style), soft_wrap=True)


def plain(text: str, style: str = "") -> Text:
    """Text that a terminal only shows."""
    return Text(shown(text), style=style)


def shown(text: str) -> str:
    """The text with a sign for everything that a terminal would act on, but for the ends of lines."""
    return "\n".join(in_one_line(line) for line in text.split("\n"))


def in_one_line(text: str) -> str:
    """The same for a name from outside: the end of a line is a sign, too."""
    return text if text.isprintable() else "".join(map(_sign, text))


def counted(number: int, word: str) -> str:
    """1 pair, 2 pairs."""
    return f"{number:,} {word}{'s' * (number != 1)}"


def print_table(
    columns: Sequence[str], rows: Sequence[Sequence[str]], *, title: str = "", names: int = 1, to: Console = out
) -> None:
    """Cells of text, each in one line; the first `names` columns hold words, the others numbers."""
    table = Table(box=None, header_style="bold", pad_edge=False, title_justify="left", title_style="bold")
    table.title = plain(title) if title else None
    for number, column in enumerate(columns):
        table.add_column(plain(in_one_line(column)), justify="left" if number < names else "right", overflow="fold")
    for row in rows:
        table.add_row(*(plain(in_one_line(cell)) for cell in row))
    to.print(table)


def _sign(letter: str) -> str:
    if letter.isprintable():
        return letter
    return chr(PICTURES + ord(letter)) if ord(letter) < CONTROLS else "?"
