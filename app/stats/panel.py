"""How many independent judges a panel is worth, from the correlation of its judges' errors (docs/statistics.md, 16).

Source: Kish (1965), Survey Sampling, for the design effect 1 + (k - 1) rho, here of k judges of one pair.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from app.stats.correlation import Correlations, correlations

Array = npt.NDArray[Any]


@dataclass(frozen=True, slots=True)
class PanelSize:
    """`effective` = k / (1 + (k - 1) mean error correlation) of k `judges`; None, with a warning, where the errors
    of a judge do not vary. `n`: the fewest pairs behind any of the correlations.
    """

    judges: int
    n: int
    effective: float | None
    mean_correlation: float | None
    errors: Correlations
    warnings: tuple[str, ...] = ()


def effective_panel_size(errors: Array) -> PanelSize:
    """Effective size of a panel from `errors`, bool or float (n, judges): 1 where the judge is wrong by a gold label,
    0 where it is right, NaN where it said nothing. A mean correlation below 0 counts as 0: no panel is worth more
    than its judges.
    """
    judges = errors.shape[1]
    found = correlations(errors)
    n = min((count for row in found.n for count in row), default=0)
    rho = found.mean
    if judges == 1 and n:
        return PanelSize(1, n, 1.0, None, found)
    if rho is None:
        return PanelSize(judges, n, None, None, found, (_why_unknown(errors, n),))
    warnings = ("errors correlate below 0: the panel counts as independent",) if rho < 0 else ()
    return PanelSize(judges, n, judges / (1 + (judges - 1) * max(rho, 0.0)), rho, found, warnings)


def _why_unknown(errors: Array, n: int) -> str:
    if n < 1:
        return "no gold label that every two judges have answered"
    constant = [
        str(place + 1) for place, column in enumerate(errors.T.astype(float)) if np.nanmin(column) == np.nanmax(column)
    ]
    if constant:
        return f"judge {', '.join(constant)} of the panel made no errors, or only errors"
    return "two judges have too few gold labels in common"
