"""How length and format go with preference, for every two models on the primary axis (docs/statistics.md, 15)."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from app.reports.matchups import Matchup
from app.reports.reading import Reading
from app.reports.report_inference import LengthLine
from app.reports.shares import share
from app.stats.length_control import LengthControl, length_control

Array = npt.NDArray[Any]
SENSITIVITY = "a sensitivity analysis: length may mediate quality"
FORMAT = "format"
COUNTED = "format: headings, list items and bold passages, each as the difference of log(1 + count)"


def length_lines(reading: Reading) -> list[LengthLine]:
    """The share won by the longer trace and, when asked for by `control`, the rate at equal length, or at equal length
    and format.

    Empty when it was not asked for, or when lengths or formats are unknown (imports).
    """
    sheet = reading.sheet
    if reading.parameters.control is None or not len(sheet.length_a) or unmeasured(reading):
        return []
    return [_line(reading, matchup) for matchup in reading.matchups if matchup.model_a != matchup.model_b]


def unmeasured(reading: Reading) -> bool:
    """Whether it was asked for and a length is unknown: what is left would be no random part of the pairs."""
    sheet, control = reading.sheet, reading.parameters.control
    if control == FORMAT and sheet.formats is None:
        return True
    return control is not None and bool(((sheet.length_a < 0) | (sheet.length_b < 0)).any())


def _line(reading: Reading, matchup: Matchup) -> LengthLine:
    sheet, axis = reading.sheet, reading.sheet.primary_axis
    found = length_control(
        matchup.score(reading.settled[axis]),
        *matchup.sides(sheet.length_a, sheet.length_b),
        sheet.cluster[matchup.rows],
        reading.confidence,
        covariates=_formats(reading, matchup),
    )
    told = (COUNTED,) * (reading.parameters.control == FORMAT)
    return LengthLine(
        model_a=matchup.model_a,
        model_b=matchup.model_b,
        axis=axis,
        longer_won=share(found.longer_share),
        controlled=_controlled(found),
        extrapolated=found.extrapolated,
        note="; ".join(filter(None, (found.reason, *found.warnings, *told, SENSITIVITY))),
    )


def _formats(reading: Reading, matchup: Matchup) -> Array | None:
    """(n, kinds) A minus B; None where only length is controlled for."""
    if reading.parameters.control != FORMAT or reading.sheet.formats is None:
        return None
    counts = np.log1p(reading.sheet.formats)
    sides = (matchup.sides(counts[:, 0, kind], counts[:, 1, kind]) for kind in range(counts.shape[2]))
    return np.stack([a - b for a, b in sides], axis=1)


def _controlled(found: LengthControl) -> dict[str, float | int | None] | None:
    if found.rate is None:
        return None
    return {"estimate": found.rate, "low": found.low, "high": found.high, "n": found.raw.n}
