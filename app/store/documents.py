"""Frozen documents inside jobs and judges (JSONB), to and from domain values."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from app.domain.judge import Judge, Method
from app.domain.order import Order
from app.domain.plan import JobSpec
from app.domain.rubric import Axis, Rubric
from app.domain.verdict import Policy, PolicyName

Document = Mapping[str, Any]


def rubric_document(rubric: Rubric) -> dict[str, Any]:
    return asdict(rubric)


def rubric_from(document: Document) -> Rubric:
    return Rubric(**{**document, "axes": tuple(Axis(**axis) for axis in document["axes"])})


def judge_document(judge: Judge) -> dict[str, Any]:
    return asdict(judge)


def judge_from(document: Document) -> Judge:
    return Judge(**{**document, "urls": tuple(document["urls"]), "method": Method(document["method"])})


def spec_document(spec: JobSpec) -> dict[str, Any]:
    return {**asdict(spec), "orders": [order.name for order in spec.orders]}


def spec_from(document: Document) -> JobSpec:
    policy = document["policy"]
    return JobSpec(
        **{
            **document,
            "axes": tuple(document["axes"]),
            "policy": Policy(**{**policy, "name": PolicyName(policy["name"])}),
            "orders": tuple(Order[name] for name in document["orders"]),
        }
    )
