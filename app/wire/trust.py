"""A judge's trust card: what the reports of the jobs it judged last say of it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Self

from pydantic import Field

from app.services.trust import JobTrust, Trust
from app.wire.comparison import CoefficientOut, ShareOut
from app.wire.shape import Output, example

_SHARE: dict[str, Any] = {"estimate": 0.91, "low": 0.88, "high": 0.93, "n": 500}


class TrustCheckOut(Output):
    """A check in words; `ok` is null where it does not apply or tells nothing."""

    name: str
    ok: bool | None
    text: str


class PeopleOut(Output):
    """How often the judge says what a single person said of the same pair; n counts labels."""

    axis: str
    with_ties: ShareOut
    without_ties: ShareOut
    kappa: CoefficientOut | None


class JobTrustOut(Output):
    """What one job's report says. `ready` is false while it is being computed: ask again.

    `first_share`: picks for the first position among those for either. `consistency`: pairs whose two orders agree.
    `excess`: flips by order beyond the judge's own noise, where pairs were asked repeatedly.
    """

    id: str
    name: str
    status: str
    finished_at: datetime | None
    ready: bool
    axis: str | None
    first_share: ShareOut | None
    consistency: ShareOut | None
    excess: ShareOut | None
    people: list[PeopleOut]
    checks: list[TrustCheckOut]
    problem: str | None = Field(description="why there is nothing to tell, where there is not")

    @classmethod
    def of(cls, told: JobTrust) -> Self:
        return cls(
            id=told.job.id,
            name=told.job.name,
            status=told.job.status,
            finished_at=told.job.finished_at,
            ready=told.ready,
            axis=told.axis,
            first_share=_share(told.first_share),
            consistency=_share(told.consistency),
            excess=_share(told.excess),
            people=[PeopleOut.model_validate(line) for line in told.people],
            checks=[TrustCheckOut.model_validate(check) for check in told.checks],
            problem=told.problem,
        )


class TrustOut(Output):
    """A judge's record: small calls that tried it, and the newest jobs that are over, up to five, newest first."""

    model_config = example({
        "judge": "qwen-72b", "canaries": 3, "canary_at": "2026-01-31T09:00:00Z",
        "jobs": [{
            "id": "0b8f3a52-6f0e-4a3c-9a44-0d8f6c1f2f10", "name": "tuned against base", "status": "completed",
            "finished_at": "2026-01-31T10:00:00Z", "ready": True, "axis": "overall", "first_share": _SHARE,
            "consistency": _SHARE, "excess": None, "people": [],
            "checks": [{"name": "orders", "ok": True, "text": "orders agree in 455 of 500 pairs: ..."}],
            "problem": None,
        }],
        "being_computed": [],
    })  # fmt: skip

    judge: str
    canaries: int = Field(description="small calls that decided whether it may be used")
    canary_at: datetime | None = Field(description="when the last of them ended")
    jobs: list[JobTrustOut]
    being_computed: list[str] = Field(description="names of those jobs whose report is not there yet")

    @classmethod
    def of(cls, trust: Trust) -> Self:
        return cls(
            judge=trust.judge,
            canaries=trust.canaries.count,
            canary_at=trust.canaries.last_at,
            jobs=[JobTrustOut.of(told) for told in trust.jobs],
            being_computed=[told.job.name for told in trust.jobs if not told.ready],
        )


def _share(value: Any) -> ShareOut | None:
    return None if value is None else ShareOut.model_validate(value)
