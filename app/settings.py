"""Every setting, in one place, read from the environment with the prefix TRACEJUDGE_. Built only in bootstrap
and by the embedded supervisor.
"""

from __future__ import annotations

import os
from pathlib import Path

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

MEBIBYTE = 1 << 20


class Settings(BaseSettings):
    """All knobs. Times in seconds, sizes in bytes."""

    model_config = SettingsConfigDict(env_prefix="TRACEJUDGE_", frozen=True, extra="ignore")

    # Where things are. Without the two URLs the embedded stack provides them.
    database_url: SecretStr | None = Field(None, description="postgresql://user:password@host:port/name")
    broker_url: SecretStr | None = Field(None, description="redis://:password@host:port/0")
    home: Path = Field(Path(".tracejudge"), description="data directory of the embedded stack")
    url: str | None = Field(None, description="where the command line finds the API")
    api_key: SecretStr | None = Field(None, description="the key the command line uses")
    secret_key: SecretStr | None = Field(None, description="encrypts judge secrets; a Fernet key (44 characters)")

    # Who may be called.
    judge_hosts: str = Field("", description="host or host:port, comma separated; * allows any")
    image_hosts: str = Field(
        "*", description="hosts images may be fetched from; * is any public address, a host named here may be private"
    )

    # The API.
    host: str = "127.0.0.1"
    port: int = 8080
    allowed_hosts: str = Field("*", description="values of the Host header, comma separated")
    max_body_bytes: int = 64 * MEBIBYTE
    max_upload_bytes: int = 8 * 1024 * MEBIBYTE
    max_line_bytes: int = 16 * MEBIBYTE
    max_inline_pairs: int = 1_000
    max_trace_characters: int = 400_000
    max_image_bytes: int = 20 * MEBIBYTE
    max_image_pixels: int = 20_000_000
    upload_ttl: float = 3_600.0

    # The job protocol.
    shard_units: int = Field(256, description="units in a shard, about")
    lease_seconds: float = 30.0
    slice_seconds: float = 5.0
    flush_rows: int = 256
    flush_seconds: float = 0.25
    sweep_seconds: float = 5.0
    poll_seconds: float = 1.0
    drain_seconds: float = 20.0
    canary_seconds: float = 60.0
    overlapping_slices: int = Field(4, description="slices of several shards on one worker's loop")

    # Memory of one worker.
    max_in_flight: int = 256
    max_in_flight_bytes: int = 256 * MEBIBYTE
    database_connections: int = 10

    # Images fetched from URLs.
    image_fetch_seconds: float = 10.0
    image_max_redirects: int = 3


def secret_in(variable: str) -> str:
    """The content of an environment variable the user names (a judge's key); empty when it is not set."""
    return os.environ.get(variable, "")
