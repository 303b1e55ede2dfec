"""New jobs, judges and report parameters: from JSON to the domain."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import ValidationError

from app.domain.errors import Problem
from app.domain.job import Job, JobStatus, Progress, Spent
from app.domain.judge import Judge, Method
from app.domain.order import Order
from app.domain.verdict import Policy, PolicyName
from app.wire.jobs import JobOut, NewJobIn, RetryIn
from app.wire.judges import JudgeIn
from app.wire.problems import problems_of
from app.wire.reports import ParametersIn

INLINE = {"name": "q", "url": "http://gpu:8000/v1", "served_model": "Qwen"}


def problems(model: Any, value: Any) -> tuple[Problem, ...]:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(value)
    return problems_of(caught.value.errors())


def test_a_new_job_with_little_said_has_careful_defaults():
    job = NewJobIn.model_validate({"judges": ["q"]}).to_domain()
    assert job.judges == ("q",)
    assert job.orders == (Order.AB, Order.BA)
    assert job.policy == Policy(PolicyName.HALF, 0.0, 1)
    assert (job.repeats, job.seed, job.axes, job.webhook_url) == (1, 0, None, None)


def test_a_new_job_carries_everything_to_the_domain():
    job = NewJobIn.model_validate(
        {
            "name": "n",
            "judges": ["stored", {**INLINE, "api_key": "sk-1", "method": "logprobs", "sampling": {"temperature": 0}}],
            "rubric": "r",
            "primary_axis": "overall",
            "axes": ["overall", "grounding"],
            "policy": {"name": "debias", "epsilon": 0.5, "quorum": 2},
            "orders": ["BA"],
            "repeats": 3,
            "seed": 7,
            "budget": {"max_calls": 10},
            "metadata": {"git": "abc", "n": [1, None]},
            "webhook_url": "https://x/hook",
        }
    ).to_domain()
    judge = Judge("q", ("http://gpu:8000/v1",), "Qwen", Method.LOGPROBS, {"temperature": 0})
    assert job.judges == ("stored", (judge, "sk-1"))
    assert job.policy == Policy(PolicyName.DEBIAS, 0.5, 2)
    assert job.orders == (Order.BA,)
    assert job.axes == ("overall", "grounding")
    assert job.budget == {"max_calls": 10}
    assert job.metadata == {"git": "abc", "n": [1, None]}
    assert (job.rubric, job.repeats, job.seed, job.webhook_url) == ("r", 3, 7, "https://x/hook")


def test_a_policy_may_be_said_in_one_word():
    assert NewJobIn.model_validate({"judges": ["q"], "policy": "drop"}).policy.name is PolicyName.DROP


@pytest.mark.parametrize(
    ("changes", "field", "reason"),
    [
        ({"judges": []}, "judges", "at least 1"),
        ({"judges": [5]}, "judges.0", "valid dictionary"),
        ({"judges": [{**INLINE, "secret": 1}]}, "judges.0.secret", "unknown field"),
        ({"judges": [{**INLINE, "url": "ftp://x"}]}, "judges.0.url", "form"),
        ({"judges": [{**INLINE, "url": "http://user:pw@x/v1"}]}, "judges.0.url", "form"),
        ({"judges": [{**INLINE, "urls": ["http://y"]}]}, "judges.0", "either url or urls"),
        ({"tenant_id": 1}, "tenant_id", "unknown field"),
        ({"policy": "coin"}, "policy.name", "should be"),
        ({"orders": ["AB", "AB"]}, "orders", "twice"),
        ({"orders": []}, "orders", "at least 1"),
        ({"seed": -1}, "seed", "greater than"),
        ({"seed": 2**63}, "seed", "less than"),
        ({"repeats": 0}, "repeats", "greater than"),
        ({"repeats": "3"}, "repeats", "valid integer"),
        ({"budget": {"max_calls": -1}}, "budget.max_calls", "greater than"),
        ({"pairs": [{}]}, "pairs.0.item", "is missing"),
    ],
)
def test_a_bad_job_is_refused_by_field(changes: dict[str, Any], field: str, reason: str):
    found = problems(NewJobIn, {"judges": ["q"]} | changes)
    assert found[0].field == field
    assert reason in found[0].reason


def test_a_judges_key_never_shows():
    judge = JudgeIn.model_validate({**INLINE, "api_key": "sk-canary"})
    assert judge.secret == "sk-canary"
    assert "sk-canary" not in repr(judge) + judge.model_dump_json()


def test_replicas_become_the_judges_urls():
    judge = JudgeIn.model_validate({"name": "q", "served_model": "m", "urls": ["http://a/v1", "http://b/v1"]})
    assert judge.to_domain().urls == ("http://a/v1", "http://b/v1")


def test_retry_asks_for_failed_units_unless_told_otherwise():
    assert RetryIn().what == {"failed"}
    assert RetryIn.model_validate({"what": ["abstained"]}).what == {"abstained"}
    assert problems(RetryIn, {"what": ["all"]})


def test_report_parameters_are_checked_and_mapped():
    found = ParametersIn.model_validate({"policy": "drop", "judges": ["a"], "level": 0.9, "anchor": "m"}).to_domain()
    assert (found.policy, found.judges, found.level, found.anchor) == ("drop", ("a",), 0.9, "m")
    assert ParametersIn().to_domain().policy is None
    assert problems(ParametersIn, {"level": 1.0})[0].field == "level"
    assert problems(ParametersIn, {"ties": "rao"})[0].field == "ties"
    assert problems(ParametersIn, {"colour": "red"})[0].reason == "unknown field"


def test_a_job_looks_the_same_after_its_journey_as_json():
    job = Job(
        id="0", name="n", status=JobStatus.RUNNING, status_reason=None, judges=("q",), rubric="r", rubric_version=1,
        axes=("overall",), primary_axis="overall", policy=Policy(), orders=(Order.AB, Order.BA), repeats=1, seed=0,
        progress=Progress(1, 2, 1, 0, 0, 0, 1), usage=Spent(1, 2, 3, 4), fenced_writes=0, eta_seconds=1.5,
        warnings=("w",), metadata={"k": 1}, created_at=datetime(2026, 1, 1, tzinfo=UTC), started_at=None,
        finished_at=None,
    )  # fmt: skip
    sent = JobOut.of(job)
    assert sent.orders == ["AB", "BA"]
    assert (sent.progress.units, sent.usage.cached_tokens, sent.policy.name) == (2, 4, PolicyName.HALF)
    assert JobOut.model_validate_json(sent.model_dump_json()) == sent
