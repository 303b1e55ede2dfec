"""What the stub was asked and what it answered: one entry a call, the third ledger of the chaos tests."""

from __future__ import annotations

import time
from typing import Any, TextIO

import orjson

from tests.stub_judge.question import Question

DROPPED = 0
CLIENT_WENT_AWAY = -1


class Ledger:
    """All entries in order of arrival, in memory; each finished one also goes to `file`.

    An entry: prompt, question, first, second, pair (hashes without fence names), axes, images, at (Unix
    seconds), in_flight (on arrival, itself included), status (None while under way).
    """

    def __init__(self, file: TextIO | None = None) -> None:
        self._entries: list[dict[str, Any]] = []
        self._file = file
        self.calls = 0
        self.in_flight = 0
        self.most_in_flight = 0

    def open(self, asked: Question) -> dict[str, Any]:
        self.calls += 1
        self.in_flight += 1
        self.most_in_flight = max(self.most_in_flight, self.in_flight)
        entry = {
            "prompt": asked.prompt,
            "question": asked.question,
            "first": asked.first,
            "second": asked.second,
            "pair": asked.pair,
            "axes": asked.axes,
            "images": len(asked.images),
            "at": time.time(),
            "in_flight": self.in_flight,
            "status": None,
        }
        self._entries.append(entry)
        return entry

    def close(self, entry: dict[str, Any], status: int) -> None:
        self.in_flight -= 1
        entry["status"] = status
        if self._file is not None:
            self._file.write(orjson.dumps(entry).decode() + "\n")
            self._file.flush()

    def clear(self) -> None:
        self._entries.clear()
        self.calls = 0
        self.most_in_flight = self.in_flight

    def lines(self) -> bytes:
        return b"".join(orjson.dumps(entry) + b"\n" for entry in self._entries)
