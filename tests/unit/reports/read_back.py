"""Read rate tables back out of each format, the way a stranger would: by their column heads."""

from __future__ import annotations

import csv
import io
import json
import re
from html.parser import HTMLParser
from typing import Any

import pyarrow.parquet

ENDINGS = ("won", "lost", "tied", "inconsistent", "undecided", "missing")
FIELDS = ("wins", "losses", "ties", "inconsistent", "undecided", "missing")
Endings = tuple[int, ...]  # the six endings and the pairs


def from_json(text: bytes) -> list[Endings]:
    found: list[Endings] = []

    def walk(value: Any) -> None:
        if isinstance(value, dict):
            if "n_pairs" in value:
                found.append((*(value[field] for field in FIELDS), value["n_pairs"]))
            for part in value.values():
                walk(part)
        elif isinstance(value, list):
            for part in value:
                walk(part)

    walk(json.loads(text)["results"])
    return found


def from_csv(text: str) -> list[Endings]:
    rows = csv.DictReader(io.StringIO(text, newline=""))
    return [tuple(int(row[field]) for field in (*FIELDS, "n_pairs")) for row in rows if row["n_pairs"]]


def from_markdown(text: str) -> list[Endings]:
    return [endings for table in markdown_tables(text) for endings in _endings(table)]


def from_html(text: str) -> list[Endings]:
    return [endings for table in page(text).tables for endings in _endings(table)]


def from_parquet(content: bytes) -> list[Endings]:
    rows = pyarrow.parquet.read_table(io.BytesIO(content)).to_pylist()
    return [tuple(row[field] for field in (*FIELDS, "n_pairs")) for row in rows if row["n_pairs"] is not None]


def from_tex(text: str) -> list[Endings]:
    """Columns: name, rate, interval, n, then the endings."""
    rows = [row for row in latex_rows(text) if len(row) >= 10 and row[3].isdigit()]
    return [(*map(int, row[4:10]), int(row[3])) for row in rows]


def latex_rows(text: str) -> list[list[str]]:
    """Cells of the rows of every tabular, as TeX splits them."""
    lines = [line for line in text.splitlines() if line.endswith("\\\\") and not line.startswith("%")]
    return [[cell.strip() for cell in re.split(r"(?<!\\)&", line.removesuffix("\\\\"))] for line in lines]


READERS = {
    "json": from_json,
    "csv": from_csv,
    "md": from_markdown,
    "html": from_html,
    "parquet": from_parquet,
    "tex": from_tex,
}


def _endings(table: list[list[str]]) -> list[Endings]:
    heads = [head.lower() for head in table[0]]
    if "pairs" not in heads or "won" not in heads:
        return []
    places = [heads.index(name) for name in (*ENDINGS, "pairs")]
    rows = [[row[place].replace(",", "") for place in places] for row in table[1:]]
    return [tuple(map(int, row)) for row in rows if row[0] != "–"]


def markdown_tables(text: str) -> list[list[list[str]]]:
    """Tables as GitHub reads them: cells split at pipes that no backslash escapes."""
    tables: list[list[list[str]]] = []
    inside = False
    for line in text.splitlines():
        if not line.startswith("|"):
            inside = False
            continue
        cells = [cell.strip() for cell in re.split(r"(?<!\\)\|", line)[1:-1]]
        if not inside:
            tables.append([])
        inside = True
        if not all(re.fullmatch(r"-{2,}:?", cell) for cell in cells):
            tables[-1].append(cells)
    return tables


class Page(HTMLParser):
    """What a browser would see: elements with attributes, tables, text."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.tables: list[list[list[str]]] = []
        self.text: list[str] = []
        self.style = ""
        self._stack: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        self._stack.append(tag)
        if tag == "table":
            self.tables.append([])
        if tag == "tr":
            self.tables[-1].append([])
        if tag in ("th", "td"):
            self.tables[-1][-1].append("")

    def handle_endtag(self, tag: str) -> None:
        while self._stack and self._stack.pop() != tag:
            pass

    def handle_data(self, data: str) -> None:
        if "style" in self._stack:
            self.style += data
            return
        self.text.append(data)
        if {"th", "td"} & set(self._stack):
            self.tables[-1][-1][-1] += data


def page(text: str) -> Page:
    parsed = Page()
    parsed.feed(text)
    parsed.close()
    return parsed
