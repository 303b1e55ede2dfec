"""The words every report format shares: what a line is called, what a policy counts, what must be read first."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from app.domain.verdict import PolicyName
from app.reports import numbers
from app.reports.report import FitLine, Losses, PolicyLine, RateLine, Report, Results
from app.reports.sentences import COUNTING

STRATA = {
    "both_right": "both answers right",
    "only_a_right": "only A's answer right",
    "only_b_right": "only B's answer right",
    "both_wrong": "both answers wrong",
    "unknown": "correctness unknown",
}
TRUST = {True: "ok", False: "warning", None: "not applicable"}


def matchup(line: RateLine) -> str:
    """Who is compared: win rates are read from the side of the first-named model."""
    return f"{line.model_a} against {line.model_b}"


def title(line: RateLine) -> str:
    """What a line is about: the value of its slice, its stratum, else its axis."""
    if line.slice is not None:
        return line.slice["value"]
    if line.stratum is None:
        return line.axis
    # Readers of a table know the models by name, not by side.
    right = {"only_a_right": line.model_a, "only_b_right": line.model_b}.get(line.stratum)
    return STRATA[line.stratum] if right is None else f"only {right} right"


def policy(line: PolicyLine) -> str:
    """What a policy counts, and what is special about it here."""
    counting = COUNTING[PolicyName(line.policy)]
    return f"{line.policy}: {'; '.join([counting, *(note for note in line.note.split('; ') if note not in counting)])}."


def level(report: Report) -> float:
    """The confidence level of the report's intervals."""
    headline = report.results.headline
    return float(headline.win_rate.level if headline else report.results.parameters.get("level", 0.95))


def job_name(report: Report) -> str:
    """What the user called the job, or its id."""
    job = report.envelope.get("job")
    return str(job.get("name") or job.get("id") or "") if isinstance(job, Mapping) else str(job or "")


def warnings(results: Results) -> list[str]:
    """What a reader must know before any number: failed trust checks first, then the report's own warnings."""
    failed = [
        f"{line.judge}: {check['text']}" for line in results.judges for check in line.checks if check["ok"] is False
    ]
    headline = results.headline.win_rate.warnings if results.headline else ()
    return list(dict.fromkeys([*failed, *results.warnings, *headline]))


def both_right(results: Results) -> str:
    """What stands beside the headline, where answers are known: a preference must not be mere correctness."""
    line = results.headline
    if line is None or not line.assessed:
        return ""
    for one in results.strata:
        if one.stratum == "both_right" and matchup(one) == matchup(line):
            if one.win_rate.estimate is None:
                return f"Of {numbers.over(one.win_rate)} where both answers are right none is decided."
            interval = numbers.interval(one.win_rate.low, one.win_rate.high)
            return (
                f"Among the pairs where both answers are right the win rate of {one.model_a} is "
                f"{numbers.percent(one.win_rate.estimate)} ({numbers.level_percent(one.win_rate.level)} CI {interval}, "
                f"{numbers.over(one.win_rate)})."
            )
    known = bool(results.strata)
    return "There is no pair where both answers are right: preference and correctness cannot be told apart." * known


def missing(losses: Losses) -> str:
    """Missing pairs told apart, and the units without a verdict."""
    told = ", ".join(f"{numbers.whole(count)} {kind}" for kind, count in losses.missing_pairs.items())
    lost = sum(line.units for line in losses.lost)
    units = f"{numbers.whole(lost)} of {numbers.whole(losses.units)} units have no verdict."
    return f"Missing pairs: {told}. {units}" if told else units


def fit(line: FitLine) -> str:
    """How the strengths were fitted, in one sentence."""
    parts = [f"Bradley-Terry fit, ties: {line.ties.replace('_', ' ')}"]
    if line.tie_parameter is not None:
        parts.append(f"tie parameter {numbers.signed(line.tie_parameter)}")
    if line.order_effect is not None:
        effect = line.order_effect
        spread = numbers.signed_interval(effect.get("low"), effect.get("high"))
        parts.append(f"order effect {numbers.signed(effect.get('estimate'))} ({spread})")
    if line.deviance is not None:
        parts.append(f"deviance {line.deviance:.2f} on {line.df} degrees of freedom")
    return "; ".join(parts) + "."


def fit_notes(line: FitLine) -> list[str]:
    """How the errors of strengths were made, and what to doubt of the fit."""
    made = [f"Errors of strengths: {line.errors}."] if line.errors else []
    return [*made, *line.warnings]


def of_ties(tie_parameter: float | None) -> str:
    """What a chance to win says of ties: with a parameter of their own they stand outside it."""
    return "a tie being half" if tie_parameter is None else "ties left out"


def said(value: Any) -> str:
    """Any JSON value in plain words."""
    if isinstance(value, Mapping):
        parts = (f"{str(key).replace('_', ' ')}: {said(part)}" for key, part in value.items())
        return "; ".join(parts) or numbers.NOTHING
    if isinstance(value, list | tuple):
        return ", ".join(said(part) for part in value) or numbers.NOTHING
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.6g}"
    return numbers.NOTHING if value in (None, "") else str(value)
