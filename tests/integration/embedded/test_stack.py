"""The supervisor, with the storage services only: order, crashes, locks, leftovers."""

from __future__ import annotations

import signal
import socket
import subprocess
import sys
import time
from contextlib import closing

import psutil
import pytest

from app.domain.errors import Conflict
from app.embedded import children, stack
from app.embedded.home import Home, Run, Running
from app.embedded.ports import FIRST, free_port
from app.embedded.processes import Child, Command, StartFailed
from app.embedded.stack import STORAGE, Stack, end_leftovers
from tests.integration.embedded.support import SLEEP, ask, eventually, processes_of, python


async def test_from_nothing_to_storage_and_back_twice(tmp_path):
    with Stack(tmp_path, services=STORAGE) as first:
        await ask(first.service("postgres"), "CREATE TABLE kept AS SELECT 7 AS n")
        pids = [process.pid for process in Home(tmp_path).read_run().processes]
        assert Home(tmp_path).read_run().ready
    assert not any(map(psutil.pid_exists, pids))
    assert Home(tmp_path).read_run() is None
    with Stack(tmp_path, services=STORAGE) as second:
        assert await ask(second.service("postgres"), "SELECT n FROM kept") == 7


async def test_what_crashes_comes_back_at_the_same_address_and_is_recorded(cluster, tmp_path):
    with Stack(tmp_path, services=STORAGE) as running:
        before = {process.name: process.pid for process in running.home.read_run().processes}
        for name in STORAGE:
            running.service(name).kill()
        assert eventually(lambda: all(running.service(name).alive for name in STORAGE))
        assert eventually(lambda: set(recorded(running).values()).isdisjoint(before.values()))
        database = running.service("postgres")
        assert eventually(lambda: database.ready(database.child))
        assert await ask(database, "SELECT 1") == 1
    log = (tmp_path / "log" / "supervisor.log").read_text()
    assert "postgres ended with status -9" in log
    assert "valkey ended with status -9" in log


def recorded(running: Stack) -> dict[str, int]:
    return {process.name: process.pid for process in running.home.read_run().processes}


def test_a_directory_has_one_supervisor(tmp_path):
    with Stack(tmp_path, services=("valkey",)):
        with pytest.raises(Conflict, match="already runs"), Stack(tmp_path, services=("valkey",)):
            pytest.fail("a second one came up")
        assert Home(tmp_path).read_run() is not None


def test_a_database_and_broker_of_your_own_are_not_started(tmp_path):
    with Stack(tmp_path, services=STORAGE, database_url="postgresql://x", broker_url="redis://x") as running:
        assert running.home.read_run().processes == ()
        assert (running.database_url, running.broker_url) == ("postgresql://x", "redis://x")


def test_a_child_that_does_not_come_up_is_the_message_and_nothing_stays(cluster, tmp_path, monkeypatch):
    def broken(surroundings: children.Surroundings) -> Command:
        return surroundings.command("first_steps", "app.embedded.no_such_module")

    monkeypatch.setattr(children, "first_steps", broken)
    with pytest.raises(StartFailed, match=r"(?s)first_steps failed with status 1.*no_such_module"), Stack(tmp_path):
        pytest.fail("it came up")
    assert not Home(tmp_path).is_locked()
    assert Home(tmp_path).read_run() is None
    assert processes_of(tmp_path) == []


def test_our_processes_get_what_they_need_and_the_users_own_wishes_stay(tmp_path, monkeypatch):
    home = Home(tmp_path)
    home.make()
    surroundings = children.Surroundings(home, "postgresql://d", "redis://b")
    monkeypatch.delenv("TRACEJUDGE_JUDGE_HOSTS", raising=False)
    given = surroundings.command("api", "module").environment
    assert given["TRACEJUDGE_JUDGE_HOSTS"] == "*"
    assert given["TRACEJUDGE_SECRET_KEY"] == home.secret_key()
    assert given["TRACEJUDGE_DATABASE_URL"] == "postgresql://d"
    assert given["TRACEJUDGE_BROKER_URL"] == "redis://b"
    assert given["TRACEJUDGE_HOME"] == str(tmp_path)
    monkeypatch.setenv("TRACEJUDGE_JUDGE_HOSTS", "judge.example")
    assert surroundings.command("api", "module").environment["TRACEJUDGE_JUDGE_HOSTS"] == "judge.example"


def test_a_busy_port_gives_way_and_the_user_is_told(tmp_path, caplog):
    with closing(socket.create_server(("127.0.0.1", 0))) as busy:
        taken = busy.getsockname()[1]
        chosen = Stack(tmp_path, port=taken)._choose_port()
    assert chosen >= FIRST
    assert chosen != taken
    assert f"Port {taken} is busy: the API is on port {chosen} instead." in caplog.text
    free = free_port()
    assert Stack(tmp_path, port=free)._choose_port() == free


def test_leftovers_of_a_killed_supervisor_are_ended_and_strangers_are_not(tmp_path, monkeypatch):
    monkeypatch.setattr(stack, "LEFTOVER_SECONDS", 0.2)
    left, stranger = (Child(python(tmp_path / "log", SLEEP)) for _ in range(2))
    records = (
        Running("worker-1", left.pid, left.started, "", ""),
        Running("worker-2", stranger.pid, stranger.started - 1000, "", ""),  # that number was reused
    )
    end_leftovers(Run(version="1", ready=True, supervisor=records[0], processes=records))
    assert left.exit_status == -signal.SIGKILL
    assert stranger.alive
    stranger.kill()


def test_a_killed_supervisor_takes_its_children_along_and_the_next_goes_on(cluster, tmp_path):
    program = """
import pathlib, sys, time
from app.embedded.stack import STORAGE, Stack
with Stack(pathlib.Path(sys.argv[1]), services=STORAGE):
    print("ready", flush=True)
    time.sleep(60)
"""
    command = [sys.executable, "-c", program, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as supervisor:
        assert supervisor.stdout.readline() == "ready\n"
        run = Home(tmp_path).read_run()
        supervisor.kill()
    start = time.monotonic()
    with Stack(tmp_path, services=STORAGE):
        assert time.monotonic() - start < 15
        assert not any(process.alive for process in run.processes)
