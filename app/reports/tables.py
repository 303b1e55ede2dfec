"""Every table of a report as cells of text: Markdown and HTML only lay them out, so they cannot disagree."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from app.reports import numbers, phrases
from app.reports.report import JudgeLine, Losses, LossLine, ModelLine, PolicyLine, PositionLine, RateLine, Results
from app.stats.win_rate import Rate

WARNED = " †"  # behind a rate whose interval carries a warning
ENDINGS = ("Won", "Lost", "Tied", "Inconsistent", "Undecided", "Missing", "Pairs")


@dataclass(frozen=True, slots=True)
class Table:
    """Cells of text. The first `names` columns hold words, the others numbers; `notes` stand below."""

    columns: tuple[str, ...]
    rows: Sequence[tuple[str, ...]]
    names: int = 1
    notes: list[str] = field(default_factory=list)


def rates(subject: str, lines: Sequence[RateLine], level: float) -> Table:
    """A row per comparison; `subject` heads the column that tells them apart, others join it where they differ."""
    before = {
        "Models": [phrases.matchup(line) for line in lines],
        "Axis": [line.axis if line.slice else "" for line in lines],
        "Tag": [line.slice["tag"] if line.slice else "" for line in lines],
    }
    told = {head: cells for head, cells in before.items() if len(set(cells)) > 1}
    told[subject] = [phrases.title(line) for line in lines]
    rows = [(*names, *_line_cells(line)) for line, *names in zip(lines, *told.values(), strict=True)]
    notes = _notes([line.win_rate for line in lines if line.assessed])
    return Table((*told, *_rate_columns(level)), rows, len(told), notes)


def policies(lines: Sequence[PolicyLine], level: float) -> Table:
    """The headline comparison under every policy, side by side; a post hoc one is marked."""
    rows = [(line.policy + " (post hoc)" * line.post_hoc, *_policy_cells(line)) for line in lines]
    meanings = [phrases.policy(line) for line in lines]
    notes = [*meanings, *_notes([line.win_rate for line in lines if line.win_rate is not None])]
    return Table(("Policy", *_rate_columns(level)), rows, notes=notes)


def strengths(lines: Sequence[ModelLine], level: float) -> Table:
    """Bradley-Terry strengths with intervals and rank ranges."""
    columns = ("Model", f"Strength {_ci(level)}", "SE", "Elo scale", "Rank", "Won", "Lost", "Tied")
    rows = [
        (
            line.model + " (unbounded)" * line.unbounded,
            f"{numbers.signed(line.strength)} ({numbers.signed_interval(line.low, line.high)})",
            numbers.NOTHING if line.se is None else f"{line.se:.2f}",
            f"{line.elo:,.0f}",
            str(line.rank_low) if line.rank_low == line.rank_high else f"{line.rank_low} to {line.rank_high}",
            *map(numbers.whole, (line.wins, line.losses, line.ties)),
        )
        for line in lines
    ]
    return Table(columns, rows)


def position(lines: Sequence[PositionLine], level: float) -> Table:
    """How often the first trace was picked, and how often the two orders agree."""
    rows = [
        (line.judge, line.axis, *_position_cells(line.first_share, line.consistency, line.flips, line.partials))
        for line in lines
    ]
    notes = [f"{line.judge}, {line.axis}: {line.note}" for line in lines if line.note]
    excess = [line.excess for line in lines]
    return _with_excess(Table(("Judge", "Axis", *_position_columns(level)), rows, names=2, notes=notes), excess)


def position_slices(lines: Sequence[PositionLine], level: float) -> Table:
    """The same within every slice."""
    parts = [(line, part) for line in lines for part in line.slices]
    rows = [
        (
            line.judge,
            line.axis,
            part["slice"]["value"],
            *_position_cells(part["first_share"], part["consistency"], part["flips"], part["partials"]),
        )
        for line, part in parts
    ]
    return _with_excess(
        Table(("Judge", "Axis", "Slice", *_position_columns(level)), rows, names=3),
        [part["excess"] for _, part in parts],
    )


def _position_columns(level: float) -> tuple[str, ...]:
    return (f"First picked {_ci(level)}", f"Orders agree {_ci(level)}", "Flips", "Partials")


def _position_cells(
    first: Mapping[str, Any], consistency: Mapping[str, Any], flips: int, partials: int
) -> tuple[str, ...]:
    return (numbers.share(first), numbers.share(consistency), numbers.whole(flips), numbers.whole(partials))


def _with_excess(table: Table, excess: Sequence[Mapping[str, Any] | None]) -> Table:
    """With a column for flips by order beyond the judge's own noise, where the plan had repeats to tell noise by."""
    if not any(excess):
        return table
    rows = [(*row, numbers.points(value)) for row, value in zip(table.rows, excess, strict=True)]
    return replace(table, columns=(*table.columns, "Flips beyond noise, points"), rows=rows)


def judges(lines: Sequence[JudgeLine], level: float) -> Table:
    """Each judge's own win rate on the primary axis."""
    win, _, *others = _rate_columns(level)
    rows = [(line.judge, _warned(line.win_rate), *_pair_cells(line.win_rate)) for line in lines]
    notes = ["The interval covers items, not the choice of judge: compare the rows."] * (len(rows) > 1)
    return Table(("Judge", win, *others), rows, notes=notes + _notes([line.win_rate for line in lines]))


def checks(lines: Sequence[JudgeLine]) -> Table:
    """The trust checks of every judge, their results in words."""
    rows = [
        (line.judge, phrases.TRUST[check["ok"]], check["name"], check["text"])
        for line in lines
        for check in line.checks
    ]
    return Table(("Judge", "Result", "Check", "What was found"), rows, names=4)


def losses(content: Losses) -> Table:
    """Units without a verdict, by reason and judge, each with its denominator."""
    rows = [
        (line.kind, line.reason.replace("_", " "), line.judge, f"{numbers.whole(line.units)} of {_units(line)}")
        for line in content.lost
    ]
    return Table(("Kind", "Reason", "Judge", "Units"), rows, names=3)


def _units(line: LossLine) -> str:
    """All units of the line's judge."""
    return numbers.whole(round(line.units / line.share))


def provenance(results: Results) -> Table:
    """Where the numbers come from, and the parameters they were asked with."""
    return facts({"parameters": results.parameters, **results.provenance})


def entries(content: Sequence[Mapping[str, Any]]) -> Table:
    """Entries whose keys become the columns (losses by tag, by order, the checklist)."""
    keys = tuple(dict.fromkeys(key for entry in content for key in entry))
    rows = [tuple(phrases.said(entry.get(key)) for key in keys) for entry in content]
    names = sum(any(isinstance(entry.get(key), str) for entry in content) for key in keys)
    return Table(tuple(key.replace("_", " ").capitalize() for key in keys), rows, names)


def facts(content: Mapping[str, Any]) -> Table:
    """Two columns: what, and what it was; a list gets a row for each of its things."""
    rows = [
        (key.replace("_", " "), phrases.said(value))
        for key, values in content.items()
        for value in (values if isinstance(values, list) and values else [values])
    ]
    return Table(("What", "Value"), rows, names=2)


def _ci(level: float) -> str:
    return f"({numbers.level_percent(level)} CI)"


def _rate_columns(level: float) -> tuple[str, ...]:
    both = (f"Win rate {_ci(level)}", f"Preference rate {_ci(level)}")
    return (*both, *ENDINGS, "Clusters (effective)", "Win rate if missing lost, or won")


def _line_cells(line: RateLine) -> tuple[str, ...]:
    if line.assessed:
        return _rate_cells(line.win_rate, line.preference_rate)
    *pairs, _ = _pair_cells(line.win_rate)
    return ("not assessed", numbers.NOTHING, *pairs, numbers.NOTHING)


def _rate_cells(win: Rate, preference: Rate | None) -> tuple[str, ...]:
    return (_warned(win), numbers.rate(preference), *_pair_cells(win))


def _policy_cells(line: PolicyLine) -> tuple[str, ...]:
    if line.win_rate is None:
        return ("not available", *[numbers.NOTHING] * (len(_rate_columns(0)) - 1))
    return _rate_cells(line.win_rate, line.preference_rate)


def _pair_cells(win: Rate) -> tuple[str, ...]:
    endings = (*numbers.counts(win).values(), win.n_pairs)
    clusters = f"{numbers.whole(win.n_clusters)} ({win.effective_clusters:,.1f})"
    return (*map(numbers.whole, endings), clusters, numbers.bounds(win))


def _warned(win: Rate) -> str:
    return numbers.rate(win) + WARNED * bool(win.warnings)


def _notes(values: Sequence[Rate]) -> list[str]:
    """How the intervals were made, and what the marked ones warn of: warnings that differ in a number once."""
    methods = list(dict.fromkeys(value.method for value in values))
    told = [
        f"{WARNED.strip()} {warning}" for warning in folded(warning for value in values for warning in value.warnings)
    ]
    return [f"Intervals: {'; '.join(methods)}."] * bool(methods) + told


def folded(warnings: Iterable[str]) -> list[str]:
    """Warnings that differ in a number only, once, with how many more there are."""
    alike: dict[str, list[str]] = {}
    for warning in warnings:
        alike.setdefault(re.sub(r"\d[\d.,]*", "#", warning), []).append(warning)
    return [first + f"; {len(others)} more like it" * bool(others) for first, *others in alike.values()]
