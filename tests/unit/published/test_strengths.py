"""Published Bradley-Terry and Davidson fits, to the printed digits, from imports.

Software for these models prints model-based errors, so the reports ask for `interval=model`, and one model at 0, so
they name an `anchor`. Nothing here is a cluster-robust error: no table prints those.
"""

from __future__ import annotations

import math

import numpy as np
import pytest

from app.reports.report import Results
from tests.unit.published.imported_report import DATA, PUBLISHED, by_model, csv_text, report_of, rows_of

COUNTED = "model_a model_b winner count"


def printed(results: Results, digits: int) -> dict[str, tuple[float, float]]:
    """Strengths and errors of all models but the one at 0."""
    return {
        name: (round(line.strength, digits), round(line.se, digits))
        for name, line in by_model(results).items()
        if line.se
    }


def test_journal_citations():
    """Turner and Firth (2012), JSS 48(9), section 2.1; a citation of X by Y is a win of X."""
    rows = rows_of(DATA / "bradley_terry" / "journal_citations.csv")
    text = csv_text(COUNTED, [(row["winner_cited"], row["loser_citing"], "A", row["count"]) for row in rows])
    found = report_of(text, interval="model", anchor="Biometrika")
    assert printed(found, 5) == {
        "JRSS-B": (0.26895, 0.07083),
        "JASA": (-0.47957, 0.06059),
        "Comm Statist": (-2.94907, 0.10255),
    }
    assert (round(found.fit.deviance, 4), found.fit.df) == (4.2934, 3)


def test_tennis():
    """Agresti (2019), An Introduction to Categorical Data Analysis, 3rd ed., table 8.8 and section 8.6."""
    won = {
        ("Djokovic", "Federer"): (9, 6), ("Djokovic", "Murray"): (14, 3), ("Djokovic", "Nadal"): (9, 2),
        ("Djokovic", "Wawrinka"): (4, 3), ("Federer", "Murray"): (5, 0), ("Federer", "Nadal"): (5, 1),
        ("Federer", "Wawrinka"): (7, 2), ("Murray", "Nadal"): (2, 4), ("Murray", "Wawrinka"): (2, 2),
        ("Nadal", "Wawrinka"): (4, 3),
    }  # fmt: skip
    rows = [(*pair, side, number) for pair, both in won.items() for side, number in zip("AB", both, strict=True)]
    found = report_of(csv_text(COUNTED, rows), interval="model", anchor="Wawrinka")
    assert printed(found, 3) == {
        "Djokovic": (1.176, 0.500),
        "Federer": (1.136, 0.511),
        "Nadal": (-0.062, 0.515),
        "Murray": (-0.569, 0.568),
    }
    assert (round(found.fit.deviance, 4), found.fit.df) == (4.3958, 6)


def baseball(*, turned: bool = False) -> str:
    """A home win is a win of the side shown first. `turned`: every other row tells its games from the other side."""
    rows = []
    for number, row in enumerate(rows_of(PUBLISHED / "baseball.csv")):
        home, away, home_won, away_won = row.values()
        if turned and number % 2:
            rows += [(away, home, "B", "BA", home_won), (away, home, "A", "BA", away_won)]
        else:
            rows += [(home, away, "A", "AB", home_won), (home, away, "B", "AB", away_won)]
    return csv_text("model_a model_b winner order count", rows)


def test_baseball_without_home_advantage():
    """Agresti (2002), Categorical Data Analysis, 2nd ed., table 10.11: deviance of the 21 pairs of teams, 15.7 on 15.

    Turner and Firth (2012), section 3, take home and away games of two teams apart: 44.053 on 36. Fits to single picks
    count settings as they do, so `ties=davidson` prints theirs; without ties in the data it is the same fit.
    """
    found = report_of(baseball(), interval="model", anchor="Baltimore")
    assert {name: line.strength for name, line in by_model(found).items()} == pytest.approx(
        {
            "Boston": 1.1077, "Cleveland": 0.6839, "Detroit": 1.4364, "Milwaukee": 1.5814, "New York": 1.2476,
            "Toronto": 1.2945, "Baltimore": 0,
        },
        abs=5e-5,
    )  # fmt: skip
    assert all(round(line.se, 1) == 0.3 for name, line in by_model(found).items() if name != "Baltimore")
    assert (round(found.fit.deviance, 1), found.fit.df) == (15.7, 15)
    apart = report_of(baseball(), ties="davidson", interval="model", anchor="Baltimore")
    assert printed(apart, 4) == printed(found, 4)
    assert (round(apart.fit.deviance, 3), apart.fit.df) == (44.053, 36)


@pytest.mark.parametrize("turned", [False, True])
def test_baseball_with_home_advantage(turned):
    """Turner and Firth (2012), section 3; worths as in Agresti (2002), table 10.11. Which side is A changes nothing."""
    found = report_of(baseball(turned=turned), order_effect=True, interval="model", anchor="Baltimore")
    strength = {name: line.strength for name, line in by_model(found).items()}
    assert {name: round(value, 4) for name, value in strength.items()} == {
        "Boston": 1.1438, "Cleveland": 0.7047, "Detroit": 1.4754, "Milwaukee": 1.6196, "New York": 1.2813,
        "Toronto": 1.3271, "Baltimore": 0,
    }  # fmt: skip
    worth = np.exp(sorted(strength.values()))
    assert (worth / worth.sum()).round(3).tolist() == [0.044, 0.088, 0.137, 0.157, 0.164, 0.190, 0.220]
    order = found.fit.order_effect
    assert (round(order["estimate"], 4), round(order["se"], 4)) == (0.3023, 0.1309)
    assert (round(found.fit.deviance, 3), found.fit.df) == (38.643, 35)


def test_puddings_with_ties():
    """Davidson (1970), JASA 65:317-328, example 2; errors and deviance as the vignette of PlackettLuce prints them.

    Worths are exp(strength) over their sum and nu is `tie_parameter` (there `tie2`). It stops after seven rounds, as
    Davidson did: 0.1753 where the maximum of brand 4's log worth is 0.1751. Its deviance is of single rankings, ours
    against free chances of win, loss and tie for every two brands; the likelihood of those lies between them.
    """
    rows = rows_of(PUBLISHED / "puddings.csv")
    text = csv_text(
        COUNTED, [(row["i"], row["j"], winner, row[winner]) for row in rows for winner in ("A", "B", "tie")]
    )
    found = report_of(text, ties="davidson", interval="model", anchor="1")
    lines = by_model(found)
    worth = np.exp([lines[brand].strength for brand in "123456"])
    assert (worth / worth.sum()).round(4).tolist() == [0.1388, 0.1730, 0.1617, 0.1654, 0.1587, 0.2024]
    assert round(found.fit.tie_parameter, 4) == 0.7468
    assert printed(found, 4) == {
        "2": (0.2202, 0.1872), "3": (0.1530, 0.1935), "4": (0.1751, 0.1882), "5": (0.1339, 0.1927),
        "6": (0.3771, 0.1924),
    }  # fmt: skip
    counts = np.array([[int(row[winner]) for winner in ("A", "B", "tie")] for row in rows])
    free = -2 * (counts * np.log(counts / counts.sum(axis=1, keepdims=True))).sum()
    assert round(found.fit.deviance + free, 1) == 1619.4
    assert found.fit.df == 2 * len(rows) - 5 - 1


def test_sound_fields_with_ties():
    """Kousgaard (1984), Scandinavian Journal of Statistics 11:51-57, table 3, flutes; half our logarithms there."""
    rows = rows_of(PUBLISHED / "flutes.csv")
    text = csv_text(
        COUNTED, [(row["i"], row["j"], winner, row[winner]) for row in rows for winner in ("A", "B", "tie")]
    )
    lines = by_model(report_of(text, ties="davidson"))
    assert [round(lines[field].strength / 2, 3) for field in sorted(lines)] == [
        -0.581, -1.039, 0.347, 0.205, 0.276, 0.347, 0.311, 0.135,
    ]  # fmt: skip


def test_a_penalised_fit_to_picks_has_no_deviance():
    text = csv_text("model_a model_b winner order", [("x", "y", "A", "AB")] * 3 + [("x", "y", "A", "BA")] * 2)
    fit = report_of(text, order_effect=True).fit
    assert (fit.deviance, fit.df) == (None, None)


def test_two_models_and_an_order_effect_leave_nothing_over():
    """Two rates, two parameters."""
    rows = [("x", "y", "A", "AB", 30), ("x", "y", "B", "AB", 10), ("y", "x", "A", "AB", 22), ("y", "x", "B", "AB", 18)]
    found = report_of(csv_text("model_a model_b winner order count", rows), order_effect=True)
    assert found.fit.df == 0
    assert found.fit.deviance == pytest.approx(0, abs=1e-9)
    assert found.fit.order_effect["estimate"] == pytest.approx((math.log(3) + math.log(22 / 18)) / 2)
