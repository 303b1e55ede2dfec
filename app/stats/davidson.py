"""Strengths from single picks, with ties of their own (Davidson 1970) and an order effect (Davidson, Beaver 1977).

Strengths fitted here are conditional on what the picks were shown as and not comparable with half-win ones:
`policy` plays no part, and a pair that flips is two picks, not a tie. Sources: Davidson (1970), JASA 65:317-328;
Davidson and Beaver (1977), Biometrics 33:693-702; errors as in `app.stats.sandwich`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from app.stats.connectivity import has_negative_cycle, require_one_group, unbounded_models, unbounded_warning
from app.stats.davidson_likelihood import Maximum, Shape, assembled, deviance, maximum
from app.stats.intervals import ROBUST_95, Confidence, IntervalKind, cluster_sizes, effective_clusters, t_quantile
from app.stats.sandwich import BY_MODEL, Errors, Rows, robust_errors, summed_scores, thin_models
from app.stats.strengths import Estimate, Strengths, on_scale
from app.stats.unit_cells import TIED, VALUE, Cells, Units, cells_of, penalised, place_of

__all__ = ["OrderEffect", "TieParameter", "UnitStrengths", "Units", "unit_level"]

Array = npt.NDArray[Any]
PENALISED = "penalised by half a win each way between models that met; no error"


@dataclass(frozen=True, slots=True)
class TieParameter:
    """`nu` >= 0: two equal models tie with chance nu / (2 + nu). `se` is None where there is no error."""

    nu: float
    se: float | None


@dataclass(frozen=True, slots=True)
class OrderEffect:
    """Log-odds added to the side shown first, its error and interval; None where there is no error."""

    estimate: float
    se: float | None
    low: float | None
    high: float | None


@dataclass(frozen=True, slots=True)
class UnitStrengths:
    """`strengths`, conditional and not comparable with half-win ones, and what was fitted beside them.

    `tie_parameter`, `order_effect`: None where not asked for, or left out as `strengths.warnings` then says.
    """

    strengths: Strengths
    tie_parameter: TieParameter | None
    order_effect: OrderEffect | None


def unit_level(
    data: Units,
    confidence: Confidence = ROBUST_95,
    anchor: str | None = None,
    *,
    davidson: bool,
    order_effect: bool,
) -> UnitStrengths:
    """Fit strengths to picks, with a tie parameter (else a tie is half a win each) and with an order effect.

    `anchor`: a model whose strength is set to 0; otherwise their mean is 0. Errors: cluster sandwich over all
    parameters together (`model`: inverse Fisher information), t quantile on G* - 1 degrees of freedom; there is no
    bootstrap here. What the picks leave without a finite estimate is left out with a warning. Raises NotComparable,
    naming the groups, when the models fall into groups that never met, and Invalid when there are fewer than two
    models, a value is out of range, or the anchor is not among the models.
    """
    place = place_of(data)
    cells = cells_of(place, len(data.models))
    require_one_group(cells.wins, data.models)
    unbounded = unbounded_models(cells.wins)
    warnings: tuple[str, ...] = ()
    fitted_to = cells
    if unbounded.any():
        fitted_to, warnings = penalised(cells), (unbounded_warning(data.models, unbounded),)
    shape, left_out = _estimable(fitted_to, davidson=davidson, order_effect=order_effect)
    best, more = _first_maximum(fitted_to, shape)
    by_model = confidence.kind is IntervalKind.MODEL
    sizes = np.ones(len(place), dtype=int) if by_model else cluster_sizes(data.cluster)
    if unbounded.any():
        errors = Errors(None, PENALISED)
    else:
        errors = Errors(best.inverse, BY_MODEL) if by_model else _robust(data, place, cells, best)
        if not by_model:
            warnings += thin_models(data.models, cells.wins, (data.model_a, data.model_b), data.cluster, sizes)
    bootstrap = ("picks are not bootstrapped: the errors are the cluster-robust ones",)
    warnings += left_out + more + errors.warnings + bootstrap * (confidence.kind is IntervalKind.BOOTSTRAP)
    size, covariance, g_star = len(data.models), errors.covariance, effective_clusters(sizes)
    of_strengths = None if covariance is None else covariance[:size, :size]
    residual = (None, None) if unbounded.any() else deviance(cells, best)
    estimate = Estimate(best.parameters[:size], of_strengths, unbounded, errors.method, warnings, *residual)
    no_ties = davidson and not cells.counts[:, 2].any()
    return UnitStrengths(
        strengths=on_scale(data.models, estimate, anchor=anchor, level=confidence.level, g_star=g_star),
        tie_parameter=TieParameter(0.0, None) if no_ties else _tie_parameter(best, covariance),
        order_effect=_order_effect(best, covariance, size, t_quantile(confidence.level, g_star)),
    )


def _estimable(cells: Cells, *, davidson: bool, order_effect: bool) -> tuple[Shape, tuple[str, ...]]:
    """The parameters asked for that can have a finite maximum each, and why the others are left out."""
    why_not_tied = _without_ties(cells) if davidson else None
    why_not_ordered = _without_order(cells) if order_effect else None
    shape = Shape(ordered=order_effect and why_not_ordered is None, tied=davidson and why_not_tied is None)
    return shape, tuple(why for why in (why_not_tied, why_not_ordered) if why is not None)


def _without_ties(cells: Cells) -> str | None:
    ties, number = cells.counts[:, 2].sum(), cells.counts.sum()
    if ties == 0:
        return "no pick is a tie: the tie parameter is 0 and the strengths are those without one"
    return "every pick is a tie: no finite tie parameter; a tie counts half a win each" if ties == number else None


def _without_order(cells: Cells) -> str | None:
    """A finite order effect needs wins that go round in a circle with a surplus of first places, and another with a
    surplus of second places: otherwise some strengths explain all picks whatever the pull of a position.
    """
    if not cells.first.any():
        return "no place is known: no order effect"
    shortest = np.full((2, cells.size, cells.size), np.inf)
    for outcome, (winner, loser, sign) in enumerate(
        ((cells.model_a, cells.model_b, 1), (cells.model_b, cells.model_a, -1))
    ):
        seen = (cells.counts[:, outcome] > 0) | (cells.counts[:, 2] > 0)
        for pull in (0, 1):
            length = sign * cells.first * (1 - 2 * pull)
            np.minimum.at(shortest[pull], (winner[seen], loser[seen]), length[seen])
    to_first, to_second = (not has_negative_cycle(lengths) for lengths in shortest)
    if to_first and to_second:
        return "the order effect cannot be told from the strengths (models were shown in one order): left out"
    if to_first or to_second:
        place = "first" if to_first else "second"
        return f"strengths and the {place} place together explain every pick: no finite order effect, left out"
    return None


def _first_maximum(cells: Cells, shape: Shape) -> tuple[Maximum, tuple[str, ...]]:
    """The maximum with as many of the parameters as have a finite one together, and a warning if that is not all."""
    for tried in (shape, Shape(ordered=False, tied=shape.tied), Shape(ordered=shape.ordered, tied=False)):
        found = maximum(cells, tried)
        if found is not None:
            gone = ("the order effect",) * (shape.ordered and not tried.ordered)
            gone += ("the tie parameter",) * (shape.tied and not tried.tied)
            return found, tuple(f"no finite maximum with {name}: left out" for name in gone)
    found = maximum(cells, Shape(ordered=False, tied=False))
    if found is None:  # cannot be: every model reaches every other along wins
        raise ArithmeticError("the fit without further parameters did not converge")
    return found, ("no finite maximum with an order effect or a tie parameter: both left out",)


def _robust(data: Units, place: Array, cells: Cells, best: Maximum) -> Errors:
    sizes = cluster_sizes(data.cluster)
    value, tied = VALUE - best.value[:, None], TIED - best.tied[:, None]
    if sizes.max() == 1:  # every pick on its own: counts by cell say all
        squares = [(cells.counts * product).sum(axis=1) for product in (value * value, tied * tied, value * tied)]
        scores = assembled(cells, best.shape, *squares)
    else:
        scores = _clustered_scores(data, best.shape, _looked_up(value, place, cells), _looked_up(tied, place, cells))
    return robust_errors(best.inverse, scores, sizes, free=len(best.parameters) - 1)


def _looked_up(residual: Array, place: Array, cells: Cells) -> Array:
    """(n,) the `residual` (m, 3) of every unit's cell and outcome; 0 for a model's comparisons with itself."""
    table = np.zeros((cells.size**2 * 3, 3))
    table[(cells.model_a * cells.size + cells.model_b) * 3 + cells.first.astype(int) + 1] = residual
    found: Array = table.ravel()[place]
    return found


def _clustered_scores(data: Units, shape: Shape, value: Array, tied: Array) -> Array:
    extra = [data.first * value] * shape.ordered + [tied] * shape.tied
    rows = Rows(data.model_a, data.model_b, value, data.cluster)
    return summed_scores(rows, len(data.models), np.stack(extra) if extra else None)


def _tie_parameter(best: Maximum, covariance: Array | None) -> TieParameter | None:
    """The ratio nu with its error by the delta method."""
    if not best.shape.tied:
        return None
    nu = math.exp(best.parameters[-1])
    return TieParameter(nu, None if covariance is None else nu * math.sqrt(covariance[-1, -1]))


def _order_effect(best: Maximum, covariance: Array | None, size: int, quantile: float) -> OrderEffect | None:
    if not best.shape.ordered:
        return None
    estimate = float(best.parameters[size])
    if covariance is None:
        return OrderEffect(estimate, None, None, None)
    se = math.sqrt(covariance[size, size])
    if not math.isfinite(quantile):
        return OrderEffect(estimate, se, None, None)
    return OrderEffect(estimate, se, estimate - quantile * se, estimate + quantile * se)
