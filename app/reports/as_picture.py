"""A report as one picture, SVG or PNG: the figure of `app.reports.figure`; nothing is fetched to draw it."""

from __future__ import annotations

from xml.sax.saxutils import escape

import vl_convert

from app.reports.figure import figure, told
from app.reports.report import Report

VEGA_LITE = "5.21"
SCALE = 2


def svg(report: Report) -> str:
    """An SVG file that says in words what it shows."""
    drawn = vl_convert.vegalite_to_svg(figure(report), vl_version=VEGA_LITE, allowed_base_urls=[])
    head, mark, body = str(drawn).partition(">")
    return f'{head} role="img"{mark}<title>{escape(told(report))}</title>{body}\n'


def png(report: Report) -> bytes:
    """A PNG at twice the size, on white."""
    return bytes(vl_convert.vegalite_to_png(figure(report), vl_version=VEGA_LITE, scale=SCALE, allowed_base_urls=[]))
