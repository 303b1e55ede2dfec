"""How numbers look."""

from __future__ import annotations

import pytest

from app.reports import numbers, phrases
from app.reports.report import FitLine, Losses, LossLine
from tests.unit.reports.a_report import a_rate


@pytest.mark.parametrize(("made", "text"), [
    (numbers.whole(1234567), "1,234,567"),
    (numbers.percent(0.7841), "78.4 %"),
    (numbers.percent(None), "–"),
    (numbers.level_percent(0.95), "95 %"),
    (numbers.level_percent(0.995), "99.5 %"),
    (numbers.interval(0.759, 0.807), "75.9–80.7"),
    (numbers.level_percent(0.9999999), "99.99999 %"),
    (numbers.interval(None, 0.8), "no interval"),
    (numbers.interval(0.99999957, 1.0), "99.99996–100.00000"),
    (numbers.interval(0.5, 0.5), "50.0–50.0"),
    (numbers.rate(a_rate(0.727)), "72.7 % (66.7–78.7)"),
    (numbers.rate(a_rate(None)), "–"),
    (numbers.bounds(a_rate(0.727)), "63.7–81.7 %"),
    (numbers.share({"estimate": 0.967, "low": 0.833, "high": 0.994, "n": 30}), "96.7 % (83.3–99.4), n = 30"),
    (numbers.share({"estimate": None, "low": None, "high": None, "n": 0}), "–, n = 0"),
    (numbers.signed(-0.531), "−0.53"),
    (numbers.signed(-0.0001), "+0.00"),
    (numbers.signed_interval(0.2, None), "+0.20 to ∞"),
    (numbers.signed_interval(None, None), "no interval"),
    (numbers.signed_interval(-0.0012, 0.0011), "−0.001 to +0.001"),
    (numbers.signed_interval(0.2, 0.2), "+0.20 to +0.20"),
    (numbers.record(a_rate(0.5, (1, 2, 3, 4, 5, 6))),
     "1 won + 2 lost + 3 tied + 4 inconsistent + 5 undecided + 6 missing = 21 pairs"),
])  # fmt: skip
def test_numbers_look_like_this(made, text):
    assert made == text


def test_missing_pairs_are_told_apart_and_units_have_their_denominator():
    lost = [LossLine("failed", "endpoint_error", "judge", 3, 0.003), LossLine("pending", "", "judge", 2, 0.002)]
    losses = Losses(1000, lost, {"lost": 2, "cancelled": 0, "pending": 1}, [], [])
    said = "Missing pairs: 2 lost, 0 cancelled, 1 pending. 5 of 1,000 units have no verdict."
    assert phrases.missing(losses) == said


def test_the_fit_is_one_sentence():
    effect = {"estimate": 0.4, "se": 0.1, "low": 0.2, "high": 0.6}
    line = FitLine("davidson", 0.25, effect, 12.5, 3, [["a", "b"]], [])
    assert phrases.fit(line) == (
        "Bradley-Terry fit, ties: davidson; tie parameter +0.25; order effect +0.40 (+0.20 to +0.60); "
        "deviance 12.50 on 3 degrees of freedom."
    )


@pytest.mark.parametrize(("value", "text"), [
    ({"served_model": "m", "temperature": 0.7}, "served model: m; temperature: 0.7"),
    (["a", 1, True, None], "a, 1, yes, –"),
    ({}, "–"),
])  # fmt: skip
def test_any_json_value_can_be_said(value, text):
    assert phrases.said(value) == text
