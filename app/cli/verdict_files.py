"""Verdicts files on their way to the server: as they are where it reads them itself, else row by row."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from app.cli.rows import Columns
from app.cli.traces_files import records
from app.client.foreign import FORMATS, GENERIC, convert, detect, lines_of
from app.domain.errors import Invalid, Problem
from app.wire.tables import TAG
from app.wire.verdict_columns import KNOWN

CSV, NDJSON = "text/csv", "application/x-ndjson"
SENT_AS_THEY_ARE = {".csv": CSV, ".jsonl": NDJSON, ".ndjson": NDJSON}
AUTO = "auto"
NAMES = (AUTO, GENERIC, *FORMATS)
STANDARD_INPUT = Path("-")
SUFFIX_OF = {b"{": ".jsonl", b"[": ".json"}
PARQUET = b"PAR1"


@dataclass(frozen=True, slots=True)
class Upload:
    """What is sent, as which media type, and what to tell the user of how it was read."""

    source: Path | Sequence[dict[str, Any]]
    content_type: str
    notes: list[str] = field(default_factory=list)


@contextmanager
def file_of(given: Path) -> Iterator[Path]:
    """The file itself; standard input as a file, named after what it holds."""
    if given != STANDARD_INPUT:
        yield given
        return
    content = sys.stdin.buffer.read()
    with TemporaryDirectory(prefix="tracejudge-") as folder:
        file = Path(folder) / f"standard-input{_suffix_of(content)}"
        file.write_bytes(content)
        yield file


def upload_of(file: Path, format_: str, columns: Columns) -> Upload:
    """Read a file in one of NAMES. Raises Invalid, naming lines."""
    name = format_
    if name == AUTO:
        name = GENERIC if columns.names else detect({name for _, first in islice(records(file), 1) for name in first})
    if name != GENERIC:
        found = convert(name, list(records(file)))
        said = [f"Read as {name} (--format generic reads it as it is)."] if format_ == AUTO else []
        return Upload(lines_of(found.rows), NDJSON, [*said, *found.notes])
    kind = SENT_AS_THEY_ARE.get(file.suffix.lower())
    if kind is not None and not columns.names:
        return Upload(file, kind)
    return _renamed(file, columns)


def _suffix_of(content: bytes) -> str:
    """What a file that holds this would be called."""
    return ".parquet" if content.startswith(PARQUET) else SUFFIX_OF.get(content.lstrip()[:1], ".csv")


def _renamed(file: Path, columns: Columns) -> Upload:
    rows, seen, unused = [], dict[str, None](), dict[str, None]()
    for line, record in records(file):
        seen.update(dict.fromkeys(record))
        row = columns.renamed(record)
        ours = {name: value for name, value in row.items() if name in KNOWN or name.startswith(TAG)}
        if columns.names:
            unused.update(dict.fromkeys(name for name in row if name not in ours))
            row = ours
        rows.append({"line": line} | row)
    absent = [name for name in columns.theirs if name not in seen and name.partition(".")[0] not in seen]
    if absent:
        reason = f"the file has no such column; there are {', '.join(seen)}"
        raise Invalid("--map does not fit the file", tuple(Problem(reason, f"--map {name}") for name in absent))
    said = f"Not used: the columns {', '.join(unused)} (--map gives columns our names)."
    return Upload(rows, NDJSON, [said] if unused else [])
