"""What the API says of report formats: the schema without a key, and the format an Accept header asks for."""

from __future__ import annotations

import httpx
import pytest

from app.api.app import create
from app.api.reports import accepted
from app.domain.errors import NotAcceptable
from app.reports import FORMATS
from app.reports.schema import report_schema
from app.settings import Settings


async def test_the_schema_of_a_report_needs_no_key():
    transport = httpx.ASGITransport(app=create(Settings()))
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as http:
        answer = await http.get("/v1/report-schema")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/schema+json")
    assert answer.json() == report_schema()


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_can_be_accepted(name):
    assert accepted(f"application/nothing, {FORMATS[name].media_type.upper()};q=0.9, */*;q=0.1") == name


def test_a_browser_gets_the_page():
    assert accepted("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/png,*/*;q=0.8") == "html"
    assert accepted("*/*") == accepted("") == "json"


@pytest.mark.parametrize(
    ("header", "name"),
    [
        ("text/csv;q=0.2, text/html;q=0.8", "html"),
        ("text/csv; q=0.2 , text/markdown ;q=0.20", "csv"),
        ("application/json;q=0, */*", "csv"),
        ("text/*", "csv"),
        ("text/*;q=0.3, text/html;q=0.2, application/json;q=0.1", "csv"),
        ("*/*, image/png", "png"),
        ("image/*;q=0.9, application/json;q=0.5", "svg"),
        ("application/pdf, */*;q=0.1", "json"),
        ("text/html;level=1;q=0.1, text/csv;q=0.5", "csv"),
        ("text/html;q=odd, text/csv;q=0.5", "html"),
    ],
)
def test_weights_and_ranges_are_heeded(header, name):
    assert accepted(header) == name


@pytest.mark.parametrize("header", ["application/pdf", "*/*;q=0", "text/html;q=0.000", "audio/*, application/xml"])
def test_what_is_not_offered_is_not_acceptable(header):
    with pytest.raises(NotAcceptable):
        accepted(header)
