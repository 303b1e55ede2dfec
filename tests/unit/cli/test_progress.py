"""Watching a job: until it ends, through an interruption, and what is said at the end."""

from __future__ import annotations

import pytest
import typer

from app.cli import progress
from app.cli.progress import conclude, duration, follow
from app.client import Unreachable
from tests.unit.cli.a_job import JOB_ID, PlayedClient, a_job


@pytest.fixture(autouse=True)
def no_waiting(monkeypatch):
    monkeypatch.setattr(progress, "POLL_SECONDS", 0.0)


def test_it_watches_until_the_job_is_over_and_tells_the_last_counts(capsys):
    states = (a_job(done=2), a_job(done=7, abstained=1), a_job("completed", done=9, abstained=1))
    assert follow(PlayedClient(*states), JOB_ID) == states[-1]
    told = capsys.readouterr()
    assert "running: 2 of 10 units · 1 min 35 s left" in told.err
    assert "completed: 10 of 10 units · 1 abstained" in told.err
    assert told.out == ""


def test_a_warning_is_told_once(capsys):
    slow = {"warnings": ["the judge is slow"]}
    follow(PlayedClient(a_job(**slow), a_job(**slow), a_job("completed", done=10, **slow)), JOB_ID)
    assert capsys.readouterr().err.count("the judge is slow") == 1


def test_ctrl_c_leaves_the_job_and_says_how_to_come_back(capsys):
    with pytest.raises(typer.Exit) as caught:
        follow(PlayedClient(a_job(), KeyboardInterrupt()), JOB_ID)
    assert caught.value.exit_code == 130
    assert f"tracejudge watch {JOB_ID}" in capsys.readouterr().err


def test_a_server_that_is_away_for_a_moment_is_waited_for():
    end = a_job("completed", done=10)
    assert follow(PlayedClient(a_job(), Unreachable("away"), Unreachable("away"), end), JOB_ID) == end


def test_a_server_that_stays_away_is_an_error(monkeypatch):
    monkeypatch.setattr(progress, "PATIENCE_SECONDS", -1.0)
    with pytest.raises(Unreachable):
        follow(PlayedClient(a_job(), Unreachable("away")), JOB_ID)


def test_a_paused_job_is_not_waited_for_and_says_what_to_do(capsys):
    reason = "judge_config: judge: 401 the key is refused"
    job = follow(PlayedClient(a_job("paused", status_reason=reason)), JOB_ID)
    with pytest.raises(typer.Exit) as caught:
        conclude(job)
    told = capsys.readouterr().err
    assert caught.value.exit_code == 1
    assert reason in told
    assert "tracejudge judges test judge" in told
    assert f"tracejudge resume {JOB_ID}" in told


@pytest.mark.parametrize("job", [a_job("cancelled", done=3), a_job("completed", abstained=10)])
def test_a_job_nothing_came_of_ends_with_status_1(job, capsys):
    with pytest.raises(typer.Exit) as caught:
        conclude(job)
    assert caught.value.exit_code == 1
    assert job.status in capsys.readouterr().err


def test_losses_are_told_but_are_no_failure_of_the_command(capsys):
    conclude(a_job("completed_with_failures", done=8, failed=2))
    assert "2 failed of 10 units" in capsys.readouterr().err


def test_a_job_that_went_well_needs_no_words(capsys):
    conclude(a_job("completed", done=10))
    assert capsys.readouterr() == ("", "")


@pytest.mark.parametrize(("seconds", "text"), [(0.4, "0 s"), (95.2, "1 min 35 s"), (7_260, "2 h 1 min")])
def test_durations(seconds, text):
    assert duration(seconds) == text
