"""Sections of a report beyond its rates, as words and tables: Markdown and HTML only lay them out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.reports import numbers, phrases, tables
from app.reports.length import FORMAT
from app.reports.report import Results
from app.reports.report_trust import Agreement, AgreementLine, CalibrationLine
from app.reports.tables import Table, folded

KINDS = {"judge_judge": "judge and judge", "judge_human": "judge and people", "human_human": "people among themselves"}


@dataclass(frozen=True, slots=True)
class Section:
    """`key` names the section for charts; `words` are paragraphs; `tables` are named. All text is plain."""

    key: str
    title: str
    words: list[str] = field(default_factory=list)
    tables: dict[str, Table] = field(default_factory=dict)


def comparisons(results: Results) -> list[Section]:
    """What follows the rates: people, margins, differences between models and slices, length."""
    found = (_people(results), _equivalence(results), _differences(results), _heterogeneity(results), _length(results))
    return [section for section in found if section.words or section.tables]


def standings(results: Results) -> list[Section]:
    """What follows the strengths: who beats whom, and who cannot be told apart."""
    fit = results.fit
    if fit is None or not fit.win_probabilities:
        return []
    groups = [group for group in fit.tied_groups if len(group) > 1]
    words = [f"Differences taken together, these cannot be told apart: {', '.join(group)}." for group in groups]
    rows = [(one["model"], one["against"], _chance(one)) for one in fit.win_probabilities]
    table = Table(("Model", "Against", f"Chance to win, {phrases.of_ties(fit.tie_parameter)}"), rows, names=2)
    return [Section("standings", "Who beats whom", words, {"Who beats whom": table})]


def trust(results: Results) -> list[Section]:
    """What follows the checks of the judges: position by slice and order, agreement, calibration, the sequence."""
    found = (
        _position_slices(results),
        _orders(results),
        _agreement(results.agreement),
        _calibration(results.calibration),
        _sequences(results),
    )
    return [section for section in found if section.words or section.tables]


def _people(results: Results) -> Section:
    words = []
    for line in results.calibrated:
        if line.labels:
            words += [_sentence(text) for text in (line.text, line.note * line.available) if text]
    return Section("people", "What people would say", words)


def _equivalence(results: Results) -> Section:
    line = results.equivalence
    if line is None:
        return Section("equivalence", "Equivalence")
    p = f"p for equivalence {numbers.p_value(line.p_equivalence)}, for non-inferiority"
    told = f"Margin {numbers.percent(line.margin)}; {p} {numbers.p_value(line.p_non_inferiority)}."
    return Section("equivalence", "Equivalence", [_sentence(line.text), told])


def _differences(results: Results) -> Section:
    words = [_sentence(line.text + (f" ({line.note})" if line.note else "")) for line in results.differences]
    return Section("differences", "Differences against a shared base", words)


def _heterogeneity(results: Results) -> Section:
    rows = [
        (
            f"{line.model_a} against {line.model_b}",
            line.axis,
            line.tag,
            numbers.whole(line.slices),
            numbers.NOTHING if line.statistic is None else f"{line.statistic:.2f}",
            numbers.NOTHING if line.df is None else f"{line.df:.0f}, {line.df_denominator or 0:.1f}",
            numbers.p_value(line.p),
            numbers.p_value(line.p_adjusted),
        )
        for line in results.heterogeneity
    ]
    columns = ("Models", "Axis", "Tag", "Slices", "F", "Degrees of freedom", "p", "Adjusted p")
    notes = folded(line.note for line in results.heterogeneity if line.note)
    return _with_table("heterogeneity", "Do the slices differ?", Table(columns, rows, names=3, notes=notes))


def _length(results: Results) -> Section:
    rows = [
        (
            f"{line.model_a} against {line.model_b}",
            numbers.share(line.longer_won),
            numbers.NOTHING if line.controlled is None else numbers.share(line.controlled),
            "yes" if line.extrapolated else "no",
        )
        for line in results.length
    ]
    equal = "length and format" if results.parameters.get("control") == FORMAT else "length"
    columns = ("Models", "Longer trace won", f"Win rate at equal {equal}", "Extrapolated")
    notes = folded(dict.fromkeys(line.note for line in results.length))
    return _with_table("length", "Length", Table(columns, rows, names=1, notes=notes))


def _position_slices(results: Results) -> Section:
    headline = results.headline
    title = f"Position bias by {results.parameters.get('slice_by', 'slice')}"
    level = headline.win_rate.level if headline else results.parameters.get("level", 0.95)
    return _with_table("position_slices", title, tables.position_slices(results.position, level))


def _orders(results: Results) -> Section:
    """What position does to the record of the headline's first-named model."""
    headline = results.headline
    rows = [
        (
            line.judge,
            line.axis,
            "first" if entry["order"] == "AB" else "second",
            *(numbers.whole(entry[ending]) for ending in ("won", "lost", "tied", "lost_units")),
        )
        for line in results.position
        for entry in line.by_order
        if entry["slice"] is None
    ]
    if headline is None:
        return Section("orders", "By order")
    title = f"{headline.model_a} against {headline.model_b}, by place"
    columns = ("Judge", "Axis", f"{headline.model_a} shown", "Won", "Lost", "Tied", "No verdict")
    return _with_table("orders", title, Table(columns, rows, names=3))


def _agreement(found: Agreement | None) -> Section:
    if found is None:
        return Section("agreement", "Agreement")
    rows = [_agreement_row(line) for line in found.lines]
    columns = ("Who", "First", "Second", "Axis", "Agree, ties counted", "Agree, ties left out", "Cohen's kappa")
    notes = folded(dict.fromkeys(line.note for line in found.lines if line.note))
    tables = {
        "Agreement": Table(columns, rows, names=4, notes=notes),
        "Krippendorff's alpha": Table(
            ("Who", "Axis", "Raters", "Alpha", "Pairs"), list(map(_alpha_row, found.alpha)), 2
        ),
        "Correlation of axes": Table(
            ("Judge", "Axis", "And axis", "Correlation", "Pairs"), list(map(_axes_row, found.axes)), 3
        ),
    }
    return Section("agreement", "Agreement", _agreement_words(found), {k: t for k, t in tables.items() if t.rows})


def _agreement_words(found: Agreement) -> list[str]:
    words = list(found.notes)
    span = found.judge_range
    if span is not None:
        words.append(
            f"Win rates of single judges run from {numbers.percent(span['low'])} ({span['lowest']}) to "
            f"{numbers.percent(span['high'])} ({span['highest']})."
        )
    panel = found.panel
    if panel is not None and panel["effective"] is not None:
        words.append(
            f"By the errors on {panel['gold']} the panel of {panel['judges']} is worth {panel['effective']:.1f} "
            f"independent judges (mean correlation {numbers.signed(panel['mean_correlation'])}, n = {panel['n']:,})."
        )
    elif panel is not None:
        words.append(
            f"Mean correlation of {panel['of']} between judges {numbers.signed(panel['mean_correlation'])}, "
            f"n = {panel['n']:,}: {panel['note']}."
        )
    return words


def _agreement_row(line: AgreementLine) -> tuple[str, ...]:
    shares = (numbers.share(line.with_ties), numbers.share(line.without_ties))
    return (KINDS[line.kind], line.first, line.second, line.axis, *shares, _coefficient(line.kappa))


def _alpha_row(entry: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        entry["kind"], entry["axis"], str(entry["raters"]), _coefficient(entry), numbers.whole(entry["n"]),
    )  # fmt: skip


def _axes_row(entry: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        entry["judge"], entry["first"], entry["second"], numbers.signed(entry["correlation"]),
        numbers.whole(entry["n"]),
    )  # fmt: skip


def _chance(entry: Mapping[str, Any]) -> str:
    return f"{numbers.percent(entry['estimate'])} ({numbers.interval(entry['low'], entry['high'])})"


def _coefficient(value: Mapping[str, Any] | None) -> str:
    if value is None or value["estimate"] is None:
        return numbers.NOTHING
    return f"{numbers.signed(value['estimate'])} ({numbers.signed_interval(value['low'], value['high'])})"


def _calibration(lines: Sequence[CalibrationLine]) -> Section:
    words = []
    for line in lines:
        brier = line.brier["estimate"] if line.brier else None
        if brier is None:
            words.append(f"{line.judge}, {line.axis}: {line.note or 'no labels'}.")
            continue
        told = f"{line.judge}, {line.axis}: Brier score {brier:.3f} on {numbers.whole(line.labels)} labels"
        if line.temperature is not None and line.brier_tempered is not None:
            told += f"; at temperature {line.temperature:.2f}, held out, {line.brier_tempered:.3f}"
        words.append(told + (f" ({line.note})" if line.note else "") + ".")
    rows = [
        (line.judge, line.axis, f"{bin_['start']:.1f} to {bin_['end']:.1f}", f"{bin_['mean']:.2f}", numbers.share(bin_))
        for line in lines
        for bin_ in line.curve
    ]
    columns = ("Judge", "Axis", "Probability for A", "Mean", "People chose A")
    found = _with_table("calibration", "Calibration of soft verdicts", Table(columns, rows, names=3))
    return Section(found.key, found.title, words, found.tables)


def _sequences(results: Results) -> Section:
    words = [f"{_sentence(line.text)} The target is {line.note}." for line in results.sequences]
    return Section("sequences", "Confidence sequence", words)


def _with_table(key: str, title: str, table: Table) -> Section:
    return Section(key, title, [], {title: table} if table.rows else {})


def _sentence(text: str) -> str:
    """With a full stop; a model's name at its start keeps its own first letter."""
    return text if text.endswith(".") else text + "."
