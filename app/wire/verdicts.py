"""A verdict made elsewhere as users write it: one line of NDJSON or one row of CSV (docs/contract.md)."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, TypeAdapter, ValidationError, model_validator

from app.domain.errors import Invalid, Malformed, Problem
from app.domain.imported import IMPORTED_JUDGE, OVERALL, Design, ImportedVerdict
from app.domain.order import Order
from app.wire.problems import problems_of
from app.wire.shape import LARGEST_INT, Input, Label, Output, example
from app.wire.strict import parse

EXAMPLE: dict[str, Any] = {"model_a": "tuned-7b", "model_b": "base-7b", "winner": "A", "item": "q17", "order": "AB"}
TAG = "tag."
WINNERS = {"A": 1.0, "B": 0.0, "tie": 0.5}


def _text(value: Any) -> Any:
    """Ids and names may be numbers in a file; they are names all the same."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


Name = Annotated[Label, BeforeValidator(_text)]
Whole = Annotated[int, Field(ge=0, le=LARGEST_INT)]


class VerdictIn(Input):
    """One verdict, or `count` identical independent ones, of one judge on one axis."""

    model_config = example(EXAMPLE)

    model_a: Name
    model_b: Name
    winner: Literal["A", "B", "tie"] | None = Field(None, description="empty = abstained")
    score: Annotated[float, Field(ge=0, le=1)] | None = Field(None, description="instead of winner; 1 = A wins")
    item: Name | None = None
    judge: Name = IMPORTED_JUDGE
    axis: Label = OVERALL
    order: Literal["AB", "BA"] | None = Field(None, description="which was shown first; absent = a final stance")
    repeat: Annotated[int, Field(ge=0, le=1_000)] = 0
    count: Annotated[int, Field(ge=1, le=LARGEST_INT)] = 1
    cluster: Name | None = None
    length_a: Whole | None = None
    length_b: Whole | None = None
    tags: dict[Label, Name] = Field({}, max_length=50)
    design: Design | None = Field(None, description="how a labelled pair was drawn")
    inclusion_probability: Annotated[float, Field(gt=0, le=1)] | None = None

    @model_validator(mode="before")
    @classmethod
    def _tags_from_columns(cls, given: Any) -> Any:
        """Columns `tag.modality` become tags; empty cells are absent."""
        if not isinstance(given, dict):
            return given
        plain = {name: value for name, value in given.items() if not name.startswith(TAG) and value != ""}
        tags = {name.removeprefix(TAG): value for name, value in given.items() if name.startswith(TAG) and value != ""}
        return plain | {"tags": {**plain.get("tags", {}), **tags}} if tags else plain

    @model_validator(mode="after")
    def _consistent(self) -> VerdictIn:
        if self.winner is not None and self.score is not None:
            raise ValueError("give either winner or score, not both")
        return self

    def to_domain(self, line: int, *, human: bool, design: Design) -> ImportedVerdict:
        """The domain's verdict. `design`: for rows that do not say."""
        return ImportedVerdict(
            line=line,
            score=self.score if self.winner is None else WINNERS[self.winner],
            order=None if self.order is None else Order[self.order],
            human=human,
            design=self.design or design,
            **self.model_dump(exclude={"winner", "score", "order", "design"}),
        )


class ImportOut(Output):
    """An import."""

    model_config = example(
        {
            "id": "0b8f3a52-6f0e-4a3c-9a44-0d8f6c1f2f10", "name": "mt-bench", "rows": 200, "verdicts": 200,
            "models": ["tuned-7b", "base-7b"], "created_at": "2026-11-24T01:37:31+00:00",
        }
    )  # fmt: skip

    id: str
    name: str
    rows: int
    verdicts: int = Field(description="rows times their counts")
    models: list[str]
    created_at: str | None = None


_ADAPTER = TypeAdapter(VerdictIn)


def csv_rows(body: bytes) -> Iterator[tuple[int, Mapping[str, Any]]]:
    """(line of the file, row by column) of a CSV file with a header. Raises Malformed, or Invalid with the line."""
    try:
        text = body.decode("utf-8-sig")
    except UnicodeDecodeError as problem:
        raise Malformed(f"the file is not UTF-8 (byte {problem.start})") from None
    reader = csv.DictReader(io.StringIO(text, newline=""), restkey="(columns without a name)", strict=True)
    try:
        for row in reader:
            yield reader.line_num, {name: cell for name, cell in row.items() if cell is not None}
    except csv.Error as error:
        raise Invalid("the CSV cannot be read", (Problem(str(error), line=reader.line_num),)) from None


def ndjson_rows(body: bytes) -> Iterator[tuple[int, Any]]:
    """(line, value) of every line that is not blank. Raises Invalid with the line."""
    for number, line in enumerate(body.split(b"\n"), start=1):
        if line.strip():
            try:
                yield number, parse(line)
            except Malformed as error:
                raise Invalid("a line is not JSON", (Problem(error.detail, line=number),)) from None


def read_verdict(row: Any, line: int) -> VerdictIn:
    """The verdict of a row. Raises Invalid, with the line in every problem."""
    try:
        return _ADAPTER.validate_python(row)
    except ValidationError as error:
        found = error.errors(include_url=False, include_input=False)
        raise Invalid("a verdict is not valid", problems_of(found, line)) from None
