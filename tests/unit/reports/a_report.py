"""Reports made by hand: small, complete, and shaped like the demo (a judge that always picks the first trace)."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from app.reports.report import (
    FitLine,
    JudgeLine,
    Losses,
    LossLine,
    Methods,
    ModelLine,
    PolicyLine,
    PositionLine,
    RateLine,
    Report,
    Results,
)
from app.stats.win_rate import Rate

# won, lost, tied, inconsistent, undecided, missing
ALWAYS_FIRST = (0, 0, 1, 196, 1, 2)
DEBIASED = (141, 52, 4, 0, 1, 2)
HOSTILE = '=<script>alert("x")</script>|*`[a](http://evil.example)\n# -- {{ 7*7 }} &amp; $x$ www.evil.example'


def a_rate(estimate: float | None = 0.5, endings: tuple[int, ...] = ALWAYS_FIRST, width: float = 0.06) -> Rate:
    wins, losses, ties, inconsistent, undecided, missing = endings
    known = estimate is not None
    return Rate(
        estimate=estimate,
        se=width / 2 if known else None,
        low=max(0.001, estimate - width) if known else None,
        high=min(0.999, estimate + width) if known else None,
        level=0.95,
        method="cluster jackknife, Wilson with t quantile",
        n_pairs=sum(endings),
        n_decided=wins + losses + ties + inconsistent if known else 0,
        n_clusters=60,
        effective_clusters=41.3,
        wins=wins,
        losses=losses,
        ties=ties,
        inconsistent=inconsistent,
        undecided=undecided,
        missing=missing,
        bounds=(max(0.0, estimate - 0.09), min(1.0, estimate + 0.09)) if known else None,
    )


def a_line(
    axis: str = "overall",
    estimate: float | None = 0.727,
    endings: tuple[int, ...] = DEBIASED,
    *,
    a: str = "tuned-7b",
    b: str = "base-7b",
    **changes: Any,
) -> RateLine:
    return RateLine(
        model_a=a,
        model_b=b,
        axis=axis,
        win_rate=a_rate(estimate, endings),
        preference_rate=a_rate(estimate, endings),
        text=f"{a} preferred to {b} on {axis}: win rate 72.7 % (95 % CI 66.7-78.7) over {sum(endings)} pairs.",
        **changes,
    )


def some_policies() -> list[PolicyLine]:
    plain, debiased = a_rate(0.5, width=0.012), a_rate(0.727, DEBIASED)
    return [
        PolicyLine("half", available=True, post_hoc=True, win_rate=plain, preference_rate=a_rate(None)),
        PolicyLine("average", available=True, post_hoc=True, win_rate=plain, preference_rate=a_rate(None)),
        PolicyLine("debias", available=True, post_hoc=False, win_rate=debiased, preference_rate=debiased),
        PolicyLine(
            "debias_soft",
            available=True,
            post_hoc=True,
            win_rate=a_rate(0.583, DEBIASED),
            preference_rate=a_rate(0.583, DEBIASED),
            note="not calibrated",
        ),
        PolicyLine(
            "drop",
            available=False,
            post_hoc=True,
            win_rate=None,
            preference_rate=None,
            note="no pair has two orders that agree",
        ),
    ]


def some_slices(a: str = "tuned-7b", b: str = "base-7b") -> list[RateLine]:
    values = {"radiology": (0.78, (60, 16, 1, 0, 0, 1)), "histology": (0.7, (40, 16, 2, 0, 1, 0)),
              "fundus": (0.64, (26, 14, 1, 0, 0, 1)), "dermoscopy": (0.5, (15, 6, 0, 0, 0, 0))}  # fmt: skip
    return [
        a_line(axis, estimate, endings, a=a, b=b, slice={"tag": "modality", "value": value},
               assessed=axis != "perception")
        for axis in ("overall", "rationale", "perception")
        for value, (estimate, endings) in values.items()
    ]  # fmt: skip


def some_strata(a: str = "tuned-7b", b: str = "base-7b") -> list[RateLine]:
    return [
        a_line("overall", 0.61, (50, 31, 2, 0, 1, 1), a=a, b=b, stratum="both_right"),
        a_line("overall", 0.93, (70, 5, 1, 0, 0, 0), a=a, b=b, stratum="only_a_right"),
        a_line("overall", 0.22, (4, 12, 1, 0, 0, 0), a=a, b=b, stratum="only_b_right"),
        a_line("overall", None, (0, 0, 0, 0, 0, 1), a=a, b=b, stratum="both_wrong"),
    ]


def some_checks() -> list[dict[str, Any]]:
    return [
        {"name": "images seen", "ok": False, "text": "images not seen by this judge"},
        {"name": "position", "ok": False, "text": "picks the first trace in 98.5 % of picks, n = 396"},
        {"name": "agreement with labels", "ok": None, "text": "no labels"},
        {"name": "losses", "ok": True, "text": "4 of 400 units lost"},
        {"name": "leaks", "ok": True, "text": "no trace names a model"},
    ]


def some_losses(judge: str = "small-judge") -> Losses:
    return Losses(
        units=400,
        lost=[
            LossLine("abstained", "low_mass", judge, 3, 0.0075),
            LossLine("failed", "endpoint_error", judge, 1, 0.0025),
        ],
        missing_pairs={"lost": 2, "cancelled": 0, "pending": 0},
        by_tag=[{"tag": "modality", "value": "fundus", "missing": 1, "pairs": 42}],
        by_order=[{"order": "AB", "lost": 3, "units": 200}, {"order": "BA", "lost": 1, "units": 200}],
    )


def a_report(**changes: Any) -> Report:
    """A whole report; `changes` replace fields of its results."""
    results = Results(
        parameters={"policy": "debias", "level": 0.95, "seed": 7},
        provenance={
            "judges": [{"name": "small-judge", "served_model": "SmolLM2-135M", "method": "logprobs"}],
            "rubric": {"name": "overall", "version": 1, "hash": "9f" * 32},
            "prompt_hash": "ab" * 32,
            "seed": 7,
            "judges_saw_answers": True,
        },
        headline=a_line(),
        policies=some_policies(),
        axes=[a_line(), a_line("rationale", 0.66), a_line("knowledge", 0.41, (70, 110, 17, 0, 1, 2)),
              a_line("perception", 0.5, assessed=False)],
        slices=some_slices(),
        strata=some_strata(),
        models=[
            ModelLine("tuned-7b", 0.49, 0.08, 0.33, 0.65, 1085.1, 1, 1, 141, 52, 4, unbounded=False),
            ModelLine("base-7b", -0.49, 0.08, -0.65, -0.33, 914.9, 2, 2, 52, 141, 4, unbounded=False),
        ],
        fit=FitLine("half_win", None, None, 1.2, 0, [["tuned-7b", "base-7b"]], ["two models: strength is the rate"]),
        position=[
            PositionLine("small-judge", axis, {"estimate": 0.985, "low": 0.97, "high": 0.993, "n": 396}, 0.485,
                         {"estimate": 0.01, "low": 0.002, "high": 0.04, "n": 198}, 196, 0)
            for axis in ("overall", "rationale")
        ],
        judges=[JudgeLine("small-judge", a_rate(0.727, DEBIASED), some_checks())],
        losses=some_losses(),
        methods=Methods(
            paragraph="Each of 200 pairs was judged in both orders by small-judge (temperature 0).",
            checklist=[
                {"item": "Orders", "value": "both, AB and BA"},
                {"item": "Policy", "value": "debias, fixed at submit"},
                {"item": "Images seen", "value": "no"},
            ],
        ),
        warnings=["One judge only: the interval covers items, not the choice of judge."],
    )  # fmt: skip
    envelope = {
        "job": {"id": "job_1", "name": "demo", "status": "completed"},
        "as_of": "2025-11-23T22:00:00Z",
        "software": {"tracejudge": "0.1.0"},
        "times": {"submitted": "2025-11-23T21:58:00Z"},
        "usage": {"prompt_tokens": 345678, "completion_tokens": 400},
    }
    return Report(envelope, replace(results, **changes))


def a_hostile_report(evil: str = HOSTILE) -> Report:
    """Every word that comes from outside is an attack."""
    line = a_line(a=evil, b="base")
    return Report(
        {"job": {"id": "job_1", "name": evil}, "as_of": evil, "usage": {}},
        replace(
            a_report().results,
            provenance={"judges": [{"name": evil, "served_model": evil}]},
            headline=line,
            axes=[line],
            slices=[replace(line, slice={"tag": evil, "value": evil})],
            strata=some_strata(a=evil, b="base"),
            models=[ModelLine(evil, 0.0, None, None, None, 1000.0, 1, 2, 1, 1, 0, unbounded=True)],
            position=[replace(a_report().results.position[0], judge=evil, axis=evil)],
            judges=[JudgeLine(evil, line.win_rate, [{"name": evil, "ok": False, "text": evil}])],
            losses=some_losses(evil),
            methods=Methods(evil, [{"item": evil, "value": evil}]),
            warnings=[evil],
        ),
    )
