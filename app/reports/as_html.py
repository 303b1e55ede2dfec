"""A report as one self-contained HTML file: no script, no request, the style allowed by its own hash."""

from __future__ import annotations

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

import jinja2
import vl_convert
from markupsafe import Markup, escape

from app.reports import charts, numbers, phrases, tables
from app.reports.charts import Spec
from app.reports.report import RateLine, Report, Results

TEMPLATES = Path(__file__).with_name("templates")
# Beyond this many rows a chart is a wall; the table holds them all.
MOST_ROWS = 60
_SVG_HEAD = re.compile(r"^<svg [^>]*?(width=\"[^\"]*\" height=\"[^\"]*\" viewBox=\"[^\"]*\")>")
_PAGES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_PAGES.globals |= {"numbers": numbers, "phrases": phrases, "tables": tables}


def render(report: Report) -> str:
    """The whole page; opens from a disk, an e-mail or behind the strictest Content-Security-Policy."""
    style = (TEMPLATES / "report.css").read_text(encoding="utf-8")
    return _PAGES.get_template("report.html").render(
        report=report,
        results=report.results,
        level=phrases.level(report),
        style=Markup(style),  # noqa: S704 - our own file
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        pictures=_pictures(report.results),
    )


def picture(spec: Spec, alternative: str) -> Markup:
    """A chart as inline SVG with a text alternative; nothing is fetched to draw it."""
    svg = vl_convert.vegalite_to_svg(spec, vl_version="5.21", allowed_base_urls=[])
    head = rf'<svg role="img" aria-label="{escape(alternative)}" \1>'
    return Markup(_SVG_HEAD.sub(lambda found: found.expand(head), svg))  # noqa: S704 - Vega escapes its text


def _pictures(results: Results) -> dict[str, Any]:
    """Every chart there is something to draw for; slices get one for each axis."""
    headline = results.headline
    if headline is None:
        return {}
    policies = [(line.policy + " (post hoc)" * line.post_hoc, line.win_rate) for line in results.policies]
    drawn: dict[str, Any] = {
        "endings": picture(charts.endings(headline.win_rate), numbers.record(headline.win_rate)),
        "policies": _forest(policies, of=headline.model_a, without="not available"),
        "axes": _lines(results.axes),
        "strata": _lines(results.strata),
        "slices": _panels(results.slices),
    }
    if results.models:
        drawn["strengths"] = picture(charts.strengths(results.models), "Strengths with intervals, as in the table.")
    if results.position:
        drawn["position"] = picture(charts.position(results.position), "Position bias, as in the table.")
    return drawn


def _panels(slices: list[RateLine]) -> dict[str, Markup | None]:
    """A chart for each axis and tag, in the order they come."""
    panels: dict[str, list[RateLine]] = {}
    for line in slices:
        if line.slice is not None:
            panels.setdefault(f"{line.axis} by {line.slice['tag']}", []).append(line)
    return {name: _lines(lines) for name, lines in panels.items()}


def _lines(lines: list[RateLine]) -> Markup | None:
    several = len({phrases.matchup(line) for line in lines}) > 1
    named = [
        (f"{phrases.title(line)} · {phrases.matchup(line)}" if several else phrases.title(line),
         line.win_rate if line.assessed else None)
        for line in lines
    ]  # fmt: skip
    of = "the first-named model" if several or not lines else lines[0].model_a
    return _forest(named, of=of)


def _forest(rows: list[tuple[str, Any]], *, of: str, without: str = "not assessed") -> Markup | None:
    if not 0 < len(rows) <= MOST_ROWS:
        return None
    told = "; ".join(f"{name}: {numbers.rate(value) if value else without}" for name, value in rows)
    return picture(charts.forest(rows, of=of, without=without), f"Win rates of {of}: {told}.")
