"""Published win rates and counts over both orders, from imports."""

from __future__ import annotations

import json

import pytest

from app.reports.report import Results
from tests.unit.published.imported_report import DATA, PUBLISHED, csv_text, report_of, rows_of

CELLS = {(row["subset"], row["judge"]): row for row in rows_of(PUBLISHED / "llmbar_counts.csv")}


def test_a_leaderboard_of_hard_verdicts():
    """AlpacaEval: 100 mean(preference - 1) with 100 sd/sqrt(n), each item shown in one order."""
    expected = json.loads((DATA / "win_rates" / "expected.json").read_text())
    rows = [
        ("cohere", "gpt4_turbo", row["idx"], "AB" if row["model_shown_first"] == "1" else "BA",
         "A" if row["preference"] == "2" else "B")
        for row in rows_of(DATA / "win_rates" / "cohere_vs_gpt4_turbo.csv")
    ]  # fmt: skip
    rate = report_of(csv_text("model_a model_b item order winner", rows)).headline.win_rate
    assert (100 * rate.estimate, 100 * rate.se) == pytest.approx((expected["win_rate"], expected["standard_error"]))
    assert (rate.wins, rate.losses, rate.ties) == (expected["n_wins"], expected["n_wins_base"], expected["n_draws"])


def test_a_leaderboard_of_soft_verdicts():
    """AlpacaEval 2, line FuseChat-Llama-3.2-1B-Instruct. Its `discrete_win_rate` is of our wins and ties alone; its
    `length_controlled_winrate` is a regression over all models' outputs and cannot be had from one comparison.
    """
    preferences = [float(row["preference"]) for row in rows_of(PUBLISHED / "alpaca_eval_soft.csv")]
    rows = [("fusechat", "gpt4", item, preference - 1) for item, preference in enumerate(preferences)]
    rate = report_of(csv_text("model_a model_b item score", rows)).headline.win_rate
    assert (100 * rate.estimate, 100 * rate.se) == pytest.approx((29.9219322658882, 1.3934584328741797), rel=1e-12)
    assert (rate.wins, rate.losses, rate.ties, rate.n_pairs) == (233, 570, 2, 805)
    assert 100 * (rate.wins + rate.ties / 2) / rate.n_pairs == pytest.approx(29.068322981366464)


def llmbar(subset: str, *, as_shown: bool = False, **asked: str) -> Results:
    """The gold output is side A, first in the original order where it is output 1; `as_shown`: what stood first is."""
    rows = []
    for row in rows_of(PUBLISHED / "llmbar_verdicts.csv"):
        if row.pop("subset") != subset:
            continue
        item, gold = row.pop("idx"), row.pop("gold")
        for judge, chosen in row.items():
            for order, said in zip(("AB", "BA") if gold == "1" else ("BA", "AB"), chosen, strict=True):
                winner = "" if said == "-" else "A" if said == gold else "B"
                row_as_gold = ("gold", "other", item, judge, order, winner)
                rows.append(turned(row_as_gold) if as_shown and order == "BA" else row_as_gold)
    return report_of(csv_text("model_a model_b item judge order winner", rows), **asked)


def turned(row: tuple[str, ...]) -> tuple[str, ...]:
    model_a, model_b, item, judge, order, winner = row
    return (model_b, model_a, item, judge, order[::-1], {"A": "B", "B": "A", "": ""}[winner])


@pytest.mark.parametrize("as_shown", [False, True])
@pytest.mark.parametrize("subset", ["Constraint", "Base_9"])
def test_llmbar_counts_over_both_orders(subset, as_shown):
    """Zeng et al. (2024), LLMBar: right in both orders, and alike in both, of 15 judges.

    Two missing verdicts are alike to them; to us such a pair was not judged: two pairs of PaLM2/CoT.
    """
    found = llmbar(subset, as_shown=as_shown)
    gold_first = found.headline.model_a == "gold"
    positions = {line.judge: line for line in found.position}
    for judge in found.judges:
        cell = {name: int(value) for name, value in CELLS[subset, judge.judge].items() if value.isdigit()}
        rate, alike = judge.win_rate, positions[judge.judge].consistency
        right_in_both = rate.wins if gold_first else rate.losses
        assert (rate.n_pairs, right_in_both) == (cell["n"], cell["correct_both"])
        both_lost = 2 if (subset, judge.judge) == ("Constraint", "PaLM2/CoT") else 0
        assert round(alike["estimate"] * alike["n"]) + both_lost == cell["same_in_both_orders"]
        assert rate.wins + rate.losses + both_lost == cell["same_in_both_orders"]
        assert alike["n"] == cell["n"] - rate.missing


@pytest.mark.parametrize("subset", ["Constraint", "Base_9"])
def test_llmbar_average_over_both_orders(subset):
    """`policy=average` gives the mean of the two orders' shares of right verdicts, where none is missing."""
    complete = [judge for judge in llmbar(subset, policy="average").judges if not judge.win_rate.missing]
    assert len(complete) > 10
    for judge in complete:
        cell = CELLS[subset, judge.judge]
        right = int(cell["correct_original"]) + int(cell["correct_swapped"])
        assert judge.win_rate.estimate == pytest.approx(right / (2 * int(cell["n"])))
