"""`./run bench [NAME ...]`: measures, prints the figures beside their goals, writes benchmarks/results/.

CPU-ms and ratios within one run are the result; rates depend on what else the machine does.
"""

from __future__ import annotations

import json
import os
import platform
import sys
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.ingest import ingest
from benchmarks.judging import Judged, judge
from benchmarks.pages import GOAL_BYTES, Timed, paged
from benchmarks.report import Reported, report
from benchmarks.strengths import Fitted, strengths

RESULTS = Path(__file__).parent / "results"
GOAL_RATIO, GOAL_MS, GOAL_CEILING, GOAL_INGEST_MS = 1.0, 0.13, 0.92, 0.12
GOAL_COLD, GOAL_WARM, GOAL_REPORT_MIB = 2.0, 0.05, 600
GOAL_FIT, GOAL_BOOTSTRAP = 0.05, 1.0
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


def reporting() -> list[dict[str, object]]:
    """A million judgments, straight into the tables, then reports in fresh processes."""
    found = report()
    print(f"\nreport over {found.judgments:,} judgments on 4 axes: CPU s of the process + PostgreSQL's, and wall s")
    goals = {"cold": f"{GOAL_COLD} wall", "warm": f"{GOAL_WARM} wall"}
    for part in found.parts:
        line(part.what, f"{part.cpu:.3f} + {part.database:.3f}, {part.wall:.3f}", goals.get(part.what, ""))
    show_memory(found)
    return [asdict(found)]


def show_memory(found: Reported) -> None:
    peak, before = found.peak / MEBIBYTE, found.before / MEBIBYTE
    line("memory at most, MiB (before)", f"{peak:.0f} ({before:.0f})", f"{GOAL_REPORT_MIB}")


def paging() -> list[dict[str, object]]:
    """Pages over a million judgments, while another job is judged."""
    found = paged()
    print(
        f"\npages over {found.judgments:,} judgments while {found.per_second:,.0f}/s are judged: server ms, bytes sent"
    )
    print(f"  {'':<34} {'p50':>8} {'p95':>8} {'p99':>8} {'calls':>6}   bytes of page, styles, scripts")
    for page in found.pages:
        show_page(page)
    print(f"  the other job had {found.left:,} units left")
    return [asdict(found)]


def show_page(page: Timed) -> None:
    goals = [f"{page.goal:.0f} ms"] if page.goal else []
    sent = ""
    if page.bytes is not None:
        sent, goals = f"{page.bytes:,}", [*goals, f"{GOAL_BYTES:,} bytes"]
    figures = f"{page.p50:8.1f} {page.p95:8.1f} {page.p99:8.1f} {page.calls:6}   {sent:>9}"
    print(f"  {page.what:<34} {figures}  {'goal ' + ', '.join(goals) if goals else ''}".rstrip())


def fitting() -> list[dict[str, object]]:
    """Bradley-Terry: ours and the peers', CPU seconds in one run."""
    found = strengths()
    for setting in dict.fromkeys((one.models, one.comparisons) for one in found):
        print(f"\nBradley-Terry, {setting[0]} models, {setting[1]:,} comparisons: CPU s")
        show_fits([one for one in found if (one.models, one.comparisons) == setting])
    return [asdict(one) for one in found]


def show_fits(fits: list[Fitted]) -> None:
    ours = fits[0].cpu
    for one in fits:
        apart = "" if one.gap is None or one is fits[0] else f", apart {one.gap:.0e}"
        print(f"  {one.what:<42} {one.cpu:8.4f}  {one.cpu / ours:7.1f}x{apart}")


BENCHMARKS: dict[str, Callable[[], list[dict[str, object]]]] = {
    "judging": judging,
    "ingest": ingesting,
    "report": reporting,
    "pages": paging,
    "strengths": fitting,
}


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
            "cores": os.cpu_count(),
            "load": os.getloadavg()[0],  # how busy others kept it
            "runs": BENCHMARKS[name](),
        }
        (RESULTS / f"{name}.json").write_text(json.dumps(facts, indent=1) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
