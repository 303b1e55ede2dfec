"""Whether a judge can be trusted: checks in words beside its own rate."""

from __future__ import annotations

from typing import Any

import numpy.typing as npt

from app.domain.judgment import Outcome
from app.domain.verdict import Settled
from app.reports import numbers
from app.reports.gates import gates
from app.reports.lines import rates
from app.reports.losses import kind_of, units_by_outcome
from app.reports.reading import Reading, alone, saw_images, settle_axis
from app.reports.report import JudgeLine, PositionLine
from app.reports.sheet import JudgeFacts, Sheet
from app.stats.intervals import HALF

Array = npt.NDArray[Any]
Check = dict[str, Any]

SLIGHT_BIAS = 0.05
FEW_LOSSES = 0.05
TELLING = 0.5  # an interval wider than this around 50 % tells neither a good judge nor a bad one
TOO_FEW = "too few to tell"


def judge_lines(reading: Reading, positions: list[PositionLine]) -> list[JudgeLine]:
    """Every judge's own rate on the headline comparison, with its trust checks; empty without pairs."""
    if not reading.matchups:
        return []
    primary = [line for line in positions if line.axis == reading.sheet.primary_axis]
    return [
        JudgeLine(
            judge=judge.name,
            win_rate=rates(reading, reading.matchups[0], _own_verdicts(reading, number))[0],
            checks=_checks(reading, number, primary[number]),
        )
        for number, judge in enumerate(reading.sheet.judges)
    ]


def _own_verdicts(reading: Reading, number: int) -> Settled:
    axis = reading.sheet.primary_axis
    if len(reading.sheet.judges) == 1:
        return reading.settled[axis]
    return settle_axis(alone(reading.sheet, number), axis, reading.policy)


def _checks(reading: Reading, number: int, position: PositionLine) -> list[Check]:
    sheet = reading.sheet
    judge = sheet.judges[number]
    return [
        _first_position(position, reading.confidence.level),
        _orders_agree(position, reading.confidence.level),
        _images(judge, sheet.has_images),
        _losses(units_by_outcome(sheet, number)),
        _served_model(judge, imported=sheet.imported),
        _names(sheet),
        *_censored(judge),
        *gates(reading, number),
    ]


def _check(name: str, text: str, *, ok: bool | None) -> Check:
    return {"name": name, "ok": ok, "text": text}


def _first_position(line: PositionLine, level: float) -> Check:
    """Fine when the interval holds 50 %, or the pull is slight."""
    share = line.first_share
    estimate, low, high = (share[key] for key in ("estimate", "low", "high"))
    if line.bias is None or estimate is None or low is None or high is None:
        return _check("position", line.note or "nothing was picked", ok=None)
    text = f"picked first in {_with_interval(share, level)}"
    if _too_few(low, high):
        return _check("position", f"{text}; {TOO_FEW}", ok=None)
    return _check("position", text, ok=low <= HALF <= high or abs(line.bias) <= SLIGHT_BIAS)


def _orders_agree(line: PositionLine, level: float) -> Check:
    """Fine when the judge surely agrees with itself more often than a coin would."""
    share = line.consistency
    estimate, low, high = (share[key] for key in ("estimate", "low", "high"))
    if estimate is None or low is None or high is None:
        return _check("orders", line.note or "no pair was judged in both orders", ok=None)
    agreed = numbers.whole(round(estimate * (share["n"] or 0)))
    text = f"orders agree in {agreed} of {numbers.whole(int(share['n'] or 0))} pairs: {_with_interval(share, level)}"
    if _too_few(low, high):
        return _check("orders", f"{text}; {TOO_FEW}", ok=None)
    return _check("orders", text, ok=low > HALF)


def _too_few(low: float, high: float) -> bool:
    return low <= HALF <= high and high - low > TELLING


def _images(judge: JudgeFacts, has_images: Array) -> Check:
    if not has_images.any():
        return _check("images", "no pair has images", ok=None)
    if not saw_images(judge):
        return _check("images", "images: not seen by this judge", ok=False)
    return _check("images", f"{numbers.whole(judge.images_sent)} images sent to this judge", ok=True)


def _losses(units: dict[int, int]) -> Check:
    """Fine when at most 5 % of the finished units have no verdict."""
    judged = units.get(Outcome.JUDGED, 0)
    lost = sum(count for outcome, count in units.items() if kind_of(outcome) in ("abstained", "failed"))
    total = judged + lost
    if not total:
        return _check("losses", "no unit is finished", ok=None)
    text = f"{numbers.whole(lost)} of {numbers.whole(total)} finished units have no verdict"
    return _check("losses", text, ok=lost <= FEW_LOSSES * total)


def _served_model(judge: JudgeFacts, *, imported: bool) -> Check:
    if imported:
        return _check("served model", "judged elsewhere: which model answered is for its author to say", ok=None)
    others = sorted(set(judge.served_as) - {judge.served_model})
    if not judge.served_as:
        return _check("served model", "the endpoint did not say which model answered", ok=None)
    text = f"asked for {judge.served_model}, answered by {', '.join(sorted(judge.served_as))}"
    return _check("served model", text, ok=not others)


def _names(sheet: Sheet) -> Check:
    if sheet.imported:
        return _check(
            "names of models", "the traces were not imported: whether they name a model is not known", ok=None
        )
    text = f"in the traces of {numbers.whole(int(sheet.leaks.sum()))} of {numbers.whole(len(sheet.leaks))} pairs"
    return _check("names of models", f"names of models {text}", ok=not sheet.leaks.any())


def _censored(judge: JudgeFacts) -> list[Check]:
    """Log-probabilities that stand at the smallest one reported, told for judges that give any."""
    if judge.method != "logprobs":
        return []
    text = f"{numbers.whole(judge.censored)} log-probabilities censored"
    return [_check("censored", text, ok=judge.censored == 0)]


def _with_interval(share: dict[str, float | int | None], level: float) -> str:
    interval = f"{numbers.level_percent(level)} CI {'-'.join(numbers.ends(share['low'] or 0.0, share['high'] or 0.0))}"
    return f"{numbers.percent(share['estimate'])} ({interval}, n = {numbers.whole(int(share['n'] or 0))})"
