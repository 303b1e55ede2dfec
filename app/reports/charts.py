"""The charts of a report as Vega-Lite specifications: plain dicts, from values to pictures, nothing computed.

Every row carries its name and its numbers above its mark, so that a chart reads on a phone, needs no measuring of
text and means the same without colours: a filled point is an interval that leaves the reference line out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from app.reports import numbers
from app.reports.report import ModelLine, PositionLine, RateLine
from app.stats.win_rate import Rate

# Okabe and Ito's colours, which stay apart for colour-blind readers. The page gives each a dark twin.
INK, QUIET, LINE, PAPER = "#1b2430", "#5b6675", "#d5dbe3", "#ffffff"
BLUE, VERMILION, AMBER, SKY, GREY, PALE = "#0072b2", "#d55e00", "#e69f00", "#56b4e9", "#8a94a3", "#c9d1db"
ENDING_COLOURS = {
    "won": BLUE,
    "tied": GREY,
    "inconsistent": AMBER,
    "undecided": SKY,
    "missing": PALE,
    "lost": VERMILION,
}
WIDTH = 430
ROW, LOW_ROW, AXIS = 46, 27, 42
CHARACTER = 7  # no letter is wider, on average over a name
GAP = 12  # between the scale and its words: a mark at the very end stays clear of them
LONGEST_NAME = 38
HALF = 0.5
PERCENT = "format(100 * datum.value, '.0f') + ' %'"
_COLOUR = {
    "field": "side",
    "type": "nominal",
    "legend": None,
    "scale": {"domain": ["above", "around", "below"], "range": [BLUE, QUIET, VERMILION]},
}
SCHEMA = "https://vega.github.io/schema/vega-lite/v5.json"
Spec = dict[str, Any]
Row = dict[str, Any]


class _Layout(NamedTuple):
    """Where the words of a row stand, how far below the row's middle its mark, how high a row is."""

    words: list[Spec]
    below: int
    step: int


def forest(lines: Sequence[tuple[str, Rate | None]], *, of: str, without: str = "not assessed") -> Spec:
    """Win rates with intervals, one row each, against 1/2; behind each the bounds that missing pairs allow.

    `lines`: (name, rate), a rate of None prints `without`. `of`: the model whose win rate it is.
    """
    rows = [_rate_row(name, value, without) for name, value in lines]
    return _framed(_intervals(rows, _under(), title=f"win rate of {_short(of)}", domain=(0.0, 1.0), reference=HALF))


def grouped_forest(lines: Sequence[tuple[str, RateLine | None]], *, of: str) -> Spec:
    """Win rates as papers print them: name, mark and numbers on one line, headings between them.

    `lines`: (name, line); (heading, None) stands over the rows that follow it.
    """
    rows = [
        _rate_row(name, line.win_rate if line.assessed else None, "not assessed") if line else _heading(name)
        for name, line in lines
    ]
    title = f"win rate of {_short(of)}"
    spec = _intervals(rows, _Layout(_beside(), 0, LOW_ROW), title=title, domain=(0.0, 1.0), reference=HALF)
    room = {"left": CHARACTER * (max((len(row["name"] or row["heading"]) for row in rows), default=0) + 2),
            "right": CHARACTER * (max((len(row["text"]) for row in rows), default=0) + 2)}  # fmt: skip
    framed = _framed(spec)
    return framed | {"padding": framed["padding"] | room}


def strengths(models: Sequence[ModelLine]) -> Spec:
    """Bradley-Terry log-strengths with intervals, one row each, against the mean of 0."""
    rows = [
        _row(
            line.model + " (unbounded)" * line.unbounded,
            f"{numbers.signed(line.strength)} ({numbers.signed_interval(line.low, line.high)})",
            (line.strength, line.low, line.high),
            0.0,
        )
        for line in models
    ]
    return _framed(_intervals(rows, _under(), title="strength (natural log)", domain=None, reference=0.0))


def position(lines: Sequence[PositionLine]) -> Spec:
    """Two panels: how often the first trace was picked, and how often the two orders agree."""
    named = [(f"{line.judge} · {line.axis}", line) for line in lines]
    picked = [_share_row(name, line.first_share, HALF) for name, line in named]
    agreed = [_share_row(name, line.consistency, 1.0) for name, line in named]
    panels = [
        _intervals(picked, _under(), title="first trace picked", domain=(0.0, 1.0), reference=HALF),
        _intervals(agreed, _under(), title="the two orders agree", domain=(0.0, 1.0), reference=1.0),
    ]
    # Panels in a column have no size of their own to fix.
    return _framed({"vconcat": panels, "spacing": 28, "autosize": "pad"})


def shares(rows: Sequence[tuple[str, Mapping[str, float | int | None]]], *, of: str) -> Spec:
    """Shares {estimate, low, high, n} with intervals, one row each, against 1/2."""
    found = [_share_row(name, value, HALF) for name, value in rows]
    return _framed(_intervals(found, _under(), title=of, domain=(0.0, 1.0), reference=HALF))


def sequence(points: Sequence[Mapping[str, float]], *, of: str) -> Spec:
    """The band of a confidence sequence over the clusters read, against 1/2."""
    x = {"field": "clusters", "type": "quantitative", "axis": {"title": "clusters", "tickCount": 5},
         "scale": {"nice": False}}  # fmt: skip
    y = {"field": "low", "type": "quantitative", "scale": {"domain": [0, 1], "nice": False},
         "axis": {"title": of, "tickCount": 5, "labelExpr": PERCENT}}  # fmt: skip
    band = {
        "mark": {"type": "area", "interpolate": "step-after", "color": SKY, "opacity": 0.45, "line": {"stroke": BLUE}},
        "encoding": {"x": x, "y": y, "y2": {"field": "high"}},
    }
    half = {
        "data": {"values": [{"at": HALF}]},
        "mark": {"type": "rule", "stroke": QUIET, "strokeDash": [3, 3]},
        "encoding": {"y": {"field": "at", "type": "quantitative"}},
    }
    layers = {"data": {"values": list(points)}, "layer": [band, half], "width": WIDTH - AXIS, "height": 200}
    return _framed(layers) | {"padding": {"left": AXIS + 20, "right": 9, "top": 4, "bottom": AXIS}}


def endings(rate: Rate) -> Spec:
    """One bar: how all pairs ended, won at one end and lost at the other."""
    counts = numbers.counts(rate)
    values = [
        {"ending": ending, "pairs": counts[ending], "place": place} for place, ending in enumerate(ENDING_COLOURS)
    ]
    bar = {
        "data": {"values": values},
        "width": 2 * WIDTH,
        "height": 26,
        "mark": {"type": "bar", "height": 26, "stroke": PAPER, "strokeWidth": 2},
        "encoding": {
            "x": {"field": "pairs", "type": "quantitative", "stack": "zero", "axis": None,
                  "scale": {"domain": [0, max(rate.n_pairs, 1)], "nice": False}},
            "order": {"field": "place", "type": "quantitative"},
            "color": {"field": "ending", "type": "nominal", "legend": None,
                      "scale": {"domain": list(ENDING_COLOURS), "range": list(ENDING_COLOURS.values())}},
        },
    }  # fmt: skip
    return _framed(bar) | {"padding": 0}


def _rate_row(name: str, value: Rate | None, without: str) -> Row:
    if value is None or value.estimate is None:
        return _row(name, without if value is None else "nothing decided", (None, None, None), HALF)
    text = f"{numbers.rate(value)}, {numbers.over(value)}"
    low, high = value.bounds or (None, None)
    return _row(name, text, (value.estimate, value.low, value.high), HALF) | {"least": low, "most": high}


def _heading(words: str) -> Row:
    return _row("", "", (None, None, None), HALF) | {"heading": _short(words)}


def _share_row(name: str, value: Mapping[str, float | int | None], reference: float) -> Row:
    values = (value.get("estimate"), value.get("low"), value.get("high"))
    return _row(name, numbers.share(value), values, reference)


def _row(name: str, text: str, values: tuple[float | None, float | None, float | None], reference: float) -> Row:
    estimate, low, high = values
    side = "above" if low is not None and low > reference else "around"
    side = "below" if high is not None and high < reference else side
    return {"name": _short(name), "text": text, "estimate": estimate, "low": low, "high": high, "side": side}


def _short(name: str) -> str:
    """Cut by characters, not by measured width: a chart must not depend on the fonts of a machine."""
    flat = " ".join(name.split())
    return flat if len(flat) <= LONGEST_NAME else flat[: LONGEST_NAME - 1] + "…"


def _intervals(
    rows: list[Row], layout: _Layout, *, title: str, domain: tuple[float, float] | None, reference: float
) -> Spec:
    """Rows of name, numbers, interval and point over one horizontal scale."""
    numbered = [row | {"place": place} for place, row in enumerate(rows)]
    scale: Spec = {"domain": list(domain), "nice": False} if domain else {"zero": True, "nice": True}
    axis = {"title": title, "tickCount": 5} | ({"labelExpr": PERCENT} if domain else {})
    x = {"field": "estimate", "type": "quantitative", "scale": scale, "axis": axis}
    y = {"field": "place", "type": "ordinal", "axis": None, "scale": {"paddingOuter": 0, "paddingInner": 0}}
    layers = [_reference(reference), *_spans(layout.below), _points(layout.below), *layout.words]
    for layer in layers:
        layer.setdefault("encoding", {}).setdefault("y", y)
        layer["encoding"].setdefault("x", x)
    return {"data": {"values": numbered}, "width": WIDTH, "height": {"step": layout.step}, "layer": layers}


def _reference(reference: float) -> Spec:
    return {
        "data": {"values": [{"at": reference}]},
        "mark": {"type": "rule", "stroke": QUIET, "strokeDash": [3, 3], "strokeWidth": 1},
        "encoding": {"x": {"field": "at", "type": "quantitative"}, "y": {"value": 0}, "y2": {"value": "height"}},
    }


def _spans(below: int) -> list[Spec]:
    bounds = {"mark": {"type": "rule", "strokeWidth": 9, "stroke": PALE, "yOffset": below, "strokeCap": "round"},
              "encoding": {"x": {"field": "least", "type": "quantitative"}, "x2": {"field": "most"}},
              "transform": [{"filter": "isValid(datum.least) && isValid(datum.most)"}]}  # fmt: skip
    spread = {"mark": {"type": "rule", "strokeWidth": 2.5, "yOffset": below},
              "encoding": {"x": {"field": "low", "type": "quantitative"}, "x2": {"field": "high"}, "stroke": _COLOUR},
              "transform": [{"filter": "isValid(datum.low) && isValid(datum.high)"}]}  # fmt: skip
    return [bounds, spread]


def _points(below: int) -> Spec:
    hollow = {"condition": {"test": "datum.side === 'around'", "value": PAPER}, **_COLOUR}
    return {
        "transform": [{"filter": "isValid(datum.estimate)"}],
        "mark": {"type": "point", "size": 90, "strokeWidth": 2.5, "opacity": 1, "yOffset": below},
        "encoding": {"stroke": _COLOUR, "fill": hollow},
    }


def _under() -> _Layout:
    """The mark stands under its row's words, so that a chart reads on a phone."""
    common = {"type": "text", "baseline": "middle", "dy": -9}
    words: list[Spec] = [
        {"mark": common | {"align": "left", "fill": INK, "fontWeight": 600, "fontSize": 13},
         "encoding": {"x": {"value": 0}, "text": {"field": "name"}}},
        {"mark": common | {"align": "right", "fill": QUIET, "fontSize": 11},
         "encoding": {"x": {"value": "width"}, "text": {"field": "text"}}},
    ]  # fmt: skip
    return _Layout(words, 10, ROW)


def _beside() -> list[Spec]:
    """Names and headings to the left of the scale, numbers to its right."""
    common = {"type": "text", "baseline": "middle", "fontSize": 12}
    left = common | {"align": "right", "dx": -GAP, "fill": INK}
    return [
        {"mark": left, "encoding": {"x": {"value": 0}, "text": {"field": "name"}}},
        {"mark": left | {"fontWeight": 600, "dy": 2}, "transform": [{"filter": "isValid(datum.heading)"}],
         "encoding": {"x": {"value": 0}, "text": {"field": "heading"}}},
        {"mark": common | {"align": "left", "dx": GAP, "fill": QUIET},
         "encoding": {"x": {"value": "width"}, "text": {"field": "text"}}},
    ]  # fmt: skip


def _framed(spec: Spec) -> Spec:
    """The shared look. No background: the page's own shows through, light or dark.

    Room for the axis is fixed, not measured, so that charts side by side share one scale on every machine.
    """
    axis = {"labelColor": QUIET, "titleColor": QUIET, "gridColor": LINE, "domain": False, "ticks": False,
            "labelFontSize": 11, "titleFontSize": 12, "titleFontWeight": "normal", "labelPadding": 6}  # fmt: skip
    config = {"aria": False, "font": "sans-serif", "view": {"stroke": None}, "axis": axis}
    return {"$schema": SCHEMA, "background": None, "autosize": "none",
            "padding": {"left": 7, "right": 9, "top": 4, "bottom": AXIS}, "config": config, **spec}  # fmt: skip
