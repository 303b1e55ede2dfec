"""Charts drawn by a process beside this one: while Vega draws, nothing else of its own process gets a turn."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path

from app.reports import vega
from app.reports.charts import Spec

SCRIPT = Path(vega.__file__)
LAST_SECONDS = 5.0


class Easel:
    """Draws charts one after the other, for any thread. The process is started by the first, and ends with ours: it
    reads what we write, and goes when there is nobody left to write.
    """

    def __init__(self) -> None:
        self._turn = threading.Lock()
        self._child: subprocess.Popen[str] | None = None
        self._closed = False

    def draw(self, spec: Spec) -> str:
        """SVG. ValueError for what is no chart; RuntimeError when the other process ended over it, and a new one too:
        whatever ended both would end this one.
        """
        line = json.dumps(spec)
        with self._turn:
            if self._closed:
                raise RuntimeError("nothing is drawn any more")
            answer = self._asked(line) or self._asked(line)
        if answer is None:
            raise RuntimeError("the drawing process ended twice over one chart")
        if "problem" in answer:
            raise ValueError(answer["problem"])
        return answer["svg"]

    def close(self) -> None:
        with self._turn:
            self._closed = True
            self._end()

    def _asked(self, line: str) -> dict[str, str] | None:
        """What the other process answers; None when it is lost."""
        try:
            child = self._running()
            assert child.stdin is not None  # noqa: S101 - for the type checker
            assert child.stdout is not None  # noqa: S101 - as above
            child.stdin.write(line + "\n")
            child.stdin.flush()
            answer: dict[str, str] = json.loads(child.stdout.readline())
        except (OSError, ValueError):  # it has ended, perhaps in the middle of a line
            self._end()
            return None
        return answer

    def _running(self) -> subprocess.Popen[str]:
        if self._child is None:
            # -P: the script's own directory holds modules that must not hide the standard library's.
            self._child = subprocess.Popen(
                [sys.executable, "-P", str(SCRIPT)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
                encoding="utf-8",
            )
        return self._child

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        for pipe in (child.stdin, child.stdout):
            with suppress(OSError):  # what was left to write reaches nobody
                pipe and pipe.close()
        try:
            child.wait(LAST_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
