"""The report of a CSV text, by the way an import takes: read, checked, laid out, computed; without a server."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from app.reports.build import build
from app.reports.report import ModelLine, Results
from app.reports.sheet import Parameters, Sheet
from app.services.import_checks import Choices, checked
from app.services.imported_sheet import sheet_of
from app.store.imports import ImportFacts
from app.wire.tables import csv_table
from app.wire.verdict_columns import KNOWN, read_verdicts

DATA = Path(__file__).parents[2] / "data"
PUBLISHED = DATA / "published"


def sheet_from(text: str) -> Sheet:
    """What a report of these verdicts is computed from."""
    verdicts = read_verdicts(csv_table(text.encode(), KNOWN))
    spec = checked(verdicts, Choices())
    facts = ImportFacts(1, "an import", "published", spec, len(verdicts), datetime(2026, 1, 1, tzinfo=UTC))
    return sheet_of(facts, verdicts)


def report_of(text: str, **asked: Any) -> Results:
    """`asked`: report parameters by their names."""
    return build(sheet_from(text), Parameters(**asked)).results


def csv_text(header: str, rows: Iterable[Sequence[object]]) -> str:
    """`header`: names with spaces between."""
    out = io.StringIO()
    writer = csv.writer(out)
    writer.writerow(header.split())
    writer.writerows(rows)
    return out.getvalue()


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def by_model(results: Results) -> dict[str, ModelLine]:
    return {line.model: line for line in results.models}
