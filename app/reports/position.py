"""Position bias of every judge on every axis, over all pairs and within every slice (docs/statistics.md, 14)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from app.domain.verdict import Policy, PolicyName, settle_many
from app.reports import sentences
from app.reports.by_order import by_order
from app.reports.matchups import compact, split
from app.reports.reading import Reading, saw_images, tag_values
from app.reports.report import PositionLine
from app.reports.shares import Share, share
from app.reports.sheet import JudgeFacts
from app.stats.noise_floor import flip_excess
from app.stats.position_bias import position_bias

Array = npt.NDArray[Any]
_BY_PICKS = (PolicyName.HALF, PolicyName.DROP, PolicyName.AVERAGE)


@dataclass(frozen=True, slots=True)
class _Part:
    """Some pairs: `rows` of the sheet, and their clusters, numbered without a gap. `value`: of the tag, all have it."""

    rows: Array | slice
    cluster: Array
    value: str = ""


def position_lines(reading: Reading) -> list[PositionLine]:
    """From every judge's picks, whatever the policy; empty without pairs."""
    if not reading.matchups:
        return []
    parts = _slices(reading)
    return [
        _line(reading, judge, axis, parts) for judge in range(len(reading.sheet.judges)) for axis in reading.sheet.axes
    ]


def _slices(reading: Reading) -> list[_Part]:
    values, code = tag_values(reading.sheet, reading.parameters.slice_by)
    cluster = reading.sheet.cluster
    return [_Part(rows, compact(cluster[rows]), values[code[rows[0]]]) for rows in split(code) if code[rows[0]] >= 0]


def _line(reading: Reading, number: int, axis: str, parts: Sequence[_Part]) -> PositionLine:
    stances, tag = _stances(reading, number, axis), reading.parameters.slice_by
    whole = _measured(reading, number, axis, stances, _Part(slice(None), reading.sheet.cluster))
    slices = [
        {"slice": {"tag": tag, "value": part.value}, **_measured(reading, number, axis, stances, part)}
        for part in parts
    ]
    return PositionLine(
        judge=reading.sheet.judges[number].name,
        axis=axis,
        note="; ".join(_notes(reading, number, axis)),
        by_order=by_order(reading, number, axis),
        slices=slices,
        **whole,
    )


def _notes(reading: Reading, number: int, axis: str) -> list[str]:
    sheet = reading.sheet
    blind = axis in sheet.image_axes and not saw_images(sheet.judges[number])
    told = {
        sentences.SINGLE_ORDER: len(sheet.orders) == 1 or sheet.judges[number].single_order,
        "this judge saw no image: no vote on this axis": blind,
        "asked at temperature 0: repeats tell no noise floor": sheet.repeats > 1 and _is_cold(sheet.judges[number]),
    }
    return [note for note, applies in told.items() if applies]


def _measured(reading: Reading, number: int, axis: str, stances: Array, part: _Part) -> dict[str, Any]:
    picks = reading.sheet.picks[axis].picks[part.rows, number]
    found = position_bias(picks, stances[part.rows], part.cluster, reading.confidence)
    return {
        "first_share": share(found.first_share),
        "bias": found.bias,
        "consistency": share(found.consistency),
        "flips": found.flips,
        "partials": found.partials,
        "excess": _excess(reading, number, picks, part.cluster),
    }


def _excess(reading: Reading, number: int, picks: Array, cluster: Array) -> Share | None:
    """Flips by order beyond those by mere noise; None where there are no repeats that tell noise."""
    sheet = reading.sheet
    if sheet.repeats == 1 or len(sheet.orders) == 1 or _is_cold(sheet.judges[number]):
        return None
    found = flip_excess(picks, cluster, reading.confidence, orders=sheet.orders)
    return {"estimate": found.excess, "low": found.low, "high": found.high, "n": found.n}


def _is_cold(judge: JudgeFacts) -> bool:
    return judge.sampling.get("temperature") == 0


def _stances(reading: Reading, number: int, axis: str) -> Array:
    """(pairs,) by the judge's picks, which a policy by log-odds and a finished verdict do not show."""
    sheet = reading.sheet
    votes = axis not in sheet.image_axes or saw_images(sheet.judges[number])
    if votes and reading.policy.name in _BY_PICKS and sheet.picks[axis].final is None:
        found: Array = reading.settled[axis].stances[:, number]
        return np.ascontiguousarray(found)
    return settle_many(sheet.picks[axis].picks[:, number, None], Policy(), orders=sheet.orders).stances[:, 0]
