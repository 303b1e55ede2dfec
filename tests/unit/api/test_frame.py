"""The frame of pages: every template compiles, and addresses to sign in at bring people back."""

from __future__ import annotations

from app.api.pages.frame import TEMPLATES, compile_templates, is_page, sign_in_address


def test_every_template_compiles():
    assert len(list(TEMPLATES.glob("*.html"))) > 20
    compile_templates()


def test_pages_are_told_from_resources():
    assert all(map(is_page, ("/dashboard", "/dashboard/jobs/x", "/review", "/review/x/done")))
    assert not any(map(is_page, ("/v1/dashboard", "/dashboards", "/reviewer", "/", "")))


def test_people_come_back_to_where_they_were():
    assert sign_in_address("/dashboard/jobs/x?level=0.9") == "/dashboard/sign-in?next=/dashboard/jobs/x%3Flevel%3D0.9"
