"""Parquet: the rows of the CSV with types, and where they come from in the file's metadata."""

from __future__ import annotations

import csv
import io
import json
import subprocess
import sys

import pyarrow.parquet
import pytest

from app.reports import as_csv, as_parquet
from app.reports.rate_rows import COLUMNS
from tests.unit.reports.a_report import HOSTILE, a_hostile_report, a_report


def table(report):
    return pyarrow.parquet.read_table(io.BytesIO(as_parquet.render(report)))


def test_the_rows_are_those_of_the_csv():
    rows = table(a_report()).to_pylist()
    texts = list(csv.DictReader(io.StringIO(as_csv.render(a_report()), newline="")))
    assert len(rows) == len(texts) == 2 * (1 + 4 + 12 + 4 + 5) + 1
    for row, text in zip(rows, texts, strict=True):
        assert tuple(row) == tuple(text) == COLUMNS
        for name in ("scope", "rate", "model_a", "axis", "value", "policy"):
            assert (row[name] or "") == text[name]
        for name in ("estimate", "low", "high", "bound_low", "bound_high", "wins", "n_pairs"):
            assert row[name] == (None if text[name] == "" else pytest.approx(float(text[name])))


def test_columns_have_types_that_do_not_depend_on_the_values():
    one, other = (
        table(a_report()),
        table(a_report(headline=None, axes=[], slices=[], strata=[], policies=[], judges=[])),
    )
    assert one.schema.types == other.schema.types
    kinds = dict(zip(one.schema.names, map(str, one.schema.types), strict=True))
    assert (kinds["estimate"], kinds["p_adjusted"], kinds["wins"]) == ("double", "double", "int64")
    assert (kinds["assessed"], kinds["exploratory"], kinds["stratum"]) == ("bool", "bool", "string")
    assert kinds["warnings"] == "list<element: string>"


def test_the_metadata_says_where_the_rates_come_from():
    told = table(a_report()).schema.metadata
    assert json.loads(told[b"tracejudge.provenance"])["judges"][0]["name"] == "small-judge"
    assert json.loads(told[b"tracejudge.schema"]) == "tracejudge-report/1"
    assert json.loads(told[b"tracejudge.envelope"])["job"]["id"] == "job_1"
    assert json.loads(told[b"tracejudge.parameters"])["policy"] == "debias"


def test_words_are_kept_as_they_are():
    assert table(a_hostile_report()).to_pylist()[0]["model_a"] == HOSTILE


def test_other_formats_do_not_wait_for_arrow():
    program = "import sys, app.reports; sys.exit('pyarrow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
