"""`python -m tests.golden.openapi` rewrites openapi.json beside it, after a change of the API that is meant."""

from __future__ import annotations

import json
from pathlib import Path

from app.api.app import create
from app.settings import Settings

GOLDEN = Path(__file__).with_name("openapi.json")


def described() -> str:
    """The API's description as it is now, as stable text."""
    return json.dumps(create(Settings()).openapi(), indent=1, sort_keys=True, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    GOLDEN.write_text(described(), encoding="utf-8")
