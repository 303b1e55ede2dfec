"""How length and preference go together, for every two models on the primary axis (docs/statistics.md, section 15)."""

from __future__ import annotations

from app.reports.matchups import Matchup
from app.reports.reading import Reading
from app.reports.report_inference import LengthLine
from app.stats.length_control import LengthControl, length_control

SENSITIVITY = "a sensitivity analysis: length may mediate quality"


def length_lines(reading: Reading) -> list[LengthLine]:
    """The share won by the longer trace and, when asked for by `control`, the rate at equal length.

    Empty when it was not asked for, or when the lengths are unknown (imports without them).
    """
    sheet = reading.sheet
    if reading.parameters.control is None or not len(sheet.length_a) or unmeasured(reading):
        return []
    return [_line(reading, matchup) for matchup in reading.matchups if matchup.model_a != matchup.model_b]


def unmeasured(reading: Reading) -> bool:
    """Whether it was asked for and a length is unknown: what is left would be no random part of the pairs."""
    sheet = reading.sheet
    return reading.parameters.control is not None and bool(((sheet.length_a < 0) | (sheet.length_b < 0)).any())


def _line(reading: Reading, matchup: Matchup) -> LengthLine:
    sheet, axis = reading.sheet, reading.sheet.primary_axis
    found = length_control(
        matchup.score(reading.settled[axis]),
        *matchup.sides(sheet.length_a, sheet.length_b),
        sheet.cluster[matchup.rows],
        reading.confidence,
    )
    share = found.longer_share
    return LengthLine(
        model_a=matchup.model_a,
        model_b=matchup.model_b,
        axis=axis,
        longer_won={"estimate": share.estimate, "low": share.low, "high": share.high, "n": share.n},
        controlled=_controlled(found),
        extrapolated=found.extrapolated,
        note="; ".join(filter(None, (found.reason, *found.warnings, SENSITIVITY))),
    )


def _controlled(found: LengthControl) -> dict[str, float | int | None] | None:
    if found.rate is None:
        return None
    return {"estimate": found.rate, "low": found.low, "high": found.high, "n": found.raw.n}
