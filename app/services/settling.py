"""The stances and verdicts of some pairs of a job, settled as its report settles them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.domain.plan import plan_of
from app.domain.verdict import Array, PolicyName, Settled, coins, settle_many
from app.store.jobs import OpenJob
from app.store.narrow import Units


def settle_pairs(
    job: OpenJob, seqs: Sequence[int], units: Units, *, has_images: bool, axes: Sequence[str] | None = None
) -> dict[str, Settled]:
    """For each axis (all when not told) the verdicts of these targets, given in rising order, in their order.

    `has_images`: some item of the job has a picture.
    """
    axes = job.spec.axes if axes is None else axes
    picks, log_odds = _laid_out(job, seqs, units, axes, has_images=has_images)
    policy, orders = job.spec.policy, job.spec.orders
    coin = coins(job.seed, job.pairs)[list(seqs)] if policy.name is PolicyName.SINGLE else None
    return {axis: settle_many(picks[axis], policy, orders=orders, log_odds=log_odds[axis], coin=coin) for axis in axes}


def most_axes(job: OpenJob) -> int:
    """How many axes the largest group of a judge has."""
    return max(len(group) for judge in job.judges for group in plan_of(job.spec, judge).groups)


def _laid_out(
    job: OpenJob, seqs: Sequence[int], units: Units, axes: Sequence[str], *, has_images: bool
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Picks and log-odds per axis as (targets, judges, orders, repeats)."""
    spec = job.spec
    shape = (len(seqs), len(job.judges), len(spec.orders), spec.repeats)
    picks = {axis: np.zeros(shape, np.int8) for axis in axes}
    log_odds = {axis: np.full(shape, np.nan) for axis in axes}
    row = np.searchsorted(np.asarray(seqs, np.int64), units.seq)
    order_of = np.zeros(2, np.intp)
    order_of[list(spec.orders)] = np.arange(len(spec.orders))
    order = order_of[units.presented]
    for judge_no, judge in enumerate(job.judges):
        for number, group in enumerate(plan_of(spec, judge).groups):
            mine = (units.judge == judge_no) & (units.group == number)
            at = (row[mine], judge_no, order[mine], units.repeat[mine])
            for place, axis in enumerate(group):
                # A judge that saw no picture has no vote on an axis about pictures.
                if axis not in picks or (job.rubric.axis(axis).needs_image and not (has_images and judge.sees_images)):
                    continue
                picks[axis][at] = units.picks[mine, place]
                if units.log_odds is not None:
                    log_odds[axis][at] = units.log_odds[mine, place]
    return picks, log_odds
