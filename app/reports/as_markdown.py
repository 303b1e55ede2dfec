"""A report as Markdown, fit for a paper or a model card: tables with denominators and intervals always."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from app.reports import glance, numbers, phrases, sections, tables
from app.reports.report import RateLine, Report, Results
from app.reports.sections import Section
from app.reports.tables import Table

# Escaping these keeps outside words words: no markup, link, formula, cell border or HTML.
ACTIVE = re.compile(r"([\\`*_{}\[\]|~$#!]|(?<=:)/(?=/)|(?<=www)\.|@)")
LEADING = re.compile(r"^(\d*)([-+=>](?=\s)|(?<=\d)[.)](?=\s))")


def render(report: Report) -> str:
    """GitHub-flavoured Markdown; without a headline it says so and shows what there is."""
    return "\n".join(_lines(report)).rstrip() + "\n"


def escape(text: str) -> str:
    """Words from outside on one line, with every character that Markdown or HTML would act on made harmless."""
    flat = " ".join(text.split()).replace("&", "&amp;").replace("<", "&lt;").replace(">", "&gt;")
    return LEADING.sub(r"\1\\\2", ACTIVE.sub(r"\\\1", flat))


def _lines(report: Report) -> Iterator[str]:
    results, level = report.results, phrases.level(report)
    yield from _headline(report)
    yield from _section("Policies side by side", tables.policies(results.policies, level))
    yield from _section("Axes", tables.rates("Axis", results.axes, level))
    yield from _glance(results, level)
    yield from _section("Slices", tables.rates("Slice", results.slices, level))
    yield from _section("Strata of answer correctness", tables.rates("Answers", results.strata, level))
    yield from _sections(sections.comparisons(results))
    yield from _strengths(results, level)
    yield from _sections(sections.standings(results))
    yield from _section("Position bias", tables.position(results.position, level))
    yield from _section("Judges", tables.judges(results.judges, level))
    yield from _section("Trust checks", tables.checks(results.judges))
    yield from _sections(sections.trust(results))
    yield from _losses(results)
    yield from _methods(report)


def _headline(report: Report) -> Iterator[str]:
    line = report.results.headline
    name = phrases.job_name(report)
    subject = phrases.matchup(line) if line else "No comparison"
    yield from (f"# {escape(subject)}", "")
    yield from (f"Report of job {escape(name)}, as of {escape(phrases.said(report.envelope.get('as_of')))}.", "")
    yield from _sentence(line)
    beside = phrases.both_right(report.results)
    yield from (f"{escape(beside)}", "") if beside else ()
    warnings = phrases.warnings(report.results)
    if warnings:
        yield from ("**Read this first**", "", *(f"- **Warning:** {escape(text)}" for text in warnings), "")


def _sentence(line: RateLine | None) -> Iterator[str]:
    if line is None:
        yield from ("> No pair was judged, so there is no win rate.", "")
        return
    yield from (f"> **{escape(line.text)}**", "", f"{numbers.record(line.win_rate)}.", "")


def _section(title: str, table: Table) -> Iterator[str]:
    if not table.rows:
        return
    yield from (f"## {title}", "", *grid(table), "")
    if table.notes:
        yield from (*(f"- {escape(note)}" for note in table.notes), "")


def _sections(found: Sequence[Section]) -> Iterator[str]:
    for section in found:
        yield from (f"## {escape(section.title)}", "")
        if section.words:
            yield from (*(f"- {escape(text)}" for text in section.words), "")
        for name, table in section.tables.items():
            yield from (f"### {escape(name)}", "") if len(section.tables) > 1 else ()
            yield from (*grid(table), "")
            if table.notes:
                yield from (*(f"- {escape(note)}" for note in table.notes), "")


def _glance(results: Results, level: float) -> Iterator[str]:
    found = glance.matrices(results)
    if found:
        yield from ("## Slices at a glance", "", escape(glance.legend(level)), "")
    for matrix in found:
        yield from (f"**{escape(matrix.caption)}**", "", _row(("Axis", *matrix.columns)))
        yield _row(["---"] * (1 + len(matrix.columns)), raw=True)
        for axis, cells in matrix.rows:
            yield _row([axis, *("; ".join((cell.rate, *cell.details)) for cell in cells)])
        yield ""


def grid(table: Table) -> Iterator[str]:
    """The lines of a table."""
    yield _row(table.columns)
    yield _row(["---" if column < table.names else "--:" for column in range(len(table.columns))], raw=True)
    for row in table.rows:
        yield _row(row)


def _row(cells: Sequence[str], *, raw: bool = False) -> str:
    return "| " + " | ".join(cell if raw else escape(cell) for cell in cells) + " |"


def _strengths(results: Results, level: float) -> Iterator[str]:
    yield from _section("Strengths", tables.strengths(results.models, level))
    if results.fit is not None:
        yield from () if results.models else ("## Strengths", "")
        yield from (escape(phrases.fit(results.fit)), "")
        yield from (*(f"- {escape(note)}" for note in phrases.fit_notes(results.fit)), "")


def _losses(results: Results) -> Iterator[str]:
    losses = results.losses
    yield from ("## Losses", "", phrases.missing(losses), "")
    parts = (losses.by_model, losses.by_tag, losses.by_length, losses.by_order)
    for table in (tables.losses(losses), *map(tables.entries, parts)):
        if table.rows:
            yield from (*grid(table), "")


def _methods(report: Report) -> Iterator[str]:
    methods = report.results.methods
    yield from ("## Methods", "", escape(methods.paragraph), "")
    yield from (f"- **{escape(entry['item'])}:** {escape(entry['value'])}" for entry in methods.checklist)
    yield from ("", "## Provenance", "", *grid(tables.provenance(report.results)), "")
    yield from (*grid(tables.facts(report.envelope)), "")
