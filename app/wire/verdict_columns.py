"""From the cells of a verdicts file to checked columns; each column is checked in one go, problems keep their lines."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import Annotated, Any, Literal

import numpy as np
from pydantic import Field, TypeAdapter, ValidationError

from app.domain.errors import Invalid, Problem
from app.domain.imported import DESIGNS, IMPORTED_JUDGE, NONE, OVERALL, Array, Coded, Design, Verdicts
from app.domain.order import Order
from app.wire.problems import problems_of
from app.wire.shape import LARGEST_INT, Label
from app.wire.tables import MOST_TOLD, TAG, TAGS, Table, refused

SLICE = 100_000
MOST_TAGS = 50
MOST_REPEATS = 1_000
WINNER = "must be A, B or tie (or left, right, model_a, model_b, or one of the row's two models); empty = abstained"
AMBIGUOUS = "could be a side or the model on the other side: rename the model, or write model_a or model_b"
TIE = re.compile(r"tie( \(.*\))?|both_?bad", re.IGNORECASE)
GROUPED = re.compile(r"[\d.]+(_[\d.]+)+")
TAG_NAME = re.compile(r"tag\.[^\x00-\x1f\x7f]{1,200}")
TIED = 0.5
WORDS = {"a": 1.0, "left": 1.0, "model_a": 1.0, "b": 0.0, "right": 0.0, "model_b": 0.0}

Whole = Annotated[int, Field(ge=0, le=LARGEST_INT)]
TEXT = TypeAdapter(tuple[Label, ...])
WHOLE = TypeAdapter(list[Whole])
REPEAT = TypeAdapter(list[Annotated[int, Field(ge=0, le=MOST_REPEATS)]])
SHARE = TypeAdapter(list[Annotated[float, Field(ge=0, le=1, allow_inf_nan=False)]])
PROBABILITY = TypeAdapter(list[Annotated[float, Field(gt=0, le=1, allow_inf_nan=False)]])
ORDERS = TypeAdapter(list[Literal["AB", "BA"]])
DRAWN = TypeAdapter(list[Design])

FIELDS = frozenset((
    "model_a", "model_b", "winner", "score", "item", "judge", "axis", "order", "repeat", "count", "cluster",
    "length_a", "length_b", "design", "inclusion_probability", "sample_a", "sample_b", "line",
))  # fmt: skip
KNOWN = FIELDS | {TAGS}


def read_verdicts(table: Table, *, human: bool = False, design: Design = Design.UNKNOWN) -> Verdicts:
    """The verdicts of a table; rows with count 0 hold none and are left out. Raises Invalid, naming lines."""
    cells = Cells(table)
    count = cells.numbers("count", WHOLE, 1)
    if len(count) and not count.any():
        raise Invalid("the file holds no verdicts", (Problem("every count is 0", "count", cells.lines[0]),))
    if not count.all():
        cells = Cells(table.only(np.flatnonzero(count).tolist()), cells.problems)
        count = count[count > 0]
    rows = len(count)
    a, b = cells.texts("model_a", required=True), cells.texts("model_b", required=True)
    models = Coded.of([*a.names, *b.names])  # by first appearance as A, then as B
    model_a = np.append(models.code[: len(a.names)], NONE)[a.code]
    model_b = np.append(models.code[len(a.names) :], NONE)[b.code]
    order = cells.coded("order", ORDERS, {"AB": Order.AB, "BA": Order.BA}, NONE)
    found = Verdicts(
        line=np.array(cells.lines, np.int64),
        models=models.names,
        model_a=model_a,
        model_b=model_b,
        score=_scores(cells, models.names, model_a, model_b),
        item=cells.texts("item"),
        judge=cells.texts("judge", IMPORTED_JUDGE),
        axis=cells.texts("axis", OVERALL),
        order=order,
        repeat=cells.numbers("repeat", REPEAT, 0),
        count=count,
        cluster=cells.texts("cluster"),
        length_a=cells.numbers("length_a", WHOLE, NONE),
        length_b=cells.numbers("length_b", WHOLE, NONE),
        tags=_tags(cells),
        human=np.full(rows, human),
        design=cells.coded("design", DRAWN, {one: place for place, one in enumerate(DESIGNS)}, DESIGNS.index(design)),
        probability=cells.numbers("inclusion_probability", PROBABILITY, np.nan),
        sample_a=cells.numbers("sample_a", WHOLE, NONE),
        sample_b=cells.numbers("sample_b", WHOLE, NONE),
    )
    if cells.problems:
        raise refused(cells.problems)
    return found


class Cells:
    """The columns of a table as they are checked, and every problem found on the way."""

    def __init__(self, table: Table, problems: list[Problem] | None = None) -> None:
        self._table = table
        self.problems: list[Problem] = [] if problems is None else problems
        self.lines = table.lines
        if "line" in table.columns:  # the row was made of one in another file: its line is the one to name
            self.lines = self.numbers("line", WHOLE, 0).tolist()

    def there(self, name: str) -> bool:
        """Whether there is such a column."""
        return name in self._table.columns

    def tags(self) -> Iterator[str]:
        """The names of the columns that are tags."""
        return (name for name in self._table.columns if name.startswith(TAG))

    def blame(self, rows: Sequence[int] | Array, field: str, reason: str) -> None:
        """Note something wrong with these rows."""
        self.problems += [Problem(reason, field, self.lines[row]) for row in rows]

    def texts(self, name: str, default: str | None = None, *, required: bool = False) -> Coded:
        """Names; whole numbers are names, too. Each distinct one is checked once."""
        there = self._table.columns.get(name, [None] * len(self.lines))
        cells = [default if cell is None or cell == "" else cell for cell in there]
        if not set(map(type, cells)) <= {str, type(None)}:
            cells = [cell if cell is default else self._text(name, row, cell) for row, cell in enumerate(cells)]
        if required:
            self.blame([row for row, cell in enumerate(cells) if cell is None], name, "is missing")
        found = Coded.of(cells)
        try:
            TEXT.validate_python(found.names)
        except ValidationError as error:
            for one in error.errors(include_url=False, include_input=False):
                rows = np.flatnonzero(found.code == one["loc"][0])
                self.blame(rows[:MOST_TOLD], name, problems_of([one])[0].reason)
        return found

    def _text(self, name: str, row: int, cell: Any) -> str | None:
        if type(cell) is int:
            return str(cell)
        if not isinstance(cell, str):
            self.blame([row], name, "should be a valid string")
            return None
        return cell

    def numbers(self, name: str, adapter: TypeAdapter[list[Any]], default: float) -> Array:
        """Numbers, with `default` where there is none."""
        rows, given = self._given(name)
        given = [str(cell) if type(cell) is bool else cell for cell in given]
        grouped = [row for row, cell in zip(rows, given, strict=True) if type(cell) is str and GROUPED.fullmatch(cell)]
        self.blame(grouped, name, "should be a number without underscores")  # pydantic reads 1_0 as Python does: 10
        return np.array(self._spread(rows, self._checked(name, rows, given, adapter), default), _kind(default))

    def coded(self, name: str, adapter: TypeAdapter[list[Any]], codes: dict[Any, int], default: int) -> Array:
        """Words of a fixed list by their codes."""
        rows, given = self._given(name)
        found = [codes[word] for word in self._checked(name, rows, given, adapter)]
        return np.array(self._spread(rows, found, default), np.int8)

    def _given(self, name: str) -> tuple[Sequence[int], Sequence[Any]]:
        """The rows with something in a column, and that."""
        cells = self._table.columns.get(name, ())
        if None not in cells and "" not in cells:
            return range(len(cells)), cells
        rows = [row for row, cell in enumerate(cells) if cell is not None and cell != ""]
        return rows, [cells[row] for row in rows]

    def _checked(self, name: str, rows: Sequence[int], given: Sequence[Any], adapter: TypeAdapter[list[Any]]) -> Any:
        """The values, or none of them when one is not valid (then the file is refused anyway)."""
        found: list[Any] = []
        for start in range(0, len(given), SLICE):
            try:
                found += adapter.validate_python(given[start : start + SLICE])
            except ValidationError as error:
                for one in error.errors(include_url=False, include_input=False):
                    row, reason = rows[start + int(one["loc"][0])], problems_of([one])[0].reason
                    self.problems.append(Problem(reason, name, self.lines[row]))
        return found if len(found) == len(given) else []

    def _spread(self, rows: Sequence[int], values: Sequence[Any], default: Any) -> list[Any]:
        if len(values) == len(self.lines):
            return list(values)
        spread = [default] * len(self.lines)
        for row, value in zip(rows, values, strict=False):
            spread[row] = value
        return spread


def _kind(default: float) -> type[np.generic]:
    return np.int64 if isinstance(default, int) else np.float64


def _scores(cells: Cells, models: Sequence[str], model_a: Array, model_b: Array) -> Array:
    """(R,) what winner or score say for side A; NaN = abstained."""
    if not (cells.there("winner") or cells.there("score")):
        raise Invalid("there is no verdict", (Problem("is missing; give winner or score", "winner"),))
    score = cells.numbers("score", SHARE, np.nan)
    winner = cells.texts("winner")
    word = np.array([_word(name) for name in winner.names] + [np.nan])[winner.code]
    number = {name: place for place, name in enumerate(models)}
    model = np.array([number.get(name, NONE) for name in winner.names] + [NONE])[winner.code]
    named = np.select([(model == NONE) | (model_a == model_b), model == model_a, model == model_b], [np.nan, 1.0, 0.0],
                      np.nan)  # fmt: skip
    said = winner.code != NONE
    cells.blame(np.flatnonzero(said & ~np.isnan(score)), "winner", "give either winner or score, not both")
    cells.blame(np.flatnonzero(said & np.isnan(word) & np.isnan(named)), "winner", WINNER)
    cells.blame(_in_doubt(said, word, named), "winner", AMBIGUOUS)
    words_fit = not np.isnan(word[said]).any()
    first, second = (word, named) if words_fit else (named, word)
    return np.where(said, np.where(np.isnan(first), second, first), score)


def _in_doubt(said: Array, word: Array, named: Array) -> Array:
    """Rows whose winner is a word for one side and the name of the other's model, in a file that can be read both ways.

    Words or names alone often do not fit every row: with models A, B and C, "A" on a row of B and C is a side, and
    "C" on any row is a name.
    """
    contrary = said & ~np.isnan(word) & ~np.isnan(named) & (word != named)
    tied = word == TIED
    words_fit = not np.isnan(word[said]).any()
    names_fit = not np.isnan(named[said & ~tied]).any()
    return np.flatnonzero(contrary if words_fit == names_fit else contrary & tied & names_fit)


def _word(text: str) -> float:
    """What a word says for side A, NaN when it is none of ours."""
    plain = text.strip().lower()
    return TIED if TIE.fullmatch(plain) else WORDS.get(plain, np.nan)


def _tags(cells: Cells) -> dict[str, Coded]:
    names = sorted(cells.tags())
    if len(names) > MOST_TAGS:
        raise Invalid("too many tags", (Problem(f"at most {MOST_TAGS} columns may be tags", names[MOST_TAGS]),))
    if any(not TAG_NAME.fullmatch(name) for name in names):
        raise Invalid("a tag's name is not valid", (Problem("must be tag. and up to 200 characters more", TAG),))
    return {name.removeprefix(TAG): cells.texts(name) for name in names}
