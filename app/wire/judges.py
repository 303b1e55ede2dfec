"""Judges as users write and see them. A judge's own key goes in and never comes out."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Self

from pydantic import Field, SecretStr, StringConstraints, model_validator

from app.domain.judge import Judge, JudgeStatus, Method
from app.wire.shape import Input, JsonObject, Label, Name, Output, example

# No user, query or fragment: a secret in an address would end up in logs.
BaseUrl = Annotated[str, StringConstraints(max_length=2_048, pattern=r"^https?://[^\s\x00/?#@]+(/[^\s\x00?#]*)?$")]


class JudgeIn(Input):
    """An endpoint (or several replicas of it), the model it serves, and how that model is asked."""

    model_config = example(
        {"name": "qwen-72b", "url": "http://gpu-1:8000/v1", "served_model": "Qwen2.5-VL-72B-Instruct"}
    )

    name: Name
    url: BaseUrl | None = Field(None, description="base URL, ending before /chat/completions")
    urls: Annotated[list[BaseUrl], Field(max_length=64)] = Field([], description="replicas, instead of url")
    served_model: Label
    method: Method = Field(Method.JSON, description="how a verdict is taken from a reply")
    sampling: JsonObject = Field({}, description="passed on as it is: temperature, top_p, max_tokens, seed")
    sees_images: bool = True
    max_in_flight: Annotated[int, Field(strict=True, ge=1, le=4_096)] = 64
    timeout: Annotated[float, Field(gt=0, le=3_600)] = Field(120.0, description="seconds for a whole call")
    family: Label | None = Field(None, description="who trained it, to warn of self-preference")
    api_key: SecretStr | None = Field(None, description="sent to the endpoint only; stored encrypted")

    @model_validator(mode="after")
    def _some_address(self) -> Self:
        if (self.url is None) == (not self.urls):
            raise ValueError("give either url or urls")
        return self

    def to_domain(self) -> Judge:
        return Judge(
            name=self.name,
            urls=(self.url,) if self.url is not None else tuple(self.urls),
            served_model=self.served_model,
            method=self.method,
            sampling=self.sampling,
            sees_images=self.sees_images,
            max_in_flight=self.max_in_flight,
            timeout=self.timeout,
            family=self.family,
        )

    @property
    def secret(self) -> str | None:
        """The endpoint's key, in the clear: hand it straight to the vault."""
        return self.api_key.get_secret_value() if self.api_key is not None else None


class CapabilityOut(Output):
    """What an endpoint can do, as the last probe found it; null = not found out.

    `logprob_kind`: whether log-probabilities are reported before or after a grammar mask.
    """

    model_config = example({
        "reachable": True,
        "reason": "",
        "listed": True,
        "served_model": "Qwen2.5-VL-72B-Instruct",
        "json_schema": True,
        "log_probabilities": True,
        "logprob_kind": "unmasked",
        "sees_images": True,
        "latency_ms": 212.4,
    })  # fmt: skip

    reachable: bool | None = None
    reason: str = Field("", description="why not, where it is not reachable")
    listed: bool | None = Field(None, description="among the models the endpoint lists")
    served_model: str | None = Field(None, description="what the endpoint says it served")
    json_schema: bool | None = None
    log_probabilities: bool | None = None
    logprob_kind: str | None = None
    sees_images: bool | None = None
    latency_ms: float | None = Field(None, description="of the first small call")


class JudgeOut(Output):
    """A stored judge and whether it may be called."""

    model_config = example(
        {
            "name": "qwen-72b",
            "urls": ["http://gpu-1:8000/v1"],
            "served_model": "Qwen2.5-VL-72B-Instruct",
            "method": "json",
            "sampling": {"temperature": 0},
            "sees_images": True,
            "max_in_flight": 64,
            "timeout": 120.0,
            "family": None,
            "api_key": "set",
            "status": "ready",
            "status_reason": None,
            "capability": None,
            "created_at": "2026-01-31T09:00:00Z",
        }
    )

    name: str
    urls: list[str]
    served_model: str
    method: Method
    sampling: JsonObject
    sees_images: bool
    max_in_flight: int
    timeout: float
    family: str | None
    api_key: str | None = Field(description='"set" when a key is stored')
    status: JudgeStatus
    status_reason: str | None
    capability: CapabilityOut | None
    created_at: datetime
