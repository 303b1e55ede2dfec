"""The leaderboard as JSON, Markdown, CSV and HTML; a new format is a function and a line here."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, NamedTuple

import orjson

from app.reports import as_html, charts, numbers, phrases, tables
from app.reports.as_csv import cell
from app.reports.as_markdown import escape, grid
from app.reports.canonical import canonical
from app.reports.leaderboard import Leaderboard, Strata
from app.reports.tables import Table

# A wider matrix of win probabilities is no table for people; JSON and CSV hold it whole.
MOST_OPPONENTS = 12
CHART_ROWS = 60
COLUMNS = (
    "scope", "model", "opponent", "estimate", "low", "high", "se", "elo", "rank_low", "rank_high", "wins", "losses",
    "ties", "unbounded", "tied_groups", "met",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Board:
    """A leaderboard with its envelope: {as_of, software, jobs: [{id, name, status}]}."""

    envelope: Mapping[str, Any]
    results: Leaderboard


def as_json(board: Board) -> bytes:
    """{"envelope", "results"} in UTF-8 with sorted keys; `results` in canonical form."""
    content = {"envelope": board.envelope, "results": canonical(board.results)}
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS | orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def as_markdown(board: Board) -> str:
    """GitHub-flavoured Markdown: the sentence, the warnings, the strengths, the win probabilities, the jobs."""
    return "\n".join(_lines(board)).rstrip() + "\n"


def as_csv(board: Board) -> str:
    """A row for each model (scope strength) and for each model against each other (scope win_probability)."""
    out = io.StringIO(newline="")
    writer = csv.DictWriter(out, COLUMNS, restval="")
    writer.writeheader()
    writer.writerows({name: cell(value) for name, value in row.items()} for row in _rows(board.results))
    return out.getvalue()


def as_html_page(board: Board) -> str:
    """The whole page; opens from a disk, an e-mail or behind the strictest Content-Security-Policy."""
    drawn = board.results.models[:CHART_ROWS]
    return as_html.page(
        "leaderboard.html",
        board=board,
        results=board.results,
        sections=sections(board),
        chart=as_html.picture(charts.strengths(drawn), "Strengths with intervals, as in the table."),
    )


class Rendering(NamedTuple):
    """A rendering: its media type, its file suffix (with the dot) and the pure function that makes it."""

    media_type: str
    suffix: str
    render: Callable[[Board], str | bytes]


BOARD_FORMATS = {
    "json": Rendering("application/json", ".json", as_json),
    "md": Rendering("text/markdown; charset=utf-8", ".md", as_markdown),
    "csv": Rendering("text/csv; charset=utf-8", ".csv", as_csv),
    "html": Rendering("text/html; charset=utf-8", ".html", as_html_page),
}


def sections(board: Board) -> dict[str, Table]:
    """The tables of a leaderboard, each under its title."""
    results = board.results
    found = {"Strengths": standings(results)}
    if len(results.models) <= MOST_OPPONENTS:
        found["Win probabilities"] = _matrix(results)
    if results.strata is not None:
        found["Strata"] = _strata(results.strata)
    ids = [str(job["id"]) for job in board.envelope["jobs"]]
    names = ("name", "stratum")
    jobs = [
        {"job": identity} | {name: job[name] for name in (*names, "pairs", "duplicates", "same_model", "pending")}
        for identity, job in zip(ids, results.jobs, strict=True)
    ]
    return found | {"Jobs": tables.entries(jobs)}


def standings(results: Leaderboard) -> Table:
    """One row per model: strength, rank range, record and the groups it cannot be told apart within."""
    table = tables.strengths(results.models, float(results.parameters["level"]))
    groups = [", ".join(_groups(results, line.model)) for line in results.models]
    rows = [(*row, group) for row, group in zip(table.rows, groups, strict=True)]
    fit = results.fit
    counted = f"{fit.pairs:,} decided pairs" if fit.picks is None else f"{fit.picks:,} picks"
    tie = "" if fit.tie_parameter is None else f"; tie parameter {fit.tie_parameter:.2f}"
    notes = [
        f"Errors: {fit.errors}; {counted} in {fit.clusters:,} clusters ({fit.effective_clusters:,.1f} effective){tie}.",
        *["Models that share a number in the last column cannot be told apart."] * bool(results.tied_groups),
    ]
    return replace(table, columns=(*table.columns, "Group"), rows=rows, notes=notes)


def _groups(results: Leaderboard, model: str) -> list[str]:
    return [str(number) for number, group in enumerate(results.tied_groups, start=1) if model in group]


def _matrix(results: Leaderboard) -> Table:
    of = results.win_probabilities
    rows = []
    for i, model in enumerate(of.models):
        cells = [numbers.NOTHING if i == j else _chance(results, i, j) for j in range(len(of.models))]
        rows.append((model, *cells))
    ties = phrases.of_ties(results.fit.tie_parameter)
    notes = [f"The chance that the row beats the column, {ties}. * = the two never met."]
    return Table(("Model", *(f"beats {model}" for model in of.models)), rows, notes=notes)


def _chance(results: Leaderboard, i: int, j: int) -> str:
    of = results.win_probabilities
    spread = "" if of.low is None or of.high is None else f" ({numbers.interval(of.low[i][j], of.high[i][j])})"
    return numbers.percent(of.estimate[i][j]) + spread + " *" * (of.met[i][j] == 0)


def _strata(strata: Strata) -> Table:
    rows = [("jobs", text) for text in strata.groups]
    rows += [(what, text) for what, values in strata.differ.items() for text in values]
    if strata.statistic is None:
        notes = ["Whether the strata share the strengths cannot be tested."]
    else:
        p = numbers.p_value(strata.p)
        notes = [f"Do the strata share the strengths? Wald statistic {strata.statistic:.2f} on {strata.df}, p = {p}."]
    return Table(("What", "Value"), rows, names=2, notes=notes)


def _lines(board: Board) -> Iterator[str]:
    results = board.results
    yield from ("# Leaderboard", "", f"As of {escape(phrases.said(board.envelope.get('as_of')))}.", "")
    yield from (f"> **{escape(results.text)}**", "")
    if results.warnings:
        yield from ("**Read this first**", "", *(f"- **Warning:** {escape(text)}" for text in results.warnings), "")
    for title, table in sections(board).items():
        yield from (f"## {title}", "", *grid(table), "", *(f"- {escape(note)}" for note in table.notes), "")


def _rows(results: Leaderboard) -> Iterator[dict[str, Any]]:
    for line in results.models:
        yield {
            "scope": "strength", "model": line.model, "estimate": line.strength, "low": line.low, "high": line.high,
            "se": line.se, "elo": line.elo, "rank_low": line.rank_low, "rank_high": line.rank_high,
            "wins": line.wins, "losses": line.losses, "ties": line.ties, "unbounded": line.unbounded,
            "tied_groups": " ".join(_groups(results, line.model)),
        }  # fmt: skip
    of = results.win_probabilities
    for i, model in enumerate(of.models):
        for j, opponent in enumerate(of.models):
            if i != j:
                yield {
                    "scope": "win_probability", "model": model, "opponent": opponent, "estimate": of.estimate[i][j],
                    "low": of.low[i][j] if of.low else None, "high": of.high[i][j] if of.high else None,
                    "met": of.met[i][j],
                }  # fmt: skip
