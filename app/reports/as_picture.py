"""A report as one picture, SVG or PNG: the figure of `app.reports.figure`; nothing is fetched to draw it."""

from __future__ import annotations

from xml.sax.saxutils import escape

from app.reports import vega
from app.reports.figure import figure, told
from app.reports.report import Report
from app.reports.visible import signed, signed_within


def svg(report: Report) -> str:
    """An SVG file that says in words what it shows."""
    head, mark, body = vega.svg(signed_within(figure(report))).partition(">")
    return f'{head} role="img"{mark}<title>{escape(signed(told(report)))}</title>{body}\n'


def png(report: Report) -> bytes:
    """A PNG at twice the size, on white."""
    return vega.png(signed_within(figure(report)))
