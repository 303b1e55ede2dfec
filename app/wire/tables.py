"""A CSV or NDJSON body as columns with the line of every row; what cannot be read is told by line."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from app.domain.errors import Invalid, Malformed, Problem
from app.wire.shape import compact
from app.wire.strict import parse

MOST_ROWS = 2_000_000
MOST_TOLD = 100
TAG, TAGS = "tag.", "tags"


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
    rows, lines = _csv_rows(text)
    if not rows:
        raise Invalid("the file is empty: a header and rows were expected")
    header, begun = rows[0], lines[0]
    _check_header(header, begun, known)
    wide = f"has {{}} cells where the header has {len(header)}"
    ragged = [Problem(wide.format(len(cells)), "", line) for cells, line in zip(rows, lines, strict=True)
              if len(cells) != len(header)]  # fmt: skip
    if ragged:
        raise refused(ragged)
    return Table(dict(zip(header, zip(*rows[1:], strict=True) if rows[1:] else [()] * len(header), strict=True)),
                 lines[1:])  # fmt: skip


def ndjson_table(body: bytes, known: frozenset[str]) -> Table:
    """The objects of all lines. Raises Invalid with lines; a field not in `known` is an error."""
    rows: list[dict[str, Any]] = []
    lines: list[int] = []
    problems: list[Problem] = []
    for number, line in enumerate(body.split(b"\n"), start=1):
        if not line.strip():
            continue
        try:
            row = _with_tags(parse(line))
        except Invalid as error:
            problems += [Problem(one.reason, one.field, number) for one in error.problems] or [
                Problem(error.detail.replace("the body", "the line"), "", number)
            ]
            continue
        unknown = [name for name in row.keys() - known if not name.startswith(TAG)]
        problems += [Problem("unknown field", compact((name,)), number) for name in unknown]
        rows.append(row)
        lines.append(number)
        _require_room(len(rows))
    if problems:
        raise refused(problems)
    names = dict.fromkeys(name for row in rows for name in row)
    return Table({name: [row.get(name) for row in rows] for name in names}, lines)


def _csv_rows(text: str) -> tuple[list[list[str]], list[int]]:
    """The rows that are not blank, and the lines they begin on."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows, lines, begins = [], [], 1
    try:
        for cells in reader:
            if cells:
                rows.append(cells)
                lines.append(begins)
                _require_room(len(rows))
            begins = reader.line_num + 1
    except csv.Error as error:
        raise Invalid("the CSV cannot be read", (Problem(str(error), "", begins),)) from None
    return rows, lines


def _check_header(header: Sequence[str], line: int, known: frozenset[str]) -> None:
    unknown = [name for name in header if name not in known and not (name.startswith(TAG) and name != TAG)]
    twice = [name for place, name in enumerate(header) if name in header[:place]]
    problems = [Problem("unknown column; the first line is the header", compact((name,)), line) for name in unknown]
    problems += [Problem("is there twice", compact((name,)), line) for name in twice if name not in unknown]
    if problems:
        raise Invalid("the header does not fit", tuple(problems[:MOST_TOLD]), len(problems))


def _with_tags(row: Any) -> dict[str, Any]:
    """A row with {"tags": {"site": "x"}} told as {"tag.site": "x"}."""
    if not isinstance(row, dict):
        raise Malformed("the line must be a JSON object")
    tags = row.get(TAGS)
    if tags is None:
        return row
    if not isinstance(tags, dict):
        raise Invalid("a line is not valid", (Problem("must be an object", TAGS),))
    return {name: value for name, value in row.items() if name != TAGS} | {f"{TAG}{k}": v for k, v in tags.items()}


def _require_room(rows: int) -> None:
    if rows > MOST_ROWS:
        raise Invalid(f"a file may have at most {MOST_ROWS:,} rows; use `count` for equal ones, or several imports")
