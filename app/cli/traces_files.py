"""Reads traces files (JSONL, JSON, CSV, Parquet): one trace a row, under the names of the contract."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

from app.cli.rows import TRACE_FIELDS, Columns, shaped
from app.domain.errors import Invalid, Malformed, Problem
from app.wire.strict import parse
from app.wire.tables import MOST_TOLD, csv_rows, in_a_line

Record = dict[str, Any]

BEYOND = "(columns without a name)"  # cells where the header has none


@dataclass(frozen=True, slots=True)
class TraceRow:
    """One trace as its file gives it. `item`: fields of the item by name, `id` always among them; a file may
    name an item by its id alone. `sample` is None where the file does not number samples.
    """

    file: Path
    line: int
    item: Mapping[str, Any]
    model: str
    trace: str
    answer: str | None
    sample: int | None

    @property
    def where(self) -> str:
        return f"{self.file.name}, line {self.line:,}"


@dataclass(frozen=True, slots=True)
class TracesFiles:
    """All rows of all files, and the columns nothing was made of."""

    rows: list[TraceRow]
    ignored: tuple[str, ...]


def read_traces(files: Sequence[Path], columns: Columns) -> TracesFiles:
    """Read every file. The model of a row without one is named after its file. Raises Invalid with every
    problem found.
    """
    rows: list[TraceRow] = []
    problems: list[Problem] = []
    seen: dict[str, None] = {}
    for file, model in zip(files, models_named_after(files), strict=True):
        for line, record in records(file):
            seen.update(dict.fromkeys(record))
            try:
                rows.append(_row(file, line, columns.renamed(record), model))
            except Invalid as error:
                problems += error.problems
    problems = _absent(columns, seen) or problems
    if problems:
        raise Invalid("these traces files cannot be used as they are", tuple(problems))
    known = {*columns.theirs, *TRACE_FIELDS}
    return TracesFiles(rows, tuple(name for name in seen if name.partition(".")[0] not in known and name not in known))


def models_named_after(files: Sequence[Path]) -> list[str]:
    """A name for each file: its stem; with the folder before it where two stems are the same."""
    stems = [file.stem for file in files]
    if len(set(stems)) == len(stems):
        return stems
    return [f"{file.resolve().parent.name}/{file.stem}" for file in files]


def records(file: Path) -> Iterator[tuple[int, Record]]:
    """The rows of a file as they stand there, numbered from 1 (lines, where the format has lines)."""
    read = READERS.get(file.suffix.lower())
    if read is None:
        raise Invalid(f"{file}: files may be {', '.join(READERS)}; this is {file.suffix or 'without a suffix'}")
    try:
        yield from read(file)
    except OSError as error:
        raise Invalid(f"{file} cannot be read: {error.strerror or error}") from None
    except UnicodeDecodeError as error:
        raise Invalid(f"{file} is not UTF-8 text (byte {error.start})") from None


def parsed(text: bytes, file: Path) -> Any:
    """Strict JSON from a file. Raises Invalid that says where."""
    try:
        return parse(text)
    except (Malformed, Invalid) as error:
        raise _not_json(file, [Problem(reason, file.name) for reason in _reasons(error)]) from None


def _read_jsonl(file: Path) -> Iterator[tuple[int, Record]]:
    """The good lines, then Invalid with all the bad ones."""
    bad: list[Problem] = []
    with file.open("rb") as lines:
        for number, line in enumerate(lines, start=1):
            if not line.strip():
                continue
            try:
                yield number, _as_record(parse(line.rstrip(b"\r\n")), file, number)
            except (Malformed, Invalid) as error:
                bad += [Problem(in_a_line(reason), file.name, number) for reason in _reasons(error)]
    if bad:
        raise _not_json(file, bad)


def _reasons(error: Invalid) -> list[str]:
    found = [f"{problem.field} {problem.reason}".strip() for problem in error.problems] or [error.detail]
    return [reason.removeprefix("the body ") for reason in found]


def _not_json(file: Path, found: Sequence[Problem]) -> Invalid:
    return Invalid(f"{file} cannot be read as JSON", tuple(found[:MOST_TOLD]), len(found))


def _read_json(file: Path) -> Iterator[tuple[int, Record]]:
    content = parsed(file.read_bytes(), file)
    if not isinstance(content, list):
        raise Invalid(f"{file}: a .json file holds one list; for one object a line, call it .jsonl")
    for number, value in enumerate(content, start=1):
        yield number, _as_record(value, file, number)


def _read_csv(file: Path) -> Iterator[tuple[int, Record]]:
    with file.open(encoding="utf-8-sig", newline="") as text:
        rows = csv_rows(text)
        try:
            _, header = next(rows, (0, []))
            for line, cells in rows:
                row: Record = {name: cell for name, cell in zip(header, cells, strict=False) if cell}
                beyond = [cell for cell in cells[len(header) :] if cell]
                yield line, row | ({BEYOND: beyond} if beyond else {})
        except Invalid as error:
            raise Invalid(f"{file}: {error.detail}", error.problems) from None


def _read_parquet(file: Path) -> Iterator[tuple[int, Record]]:
    parquet = import_module("pyarrow.parquet")  # half a second that the other formats need not wait
    try:
        batches: Iterable[Any] = parquet.ParquetFile(file).iter_batches(batch_size=1_000)
        rows = (row for batch in batches for row in batch.to_pylist())
        yield from enumerate(map(_without_nulls, rows), start=1)
    except import_module("pyarrow").ArrowException as error:
        raise Invalid(f"{file} cannot be read as Parquet: {error}") from None


READERS: Mapping[str, Callable[[Path], Iterator[tuple[int, Record]]]] = {
    ".jsonl": _read_jsonl,
    ".ndjson": _read_jsonl,
    ".json": _read_json,
    ".csv": _read_csv,
    ".parquet": _read_parquet,
}


def _without_nulls(value: Any) -> Any:
    """A Parquet struct has every field of its type; an absent one is null. A map comes as a list of tuples."""
    if isinstance(value, dict):
        return {key: _without_nulls(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list):
        if value and all(isinstance(inner, tuple) for inner in value):
            return dict(value)
        return [_without_nulls(inner) for inner in value]
    return value


def _as_record(value: Any, file: Path, line: int) -> Record:
    if not isinstance(value, dict):
        raise Invalid(f"{file} is not a list of objects", (Problem("must be an object", "", line),))
    return value


def _row(file: Path, line: int, record: Record, model: str) -> TraceRow:
    item, found = shaped(record, file.parent)
    missing = [field for field, value in (("item.id", item.get("id")), ("trace", found.get("trace"))) if not value]
    problems = [Problem(f"is missing ({file.name})", field, line) for field in missing]
    sample = found.get("sample")
    if sample is not None and not re.fullmatch(r"[0-9]{1,9}", str(sample)):
        problems.append(Problem(f"must be a whole number ({file.name})", "sample", line))
    if problems:
        raise Invalid("a trace is not complete", tuple(problems))
    return TraceRow(
        file,
        line,
        item,
        model=str(found.get("model", model)),
        trace=str(found["trace"]),
        answer=None if found.get("answer") is None else str(found["answer"]),
        sample=None if sample is None else int(sample),
    )


def _absent(columns: Columns, seen: Mapping[str, None]) -> list[Problem]:
    """Columns that --map names and no file has."""
    there = ", ".join(seen)
    absent = [name for name in columns.theirs if name not in seen and name.partition(".")[0] not in seen]
    return [Problem(f"no file has this column; there are {there}", f"--map {name}") for name in absent]
