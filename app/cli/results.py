"""Shows a report in the terminal and keeps it as files; every number comes from the report itself."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path
from typing import Any

from app.cli.out_files import refusing, write
from app.cli.terminal import out, print_table, say
from app.client import Client
from app.reports import numbers
from app.stats.win_rate import Rate

Json = Mapping[str, Any]

SAVED = ("json", "md", "html", "csv")
MARKS = {True: "ok", False: "WARNING", None: "not applicable"}
ENDINGS = ("Won", "Lost", "Tied", "Inconsistent", "Undecided", "Missing", "Pairs")
_RATE_FIELDS = frozenset(field.name for field in fields(Rate))


def save(client: Client, job_id: str, directory: Path, **parameters: Any) -> dict[str, Path]:
    """Write report.json, .md, .html and .csv into the directory; returns the paths by format."""
    with refusing(directory):
        directory.mkdir(parents=True, exist_ok=True)
    files = {name: directory / f"report.{name}" for name in SAVED}
    for name, file in files.items():
        write(file, client.report(job_id, name, **parameters))
    return files


def directory_for(name: str) -> Path:
    """Where a job's report goes when nobody says where."""
    return Path("tracejudge-report-" + (re.sub(r"[^\w.-]+", "-", name).strip("-.") or "job"))


def show(report: Json) -> None:
    """The headline, the axes, the policies side by side, what can be trusted, and what was lost."""
    results = report["results"]
    headline = results["headline"]
    say(to=out)
    if headline is None:
        say("No pair was judged, so there is no win rate.", style="bold", to=out)
    else:
        say(headline["text"], style="bold", to=out)
        show_axes(results["axes"])
        show_policies(results["policies"])
    show_checks(results["judges"])
    show_losses(results)


def show_axes(lines: Sequence[Json]) -> None:
    """A row per axis (and per two models, where there are more)."""
    several = len({(line["model_a"], line["model_b"]) for line in lines}) > 1
    rows = [(*_subject(line, several=several), *_line_cells(line)) for line in lines]
    level = lines[0]["win_rate"]["level"] if lines else 0.95
    subject = ("Models", "Axis") if several else ("Axis",)
    _table("Win rates by axis", (*subject, *_rate_columns(level)), rows, names=len(subject))


def show_policies(lines: Sequence[Json]) -> None:
    """The headline comparison under every policy; one that was not fixed at submit is marked."""
    rows = [(line["policy"] + " (post hoc)" * line["post_hoc"], *_policy_cells(line)) for line in lines]
    levels = [line["win_rate"]["level"] for line in lines if line["win_rate"]]
    _table("The same under every policy", ("Policy", *_rate_columns(levels[0] if levels else 0.95)), rows)


def show_checks(judges: Sequence[Json]) -> None:
    """Whether each judge can be trusted."""
    rows = [
        (judge["judge"], MARKS[check["ok"]], check["name"], check["text"])
        for judge in judges
        for check in judge["checks"]
    ]
    _table("Trust checks", ("Judge", "", "Check", "What was found"), rows, names=4)


def show_losses(results: Json) -> None:
    """Units that ended without a verdict, and the report's warnings."""
    losses = results["losses"]
    units = f"{losses['units']:,}"
    rows = [
        (line["kind"], line["reason"].replace("_", " "), line["judge"], f"{line['units']:,} of {units}")
        for line in losses["lost"]
    ]
    _table("Units without a verdict", ("Kind", "Reason", "Judge", "Units"), rows, names=3)
    for warning in results["warnings"]:
        say(f"Warning: {warning}", style="yellow", to=out)


def show_files(files: Mapping[str, Path]) -> None:
    """Where the report files are."""
    say(to=out)
    say("Report files: " + "  ".join(str(file) for file in files.values()), to=out)


def rate_of(cells: Json) -> Rate:
    """A rate of a JSON report; fields a newer server adds are left out."""
    return Rate(**{name: value for name, value in cells.items() if name in _RATE_FIELDS})


def _table(title: str, columns: Sequence[str], rows: Sequence[Sequence[str]], *, names: int = 1) -> None:
    if rows:
        say(to=out)
        print_table(columns, rows, title=title, names=names)


def _rate_columns(level: float) -> tuple[str, ...]:
    return (f"Win rate ({numbers.level_percent(level)} CI)", *ENDINGS)


def _subject(line: Json, *, several: bool) -> tuple[str, ...]:
    return (f"{line['model_a']} against {line['model_b']}", line["axis"]) if several else (line["axis"],)


def _line_cells(line: Json) -> tuple[str, ...]:
    cells = _rate_cells(line["win_rate"])
    return cells if line["assessed"] else ("not assessed", *cells[1:])


def _policy_cells(line: Json) -> tuple[str, ...]:
    if line["win_rate"] is None:
        return (line["note"] or "not available", *[numbers.NOTHING] * len(ENDINGS))
    return _rate_cells(line["win_rate"])


def _rate_cells(cells: Json) -> tuple[str, ...]:
    rate = rate_of(cells)
    return (numbers.rate(rate), *(f"{count:,}" for count in (*numbers.counts(rate).values(), rate.n_pairs)))
