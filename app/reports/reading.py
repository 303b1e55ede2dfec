"""A sheet read under the report's parameters: checked, settled on every axis, seen from fixed sides."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from app.domain.errors import Invalid, Problem
from app.domain.verdict import Policy, PolicyName, Settled, coins, settle_many
from app.reports import sentences
from app.reports.matchups import Matchup, matchups
from app.reports.sheet import JudgeFacts, Parameters, Sheet, Tag
from app.stats.intervals import HALF, Confidence, IntervalKind, dense

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class Reading:
    """What every part of a report is computed from. `sheet` holds the chosen judges only. `soft`: the axes on which
    verdicts came finished with scores between win, tie and loss.
    """

    sheet: Sheet
    parameters: Parameters
    policy: Policy
    confidence: Confidence
    matchups: list[Matchup]
    settled: dict[str, Settled]
    soft: frozenset[str] = frozenset()

    @property
    def post_hoc(self) -> bool:
        """Whether the policy was chosen after submit."""
        return self.policy.name.value != str(self.sheet.policy["name"])

    def counting(self, axis: str) -> str:
        """What a rate on this axis counts, in words."""
        panel = len(self.sheet.judges) > 1
        return sentences.counting(self.policy.name, soft=axis in self.soft, panel=panel)

    def assessed(self, axis: str) -> bool:
        """False for an axis about images when no judge saw one."""
        return axis not in self.sheet.image_axes or any(map(saw_images, self.sheet.judges))


def read(sheet: Sheet, parameters: Parameters) -> Reading:
    """Check the parameters and settle every axis. Raises Invalid, naming the parameter that is wrong."""
    _check(sheet, parameters)
    sheet = replace(_chosen(sheet, parameters.judges), cluster=dense(sheet.cluster))
    policy = policy_of(sheet, parameters.policy)
    for axis in sheet.axes:
        if problem := unavailable(sheet, axis, policy.name):
            reason = f"{policy.name} is not available: {problem}"
            raise Invalid(f"policy {reason}", (Problem(reason, "policy"),))
    return Reading(
        sheet=sheet,
        parameters=parameters,
        policy=policy,
        confidence=Confidence(parameters.level, IntervalKind(parameters.interval), parameters.seed),
        matchups=matchups(sheet),
        settled={axis: settle_axis(sheet, axis, policy) for axis in sheet.axes},
        soft=frozenset(axis for axis in sheet.axes if _is_soft(sheet.picks[axis].final)),
    )


def _is_soft(final: Array | None) -> bool:
    return final is not None and bool(((final > 0) & (final < 1) & (final != HALF)).any())


def policy_of(sheet: Sheet, name: str | None) -> Policy:
    """The job's policy, or another name with the job's constants."""
    return Policy(
        name=PolicyName(name or sheet.policy["name"]),
        epsilon=sheet.policy.get("epsilon", 0.0),
        quorum=sheet.policy.get("quorum", 1),
    )


def unavailable(sheet: Sheet, axis: str, name: PolicyName) -> str:
    """Why a policy cannot be had from this sheet; empty when it can."""
    if not name.needs_log_odds:
        return ""
    if sheet.picks[axis].log_odds is None and not any(judge.method == "logprobs" for judge in sheet.judges):
        return "no judge gave log-probabilities"
    return "" if len(sheet.orders) > 1 else "it needs both orders"


def gives_log_odds(sheet: Sheet, axis: str, judge: int) -> bool:
    """Whether this judge's verdicts are probabilities: its own, or scores that came in both orders."""
    odds = sheet.picks[axis].log_odds
    return sheet.judges[judge].method == "logprobs" or (odds is not None and not np.isnan(odds[:, judge]).all())


def settle_axis(sheet: Sheet, axis: str, policy: Policy) -> Settled:
    """Settle one axis. On an axis about images, judges that saw none have no vote."""
    given = sheet.picks[axis]
    picks, log_odds = given.picks, given.log_odds
    if log_odds is None and policy.name.needs_log_odds:
        log_odds = np.full(picks.shape, np.nan, dtype=np.float32)
    if axis in sheet.image_axes:
        saw = np.array([saw_images(judge) for judge in sheet.judges])[:, None, None]
        picks = np.where(saw, picks, np.int8(0))
        log_odds = None if log_odds is None else np.where(saw, log_odds, np.float32(np.nan))
    coin = coins(sheet.seed, len(picks)) if policy.name is PolicyName.SINGLE else None
    finished = {"final": given.final, "means": given.means}
    return settle_many(picks, policy, orders=sheet.orders, log_odds=log_odds, coin=coin, **finished)


def saw_images(judge: JudgeFacts) -> bool:
    """Whether an image really reached this judge."""
    return judge.sees_images and judge.images_sent > 0


def tag_values(sheet: Sheet, tag: str) -> tuple[list[str], Array]:
    """The values of a tag in order, and for every pair the index of its value or -1; empty for a tag of no pair."""
    if tag not in sheet.tags:
        return [], np.empty(0, np.int32)
    found = sheet.tags[tag]
    coded = found if isinstance(found, Tag) else Tag.of(found.tolist())
    return list(coded.values), coded.code


def alone(sheet: Sheet, judge: int) -> Sheet:
    """The sheet with one judge."""
    return _with(sheet, [judge])


def _chosen(sheet: Sheet, names: tuple[str, ...] | None) -> Sheet:
    if names is None:
        return sheet
    return _with(sheet, [index for index, judge in enumerate(sheet.judges) if judge.name in names])


def _with(sheet: Sheet, judges: list[int]) -> Sheet:
    picks = {
        axis: replace(
            of,
            picks=of.picks[:, judges],
            log_odds=None if of.log_odds is None else of.log_odds[:, judges],
            final=None if of.final is None else of.final[:, judges],
            means=None if of.means is None else of.means[:, judges],
            votes=None if of.votes is None else of.votes[:, judges],
        )
        for axis, of in sheet.picks.items()
    }
    kept = tuple(sheet.judges[index] for index in judges)
    return replace(sheet, judges=kept, picks=picks, outcomes=sheet.outcomes[:, judges])


def _check(sheet: Sheet, parameters: Parameters) -> None:
    judges = [judge.name for judge in sheet.judges]
    right = {
        "policy": parameters.policy in (None, *PolicyName),
        "interval": parameters.interval in tuple(IntervalKind),
        "level": HALF < parameters.level < 1,
        "ties": parameters.ties in ("half_win", "davidson"),
        "control": parameters.control in (None, "length", "format"),
        "margin": parameters.margin is None or 0 < parameters.margin < HALF,
        "correction": parameters.correction in ("holm", "bh"),
        "seed": parameters.seed >= 0,
        "anchor": parameters.anchor in (None, *sheet.models),
        "judges": parameters.judges is None or (parameters.judges and set(parameters.judges) <= set(judges)),
    }
    problems = tuple(Problem(_REASONS[name], name) for name, fine in right.items() if not fine)
    if problems:
        raise Invalid("; ".join(f"{problem.field} {problem.reason}" for problem in problems), problems)


_REASONS = {
    "policy": "must be one of " + ", ".join(PolicyName),
    "interval": "must be one of " + ", ".join(IntervalKind),
    "level": "must lie between 1/2 and 1",
    "ties": "must be one of half_win, davidson",
    "control": "must be length or format",
    "margin": "must lie between 0 and 1/2",
    "correction": "must be one of holm, bh",
    "seed": "must not be negative",
    "anchor": "must be a model of this job",
    "judges": "must name judges of this job",
}
