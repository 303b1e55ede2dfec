"""The stances and verdicts of some pairs of a job, settled as its report settles them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from app.domain.plan import plan_of
from app.domain.verdict import Array, PolicyName, Settled, coins, settle_many
from app.store.jobs import OpenJob
from app.store.pages import UnitRow


def settle_pairs(
    job: OpenJob, seqs: Sequence[int], units: Sequence[UnitRow], *, has_images: bool
) -> dict[str, Settled]:
    """For each axis the verdicts of these targets, in their order. `has_images`: some item of the job has a picture."""
    picks, log_odds = _laid_out(job, seqs, units, has_images=has_images)
    policy, orders = job.spec.policy, job.spec.orders
    coin = coins(job.seed, job.pairs)[list(seqs)] if policy.name is PolicyName.SINGLE else None
    return {
        axis: settle_many(picks[axis], policy, orders=orders, log_odds=log_odds[axis], coin=coin)
        for axis in job.spec.axes
    }


def _laid_out(
    job: OpenJob, seqs: Sequence[int], units: Sequence[UnitRow], *, has_images: bool
) -> tuple[dict[str, Array], dict[str, Array]]:
    """Picks and log-odds per axis as (targets, judges, orders, repeats)."""
    spec = job.spec
    shape = (len(seqs), len(job.judges), len(spec.orders), spec.repeats)
    picks = {axis: np.zeros(shape, np.int8) for axis in spec.axes}
    log_odds = {axis: np.full(shape, np.nan) for axis in spec.axes}
    row_of = {seq: row for row, seq in enumerate(seqs)}
    order_of = {int(order): place for place, order in enumerate(spec.orders)}
    groups = [plan_of(spec, judge).groups for judge in job.judges]
    blind = [not (has_images and judge.sees_images) for judge in job.judges]
    for unit in units:
        at = (row_of[unit.seq], unit.judge_no, order_of[unit.presented], unit.repeat)
        for place, axis in enumerate(groups[unit.judge_no][unit.group]):
            if blind[unit.judge_no] and job.rubric.axis(axis).needs_image:
                continue  # a judge that saw no picture has no vote on an axis about pictures
            picks[axis][at] = unit.picks[place]
            if unit.log_odds is not None and unit.log_odds[place] is not None:
                log_odds[axis][at] = unit.log_odds[place]
    return picks, log_odds
