"""The likelihood of single picks with Davidson ties and an order effect: its maximum, scores and information.

Sources: Davidson (1970), JASA 65:317-328, for ties; Davidson and Beaver (1977), Biometrics 33:693-702, for the order
effect. With eta = theta_a - theta_b + gamma first, P(A) : P(B) : P(TIE) = exp(eta/2) : exp(-eta/2) : nu. Without ties
in the model nu = 0, which is Bradley-Terry, and a tie is half a win each. (Davidson and Beaver's own tie constant is
nu exp(gamma/2): they scale the odds of one position only.)
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.special import xlogy

from app.stats.unit_cells import PLACES, TIED, VALUE, Cells

Array = npt.NDArray[Any]
CONVERGED = 1e-10
SURE = 1e-16  # squared length of a step in standard errors: with millions of picks rounding keeps steps above CONVERGED
NEWTON_STEPS = 100
FARTHEST = 30.0  # no cell of fewer than 1e12 picks has its maximum at log-odds beyond this: it has none


@dataclass(frozen=True, slots=True)
class Shape:
    """Which parameters follow the K strengths: gamma (`ordered`), then log nu (`tied`)."""

    ordered: bool
    tied: bool

    @property
    def extra(self) -> int:
        return self.ordered + self.tied


@dataclass(frozen=True, slots=True)
class Maximum:
    """`parameters`: (P,) strengths of mean 0, then gamma and log nu where the shape has them. `inverse`: (P, P)
    inverse Fisher information. `value`, `tied`: (m,) expected value for A and chance of a tie by cell.
    """

    shape: Shape
    parameters: Array
    inverse: Array
    value: Array
    tied: Array


@dataclass(frozen=True, slots=True)
class Chances:
    """(m,) by cell: expected value for side A, chance of a tie, and a pick's variances and covariance of the two."""

    value: Array
    tied: Array
    of_value: Array
    of_tied: Array
    mixed: Array


def maximum(cells: Cells, shape: Shape) -> Maximum | None:
    """Joint maximum by damped Newton steps; None when there is no finite one."""
    parameters = np.zeros(cells.size + shape.extra)
    for _ in range(NEWTON_STEPS):
        eta = leads(cells, shape, parameters)
        if max(np.abs(eta).max(), np.abs(parameters[cells.size :]).max(initial=0)) > FARTHEST:
            return None
        at = _chances(eta, np.exp(parameters[-1]) if shape.tied else 0.0)
        inverse = _inverse_information(cells, shape, at)
        if inverse is None:
            return None
        gradient = _gradient(cells, shape, at)
        step = inverse @ gradient
        parameters = parameters + step / max(1.0, float(np.abs(step).max()))
        if np.abs(step).max() < CONVERGED or gradient @ step < SURE:
            parameters[: cells.size] -= parameters[: cells.size].mean()
            return Maximum(shape, parameters, inverse, at.value, at.tied)
    return None


def deviance(cells: Cells, best: Maximum) -> tuple[float, int]:
    """Residual deviance of `best` and its degrees of freedom, against free chances for every two models and every
    place they were shown in (A first, B first, unknown; a pair's sides may stand either way round).

    With a tie parameter a setting has the chances of A, B and TIE; without one, a rate, with ties as half a win each.
    No p-value goes with it: half wins, and picks that share an item, are not independent draws.
    """
    number, value = cells.counts.sum(axis=1), cells.counts @ VALUE
    found = cells.counts.copy() if best.shape.tied else np.stack([value, number - value], axis=1)
    chance = np.stack([best.value - best.tied / 2, 1 - best.value - best.tied / 2, best.tied], axis=1)
    expected = number[:, None] * chance[:, : found.shape[1]]
    turned = cells.model_a > cells.model_b
    found[turned, :2], expected[turned, :2] = found[turned, 1::-1], expected[turned, 1::-1]
    meeting = np.minimum(cells.model_a, cells.model_b) * cells.size + np.maximum(cells.model_a, cells.model_b)
    key = meeting * PLACES + np.where(turned, -cells.first, cells.first).astype(int)
    settings, setting = np.unique(key, return_inverse=True)
    summed = np.zeros((len(settings), 2, found.shape[1]))
    np.add.at(summed, setting, np.stack([found, expected], axis=1))
    free = len(settings) * (found.shape[1] - 1) - (cells.size - 1) - best.shape.extra
    return max(0.0, 2 * float(xlogy(summed[:, 0], summed[:, 0] / summed[:, 1]).sum())), free


def leads(cells: Cells, shape: Shape, parameters: Array) -> Array:
    """(m,) eta by cell."""
    eta: Array = parameters[cells.model_a] - parameters[cells.model_b]
    return eta + parameters[cells.size] * cells.first if shape.ordered else eta


def assembled(cells: Cells, shape: Shape, of_value: Array, of_tied: Array, mixed: Array) -> Array:
    """(P, P) sum over cells of J' V J, with V (2, 2) a cell's (co)variances of value and tie, and J the derivatives
    of (eta, log nu): information from variances, summed squared scores from squared residuals.
    """
    size, a, b = cells.size, cells.model_a, cells.model_b
    both = np.bincount(a * size + b, of_value, size * size).reshape(size, size)
    both += both.T
    strengths = np.diag(both.sum(axis=1)) - both
    columns, corner = [], np.zeros((2, 2))
    for chosen, column in ((shape.ordered, cells.first * of_value), (shape.tied, mixed)):
        if chosen:
            columns.append(np.bincount(a, column, size) - np.bincount(b, column, size))
    corner[0] = (cells.first * cells.first * of_value).sum(), (cells.first * mixed).sum()
    corner[1] = corner[0, 1], of_tied.sum()
    if not columns:
        return strengths
    side = np.stack(columns)
    kept = [shape.ordered, shape.tied]
    return np.block([[strengths, side.T], [side, corner[np.ix_(kept, kept)]]])


def _chances(eta: Array, nu: float) -> Chances:
    a, b = np.exp(eta / 2), np.exp(-eta / 2)
    total = a + b + nu
    a, b, tied = a / total, b / total, nu / total
    return Chances(
        value=a + tied / 2,
        tied=tied,
        of_value=(a + b - (a - b) ** 2) / 4,
        of_tied=tied * (1 - tied),
        mixed=tied * (b - a) / 2,
    )


def _gradient(cells: Cells, shape: Shape, at: Chances) -> Array:
    number = cells.counts.sum(axis=1)
    value = cells.counts @ VALUE - number * at.value
    tied = cells.counts @ TIED - number * at.tied
    strengths = np.bincount(cells.model_a, value, cells.size) - np.bincount(cells.model_b, value, cells.size)
    extra = np.array([(cells.first * value).sum(), tied.sum()])[[shape.ordered, shape.tied]]
    return np.concatenate([strengths, extra])


def _inverse_information(cells: Cells, shape: Shape, at: Chances) -> Array | None:
    number = cells.counts.sum(axis=1)
    information = assembled(cells, shape, number * at.of_value, number * at.of_tied, number * at.mixed)
    constant = np.zeros_like(information)
    constant[: cells.size, : cells.size] = 1 / cells.size
    try:
        inverse: Array = np.linalg.inv(information + constant) - constant
    except np.linalg.LinAlgError:
        return None
    return inverse
