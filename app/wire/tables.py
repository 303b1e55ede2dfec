"""A CSV or NDJSON body as columns with the line of every row; what cannot be read is told by line."""

from __future__ import annotations

import csv
import io
import re
import sys
from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any

import orjson

from app.domain.errors import Invalid, Malformed, Problem
from app.wire.shape import compact
from app.wire.strict import SUSPICIOUS, parse

MOST_ROWS = 2_000_000
MOST_TOLD = 100
MOST_COLUMNS = 100  # many more than the names there are: a row's cells are kept for every one of them
PIECE = 500  # rows at a time: few enough that the garbage collector lets them alone
TAG, TAGS = "tag.", "tags"
DELIMITERS = {";": "';'", "\t": "a tab", "|": "'|'"}
AT_END, UNCLOSED = "unexpected end of data", "a quote opens in this row and never closes"
KEY = re.compile(rb'"\s*:')


@dataclass(frozen=True, slots=True)
class Table:
    """R rows. `columns`: name -> R cells, None or "" = empty. `lines`: where each row begins in the body."""

    columns: Mapping[str, Sequence[Any]]
    lines: Sequence[int]

    def only(self, rows: Sequence[int]) -> Table:
        """Some of the rows."""
        columns = {name: [cells[row] for row in rows] for name, cells in self.columns.items()}
        return replace(self, columns=columns, lines=[self.lines[row] for row in rows])


def refused(problems: Iterable[Problem]) -> Invalid:
    """The error for bad lines: each is told once, with the first thing wrong in it."""
    by_line: dict[int | None, list[Problem]] = {}
    for problem in problems:
        by_line.setdefault(problem.line, []).append(problem)
    told = [_first_of(by_line[line]) for line in sorted(by_line, key=lambda line: line or 0)[:MOST_TOLD]]
    count = len(by_line)
    detail = f"{count:,} {'line is' if count == 1 else 'lines are'} not valid; nothing was stored"
    return Invalid(detail, tuple(told), count)


def _first_of(found: Sequence[Problem]) -> Problem:
    more = f" (and {len(found) - 1} more in this line)" if len(found) > 1 else ""
    return replace(found[0], reason=found[0].reason + more)


def csv_table(body: bytes, known: frozenset[str]) -> Table:
    """The rows below the header. Raises Malformed, or Invalid with lines; a column not in `known` is an error."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        line = body.count(b"\n", 0, problem.start) + 1
        raise Malformed("the file is not UTF-8", (Problem("holds a byte that is not UTF-8", "", line),)) from None
    rows = csv_rows(io.StringIO(text, newline=""))
    begun, header = next(rows, (0, []))
    if not header:
        raise Invalid("the file is empty: a header and rows were expected")
    _check_header(header, begun, known)
    _require_few(header)
    columns: list[list[str]] = [[] for _ in header]
    texts: list[dict[str, str]] = [{} for _ in header]  # equal cells are kept once
    lines: list[int] = []
    ragged: list[Problem] = []
    while piece := list(islice(rows, PIECE)):
        wide = [cells for _, cells in piece if len(cells) == len(header)]
        if len(wide) < len(piece):
            reason = f"has {{}} cells where the header has {len(header)}"
            ragged += [
                Problem(reason.format(len(cells)), "", line) for line, cells in piece if len(cells) != len(header)
            ]
        for place, cells in enumerate(zip(*wide, strict=True)):
            columns[place] += map(texts[place].setdefault, cells, cells)
        lines += [line for line, _ in piece]
        _require_room(len(lines))
    if ragged:
        raise refused(ragged)
    return Table(dict(zip(header, columns, strict=True)), lines)


def ndjson_table(body: bytes, known: frozenset[str]) -> Table:
    """The objects of all lines. Raises Invalid with lines; a field not in `known` is an error."""
    columns: dict[str, list[Any]] = {}
    texts: dict[str, dict[str, str]] = {}
    lines: list[int] = []
    problems: list[Problem] = []
    numbered = ((number, line) for number, line in enumerate(body.split(b"\n"), start=1) if line.strip())
    while piece := list(islice(numbered, PIECE)):
        rows = []
        for number, line in piece:
            try:
                rows.append(_object(line, known))
                lines.append(number)
            except Invalid as error:
                problems += [replace(problem, line=number) for problem in error.problems]
        _require_room(len(lines))
        _require_few(columns.keys() | {name for row in rows for name in row})
        for name in columns.keys() | {name for row in rows for name in row}:
            column = columns.setdefault(name, [])
            column += [None] * (len(lines) - len(rows) - len(column))
            kept = texts.setdefault(name, {})  # equal texts are kept once
            column += [
                kept.setdefault(cell, cell) if type(cell) is str else cell for cell in (row.get(name) for row in rows)
            ]
    if problems:
        raise refused(problems)
    return Table(columns, lines)


def _object(line: bytes, known: frozenset[str]) -> Mapping[str, Any]:
    """A row's fields, its tags among them as columns. Raises Invalid with what is wrong."""
    try:
        row: Any = _quickly(line)
        row = parse(line) if row is None else row
    except Malformed as error:
        raise Invalid("not JSON", (Problem(in_a_line(error.detail)),)) from None
    if not isinstance(row, dict):
        raise Invalid("not an object", (Problem("must be an object"),))
    if TAGS in row:
        row = _with_tags(row)
    found: Mapping[str, Any] = row
    if unknown := [name for name in row.keys() - known if not name.startswith(TAG)]:
        raise Invalid("unknown fields", tuple(Problem("unknown field", compact((name,))) for name in sorted(unknown)))
    return found


def in_a_line(detail: str) -> str:
    """What strict JSON says of a body, said of one line: its number is known, and is not 1."""
    return detail.replace("the body", "the line").replace("(line 1, column", "(column")


def _quickly(line: bytes) -> Any:
    """What strict JSON reads, where it is sure that nothing is to be refused; else None."""
    try:
        row = orjson.loads(line)
    except orjson.JSONDecodeError:
        return None
    keys = len(KEY.findall(line))  # at least as many as there are, so none is there twice when they are equal
    return row if isinstance(row, dict) and keys == len(row) and not SUSPICIOUS.search(line) else None


def csv_rows(text: Iterable[str]) -> Iterator[tuple[int, list[str]]]:
    """The rows that are not blank, with the lines they begin on. `text`: its lines, ends kept."""
    csv.field_size_limit(sys.maxsize)  # one for the whole process: without this, whoever set it last decides
    reader = csv.reader(text, strict=True)
    begins = 1
    try:
        for cells in reader:
            if cells:
                yield begins, cells
            begins = reader.line_num + 1
    except csv.Error as error:
        reason = UNCLOSED if str(error) == AT_END else str(error)
        raise Invalid("the CSV cannot be read", (Problem(reason, "", begins),)) from None


def _check_header(header: Sequence[str], line: int, known: frozenset[str]) -> None:
    unnamed = [place for place, name in enumerate(header, start=1) if not name.strip()]
    named = [name for name in header if name.strip()]
    unknown = [name for name in named if name not in known and not (name.startswith(TAG) and name != TAG)]
    twice = [name for name, times in Counter(named).items() if times > 1]
    problems = [Problem(f"column {place} has no name", "", line) for place in unnamed]
    problems += [Problem(_strange(name, known), compact((name,)), line) for name in unknown]
    problems += [Problem("is there twice", compact((name,)), line) for name in twice if name not in unknown]
    if problems:
        raise Invalid("the header does not fit", tuple(problems[:MOST_TOLD]), len(problems))


def _strange(name: str, known: frozenset[str]) -> str:
    """What is wrong with a column that nobody knows: mostly a wrong delimiter joined several into one."""
    for mark, word in DELIMITERS.items():
        if mark in name and not known.isdisjoint(name.split(mark)):
            return f"the columns are separated by {word}; commas are expected"
    return "unknown column; tag.NAME makes one a tag. The first line is the header"


def _with_tags(row: Mapping[str, Any]) -> Mapping[str, Any]:
    """A row with {"tags": {"site": "x"}} told as {"tag.site": "x"}."""
    tags = row[TAGS] or {}
    if not isinstance(tags, dict):
        raise Invalid("not an object", (Problem("must be an object", TAGS),))
    return {name: value for name, value in row.items() if name != TAGS} | {f"{TAG}{k}": v for k, v in tags.items()}


def _require_few(columns: Collection[str]) -> None:
    if len(columns) > MOST_COLUMNS:
        raise Invalid("too many columns", (Problem(f"there may be at most {MOST_COLUMNS} columns", TAG),))


def _require_room(rows: int) -> None:
    if rows > MOST_ROWS:
        raise Invalid(f"a file may have at most {MOST_ROWS:,} rows; use `count` for equal ones, or several imports")
