"""Sheets with people's labels."""

from __future__ import annotations

import numpy as np

from app.reports.sheet import Labels, Sheet
from tests.unit.reports.a_sheet import a_sheet, picks_of


def some_labels(scores, pairs=None, labellers=None, *, random=True, probability=None) -> Labels:
    scores = np.array(scores, float)
    n = len(scores)
    return Labels(
        pair=np.arange(n) if pairs is None else np.array(pairs),
        labeller=np.zeros(n, np.int64) if labellers is None else np.array(labellers),
        score=scores,
        random=np.full(n, random),
        probability=np.full(n, np.nan if probability is None else probability),
    )


def labelled(meanings: str, scores, **changes) -> Sheet:
    """One judge, and people's labels on the first pairs."""
    labels = {"overall": some_labels(scores, **changes)}
    return a_sheet(picks_of(meanings), labels=labels, labellers=("ann", "ben"))
