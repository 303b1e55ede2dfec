"""`./run bench [judging] [ingest]`: measures, prints the figures beside their goals, writes benchmarks/results/.

CPU-ms and ratios within one run are the result; rates depend on what else the machine does.
"""

from __future__ import annotations

import json
import platform
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.ingest import ingest
from benchmarks.judging import Judged, judge

RESULTS = Path(__file__).parent / "results"
GOAL_RATIO, GOAL_MS, GOAL_CEILING, GOAL_INGEST_MS = 1.0, 0.13, 0.92, 0.12
MEBIBYTE = 1 << 20


def judging() -> list[dict[str, object]]:
    """Zero latency, then 200 ms, each with the anchor in the same run."""
    rows = []
    for pairs, latency, in_flight in ((2_000, 0.0, 64), (2_000, 0.2, 256)):
        found = judge(pairs, latency, in_flight)
        show(found)
        rows.append(asdict(found) | {"total_ms": found.total_ms})
    return rows


def show(found: Judged) -> None:
    ratio = found.total_ms / found.anchor_ms
    print(f"\njudging, stub at {found.latency_ms:.0f} ms, {found.in_flight} in flight, {found.judgments:,} judgments")
    line("CPU-ms per durable judgment", f"{found.total_ms:.3f}", f"{GOAL_MS}: {found.total_ms / GOAL_MS:.1f}x of it")
    line("  of it worker, database, broker", f"{found.worker_ms:.3f}, {found.database_ms:.3f}, {found.broker_ms:.3f}")
    line("a bare aiohttp call, CPU-ms", f"{found.anchor_ms:.3f}")
    line("judgment / bare call", f"{ratio:.1f}", f"{GOAL_RATIO}: {ratio / GOAL_RATIO:.1f}x of it")
    line("judgments/s", f"{found.per_second:,.0f}")
    if found.ceiling:
        line("  share of the ceiling", f"{found.per_second / found.ceiling:.0%}", f"{GOAL_CEILING:.0%}")
    line("worker's memory, MiB", f"{found.worker_rss / MEBIBYTE:.0f}", "200")


def line(what: str, figure: str, goal: str = "") -> None:
    print(f"  {what:<34} {figure:<22} {'goal ' + goal if goal else ''}".rstrip())


def ingesting() -> list[dict[str, object]]:
    """10,000 pairs of about 6 KB in one request."""
    found = ingest(10_000)
    print(f"\ningest, {found.pairs:,} pairs of {found.bytes_a_pair:,.0f} bytes in one request, and start")
    line("CPU-ms per pair", f"{found.total_ms:.3f}", f"{GOAL_INGEST_MS}: {found.total_ms / GOAL_INGEST_MS:.1f}x of it")
    line("  of it API, database", f"{found.api_ms:.3f}, {found.database_ms:.3f}")
    line("pairs/s", f"{found.per_second:,.0f}")
    line("API's memory grew by, MiB", f"{found.grown / MEBIBYTE:.0f}", "100")
    return [asdict(found) | {"total_ms": found.total_ms}]


BENCHMARKS: dict[str, Callable[[], list[dict[str, object]]]] = {"judging": judging, "ingest": ingesting}


def main(names: list[str]) -> int:
    """Run the named benchmarks (default: all)."""
    unknown = [name for name in names if name not in BENCHMARKS]
    if unknown:
        print(f"no benchmark {', '.join(unknown)}; there are: {', '.join(BENCHMARKS)}", file=sys.stderr)
        return 2
    RESULTS.mkdir(exist_ok=True)
    for name in names or BENCHMARKS:
        facts = {
            "at": datetime.now(UTC).isoformat(timespec="seconds"),
            "python": platform.python_version(),
            "machine": platform.machine(),
            "runs": BENCHMARKS[name](),
        }
        (RESULTS / f"{name}.json").write_text(json.dumps(facts, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
