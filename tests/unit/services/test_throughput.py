"""Units a minute, from what readers were shown."""

from __future__ import annotations

import pytest

from app.services.throughput import WINDOW_SECONDS, Throughput


@pytest.fixture
def now() -> list[float]:
    return [100.0]


@pytest.fixture
def throughput(now) -> Throughput:
    return Throughput(lambda: now[0])


def test_one_look_tells_nothing(throughput):
    throughput.note(1, {"job": 500})
    assert throughput.per_minute(1, "job") is None
    assert throughput.of_project(1) is None


def test_two_looks_tell_the_rate_of_each_job_and_of_all(throughput, now):
    throughput.note(1, {"fast": 500, "slow": 10, "still": 7})
    now[0] += 30
    throughput.note(1, {"fast": 620, "slow": 15, "still": 7})
    assert throughput.per_minute(1, "fast") == pytest.approx(240)
    assert throughput.per_minute(1, "still") == 0
    assert throughput.of_project(1) == pytest.approx(250)
    assert throughput.of_project(2) is None


def test_only_the_last_minutes_count_however_often_somebody_looks(throughput, now):
    finished = 0
    for second in range(1_200):
        now[0] += 0.25
        finished += 10 if second < 600 else 1
        throughput.note(1, {"job": finished})
    assert throughput.per_minute(1, "job") == pytest.approx(4 * 60, rel=0.02)
    assert len(throughput._seen[1, "job"]) <= 2 * WINDOW_SECONDS


def test_a_job_that_is_over_fades_and_is_forgotten(throughput, now):
    throughput.note(1, {"job": 0})
    now[0] += 10
    throughput.note(1, {"job": 100})
    now[0] += 50
    assert throughput.per_minute(1, "job") == pytest.approx(100)
    now[0] += WINDOW_SECONDS
    throughput.note(1, {"other": 1})
    assert throughput.per_minute(1, "job") is None


def test_a_retry_begins_anew(throughput, now):
    throughput.note(1, {"job": 100})
    now[0] += 10
    throughput.note(1, {"job": 90})
    assert throughput.per_minute(1, "job") is None
    now[0] += 10
    throughput.note(1, {"job": 95})
    assert throughput.per_minute(1, "job") == pytest.approx(30)
