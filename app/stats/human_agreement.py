"""How well people agree with each other, the ceiling for any judge, and how well a judge agrees with them.

Source: Zheng et al. (2023), Judging LLM-as-a-Judge with MT-Bench and Chatbot Arena, section 4: single votes are
compared, never a majority, on every couple of votes on the same pair. Definitions: docs/statistics.md, section 16.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from app.domain.errors import Invalid, Problem
from app.domain.judgment import Side
from app.stats.agreement import NO_VOTE, Agreement, agreement, check_votes
from app.stats.intervals import ROBUST_95, Confidence, Interval, mean_interval

Array = npt.NDArray[Any]
COUPLES = 20_000_000


@dataclass(frozen=True, slots=True)
class HumanVotes:
    """L votes of people: `pair` int (L,) indexes the job's pairs, `labeller` int (L,), `vote` int8 (L,), a `Side`
    or 0 for none.
    """

    pair: Array
    labeller: Array
    vote: Array


def human_agreement(votes: HumanVotes, cluster: Array, confidence: Confidence = ROBUST_95, *, ties: bool) -> Interval:
    """Share of equal votes among all couples of votes by two labellers on the same pair; n counts couples.

    `cluster`: int (pairs,) >= 0. `ties`: as in `agreement`. There is no kappa: labellers come in no order (see
    `krippendorff_alpha`). Raises Invalid for unknown codes and for more than COUPLES couples.
    """
    check_votes(votes.vote, "vote")
    counts = votes.vote > NO_VOTE if ties else (votes.vote > NO_VOTE) & (votes.vote < Side.TIE)
    pair, labeller, vote = votes.pair[counts], votes.labeller[counts], votes.vote[counts]
    order = np.argsort(pair, kind="stable")
    pair, labeller, vote = pair[order], labeller[order], vote[order]
    one, other = _couples(pair)
    two_people = labeller[one] != labeller[other]
    one, other = one[two_people], other[two_people]
    return mean_interval((vote[one] == vote[other]).astype(float), cluster[pair[one]], confidence)


def judge_against_humans(
    judge: Array, votes: HumanVotes, cluster: Array, confidence: Confidence = ROBUST_95, *, ties: bool
) -> Agreement:
    """Agreement of one judge's votes, int8 (pairs,), with every single vote of a person; n counts human votes.

    Other arguments and errors as in `human_agreement` and `agreement`. Kappa takes the people as one voter.
    """
    return agreement(judge[votes.pair], votes.vote, cluster[votes.pair], confidence, ties=ties)


def _couples(group: Array) -> tuple[Array, Array]:
    """All couples (one, other) of places within runs of equal values of the sorted `group`."""
    first = np.r_[True, group[1:] != group[:-1]][: len(group)]
    start = np.maximum.accumulate(np.where(first, np.arange(len(group)), 0))
    before = np.arange(len(group)) - start
    total = int(before.sum())
    if total > COUPLES:
        problem = Problem("label fewer times per pair, or leave labels out", "pair")
        raise Invalid(f"{total} couples of labels are too many to compare", (problem,))
    other = np.repeat(np.arange(len(group)), before)
    behind = np.arange(total) - np.repeat(np.cumsum(before) - before, before)
    return start[other] + behind, other
