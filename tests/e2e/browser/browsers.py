"""Finds a browser on this machine and says how it is started: for the tests here and for `./run screenshots`."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

CHOSEN, REQUIRED = "TRACEJUDGE_BROWSER", "TRACEJUDGE_REQUIRE_BROWSER"
NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
HOW_TO_GET_ONE = (
    "there is no browser: install Chromium (Debian: apt-get install chromium), "
    f"or name a Chromium or Chrome in {CHOSEN}, or run `.venv/bin/playwright install chromium-headless-shell`"
)
FLAGS = (
    "--disable-gpu", "--no-first-run", "--disable-background-networking", "--disable-component-update",
    "--disable-sync",
)  # fmt: skip


def flags() -> list[str]:
    """Flags it is started with. Chromium's sandbox does not start for root; elsewhere it stays."""
    return [*FLAGS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]


def find_browser(downloaded: str) -> str | None:
    """The path of a browser: the one chosen, one on PATH, or Playwright's own download; None when there is none."""
    chosen = os.environ.get(CHOSEN)
    if chosen:
        if not os.access(chosen, os.X_OK):
            raise FileNotFoundError(f"{CHOSEN} is {chosen}, which is no program")
        return chosen
    on_path = next((found for name in NAMES if (found := shutil.which(name))), None)
    return on_path or (downloaded if Path(downloaded).exists() else None)


def is_required() -> bool:
    """Whether a missing browser is a failure: in CI it is."""
    return os.environ.get(REQUIRED) == "1"
