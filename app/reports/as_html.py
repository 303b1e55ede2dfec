"""A report as one self-contained HTML file: no script, no request, the style allowed by its own hash.

`fragment` is the same without its page: what the dashboard shows of a job.
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any

import jinja2
from markupsafe import Markup, escape

from app.reports import charts, glance, numbers, phrases, sections, tables, vega
from app.reports.charts import Spec
from app.reports.report import RateLine, Report, Results
from app.reports.visible import finished, signed, signed_within
from app.stats.win_rate import Rate

# How a chart becomes SVG. Vega keeps the interpreter to itself while it draws, so a server lets another process do it.
Draw = Callable[[Spec], str]
TEMPLATES = Path(__file__).with_name("templates")
# Beyond these a page of charts is a wall; the tables hold every line.
MOST_ROWS, MOST_PANELS = 60, 12
HEADLINE = "headline-text"  # the id of the citable sentence
_UNFIT = re.compile("[^a-z0-9]+")
_Picture = Callable[[Spec, str], Markup]
_SVG_HEAD = re.compile(r"^<svg [^>]*?(width=\"[^\"]*\" height=\"[^\"]*\" viewBox=\"[^\"]*\")>")
_PAGES = jinja2.Environment(
    loader=jinja2.FileSystemLoader(TEMPLATES),
    autoescape=True,
    undefined=jinja2.StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    finalize=finished,
)
_PAGES.globals |= {"glance": glance, "numbers": numbers, "phrases": phrases, "tables": tables, "further": sections}


def render(report: Report, draw: Draw = vega.svg) -> str:
    """The whole page; opens from a disk, an e-mail or behind the strictest Content-Security-Policy."""
    return page("report.html", **_content(report, draw), h="h1", anchor=lambda _title: "")


def fragment(report: Report, draw: Draw = vega.svg) -> str:
    """What stands in that page, one heading lower, with an id for each section and links to them."""
    anchors = _Anchors()
    content = _content(report, draw) | {"h": "h2", "anchor": anchors.of}
    hero, warnings, sections_ = (
        Markup(_PAGES.get_template(f"report_{part}.html").render(content))  # noqa: S704 - autoescaped
        for part in ("hero", "warnings", "sections")
    )
    titles = {name: title for name, title in anchors.titles.items() if name != HEADLINE}
    whole = _PAGES.get_template("report_fragment.html")
    return whole.render(hero=hero, warnings=warnings, sections=sections_, titles=titles)


def page(template: str, **content: Any) -> str:
    """A page of one of our templates, with our style in it."""
    style = (TEMPLATES / "report.css").read_text(encoding="utf-8")
    return _PAGES.get_template(template).render(
        style=Markup(style),  # noqa: S704 - our own file
        style_hash=base64.b64encode(hashlib.sha256(style.encode()).digest()).decode(),
        **content,
    )


def picture(spec: Spec, alternative: str, draw: Draw = vega.svg) -> Markup:
    """A chart as inline SVG with a text alternative; nothing is fetched to draw it."""
    head = rf'<svg role="img" aria-label="{escape(signed(alternative))}" \1>'
    return Markup(_SVG_HEAD.sub(lambda found: found.expand(head), draw(signed_within(spec))))  # noqa: S704 - Vega escapes its text


def _content(report: Report, draw: Draw) -> dict[str, Any]:
    return {
        "report": report,
        "results": report.results,
        "level": phrases.level(report),
        "pictures": _pictures(report.results, partial(picture, draw=draw)),
    }


class _Anchors:
    """Ids of sections, which remember their titles."""

    def __init__(self) -> None:
        self.titles: dict[str, str] = {}

    def of(self, title: str) -> Markup:
        """The id of a section, as an attribute."""
        name = _UNFIT.sub("-", title.lower()).strip("-")
        self.titles[name] = title
        return Markup(' id="{}"').format(name)


def _pictures(results: Results, draw: _Picture) -> dict[str, dict[str, Markup]]:
    """The charts of every section, by caption."""
    headline = results.headline
    if headline is None:
        return {section: {} for section in ("policies", "axes", "slices", "strata", "strengths", "position")}
    policies = [(line.policy + " (post hoc)" * line.post_hoc, line.win_rate) for line in results.policies]
    models, position = results.models[:MOST_ROWS], results.position[:MOST_ROWS]
    return {
        "endings": {"": draw(charts.endings(headline.win_rate), numbers.record(headline.win_rate))},
        "policies": {"": _forest(draw, policies, of=headline.model_a, without="not available")},
        "axes": _panels(draw, results.axes),
        "slices": _panels(draw, results.slices),
        "strata": _panels(draw, results.strata),
        "strengths": {"": draw(charts.strengths(models), "Strengths with intervals, as in the table.")},
        "position": {"": draw(charts.position(position), "Position bias, as in the table.")},
        "people": _people(draw, results),
        "sequences": {
            line.text: draw(charts.sequence(line.points, of=f"win rate of {headline.model_a}"), line.text)
            for line in results.sequences
        },
    }


def _people(draw: _Picture, results: Results) -> dict[str, Markup]:
    """People and judge beside each other, for every two models that enough labels were given on."""
    pictures = {}
    for line in results.calibrated[:MOST_PANELS]:
        if line.human_only is not None and line.judge_only is not None:
            both = {"estimate": line.estimate, "low": line.low, "high": line.high, "n": line.judge_only["n"]}
            rows = [("human-calibrated", both), ("labels alone", line.human_only), ("judge alone", line.judge_only)]
            told = "; ".join(f"{name}: {numbers.share(value)}" for name, value in rows)
            caption = f"{line.model_a} against {line.model_b}, {line.axis}"
            pictures[caption] = draw(charts.shares(rows, of=f"win rate of {line.model_a}"), told)
    return pictures


def _panels(draw: _Picture, lines: list[RateLine]) -> dict[str, Markup]:
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
            draw,
            [(phrases.title(line), line.win_rate if line.assessed else None) for line in panel],
            of=panel[0].model_a,
        )
        for caption, panel in few
    }


def _forest(draw: _Picture, rows: list[tuple[str, Rate | None]], *, of: str, without: str = "not assessed") -> Markup:
    drawn = rows[:MOST_ROWS]
    told = "; ".join(f"{name}: {numbers.rate(value) if value else without}" for name, value in drawn)
    return draw(charts.forest(drawn, of=of, without=without), f"Win rates of {of}: {told}.")
