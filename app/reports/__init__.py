"""Reports: `build` computes every number once, each entry of FORMATS renders them; a new format is a line here."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

from app.reports import as_csv, as_html, as_json, as_latex, as_markdown, as_parquet, as_picture
from app.reports.report import Report


class Format(NamedTuple):
    """A rendering: its media type, its file suffix (with the dot) and the pure function that makes it."""

    media_type: str
    suffix: str
    render: Callable[[Report], str | bytes]


FORMATS = {
    "json": Format("application/json", ".json", as_json.render),
    "csv": Format("text/csv; charset=utf-8", ".csv", as_csv.render),
    "md": Format("text/markdown; charset=utf-8", ".md", as_markdown.render),
    "html": Format("text/html; charset=utf-8", ".html", as_html.render),
    "tex": Format("application/x-tex", ".tex", as_latex.render),
    "parquet": Format("application/vnd.apache.parquet", ".parquet", as_parquet.render),
    "svg": Format("image/svg+xml", ".svg", as_picture.svg),
    "png": Format("image/png", ".png", as_picture.png),
}
