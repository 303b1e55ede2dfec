"""Starts the stub judge as a process of its own and talks to it from a test."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import httpx
import orjson

ROOT = Path(__file__).parents[2]


class StubJudge:
    """A running stub judge; a context manager that stops it. `url` is the base URL a judge is given."""

    def __init__(self, process: subprocess.Popen[str], url: str) -> None:
        self.process = process
        self.url = url
        self._client = httpx.Client(base_url=url, trust_env=False, timeout=30)

    @classmethod
    def start(cls, **options: Any) -> Self:
        """Start it. Options are those of the command line: `slots=8, overload="reject", fault=["0.1:500"]`."""
        arguments = [word for name, value in options.items() for word in _flag(name, value)]
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.stub_judge", *arguments], cwd=ROOT, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        said = process.stdout.readline()
        if not said.startswith("ready "):
            process.kill()
            process.wait()
            raise RuntimeError(f"the stub judge did not start: {said!r}")
        return cls(process, said.split()[1])

    def ledger(self) -> list[dict[str, Any]]:
        """Every completion asked for so far, in order of arrival (fields: tests/stub_judge/ledger.py)."""
        return [orjson.loads(line) for line in self._client.get("/ledger").content.splitlines()]

    def clear(self) -> None:
        """Forget the ledger."""
        self._client.delete("/ledger")

    def script(self, *rules: dict[str, Any]) -> None:
        """Replace the scripted answers (fields: tests/stub_judge/script.py); none: answer as usual."""
        self._client.put("/script", content=orjson.dumps(rules)).raise_for_status()

    def stats(self) -> dict[str, int]:
        """calls, in_flight, most_in_flight."""
        found: dict[str, int] = self._client.get("/stats").json()
        return found

    def stop(self) -> None:
        self._client.close()
        self.process.terminate()
        self.process.wait(timeout=10)
        if self.process.stdout is not None:
            self.process.stdout.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _flag(name: str, value: Any) -> list[str]:
    flag = "--" + name.replace("_", "-")
    if value is True:
        return [flag]
    if value is None or value is False:
        return []
    if isinstance(value, list | tuple):
        return [word for each in value for word in (flag, str(each))]
    return [flag, str(value)]
