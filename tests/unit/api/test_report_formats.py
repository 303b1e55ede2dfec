"""What the API says of report formats: the schema without a key, and the format an Accept header asks for."""

from __future__ import annotations

import httpx
import pytest

from app.api.app import create
from app.api.reports import accepted
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
    assert accepted(f"application/nothing, {FORMATS[name].media_type.upper()};q=0.9, */*") == name


def test_a_browser_gets_the_page():
    assert accepted("text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/png,*/*;q=0.8") == "html"
    assert accepted("*/*") == "json"
