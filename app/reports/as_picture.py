"""A report as one picture, SVG or PNG: the figure of `app.reports.figure`; nothing is fetched to draw it."""

from __future__ import annotations

from xml.sax.saxutils import escape

import vl_convert

from app.reports import vega
from app.reports.figure import figure, told
from app.reports.report import Report

SCALE = 2


def svg(report: Report) -> str:
    """An SVG file that says in words what it shows."""
    head, mark, body = vega.svg(figure(report)).partition(">")
    return f'{head} role="img"{mark}<title>{escape(told(report))}</title>{body}\n'


def png(report: Report) -> bytes:
    """A PNG at twice the size, on white."""
    return bytes(
        vl_convert.vegalite_to_png(figure(report), vl_version=vega.VEGA_LITE, scale=SCALE, allowed_base_urls=[])
    )
