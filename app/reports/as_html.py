"""A report as one self-contained HTML file: no script, no request, the style allowed by its own hash."""

from __future__ import annotations

import base64
import hashlib
import re
from itertools import islice
from pathlib import Path
from typing import Any

import jinja2
import vl_convert
from markupsafe import Markup, escape

from app.reports import charts, glance, numbers, phrases, sections, tables
from app.reports.charts import Spec
from app.reports.report import RateLine, Report, Results
from app.reports.report_trust import SequenceLine
from app.stats.win_rate import Rate

TEMPLATES = Path(__file__).with_name("templates")
# Beyond these a page of charts is a wall; the tables hold every line.
MOST_ROWS, MOST_PANELS = 60, 12
_SVG_HEAD = re.compile(r"^<svg [^>]*?(width=\"[^\"]*\" height=\"[^\"]*\" viewBox=\"[^\"]*\")>")
_PAGES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
)
_PAGES.globals |= {"glance": glance, "numbers": numbers, "phrases": phrases, "tables": tables, "further": sections}


def render(report: Report) -> str:
    """The whole page; opens from a disk, an e-mail or behind the strictest Content-Security-Policy."""
    return page(
        "report.html",
        report=report,
        results=report.results,
        level=phrases.level(report),
        pictures=_pictures(report.results),
    )


def page(template: str, **content: Any) -> str:
    """A page of one of our templates, with our style in it."""
    style = (TEMPLATES / "report.css").read_text(encoding="utf-8")
    return _PAGES.get_template(template).render(
        style=Markup(style),  # noqa: S704 - our own file
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        **content,
    )


def picture(spec: Spec, alternative: str) -> Markup:
    """A chart as inline SVG with a text alternative; nothing is fetched to draw it."""
    svg = vl_convert.vegalite_to_svg(spec, vl_version="5.21", allowed_base_urls=[])
    head = rf'<svg role="img" aria-label="{escape(alternative)}" \1>'
    return Markup(_SVG_HEAD.sub(lambda found: found.expand(head), svg))  # noqa: S704 - Vega escapes its text


def _pictures(results: Results) -> dict[str, dict[str, Markup]]:
    """The charts of every section, by caption."""
    headline = results.headline
    if headline is None:
        return {section: {} for section in ("policies", "axes", "slices", "strata", "strengths", "position")}
    policies = [(line.policy + " (post hoc)" * line.post_hoc, line.win_rate) for line in results.policies]
    models, position = results.models[:MOST_ROWS], results.position[:MOST_ROWS]
    return {
        "endings": {"": picture(charts.endings(headline.win_rate), numbers.record(headline.win_rate))},
        "policies": {"": _forest(policies, of=headline.model_a, without="not available")},
        "axes": _panels(results.axes),
        "slices": _panels(results.slices),
        "strata": _panels(results.strata),
        "strengths": {"": picture(charts.strengths(models), "Strengths with intervals, as in the table.")},
        "position": {"": picture(charts.position(position), "Position bias, as in the table.")},
        "people": _people(results),
        "sequences": {line.text: _sequence(line, headline.model_a) for line in results.sequences},
    }


def _people(results: Results) -> dict[str, Markup]:
    """People and judge beside each other, for every two models that enough labels were given on."""
    pictures = {}
    for line in results.calibrated[:MOST_PANELS]:
        if line.human_only is not None and line.judge_only is not None:
            both = {"estimate": line.estimate, "low": line.low, "high": line.high, "n": line.judge_only["n"]}
            rows = [("human-calibrated", both), ("labels alone", line.human_only), ("judge alone", line.judge_only)]
            told = "; ".join(f"{name}: {numbers.share(value)}" for name, value in rows)
            caption = f"{line.model_a} against {line.model_b}, {line.axis}"
            pictures[caption] = picture(charts.shares(rows, of=f"win rate of {line.model_a}"), told)
    return pictures


def _sequence(line: SequenceLine, model: str) -> Markup:
    return picture(charts.sequence(line.points, of=f"win rate of {model}"), line.text)


def _panels(lines: list[RateLine]) -> dict[str, Markup]:
    """A chart for each two models, and in slices for each axis and tag, by its caption; the first few of many."""
    several = len({phrases.matchup(line) for line in lines}) > 1
    panels: dict[str, list[RateLine]] = {}
    for line in lines:
        caption = [phrases.matchup(line)] * several
        caption += [f"{line.axis} by {line.slice['tag']}"] if line.slice else []
        panels.setdefault(", ".join(caption), []).append(line)
    few = islice(panels.items(), MOST_PANELS)
    return {
        caption: _forest(
            [(phrases.title(line), line.win_rate if line.assessed else None) for line in panel],
            of=panel[0].model_a,
        )
        for caption, panel in few
    }


def _forest(rows: list[tuple[str, Rate | None]], *, of: str, without: str = "not assessed") -> Markup:
    drawn = rows[:MOST_ROWS]
    told = "; ".join(f"{name}: {numbers.rate(value) if value else without}" for name, value in drawn)
    return picture(charts.forest(drawn, of=of, without=without), f"Win rates of {of}: {told}.")
