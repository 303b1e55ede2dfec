"""The narrow rows of some targets' judgments as arrays: what settles pairs, by the ten thousand."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from app.store.packed import Array, columns

# A unit in one number: the order, seven bits of outcome, whether there are log-odds, then repeat, group and judge.
OUTCOME, OUTCOMES, ODDS, REPEAT, REPEATS, GROUP, GROUPS, JUDGE = 1, 127, 8, 9, 127, 16, 127, 24
_UNIT = f"""
    presented::bigint | (outcome::bigint << {OUTCOME}) | ((log_odds IS NOT NULL)::int::bigint << {ODDS})
    | (repeat::bigint << {REPEAT}) | (axis_group::bigint << {GROUP}) | (judge_no::bigint << {JUDGE})
"""
PICKS = 15  # two bits each in a number


@dataclass(frozen=True, slots=True)
class Units:
    """Judgments as columns, arrays (units,) in no order. `presented`: an Order. `picks`: (units, axes), 0 for none, by
    the place of an axis in its group. `log_odds`: the same in nats, NaN for none; None when no unit has any.
    """

    judge: Array
    seq: Array
    group: Array
    repeat: Array
    presented: Array
    outcome: Array
    picks: Array
    log_odds: Array | None


async def units_of(tx: AsyncConnection, job: int, judges: int, seqs: Sequence[int], axes: int) -> Units:
    """The judgments of some targets by the first `judges` judges. `axes`: how many the largest group has."""
    words = range(0, axes, PICKS)
    source = """
        FROM judgments WHERE job_id = :job AND judge_no = ANY(CAST(:judges AS smallint[]))
          AND seq = ANY(CAST(:seqs AS int[]))
    """
    given = {"job": job, "judges": list(range(judges)), "seqs": list(seqs)}
    wanted = {
        "seq": ("i4", "seq"),
        "unit": ("i8", _UNIT),
        **{f"picks{start}": ("i4", _packed_picks(start, min(start + PICKS, axes))) for start in words},
    }
    found = await columns(tx, wanted, source, given)
    unit = found["unit"]
    odds = None
    if (unit >> ODDS & 1).any():
        wanted = {"seq": wanted["seq"], "unit": wanted["unit"]} | {
            f"odds{n}": ("f4", f"coalesce(log_odds[{n + 1}], 'NaN'::real)") for n in range(axes)
        }
        found |= await columns(tx, wanted, source, given)
        odds = np.stack([found[f"odds{n}"] for n in range(axes)], axis=1)
    picks = [found[f"picks{n - n % PICKS}"] >> 2 * (n % PICKS) & 3 for n in range(axes)]
    return Units(
        judge=unit >> JUDGE,
        seq=found["seq"],
        group=unit >> GROUP & GROUPS,
        repeat=unit >> REPEAT & REPEATS,
        presented=unit & 1,
        outcome=unit >> OUTCOME & OUTCOMES,
        picks=np.stack(picks, axis=1).astype(np.int8),
        log_odds=odds,
    )


async def tagged(tx: AsyncConnection, job: int, seqs: Sequence[int], tags: str) -> Array:
    """Which of these targets are about items with the tags, a JSON object; in rising order."""
    found = await tx.execute(
        text(
            """
            SELECT p.seq FROM pairs p JOIN items i ON i.id = p.item_id
            WHERE p.job_id = :job AND p.seq = ANY(CAST(:seqs AS int[])) AND i.tags @> CAST(:tags AS jsonb)
            ORDER BY p.seq
            """
        ),
        {"job": job, "seqs": list(seqs), "tags": tags},
    )
    return np.fromiter(found.scalars(), np.int64)


def _packed_picks(start: int, stop: int) -> str:
    return " | ".join(f"(coalesce(picks[{n + 1}], 0) << {2 * (n - start)})" for n in range(start, stop))
