"""Domain values as the JSON documents kept in JSONB columns, and back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from app.domain.judge import Judge, Method
from app.domain.order import Order
from app.domain.plan import Spec
from app.domain.rubric import Axis, Rubric
from app.domain.verdict import Policy, PolicyName

Document = Mapping[str, Any]


def document_of(value: Rubric | Judge | Spec) -> dict[str, Any]:
    """Every field under its own name; enums become their plain values when they are written as JSON."""
    return asdict(value)


def rubric_of(document: Document) -> Rubric:
    return Rubric(**{**document, "axes": tuple(Axis(**axis) for axis in document["axes"])})


def judge_of(document: Document) -> Judge:
    return Judge(**{**document, "urls": tuple(document["urls"]), "method": Method(document["method"])})


def spec_of(document: Document) -> Spec:
    policy = document["policy"]
    return Spec(
        **{
            **document,
            "axes": tuple(document["axes"]),
            "policy": Policy(**{**policy, "name": PolicyName(policy["name"])}),
            "orders": tuple(Order(order) for order in document["orders"]),
        }
    )
