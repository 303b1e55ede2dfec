"""A report as LaTeX tables for a paper: a file to include in any document that loads booktabs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from app.reports import numbers, phrases
from app.reports.latex_words import comment, escaped
from app.reports.report import FitLine, ModelLine, RateLine, Report
from app.reports.schema import NAME
from app.stats.win_rate import Rate

# Rows that fit on a page; what is more goes on in another table.
MOST_ROWS = 40
COLUMNS = ("", "Win rate", "CI", "$n$", "Won", "Lost", "Tied", "Inc.", "Und.", "Miss.")
TESTED = "$p$"
TESTED_AS = r" $p$: of a win rate of 50\,\%, adjusted over axes and slices but not on the primary axis."
Line = tuple[str, RateLine]


def render(report: Report) -> str:
    """ASCII LaTeX: the headline, every axis, slice and stratum of every two models, the strengths."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    results = report.results
    yield comment(f"TraceJudge ({NAME}), job {phrases.job_name(report)}, as of {report.envelope.get('as_of', '')}")
    yield comment("Needs \\usepackage{booktabs}. The citable sentence:")
    if results.headline is None:
        yield "No pair was judged, so there is no win rate."
        return
    yield comment(results.headline.text)
    for warning in phrases.warnings(results):
        yield comment(f"Warning: {warning}")
    yield from _headline(results.headline)
    for models, lines in _by_models([*results.axes, *results.slices, *results.strata]).items():
        for start in range(0, len(lines), MOST_ROWS):
            yield from _rates(models, lines[start : start + MOST_ROWS], continued=start > 0)
    if results.fit is not None:
        for note in (phrases.fit(results.fit), *phrases.fit_notes(results.fit)):
            yield comment(note)
    if results.models:
        yield from _strengths(results.models, results.fit, phrases.level(report))


def _by_models(lines: Sequence[RateLine]) -> dict[str, list[Line]]:
    """Models -> (what a line is about, line): axes first, then slices and strata."""
    found: dict[str, list[Line]] = {}
    for line in lines:
        about = ""
        if line.slice:
            about = f"{line.axis}, by {line.slice['tag']}"
        elif line.stratum:
            about = f"{line.axis}, by answers"
        found.setdefault(phrases.matchup(line), []).append((about, line))
    return found


def _headline(line: RateLine) -> Iterator[str]:
    yield from _table([("", line)], caption=escaped(line.text.rstrip(".")) + ".", label="headline", names=[line.axis])


def _rates(models: str, lines: Sequence[Line], *, continued: bool) -> Iterator[str]:
    rate = lines[0][1].win_rate
    caption = (
        f"{escaped(models)}{' (continued)' * continued}: win rates of {escaped(lines[0][1].model_a)} with "
        f"{escaped(numbers.level_percent(rate.level))} confidence intervals ({escaped(rate.method)}) and how all pairs "
        "ended (won, lost, tied, inconsistent, undecided, missing)."
    )
    caption += TESTED_AS * any(line.test is not None for _, line in lines)
    yield from _table(lines, caption=caption, label="", names=[phrases.title(line) for _, line in lines])


def _table(lines: Sequence[Line], *, caption: str, label: str, names: Sequence[str]) -> Iterator[str]:
    tested = any(line.test is not None for _, line in lines)
    columns = (*COLUMNS, TESTED) if tested else COLUMNS
    rows = []
    shown = ""
    for (about, line), name in zip(lines, names, strict=True):
        if about != shown:
            rows += [r"\addlinespace", rf"\multicolumn{{{len(columns)}}}{{l}}{{\emph{{{escaped(about)}}}}} \\"]
            shown = about
        indent = r"\quad " if about else ""
        cells = _cells(line) + ([_p(line)] if tested else [])
        rows.append(" & ".join([indent + escaped(name), *cells]) + r" \\")
    yield from _framed(columns, rows, caption, label)


def _framed(columns: Sequence[str], rows: Sequence[str], caption: str, label: str) -> Iterator[str]:
    yield from ("", r"\begin{table}[htbp]", r"\centering\footnotesize\setlength{\tabcolsep}{2pt}")
    yield rf"\caption{{{caption}}}" + (rf"\label{{tab:tracejudge-{label}}}" if label else "")
    yield from (rf"\begin{{tabular}}{{@{{}}l{'r' * (len(columns) - 1)}@{{}}}}", r"\toprule")
    yield from (" & ".join(columns) + r" \\", r"\midrule", *rows, r"\bottomrule", r"\end{tabular}", r"\end{table}")


def _cells(line: RateLine) -> list[str]:
    endings = [numbers.whole(count) for count in numbers.counts(line.win_rate).values()]
    estimate, interval = _rate(line.win_rate) if line.assessed else ("not assessed", "--")
    return [estimate, interval, numbers.whole(line.win_rate.n_pairs), *endings]


def _rate(value: Rate) -> tuple[str, str]:
    if value.estimate is None:
        return "nothing decided", "--"
    return escaped(numbers.percent(value.estimate)), escaped(numbers.interval(value.low, value.high))


def _p(line: RateLine) -> str:
    """The p-value that may be cited: adjusted where the line belongs to a family."""
    test = line.test
    if test is None or test.p is None:
        return "--"
    return escaped(numbers.p_value(test.p if test.p_adjusted is None else test.p_adjusted))


def _strengths(models: Sequence[ModelLine], fit: FitLine | None, level: float) -> Iterator[str]:
    columns = ("", "Strength", "CI", "SE", "Elo scale", "Rank", "Won", "Lost", "Tied")
    rows = [
        " & ".join(
            (
                escaped(line.model + " (unbounded)" * line.unbounded),
                escaped(numbers.signed(line.strength)),
                escaped(numbers.signed_interval(line.low, line.high)),
                "--" if line.se is None else f"{line.se:.2f}",
                f"{line.elo:,.0f}",
                str(line.rank_low) if line.rank_low == line.rank_high else f"{line.rank_low}--{line.rank_high}",
                *map(numbers.whole, (line.wins, line.losses, line.ties)),
            )
        )
        + r" \\"
        for line in models
    ]
    caption = (
        f"Bradley--Terry strengths (natural logarithm) with {escaped(numbers.level_percent(level))} confidence "
        "intervals, and the pairs they were won, lost and tied in."
    )
    if fit is not None:
        caption += " " + " ".join(escaped(text) for text in (phrases.fit(fit), *phrases.fit_notes(fit)))
    yield from _framed(columns, rows, caption, "strengths")
