"""The kill test: workers, API, broker and database die in mid-work, and nobody can tell from the results."""

from __future__ import annotations

import signal
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.world.jobs import draft, report, start, wait_for_end
from tests.world.pairs import pairs
from tests.world.processes import Process
from tests.world.world import World, world

PAIRS = 2_000
LEASE = 3.0
SETTINGS = {"lease_seconds": str(LEASE), "slice_seconds": "2", "sweep_seconds": "1", "poll_seconds": "0.5"}


def test_nothing_is_lost_or_doubled_whatever_dies(tmp_path: Path) -> None:
    with world(tmp_path / "calm", workers=1, slots=64) as calm:
        expected = judge_all(calm, lambda _: None)
    with world(tmp_path / "storm", workers=2, settings=SETTINGS, slots=8, latency=0.05) as storm:
        results = judge_all(storm, lambda job: do_the_worst(storm, job))
        check_ledgers(storm)
        refused = storm.sql("SELECT coalesce(sum(fenced_writes), 0) AS rows FROM shards")[0]["rows"]
    assert refused >= 1, "the frozen worker came back and its late writes were not refused"
    assert results == expected, "the results tell that something died"


def judge_all(there: World, worst: Callable[[str], None]) -> bytes:
    """Submit the pairs, let the worst happen, wait for the end; the canonical results."""
    job = draft(there, pairs(PAIRS))
    start(there, job)
    worst(job)
    last = wait_for_end(there, job)
    assert last["status"] == "completed", last
    assert last["progress"]["done"] == last["progress"]["units"] == 2 * PAIRS
    found = report(there, job)
    return found[found.index(b'"results":') :]


def do_the_worst(there: World, job: str) -> None:
    """Each fault hits while a shard is partly committed and a call is in flight, or the test says so."""
    first, second = there.workers
    hit_in_mid_work(there, job, 0.04, first.kill, victim=first)
    first.start()
    hit_in_mid_work(there, job, 0.12, there.empty_broker)
    hit_in_mid_work(there, job, 0.20, lambda: freeze(second), victim=second)
    hit_in_mid_work(there, job, 0.50, there.api.kill)
    there.api.start()
    hit_in_mid_work(there, job, 0.55, there.database.restart)
    hit_in_mid_work(there, job, 0.70, second.kill, victim=second)
    second.start()


def freeze(process: Process) -> None:
    """Stop a worker for two leases: long enough that another one has taken its shards."""
    process.signal(signal.SIGSTOP)
    time.sleep(2 * LEASE)
    process.signal(signal.SIGCONT)


def hit_in_mid_work(
    there: World, job: str, share: float, fault: Callable[[], None], victim: Process | None = None
) -> None:
    """Wait for the share of units that is due, then for the right moment, and strike.

    The moment: a call is in flight and a shard is partly committed; one of the victim's own, where there is one.
    """
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        done, partly = progress(there, job, victim)
        assert done < 2 * PAIRS, f"the job was over before the fault at {share:.0%}"
        if done >= share * 2 * PAIRS and partly and there.judge.stats()["in_flight"] >= 1:
            fault()
            return
        time.sleep(0.02)
    pytest.fail(f"no shard was partly committed with a call in flight at {share:.0%}")


def progress(there: World, job: str, victim: Process | None) -> tuple[int, bool]:
    """Units done, and whether a leased shard (of the victim) is partly committed; asked of the database itself."""
    row = there.sql(
        """
        SELECT coalesce(sum(judged + abstained + failed), 0) AS done,
          coalesce(bool_or(is_open AND judged > 0 AND lease_until > clock_timestamp() AND owner LIKE $2), false)
            AS partly
        FROM shards s JOIN jobs j ON j.id = s.job_id WHERE j.public_id = $1::uuid
        """,
        job,
        f"%:{victim.pid}:%" if victim else "%",
    )[0]
    return int(row["done"]), bool(row["partly"])


def check_ledgers(there: World) -> None:
    """Three ledgers agree: what was accepted, what the judge was asked, what is stored."""
    stored = there.sql("SELECT seq, presented, count(*) AS rows FROM judgments GROUP BY seq, presented")
    assert len(stored) == 2 * PAIRS, "units were lost"
    assert {row["rows"] for row in stored} == {1}, "units were stored twice"
    calls = [entry for entry in there.judge.ledger() if entry["first"] != entry["second"]]  # without canaries
    asked = {(entry["pair"], entry["first"]) for entry in calls if entry["status"] == 200}
    assert len(asked) == 2 * PAIRS, "each pair was to be asked once in each order"
    counted = there.sql("SELECT sum(judged) AS judged, sum(abstained + failed) AS lost FROM shards")[0]
    assert (counted["judged"], counted["lost"]) == (2 * PAIRS, 0), "the counters differ from the rows"
