"""Draws jobs whose truth is known because the model that made them says so.

A cluster's chance that A wins a pair that is won or lost is Beta(p(1-r)/r, (1-p)(1-r)/r): the mean is p and the
correlation of two such pairs of one cluster is r, both exactly. A pair is tied with the tie share, whatever else;
sizes of clusters are drawn apart from their chances. So the preference rate is p and the win rate
ties/2 + (1 - ties) p, exactly, over pairs. Two scores with ties at 1/2 correlate by less than r: `Job.score_icc`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from app.domain.verdict import Verdict

Array = npt.NDArray[Any]
SIZES = ("1", "1-10", "heavy")
PARETO_INDEX, MOST = 1.5, 30
SCORE = np.array([np.nan, 1.0, 0.0, 0.5, 0.5, np.nan])  # the policy `half`


@dataclass(frozen=True, slots=True)
class Job:
    """n pairs of `clusters` clusters; `p`: preference rate; `icc`: of pairs that are won or lost."""

    p: float
    clusters: int
    sizes: str
    icc: float
    ties: float

    @property
    def win_rate(self) -> float:
        return self.ties / 2 + (1 - self.ties) * self.p

    @property
    def score_icc(self) -> float:
        """Correlation of two scores (ties 1/2) of one cluster."""
        decided = 1 - self.ties
        variance = decided / 4 - (decided * (self.p - 0.5)) ** 2
        return decided**2 * self.icc * self.p * (1 - self.p) / variance


def cluster_sizes(sizes: str, clusters: int, random: np.random.Generator) -> Array:
    """All 1; uniform from 1 to 10; or a Pareto of index 1.5 rounded down, at most 30."""
    if sizes == "1":
        return np.ones(clusters, dtype=int)
    if sizes == "1-10":
        return random.integers(1, 11, clusters)
    if sizes == "heavy":
        return np.minimum(1 + random.pareto(PARETO_INDEX, clusters), MOST).astype(int)
    return np.full(clusters, int(sizes))


def chances(p: float, icc: float, clusters: int, random: np.random.Generator) -> Array:
    """Each cluster's chance that A wins."""
    if not icc:
        return np.full(clusters, p)
    scale = (1 - icc) / icc
    return random.beta(p * scale, (1 - p) * scale, clusters)


def draw(job: Job, random: np.random.Generator) -> tuple[Array, Array]:
    """Verdicts, int8 (n,), and clusters, int (n,), of one job."""
    cluster = np.repeat(np.arange(job.clusters), cluster_sizes(job.sizes, job.clusters, random))
    won = random.random(len(cluster)) < chances(job.p, job.icc, job.clusters, random)[cluster]
    verdict = np.where(won, Verdict.A, Verdict.B)
    if job.ties:
        verdict = np.where(random.random(len(cluster)) < job.ties, Verdict.TIE, verdict)
    return verdict.astype(np.int8), cluster
