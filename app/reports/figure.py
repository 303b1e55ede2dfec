"""The figure of a report: the headline's models by axis and slice in one forest plot, for a paper or a slide."""

from __future__ import annotations

from collections.abc import Iterator

from app.reports import charts, numbers, phrases
from app.reports.charts import INK, LINE, PAPER, QUIET, Spec
from app.reports.report import RateLine, Report, Results

# A figure of more rows fits no page; the tables hold every line.
MOST_ROWS = 48
_TITLE, _MARGIN = 74, 14
_BOUNDS = "Filled: the interval leaves out 50 %. Pale band: all missing pairs lost, or won."


def figure(report: Report) -> Spec:
    """Rows under headings: every axis, then its slices, the primary axis first. White behind it, for print."""
    results = report.results
    if results.headline is None:
        return _blank("No pair was judged, so there is no win rate.")
    rows = list(_rows(results, results.headline))
    cut = f"; the first {MOST_ROWS} of {len(rows)} rows" * (len(rows) > MOST_ROWS)
    plot = charts.grouped_forest(rows[:MOST_ROWS], of=results.headline.model_a)
    level = numbers.level_percent(phrases.level(report))
    notes = [
        f"Win rate with {level} CI ({results.headline.win_rate.method}), policy {results.parameters['policy']}{cut}.",
        _BOUNDS,
    ]
    title = {
        "text": phrases.matchup(results.headline),
        "subtitle": notes,
        "anchor": "start",
        "frame": "group",
        "color": INK,
        "subtitleColor": QUIET,
        "fontSize": 16,
        "subtitleFontSize": 11,
        "offset": 14,
    }
    room = plot["padding"]
    padding = room | {"left": room["left"] + _MARGIN, "right": room["right"] + _MARGIN, "top": _TITLE}
    title["dx"] = -room["left"]
    return plot | {"title": title, "background": PAPER, "padding": padding}


def told(report: Report) -> str:
    """The figure in words, for those who do not see it."""
    if report.results.headline is None:
        return "No pair was judged, so there is no win rate."
    rows = [
        f"{name}: {numbers.rate(line.win_rate)}"
        for name, line in _rows(report.results, report.results.headline)
        if line and line.assessed
    ]
    return f"Win rates of {report.results.headline.model_a}. {'; '.join(rows[:MOST_ROWS])}."


def _rows(results: Results, headline: RateLine) -> Iterator[tuple[str, RateLine | None]]:
    """(name, line); a row without a line is the heading of those below it."""
    meet = (headline.model_a, headline.model_b)
    axes = [line for line in results.axes if (line.model_a, line.model_b) == meet]
    slices = [line for line in results.slices if (line.model_a, line.model_b) == meet]
    if axes:
        yield "all pairs, by axis", None
        yield from ((line.axis, line) for line in axes)
    # The sort is stable: only the primary axis goes before the order of the rubric.
    for axis in sorted((line.axis for line in axes), key=lambda name: name != headline.axis):
        of_axis = [line for line in slices if line.axis == axis and line.slice]
        if of_axis:
            yield f"{axis}, by {(of_axis[0].slice or {})['tag']}", None
            yield from ((phrases.title(line), line) for line in of_axis)


def _blank(words: str) -> Spec:
    mark = {"type": "text", "fontSize": 14, "fill": INK}
    return {
        "$schema": charts.SCHEMA,
        "background": PAPER,
        "width": charts.WIDTH,
        "height": charts.ROW,
        "data": {"values": [{"text": words}]},
        "mark": mark,
        "encoding": {"text": {"field": "text"}},
        "config": {"font": "sans-serif", "view": {"stroke": LINE}},
    }
