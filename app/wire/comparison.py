"""Two judges of one job, or two jobs on the pairs they share, as users ask for it and see it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import Field

from app.domain.verdict import Verdict
from app.reports.comparison import VERDICTS, Comparison, RatePair
from app.reports.shares import share
from app.services.comparison import Apart, Asked, Compared, Reader
from app.stats.agreement import Agreement
from app.stats.difference import Difference
from app.wire.pages import PageIn, PageOut
from app.wire.results import VerdictName
from app.wire.shape import Label, Output, example

VerdictChoice = Literal["MISSING", "A", "B", "TIE", "INCONSISTENT", "UNDECIDED"]


class ComparisonIn(PageIn):
    """What is compared, and which page of the pairs they are apart on."""

    first: Label | None = Field(None, description="a judge of this job; with `other` its panel's verdict when absent")
    second: Label | None = Field(None, description="another judge; with `other` a judge of that job, or its panel")
    other: UUID | None = Field(None, description="another job, on the pairs that both have")
    axis: Label | None = Field(None, description="instead of the job's primary axis")
    level: Annotated[float, Field(gt=0.5, lt=1)] = 0.95
    first_verdict: VerdictChoice | None = Field(None, description="list the pairs of this cell of `table` instead")
    second_verdict: VerdictChoice | None = None

    def to_domain(self) -> Asked:
        other = None if self.other is None else str(self.other)
        return Asked(self.first, self.second, other, self.axis, self.level)

    @property
    def cell(self) -> tuple[Verdict | None, Verdict | None]:
        """The cell of the table that is listed; (None, None) = where they vote differently."""
        one, two = (None if name is None else Verdict[name] for name in (self.first_verdict, self.second_verdict))
        return one, two


class ReaderOut(Output):
    """One of the two: a judge of a job, or its panel, where `judge` is null; and the policy it counts by."""

    job: str
    job_name: str
    judge: str | None
    policy: str


class ShareOut(Output):
    """A share of n with its interval; null where n is 0."""

    estimate: float | None
    low: float | None
    high: float | None
    n: int


class CoefficientOut(Output):
    """A coefficient in [-1, 1] with its interval."""

    estimate: float
    low: float | None
    high: float | None


class AgreementOut(Output):
    """How often they vote alike; an inconsistent verdict votes for a tie. `without_ties`: pairs where neither does."""

    with_ties: ShareOut
    without_ties: ShareOut
    kappa: CoefficientOut | None
    notes: list[str]


class CompareRateOut(Output):
    """A win rate over the joined pairs, as in a report."""

    estimate: float | None
    low: float | None
    high: float | None
    level: float
    method: str
    n_pairs: int
    n_decided: int
    n_clusters: int
    wins: int
    losses: int
    ties: int
    inconsistent: int
    undecided: int
    missing: int


class PairedDifferenceOut(Output):
    """First minus second, in [-1, 1]; the interval leaves out one cluster from both rates at a time."""

    estimate: float | None
    low: float | None
    high: float | None
    level: float
    n_clusters: int
    n_shared: int
    notes: list[str]


class RatePairOut(Output):
    """Both win rates of `model_a` against `model_b`."""

    model_a: str
    model_b: str
    first: CompareRateOut
    second: CompareRateOut
    difference: PairedDifferenceOut


class CountsOut(Output):
    """joined = agree + differ + silent; silent = one of the two has no verdict. `swapped`: joined pairs whose sides
    are the other way round in the other job.
    """

    joined: int
    only_first: int
    only_second: int
    swapped: int
    agree: int
    differ: int
    silent: int


class ApartOut(Output):
    """A pair with both verdicts, which go by the first's sides: `model_a` and `model_b` there."""

    seq: int
    other_seq: int
    swapped: bool
    item: str
    tags: dict[str, str]
    model_a: str
    model_b: str
    first: VerdictName
    second: VerdictName

    @classmethod
    def of(cls, apart: Apart) -> Self:
        pair = apart.pair
        return cls(
            seq=apart.seq,
            other_seq=apart.other_seq,
            swapped=apart.swapped,
            item=pair.item,
            tags=dict(pair.tags),
            model_a=pair.a.model,
            model_b=pair.b.model,
            first=apart.first.name,
            second=apart.second.name,
        )


_SHARE = {"estimate": 0.91, "low": 0.88, "high": 0.93, "n": 500}
_RATE = {
    "estimate": 0.62, "low": 0.58, "high": 0.66, "level": 0.95, "method": "cluster-robust", "n_pairs": 500,
    "n_decided": 500,
    "n_clusters": 120, "wins": 290, "losses": 170, "ties": 20, "inconsistent": 20, "undecided": 0, "missing": 0,
}  # fmt: skip
_EXAMPLE: dict[str, Any] = {
    "first": {"job": "0b8f3a52-6f0e-4a3c-9a44-0d8f6c1f2f10", "job_name": "tuned", "judge": "q", "policy": "half"},
    "second": {"job": "0b8f3a52-6f0e-4a3c-9a44-0d8f6c1f2f10", "job_name": "tuned", "judge": "r", "policy": "half"},
    "axis": "overall",
    "level": 0.95,
    "counts": {
        "joined": 500, "only_first": 0, "only_second": 0, "swapped": 0, "agree": 455, "differ": 45, "silent": 0,
    },
    "verdicts": [verdict.name for verdict in VERDICTS],
    "table": [[280, 10, 0, 0, 0, 0], [20, 150, 0, 0, 0, 0], [5, 5, 10, 0, 0, 0], [5, 0, 0, 15, 0, 0], [0] * 6, [0] * 6],
    "agreement": {
        "with_ties": _SHARE, "without_ties": _SHARE, "kappa": {"estimate": 0.8, "low": 0.7, "high": 0.9}, "notes": [],
    },
    "rates": [{
        "model_a": "tuned", "model_b": "base", "first": _RATE, "second": _RATE,
        "difference": {"estimate": 0.01, "low": -0.01, "high": 0.03, "level": 0.95, "n_clusters": 120,
                       "n_shared": 120, "notes": []},
    }],
    "warnings": [],
    "pairs": {
        "items": [{
            "seq": 3, "other_seq": 3, "swapped": False, "item": "q17", "tags": {"modality": "radiology"},
            "model_a": "tuned", "model_b": "base", "first": "A", "second": "B",
        }],
        "next": None,
    },
}  # fmt: skip


class ComparisonOut(Output):
    """Two that judged the same pairs. `table[i][j]`: pairs on which the first says `verdicts[i]` and the second
    `verdicts[j]`. Rates stand for every two models that meet, most pairs first, up to 20.
    """

    model_config = example(_EXAMPLE)

    first: ReaderOut
    second: ReaderOut
    axis: str
    level: float
    counts: CountsOut
    verdicts: list[VerdictName]
    table: list[list[int]]
    agreement: AgreementOut
    rates: list[RatePairOut]
    warnings: list[str]
    pairs: PageOut[ApartOut]

    @classmethod
    def of(cls, compared: Compared, apart: Sequence[Apart], following: str | None) -> Self:
        found = compared.found
        return cls(
            first=_reader(compared.first),
            second=_reader(compared.second),
            axis=compared.axis,
            level=compared.level,
            counts=_counts(compared, found),
            verdicts=[verdict.name for verdict in VERDICTS],
            table=found.table,
            agreement=_agreement(found.with_ties, found.without_ties),
            rates=[_rates(pair) for pair in found.rates],
            warnings=list(compared.warnings),
            pairs=PageOut(items=[ApartOut.of(one) for one in apart], next=following),
        )


def _reader(reader: Reader) -> ReaderOut:
    return ReaderOut.model_validate(reader)


def _counts(compared: Compared, found: Comparison) -> CountsOut:
    return CountsOut(
        joined=found.pairs,
        only_first=compared.only_first,
        only_second=compared.only_second,
        swapped=found.swapped,
        agree=found.agree,
        differ=found.differ,
        silent=found.silent,
    )


def _agreement(with_ties: Agreement, without_ties: Agreement) -> AgreementOut:
    kappa = with_ties.kappa
    return AgreementOut(
        with_ties=ShareOut.model_validate(share(with_ties.share)),
        without_ties=ShareOut.model_validate(share(without_ties.share)),
        kappa=None if kappa is None else CoefficientOut(
            estimate=kappa, low=with_ties.kappa_low, high=with_ties.kappa_high
        ),
        notes=list(with_ties.warnings),
    )  # fmt: skip


def _rates(pair: RatePair) -> RatePairOut:
    return RatePairOut(
        model_a=pair.model_a,
        model_b=pair.model_b,
        first=CompareRateOut.model_validate(pair.first),
        second=CompareRateOut.model_validate(pair.second),
        difference=_difference(pair.difference),
    )


def _difference(found: Difference) -> PairedDifferenceOut:
    return PairedDifferenceOut(
        estimate=found.estimate,
        low=found.low,
        high=found.high,
        level=found.level,
        n_clusters=found.n_clusters,
        n_shared=found.n_shared,
        notes=list(found.warnings),
    )
