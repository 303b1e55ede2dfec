"""Runs every tier of tests, from the fastest, and prints counts and seconds of each: what `./run test` calls."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from dataclasses import dataclass

TIERS = ("unit", "integration", "e2e", "chaos")
COUNT = re.compile(r"(\d+) (passed|failed|error|skipped)")


@dataclass(frozen=True, slots=True)
class Tier:
    """One tier as it went."""

    name: str
    status: int
    passed: int
    failed: int
    skipped: int
    seconds: float


def run(name: str, arguments: list[str]) -> Tier:
    """Run one tier in a process of its own, showing its output; sockets are blocked in unit tests."""
    print(f"\n== {name} ==", flush=True)
    blocked = ["--disable-socket", "--allow-unix-socket"] if name == "unit" else []
    command = [sys.executable, "-m", "pytest", "-q", f"tests/{name}", *blocked, *arguments]
    began, last = time.monotonic(), ""
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as pytest:
        assert pytest.stdout is not None
        for line in pytest.stdout:
            print(line, end="", flush=True)
            last = line.strip() or last
    counts = {what: int(number) for number, what in COUNT.findall(last)}
    failed = counts.get("failed", 0) + counts.get("error", 0)
    seconds = time.monotonic() - began
    return Tier(name, pytest.returncode, counts.get("passed", 0), failed, counts.get("skipped", 0), seconds)


def main(arguments: list[str]) -> int:
    """Run the tiers named in the arguments (default: all); every other argument goes to pytest."""
    names = [name for name in arguments if name in TIERS] or list(TIERS)
    done = [run(name, [argument for argument in arguments if argument not in TIERS]) for name in names]
    print(f"\n{'tier':<12} {'passed':>7} {'failed':>7} {'skipped':>8} {'seconds':>8}")
    for tier in done:
        print(f"{tier.name:<12} {tier.passed:>7} {tier.failed:>7} {tier.skipped:>8} {tier.seconds:>8.1f}")
    passed, failed, skipped = (sum(getattr(tier, name) for tier in done) for name in ("passed", "failed", "skipped"))
    print(f"{'all':<12} {passed:>7} {failed:>7} {skipped:>8} {sum(tier.seconds for tier in done):>8.1f}")
    print(f"{passed} passed, {failed} failed, {skipped} skipped")
    return int(any(tier.status for tier in done))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
