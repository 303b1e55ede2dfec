"""Sheets at the edges: everything missing, everything alike, one of everything, far too much of one thing."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np

from app.domain.judgment import Outcome, Pick
from app.reports.sheet import PENDING, AxisPicks, Labels, Sheet
from app.services.import_checks import Choices, checked
from app.services.imported_sheet import sheet_of
from app.store.imports import ImportFacts
from app.wire.tables import ndjson_table
from app.wire.verdict_columns import KNOWN, read_verdicts
from tests.unit.reports.a_sheet import a_judge, a_sheet, picks_of

MIXED = "AABTFP-B"
ALIKE = {"A": "all won", "T": "all ties", "F": "all inconsistent", "-": "all abstained"}


def tagged(values: list[str | None]) -> dict[str, np.ndarray]:
    return {"modality": np.array(values, object)}


def labels_of(scores: Any, *, pair: Any = None, labeller: Any = None, random: bool = True, **changes: Any) -> Labels:
    scores = np.array(scores, float)
    n = len(scores)
    content = {
        "pair": np.arange(n) if pair is None else np.array(pair, np.int64),
        "labeller": np.zeros(n, np.int64) if labeller is None else np.array(labeller, np.int64),
        "score": scores,
        "random": np.full(n, random),
        "probability": np.full(n, np.nan),
    }
    return Labels(**(content | changes))


def labelled(meaning: str, scores: Any, **changes: Any) -> Sheet:
    return a_sheet(picks_of(meaning), labels={"overall": labels_of(scores, **changes)}, labellers=("ann", "ben", "cy"))


def soft(log_odds: Any, **changes: Any) -> Sheet:
    """One log-probability judge; `log_odds`: (pairs, 2), of FIRST against SECOND in both orders, NaN for none."""
    odds = np.array(log_odds, float)
    known = ~np.isnan(odds)
    picks = np.where(known, np.where(odds > 0, Pick.FIRST, np.where(odds < 0, Pick.SECOND, Pick.TIE)), 0)
    facts = {"judges": (a_judge("odds", method="logprobs"),)} | changes
    return a_sheet(picks.astype(np.int8)[:, None, :, None], log_odds=odds[:, None, :, None], **facts)


def finished(*scores: Any, **changes: Any) -> Sheet:
    """Verdicts made elsewhere, of one judge a column: scores for side A, NaN for none."""
    final = np.array(scores, float).T
    pairs, judges = final.shape
    picks = np.zeros((pairs, judges, 1, 1), np.int8)
    outcomes = np.where(np.isnan(final), np.int8(Outcome.ELSEWHERE), np.int8(Outcome.JUDGED))
    facts = tuple(a_judge(f"judge-{number}", method="import", single_order=True) for number in range(judges))
    sheet = a_sheet(picks, judges=facts, outcomes=outcomes[:, :, None, None, None], imported=True, **changes)
    return replace(sheet, picks={"overall": AxisPicks(picks, final=final)})


def imported(scores: list[float]) -> Sheet:
    """An import of soft verdicts, the same in both orders."""
    rows = [
        {"item": f"q{n}", "model_a": "tuned", "model_b": "base", "score": score, "order": order}
        for n, score in enumerate(scores)
        for order in ("AB", "BA")
    ]
    found = read_verdicts(ndjson_table("\n".join(map(json.dumps, rows)).encode(), KNOWN))
    now = datetime(2026, 1, 1, tzinfo=UTC)
    return sheet_of(ImportFacts(1, "id", "name", checked(found, Choices()), len(found), now), found)


def pairs_in(clusters: list[int], meaning: str = "AB", **changes: Any) -> Sheet:
    n = len(clusters)
    return a_sheet(picks_of((meaning * n)[:n]), cluster=np.array(clusters), **changes)


def between(meetings: list[tuple[int, int]], meaning: str, **changes: Any) -> Sheet:
    """Pairs of these models, 0 to 3, twelve of each meeting."""
    met = np.repeat(np.array(meetings), 12, axis=0)
    picks = picks_of((meaning * len(met))[: len(met)])
    return a_sheet(
        picks, models=("w", "x", "y", "z")[: int(met.max()) + 1], model_a=met[:, 0], model_b=met[:, 1], **changes
    )


def pending(n: int = 6) -> Sheet:
    sheet = a_sheet(picks_of("-" * n))
    outcomes = np.full(sheet.outcomes.shape, PENDING, np.int8)
    return a_sheet(picks_of("-" * n), outcomes=outcomes)


def half_pending() -> Sheet:
    """The first half of the clusters is finished."""
    outcomes = a_sheet(picks_of("A" * 20 + "-" * 20)).outcomes.copy()
    outcomes[20:] = PENDING
    return a_sheet(picks_of("A" * 20 + "-" * 20), outcomes=outcomes, cluster=np.arange(40) // 2)


def repeats(meaning: str, n: int) -> np.ndarray:
    return np.repeat(picks_of((meaning * n)[:n]), 3, axis=3)


def noisy_repeats(n: int = 24) -> np.ndarray:
    """Repeats 3 of which two agree: mean scores are thirds, which no float holds exactly."""
    picks = repeats("AABB", n)
    picks[:, :, 0, 2] = Pick.SECOND
    return picks


def known(right_a: int, right_b: int, n: int = 24, **changes: Any) -> Sheet:
    sides = {"right_a": np.full(n, right_a, np.int8), "right_b": np.full(n, right_b, np.int8)}
    return a_sheet(picks_of("AABT" * (n // 4)), **sides, **changes)


def gold(meaning: str = "AB") -> Sheet:
    right = np.array([1, 0] * 20, np.int8)
    return a_sheet(picks_of((meaning * 40)[:40], ("AAB" * 40)[:40]), right_a=right, right_b=1 - right)


def lengths(a: Any, b: Any, meaning: str = "AABT", n: int = 32) -> Sheet:
    sides = {"length_a": np.broadcast_to(a, n).astype(np.int64), "length_b": np.broadcast_to(b, n).astype(np.int64)}
    return a_sheet(picks_of((meaning * n)[:n]), **sides)


def random_labels(scores: Any, n: int = 120, *, meaning: str = "AAB", **changes: Any) -> Sheet:
    """Labels on the first pairs, called a random draw."""
    return labelled((meaning * n)[:n], scores, **changes)


def giant() -> list[int]:
    """Clusters of one pair beside one of many: G* below 2."""
    return [0] * 60 + list(range(1, 13))


def many_tags(n: int = 60) -> dict[str, np.ndarray]:
    return tagged([f"value {number % 500}" for number in range(n)])


RISING = np.arange(1, 33)
ODD = np.array([1.0, 0.0] * 30)

SHEETS: dict[str, Callable[[], Sheet]] = {
    "no pairs": lambda: a_sheet(picks_of("A")[:0]),
    "no pairs, no models": lambda: a_sheet(picks_of("A")[:0], models=()),
    "no pairs, a panel": lambda: a_sheet(picks_of("A", "A")[:0]),
    "one pair": lambda: a_sheet(picks_of("A")),
    "one tie": lambda: a_sheet(picks_of("T")),
    "one lost pair": lambda: a_sheet(picks_of("-")),
    "two pairs in one cluster": lambda: pairs_in([7, 7]),
    "one cluster of many": lambda: pairs_in([3] * 40, MIXED),
    "one giant cluster": lambda: pairs_in(giant(), "AAB"),
    "one giant cluster, always won": lambda: pairs_in(giant(), "A"),
    "each cluster even": lambda: pairs_in([n // 2 for n in range(48)], tags=tagged(["CT"] * 24 + ["MR"] * 24)),
    "cluster numbers far apart": lambda: pairs_in([0, 2**62, 5, 2**40] * 5, MIXED),
    **{f"{name}, {n}": (lambda c=c, n=n: a_sheet(picks_of(c * n))) for c, name in ALIKE.items() for n in (2, 30)},
    "all pending": pending,
    "half pending": half_pending,
    "one model against itself": lambda: a_sheet(picks_of(MIXED * 4), model_b=[0] * 32),
    "one model alone": lambda: a_sheet(picks_of(MIXED * 4), models=("tuned",), model_b=[0] * 32),
    "models that never met": lambda: between([(0, 1), (2, 3)], MIXED),
    "a model that only met itself": lambda: between([(0, 1), (2, 2)], MIXED),
    "a model that always wins": lambda: between([(0, 1), (0, 2), (1, 2)], "A"),
    "a circle": lambda: between([(0, 1), (1, 2), (2, 0)], "A"),
    "models that only tied, but for one": lambda: between([(0, 1), (1, 2), (2, 3), (1, 3)], "AAB" * 4 + "T" * 36),
    "one of three lost everything": lambda: between([(0, 1), (0, 2), (1, 2)], "A" * 24 + "-" * 12),
    "one judge silent": lambda: a_sheet(picks_of(MIXED * 5, "-" * 40, "AB" * 20)),
    "all judges silent": lambda: a_sheet(picks_of("-" * 12, "-" * 12)),
    "a panel that always splits": lambda: a_sheet(picks_of("A" * 20, "B" * 20)),
    "a panel of copies": lambda: a_sheet(picks_of(*["AAB" * 8] * 3)),
    "a quorum no panel has": lambda: a_sheet(
        picks_of(*[MIXED * 3] * 3), policy={"name": "half", "epsilon": 0.0, "quorum": 9}
    ),
    "two axes, one empty": lambda: a_sheet({"overall": picks_of(MIXED * 3), "style": picks_of("-" * 24)}),
    "two axes alike": lambda: a_sheet({"overall": picks_of("A" * 24), "style": picks_of("A" * 24)}),
    "an axis nobody saw": lambda: a_sheet(
        {"overall": picks_of(MIXED), "perception": picks_of(MIXED)}, image_axes=frozenset({"perception"})
    ),
    "only the primary axis, unseen": lambda: a_sheet(picks_of(MIXED), image_axes=frozenset({"overall"})),
    "labels all alike": lambda: random_labels([1.0] * 60),
    "labels all alike, judge too": lambda: random_labels([1.0] * 60, meaning="A"),
    "labels that say what the judge says": lambda: random_labels([1.0, 1.0, 0.0] * 20),
    "labels that cannot tell": lambda: random_labels([np.nan] * 60),
    "labels of which most cannot tell": lambda: random_labels([np.nan] * 55 + [1.0] * 5),
    "labels all ties": lambda: random_labels([0.5] * 60),
    "labels between the values": lambda: random_labels([0.3, 0.8] * 30),
    "labels in one cluster": lambda: a_sheet(
        picks_of("AAB" * 40),
        cluster=np.where(np.arange(120) < 60, 0, np.arange(120)),
        labels={"overall": labels_of([1.0, 1.0, 0.0] * 20)},
        labellers=("ann",),
    ),
    "labels on one matchup": lambda: between(
        [(0, 1), (1, 2), (0, 2)],
        MIXED,
        labels={"overall": labels_of([1.0, 0.0] * 6)},
        labellers=("ann",),
    ),
    "labels chosen by hand": lambda: random_labels(ODD, random=False),
    "labels hardly ever drawn": lambda: random_labels(
        ODD, random=False, probability=np.where(np.arange(60) < 2, 5e-324, 1.0)
    ),
    "labels by three": lambda: random_labels([1.0, 0.0, 1.0] * 20, pair=np.arange(60) // 3, labeller=np.arange(60) % 3),
    "labels by three who agree": lambda: random_labels([1.0] * 60, pair=np.arange(60) // 3, labeller=np.arange(60) % 3),
    "labels by one, twice": lambda: random_labels(ODD, pair=np.arange(60) // 2),
    "no labels at all": lambda: a_sheet(picks_of(MIXED), labels={"overall": labels_of([])}, labellers=()),
    "log-odds all absent": lambda: soft(np.full((12, 2), np.nan)),
    "log-odds in one order only": lambda: soft([[1.5, np.nan]] * 12),
    "log-odds all 0": lambda: soft(np.zeros((24, 2))),
    "log-odds huge": lambda: soft([[1e300, -1e300], [-1e300, 1e300], [1e300, 1e300]] * 8),
    "log-odds at the mask": lambda: soft([[9998.0, -9998.0]] * 24),
    "log-odds nearly alike": lambda: soft([[1e-9 * n, -1e-9 * n] for n in range(24)]),
    "log-odds nearly sure": lambda: soft([[30.0 + n, -30.0 - n] for n in range(24)]),
    "log-odds with labels": lambda: soft(
        np.linspace(-3, 3, 120).reshape(60, 2) * [1, -1], labels={"overall": labels_of(ODD)}, labellers=("ann",)
    ),
    "log-odds with constant labels": lambda: soft(
        [[2.0, -2.0]] * 60, labels={"overall": labels_of(np.ones(60))}, labellers=("ann",)
    ),
    "log-odds with soft labels": lambda: soft(
        [[2.0, -2.0]] * 60, labels={"overall": labels_of(np.full(60, 0.7))}, labellers=("ann",)
    ),
    "log-odds beside words": lambda: soft(
        [[2.0, -2.0], [np.nan, np.nan]] * 12, judges=(a_judge("odds", method="logprobs", censored=24),)
    ),
    "lengths 0": lambda: lengths(0, 0),
    "lengths equal": lambda: lengths(100, 100),
    "lengths unknown": lambda: lengths(-1, -1),
    "lengths unknown for some": lambda: lengths(np.where(RISING > 30, -1, 100), 100),
    "lengths that tell": lambda: lengths(100 + RISING, 100 + RISING[::-1], meaning="B" * 16 + "A" * 16),
    "lengths always nearly double": lambda: lengths(200_000 + RISING, 100_000, meaning="B" * 15 + "ABA" + "A" * 14),
    "lengths enormous": lambda: lengths(RISING**11, RISING[::-1] ** 11),
    "tags for few": lambda: a_sheet(picks_of(MIXED * 8), tags=tagged(["CT"] + [None] * 63)),
    "tags for none": lambda: a_sheet(picks_of(MIXED * 3), tags=tagged([None] * 24)),
    "a tag for each pair": lambda: a_sheet(picks_of(MIXED * 7 + "AABT"), tags=many_tags()),
    "two tags alike": lambda: a_sheet(picks_of("A" * 60), tags=tagged(["CT"] * 30 + ["MR"] * 30)),
    "two tags opposite": lambda: a_sheet(picks_of("A" * 30 + "B" * 30), tags=tagged(["CT"] * 30 + ["MR"] * 30)),
    "all right": lambda: known(1, 1),
    "all wrong": lambda: known(0, 0),
    "one side right": lambda: known(1, 0),
    "one side unknown": lambda: known(1, -1),
    "a judge that is always right": gold,
    "a judge that is always wrong": lambda: gold("BA"),
    "a judge that is never sure": lambda: gold("F"),
    "one order": lambda: a_sheet(picks_of(MIXED * 4)[:, :, :1]),
    "one order, all won": lambda: a_sheet(picks_of("A" * 24)[:, :, :1]),
    "repeats alike": lambda: a_sheet(repeats("AB", 24)),
    "repeats always first": lambda: a_sheet(repeats("F", 24)),
    "repeats that differ": lambda: a_sheet(noisy_repeats()),
    "repeats, sides turned": lambda: a_sheet(
        noisy_repeats()[[0, 2] * 12], model_a=[0, 1] * 12, model_b=[1, 0] * 12, cluster=np.arange(24) // 2
    ),
    "finished, hard": lambda: finished([1, 0, 0.5, 1] * 8),
    "finished, soft": lambda: finished(np.linspace(0, 1, 32)),
    "finished, all one third": lambda: finished(np.full(32, 1 / 3), cluster=np.array([n % 7 for n in range(32)])),
    "finished, one third turned": lambda: finished(
        [1 / 3, 2 / 3] * 16, model_a=[0, 1] * 16, model_b=[1, 0] * 16, cluster=np.arange(32) // 3
    ),
    "finished, one of them": lambda: finished([0.7]),
    "finished, none of them": lambda: finished([np.nan] * 12),
    "finished, a panel": lambda: finished([1, 0, 0.5, 1] * 8, [np.nan, 0, 1, 0.2] * 8, [0.5] * 32),
    "imported, nearly sure": lambda: imported([1e-20, 1.0, 0.3] * 8),
    "imported, nearly impossible": lambda: imported([5e-324, 0.0, 1 - 1e-16] * 8),
    "imported, even": lambda: imported([0.5, 0.5, 0.25] * 8),
    "finished, nearly 1": lambda: finished(1 - 1e-13 * np.arange(32)),
}
