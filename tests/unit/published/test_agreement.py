"""Published coefficients of agreement, from imports with two judges: A, B and tie stand for the categories.

The intervals are ours (a jackknife over items); the tables print large-sample errors or none.
"""

from __future__ import annotations

import pytest

from app.reports.report import Results
from tests.unit.published.imported_report import csv_text, report_of

HEADER = "model_a model_b item judge winner"


def of_two(table: list[list[int]], categories: list[str]) -> Results:
    """From a square table of counts; rows are the first judge's categories."""
    rated = [
        (one, other)
        for one, row in zip(categories, table, strict=True)
        for other, number in zip(categories, row, strict=True)
        for _ in range(number)
    ]
    rows = [
        ("x", "y", f"item {item}", judge, said)
        for item, both in enumerate(rated)
        for judge, said in zip(("first", "second"), both, strict=True)
    ]
    return report_of(csv_text(HEADER, rows))


def test_kappa_of_two_film_critics():
    """Agresti and Winner (1997), Chance 10(2):10-14: Siskel and Ebert, con, mixed and pro, 160 films."""
    line = of_two([[24, 8, 13], [8, 13, 11], [10, 9, 64]], ["B", "tie", "A"]).agreement.lines[0]
    assert line.kappa["estimate"] == pytest.approx(0.389, abs=5e-4)
    assert (line.with_ties["n"], line.with_ties["estimate"]) == (160, 101 / 160)
    assert (line.without_ties["n"], line.without_ties["estimate"]) == (24 + 13 + 10 + 64, pytest.approx(88 / 111))


@pytest.mark.parametrize(
    ("table", "kappa"), [([[20, 5], [10, 15]], 0.40), ([[45, 15], [25, 15]], 0.1304), ([[25, 35], [5, 35]], 0.2593)]
)
def test_kappa_of_two_categories(table, kappa):
    """The worked examples of the article "Cohen's kappa" in Wikipedia."""
    line = of_two(table, ["A", "B"]).agreement.lines[0]
    assert line.kappa["estimate"] == pytest.approx(kappa, abs=5e-5)


def test_alpha_of_two_observers():
    """Krippendorff (2011), Computing Krippendorff's Alpha-Reliability, section A: binary data, alpha 0.095."""
    observers = {"Meg": "BABBBBBBAB", "Owen": "AAABBABBBB"}
    rows = [("x", "y", item, name, said) for name, told in observers.items() for item, said in enumerate(told)]
    alpha = report_of(csv_text(HEADER, rows)).agreement.alpha[0]
    assert (alpha["n"], alpha["raters"]) == (10, 2)
    assert alpha["estimate"] == pytest.approx(0.095, abs=5e-4)
