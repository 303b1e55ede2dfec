"""What a job that was judged says about the next one: its rate, ties, clusters, losses and what its calls took."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from app.domain.errors import Invalid, Problem
from app.domain.judgment import Outcome
from app.reports.lines import headline
from app.reports.reading import Reading, read
from app.reports.sheet import NOT_PLANNED, PENDING, Parameters, Sheet
from app.stats.intervals import FEW_CLUSTERS, HALF, cluster_sizes
from app.stats.intracluster import intracluster_correlation

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Pilot:
    """Two models of a job on its primary axis, those of its headline.

    `tie_share`: of the decided pairs, those that count half. `variance`: of the pair scores, None where they do not
    vary. `cluster_sizes`: pairs of each cluster. `icc`: None where no cluster has two pairs. `lost_share`: pairs
    without a decision. `calls`: units of a pair, judge, order and repeat. Tokens are per unit, None where unknown.
    """

    name: str
    pairs: int
    rate: float
    tie_share: float
    variance: float | None
    cluster_sizes: tuple[int, ...]
    icc: float | None
    lost_share: float
    judges: int
    orders: int
    repeats: int
    calls: int
    tokens_in: float | None
    tokens_out: float | None
    warnings: tuple[str, ...]


def pilot(sheet: Sheet) -> Pilot:
    """Raises Invalid, naming `pilot`, when nothing is decided. Pairs that are still pending are left out."""
    reading = read(sheet, Parameters())
    line = headline(reading)
    if line is None or line.win_rate.estimate is None:
        raise Invalid("this job is no pilot", (Problem("no pair of it is decided", "pilot"),))
    over, score, cluster = _over(reading)
    decided = ~np.isnan(score)
    found = score[decided]
    sizes = cluster_sizes(cluster)
    variance = float(found.var())
    tokens_in, tokens_out = _tokens(sheet)
    return Pilot(
        name=str(sheet.envelope.get("job", {}).get("name", "")),
        pairs=over,
        rate=float(found.mean()),
        tie_share=float((found == HALF).mean()),
        variance=variance or None,
        cluster_sizes=tuple(sizes.tolist()),
        icc=intracluster_correlation(found, cluster[decided]),
        lost_share=1 - float(decided.mean()),
        judges=len(sheet.judges),
        orders=1 if all(judge.single_order for judge in sheet.judges) else len(sheet.orders),
        repeats=sheet.repeats,
        calls=_calls(sheet),
        tokens_in=tokens_in,
        tokens_out=tokens_out,
        warnings=tuple(_warnings(sheet, len(sizes), variance)),
    )


def _over(reading: Reading) -> tuple[int, Array, Array]:
    """How many of the headline's pairs are over; their scores, NaN where undecided, and clusters."""
    matchup, sheet = reading.matchups[0], reading.sheet
    score = matchup.score(reading.settled[sheet.primary_axis])
    pending = (sheet.outcomes[matchup.rows] == PENDING).any(axis=(1, 2, 3, 4))
    over = ~(pending & np.isnan(score))
    return int(over.sum()), score[over], sheet.cluster[matchup.rows][over]


def _calls(sheet: Sheet) -> int:
    """Units of a pair beyond judges, orders and repeats, as a mean over judges, rounded up."""
    groups = (sheet.outcomes[0] != NOT_PLANNED).any(axis=(2, 3)).sum(axis=1)
    return max(1, int(np.ceil(groups.mean())))


def _tokens(sheet: Sheet) -> tuple[float | None, float | None]:
    """Prompt and reply tokens per unit that is over, re-asked ones included."""
    usage = sheet.envelope.get("usage", {})
    over = int(((sheet.outcomes >= 0) & (sheet.outcomes != Outcome.CANCELLED)).sum())
    if not over or not usage.get("prompt_tokens"):
        return None, None
    return usage["prompt_tokens"] / over, usage.get("completion_tokens", 0) / over


def _warnings(sheet: Sheet, clusters: int, variance: float) -> list[str]:
    pending = bool((sheet.outcomes == PENDING).any())
    told = {
        "the pilot is not over: its pending pairs are left out": pending,
        f"the pilot has only {clusters} clusters: what it says of variance and ICC is rough": clusters < FEW_CLUSTERS,
        "the pilot's scores do not vary: its variance is not used": not variance,
    }
    return [text for text, applies in told.items() if applies]
