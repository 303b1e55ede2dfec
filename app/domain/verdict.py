"""From picks to verdicts: both orders give a stance, the panel's stances give a verdict.

`settle` says it once, plainly, for one pair; `settle_many` says the same with arrays (a law in the tests
holds them together). Definitions: docs/statistics.md, sections 1-5.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from typing import Any

import numpy as np
import numpy.typing as npt

from app.domain.judgment import Pick, unswap
from app.domain.order import Order

Array = npt.NDArray[Any]
HALF = 0.5


class Stance(IntEnum):
    """One judge's view of a pair after both orders; FLIP and PARTIAL together are INCONSISTENT."""

    MISSING = 0
    A = 1
    B = 2
    TIE = 3
    FLIP = 4
    PARTIAL = 5


class Verdict(IntEnum):
    """The panel's view of a pair on one axis."""

    MISSING = 0
    A = 1
    B = 2
    TIE = 3
    INCONSISTENT = 4
    UNDECIDED = 5


class PolicyName(StrEnum):
    """How INCONSISTENT counts. Each is another estimand, not a detail."""

    HALF = "half"
    DROP = "drop"
    AVERAGE = "average"
    DEBIAS = "debias"
    DEBIAS_SOFT = "debias_soft"
    SINGLE = "single"

    @property
    def needs_log_odds(self) -> bool:
        return self in (PolicyName.DEBIAS, PolicyName.DEBIAS_SOFT)


BY_MEAN = (PolicyName.AVERAGE, PolicyName.DEBIAS_SOFT)


@dataclass(frozen=True, slots=True)
class Policy:
    """A policy with its constants: `epsilon` is the debiased log-odds (nats) up to which a pair is a tie."""

    name: PolicyName = PolicyName.HALF
    epsilon: float = 0.0
    quorum: int = 1


@dataclass(frozen=True, slots=True)
class Settled:
    """Verdicts of n pairs. `verdict`: int8 (n,). `stances`: int8 (n, judges). `score`: float (n,), the value
    of a pair for side A in [0, 1], NaN where the policy does not decide the pair.
    """

    verdict: Array
    stances: Array
    score: Array


def coins(seed: int, pairs: int) -> Array:
    """Bool (pairs,): which of the two orders counts under `single`, drawn for every pair of a job by its seed."""
    drawn: Array = np.random.default_rng(seed).random(pairs) < HALF
    return drawn


def settle(
    picks: Sequence[Sequence[Sequence[Pick | None]]],
    policy: Policy | None = None,
    orders: Sequence[Order] = (Order.AB, Order.BA),
) -> Verdict:
    """The verdict of one pair from `picks[judge][order][repeat]` (None = no judgment); not for log-odds."""
    policy = policy or Policy()
    stances = [_stance([_mean_score(repeats, order) for repeats, order in zip(judge, orders, strict=True)])
               for judge in picks]  # fmt: skip
    if len(stances) == 1:
        return _verdict_of(stances[0])
    votes = [stance for stance in stances if stance in (Stance.A, Stance.B, Stance.TIE)]
    if len(votes) < policy.quorum or not votes:
        return Verdict.MISSING if all(stance is Stance.MISSING for stance in stances) else Verdict.UNDECIDED
    counts = {stance: votes.count(stance) for stance in (Stance.A, Stance.B, Stance.TIE)}
    best = max(counts.values())
    leaders = [stance for stance, count in counts.items() if count == best]
    return _verdict_of(leaders[0]) if len(leaders) == 1 else Verdict.UNDECIDED


def _mean_score(repeats: Sequence[Pick | None], order: Order) -> float | None:
    """Mean over repeats of A 1, TIE 1/2, B 0; None when nothing was judged."""
    value = {1: 1.0, 2: 0.0, 3: HALF}
    scores = [value[unswap(pick, order)] for pick in repeats if pick is not None]
    return sum(scores) / len(scores) if scores else None


def _stance(means: Sequence[float | None]) -> Stance:
    if any(mean is None for mean in means):
        return Stance.MISSING
    leans = {(mean > HALF) - (mean < HALF) for mean in means if mean is not None}
    if leans == {1, -1}:
        return Stance.FLIP
    if len(leans) > 1:
        return Stance.PARTIAL
    return {1: Stance.A, -1: Stance.B, 0: Stance.TIE}[leans.pop()]


def _verdict_of(stance: Stance) -> Verdict:
    return Verdict.INCONSISTENT if stance in (Stance.FLIP, Stance.PARTIAL) else Verdict(int(stance))


def settle_many(
    picks: Array,
    policy: Policy | None = None,
    *,
    orders: Sequence[Order] = (Order.AB, Order.BA),
    log_odds: Array | None = None,
    coin: Array | None = None,
    final: Array | None = None,
    means: Array | None = None,
) -> Settled:
    """Settle n pairs at once.

    `picks`: int8 (n, judges, orders, repeats), a `Pick` or 0 for none. `log_odds`: float, same shape, NaN for
    none; needed by `debias` and `debias_soft`. `coin`: bool (n,), True = the first of `orders` counts; needed
    by `single`. `final`: float (n, judges), a stance that came finished from elsewhere as its score for side A in
    [0, 1], NaN where there is none; it goes before `picks` and no policy of orders changes it. `means`: float
    (n, judges), the mean score of a pair where it is finer than `picks` or `final`, NaN where there is none; `average`
    takes them. Raises ValueError when what the policy needs is not there.
    """
    policy = policy or Policy()
    if policy.name.needs_log_odds:
        if log_odds is None:
            raise ValueError(f"policy {policy.name} needs log-probabilities")
        lean = _debiased(log_odds, orders)
        stances = _stances_of_lean(lean, policy.epsilon)
        soft = 1.0 / (1.0 + np.exp(-np.clip(lean, -700, 700)))
    elif policy.name is PolicyName.SINGLE:
        if coin is None:
            raise ValueError("policy single needs a coin for each pair")
        first, last = _views(picks[:, :, :1], orders[:1]), _views(picks[:, :, -1:], orders[-1:])
        stances, soft = (np.where(coin[:, None], *shown) for shown in zip(first, last, strict=True))
    else:
        stances, soft = _views(picks, orders)
        if means is not None:
            soft = np.where(np.isnan(means), soft, means)
    if final is None:
        verdict = _vote(stances, policy.quorum)
        return Settled(verdict, stances, _scores(verdict, soft, policy))
    given = ~np.isnan(final)
    stances = np.where(given, _stances_of_lean(final - HALF, 0.0), stances)
    verdict = _vote(stances, policy.quorum)
    finer = final if means is None else np.where(np.isnan(means), final, means)
    score = _scores(verdict, np.where(given, finer, soft), policy)
    if final.shape[1] == 1 and policy.name not in BY_MEAN:  # a lone judge's finished score is the pair's; a panel votes
        score = np.where(given[:, 0], final[:, 0], score)
    return Settled(verdict, stances, score)


def _views(picks: Array, orders: Sequence[Order]) -> tuple[Array, Array]:
    """Stance and mean score, (n, judges) each, of every judge on every pair.

    A judge has few ways to answer one pair, so a million pairs are looked up in a table of all of them.
    """
    answers = picks.shape[2] * picks.shape[3]
    possible = 4**answers
    if possible >= len(picks):
        means = _order_means(picks, orders)
        return _stances(means), means.mean(axis=2)
    every = (np.arange(possible)[:, None] >> 2 * np.arange(answers)) & 3
    stances, soft = _views(every.reshape(possible, 1, *picks.shape[2:]), orders)
    shown = picks.reshape(*picks.shape[:2], answers)
    code = shown[..., 0].astype(np.intp)
    for place in range(1, answers):
        code |= shown[..., place].astype(np.intp) << 2 * place
    return stances[:, 0].take(code), soft[:, 0].take(code)


def _order_means(picks: Array, orders: Sequence[Order]) -> Array:
    """(n, judges, orders): mean score for side A over repeats, NaN where nothing was judged."""
    value = np.array([np.nan, 1.0, 0.0, HALF])
    scores = value[picks]
    for position, order in enumerate(orders):
        if order is Order.BA:  # the array form of unswap()
            scores[:, :, position] = 1.0 - scores[:, :, position]
    present = ~np.isnan(scores)
    count = present.sum(axis=3)
    total = np.where(present, scores, 0.0).sum(axis=3)
    means: Array = np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)
    return means


def _stances(means: Array) -> Array:
    """(n, judges) stances from the orders' means."""
    missing = np.isnan(means).any(axis=2)
    lean = np.sign(np.nan_to_num(means, nan=HALF) - HALF)
    low, high = lean.min(axis=2), lean.max(axis=2)
    agreed = np.select([low == 1, high == -1], [Stance.A, Stance.B], Stance.TIE)
    split = np.where((low == -1) & (high == 1), Stance.FLIP, Stance.PARTIAL)
    return np.where(missing, Stance.MISSING, np.where(low == high, agreed, split)).astype(np.int8)


def _debiased(log_odds: Array, orders: Sequence[Order]) -> Array:
    """(n, judges): d = (l_AB - l_BA)/2, in which a constant pull to one position cancels; NaN if missing."""
    present = ~np.isnan(log_odds)
    count = present.sum(axis=3)
    total = np.where(present, log_odds, 0.0).sum(axis=3)
    per_order = np.divide(total, count, out=np.full(count.shape, np.nan), where=count > 0)
    sign = np.array([1.0 if order is Order.AB else -1.0 for order in orders])
    mean: Array = (per_order * sign).mean(axis=2)
    return mean


def _stances_of_lean(lean: Array, epsilon: float) -> Array:
    stance: Array = np.select([lean > epsilon, lean < -epsilon], [Stance.A, Stance.B], Stance.TIE)
    return np.where(np.isnan(lean), Stance.MISSING, stance).astype(np.int8)


def _vote(stances: Array, quorum: int) -> Array:
    """(n,) verdicts; with one judge the verdict is the stance."""
    if stances.shape[1] == 1:
        return np.where(stances[:, 0] == Stance.PARTIAL, Verdict.INCONSISTENT, stances[:, 0]).astype(np.int8)
    counts = np.stack([(stances == side).sum(axis=1) for side in (Stance.A, Stance.B, Stance.TIE)], axis=1)
    best = counts.max(axis=1)
    unique = (counts == best[:, None]).sum(axis=1) == 1
    decided = unique & (counts.sum(axis=1) >= max(quorum, 1))
    verdict = np.where(decided, counts.argmax(axis=1) + 1, Verdict.UNDECIDED)
    return np.where((stances == Stance.MISSING).all(axis=1), Verdict.MISSING, verdict).astype(np.int8)


def _scores(verdict: Array, soft: Array, policy: Policy) -> Array:
    """(n,) the value of each pair for side A under the policy, NaN where it is not decided.

    A mean over judges needs no majority: to leave out pairs on which they split would select by outcome.
    """
    if policy.name in BY_MEAN:
        present = ~np.isnan(soft)
        count = present.sum(axis=1)
        mean = np.where(present, soft, 0.0).sum(axis=1) / np.maximum(count, 1)
        return np.where((verdict == Verdict.MISSING) | (count < max(policy.quorum, 1)), np.nan, mean)
    inconsistent = np.nan if policy.name is PolicyName.DROP else HALF
    return np.array([np.nan, 1.0, 0.0, HALF, inconsistent, np.nan])[verdict]
