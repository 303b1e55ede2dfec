"""The methods paragraph and the checklist every report ends with."""

from __future__ import annotations

import numpy as np

from app.reports import numbers
from app.reports.inference import CORRECTIONS
from app.reports.reading import Reading, saw_images
from app.reports.report import Losses, Methods, PositionLine
from app.reports.sheet import JudgeFacts, Sheet
from app.stats.intervals import REPLICATES, IntervalKind, cluster_sizes

ELSEWHERE = dict.fromkeys(
    ("judge sampling", "blinding", "final answers", "reference answers", "images seen"),
    "for the author to say: verdicts were made elsewhere",
)
INTERVALS = {
    IntervalKind.ROBUST: (
        "rates: Wilson with an effective sample size from the leave-one-cluster-out jackknife and the t quantile on "
        "the effective number of clusters less one"
    ),
    IntervalKind.MODEL: "rates: Wilson with the t quantile, pairs taken as independent",
    IntervalKind.BOOTSTRAP: f"rates and strengths: percentiles of {REPLICATES:,} bootstrap draws of clusters",
}


def methods(reading: Reading, lost: Losses, positions: list[PositionLine]) -> Methods:
    """How the numbers were made, for a paper and for its reviewer."""
    checklist = _checklist(reading, lost, positions)
    return Methods(_paragraph(reading, lost), [{"item": item, "value": value} for item, value in checklist.items()])


def _paragraph(reading: Reading, lost: Losses) -> str:
    sheet, policy = reading.sheet, reading.policy.name
    return " ".join(
        (
            f"{_pairs(sheet)} of {len(sheet.models)} models were judged {_orders(sheet)} by {_judges(sheet)}.",
            _blinding(sheet),
            f"The primary axis is {sheet.primary_axis}, the policy {policy}",
            f"({reading.counting(sheet.primary_axis)});",
            f"the axis was fixed at {_moment(sheet)}, the policy {'afterwards' if reading.post_hoc else 'too'}.",
            f"{numbers.level_percent(reading.confidence.level)} intervals of {INTERVALS[reading.confidence.kind]};",
            "they cover items, not the choice of judge.",
            f"{_missing(lost).capitalize()}; bounds give all missing pairs to one side and to the other.",
            "The headline comparison stands alone; p-values of all other comparisons are adjusted as one family",
            f"by the method of {CORRECTIONS[reading.parameters.correction][0]}.",
        )
    )


def _checklist(reading: Reading, lost: Losses, positions: list[PositionLine]) -> dict[str, str]:
    sheet = reading.sheet
    primary = [line for line in positions if line.axis == sheet.primary_axis]
    asked = ELSEWHERE if sheet.imported else _asked(sheet)
    return {
        "items and sampling": f"{_pairs(sheet)}; how the items were drawn is for the author to say",
        "generation settings": "for the author to say: traces were submitted finished",
        "judges": _judges(sheet),
        "orders": _orders(sheet),
        "policy": f"{reading.policy.name}, {'chosen afterwards' if reading.post_hoc else f'fixed at {_moment(sheet)}'}",
        "primary axis": f"{sheet.primary_axis}, fixed at {_moment(sheet)}",
        **asked,
        "people": _people(sheet),
        "losses": _missing(lost),
        "agreement of orders": "; ".join(f"{line.judge}: {numbers.share(line.consistency)}" for line in primary),
    }


def _asked(sheet: Sheet) -> dict[str, str]:
    """How the judges were asked."""
    return {
        "judge sampling": "; ".join(f"{judge.name}: {_sampling(judge)}" for judge in sheet.judges),
        "blinding": f"model names withheld; found in traces of {int(sheet.leaks.sum())} of {len(sheet.leaks)} pairs",
        "final answers": _shown(sheet.judges_saw_answers),
        "reference answers": _shown(sheet.judges_saw_reference),
        "images seen": "; ".join(f"{judge.name}: {_images(judge)}" for judge in sheet.judges),
    }


def _blinding(sheet: Sheet) -> str:
    if sheet.imported:
        return "The verdicts were made elsewhere and imported; how the judges were asked is for the author to say."
    return "The judge never saw a model's name." if len(sheet.judges) == 1 else "No judge ever saw a model's name."


def _moment(sheet: Sheet) -> str:
    return "import" if sheet.imported else "submit"


def _people(sheet: Sheet) -> str:
    """How many labels by how many people."""
    labels = sheet.labels.get(sheet.primary_axis)
    if labels is None or not len(labels.pair):
        return "no labels"
    pairs, drawn = len(np.unique(labels.pair)), "drawn at random" if labels.random.all() else "not all drawn at random"
    told = f"{numbers.whole(len(labels.pair))} labels by {numbers.whole(len(sheet.labellers))}"
    undecided = int(np.isnan(labels.score).sum())
    unsure = f", {numbers.whole(undecided)} of them undecided" * (undecided > 0)
    return f"{told} people on {numbers.whole(pairs)} pairs, {drawn}{unsure}"


def _pairs(sheet: Sheet) -> str:
    clusters = len(cluster_sizes(sheet.cluster))
    return f"{numbers.whole(len(sheet.cluster))} pairs in {numbers.whole(clusters)} clusters"


def _orders(sheet: Sheet) -> str:
    if sheet.imported and not any(of.picks.any() for of in sheet.picks.values()):
        return "as final stances of unknown order"
    if len(sheet.orders) > 1 and all(judge.single_order for judge in sheet.judges):
        return "in one order each, not the same one for all"
    shown = "in both orders (AB and BA)" if len(sheet.orders) > 1 else f"in one order ({sheet.orders[0].name})"
    times = "once" if sheet.repeats == 1 else f"{sheet.repeats} times"
    return f"{shown}, {times} in each" if len(sheet.orders) > 1 else f"{shown}, {times}"


def _judges(sheet: Sheet) -> str:
    return ", ".join(f"{judge.name} ({judge.served_model}, by {judge.method})" for judge in sheet.judges)


def _sampling(judge: JudgeFacts) -> str:
    return ", ".join(f"{name} {value}" for name, value in sorted(judge.sampling.items())) or "the endpoint's own"


def _shown(seen: bool) -> str:
    return "shown to the judge" if seen else "not shown"


def _images(judge: JudgeFacts) -> str:
    return f"{numbers.whole(judge.images_sent)} sent" if saw_images(judge) else "none"


def _missing(lost: Losses) -> str:
    told = ", ".join(f"{numbers.whole(count)} {kind}" for kind, count in lost.missing_pairs.items())
    return f"missing pairs: {told}"
