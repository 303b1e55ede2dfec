"""`tracejudge up`, `down` and `status` as a user runs them: signals, kills, busy ports, and nothing left behind."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest

from app.embedded.health import answers
from app.embedded.home import Home
from app.embedded.processes import Command, environment, on_leash
from tests.integration.embedded.support import eventually, heed_signals, processes_of

STORAGE = ("--services", "postgres,valkey")
ORDINARY_USER = "namespace:65534"  # no uid 0, no capabilities: as good as a login


def tracejudge(home: Path, *arguments: str, identity: str = "same", **more) -> subprocess.CompletedProcess[str]:
    command = on_leash(Command("cli", cli(*arguments), Path(os.devnull), identity=identity))
    given = environment(TRACEJUDGE_HOME=str(home), COLUMNS="200")
    return subprocess.run(command, env=given, capture_output=True, text=True, timeout=300, check=False, **more)


def cli(*arguments: str) -> tuple[str, ...]:
    return (sys.executable, "-m", "app.cli", *arguments)


@contextmanager
def foreground(home: Path, *arguments: str) -> Iterator[subprocess.Popen[str]]:
    """`up` as a child; one that a failed test leaves behind is stopped, not waited for."""
    given = environment(TRACEJUDGE_HOME=str(home), COLUMNS="200")
    command = cli("up", *arguments)
    pipe = subprocess.PIPE
    with subprocess.Popen(
        command,
        env=given,
        stdout=pipe,
        stderr=pipe,
        text=True,
        preexec_fn=heed_signals,  # noqa: PLW1509 - it does nothing that another thread could hold up
    ) as supervisor:
        try:
            yield supervisor
        finally:
            if supervisor.poll() is None:
                supervisor.terminate()


def state(home: Path) -> dict:
    return json.loads(tracejudge(home, "status", "--json").stdout)


@pytest.fixture
def home(tmp_path) -> Iterator[Path]:
    """A directory, and afterwards the proof that nothing of it runs."""
    directory = tmp_path / "home"
    yield directory
    tracejudge(directory, "down")
    assert eventually(lambda: not processes_of(directory), 30), processes_of(directory)


@pytest.mark.parametrize("ending", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP], ids=lambda number: number.name)
def test_a_signal_stops_everything_in_good_order(home, ending):
    with foreground(home, *STORAGE) as supervisor:
        assert "process" in supervisor.stdout.readline()
        assert len(processes_of(home)) > 3
        supervisor.send_signal(ending)
        assert supervisor.wait(60) == 0
        assert "Traceback" not in supervisor.stderr.read()
    assert not processes_of(home)
    assert "database system is shut down" in (home / "log" / "postgres.log").read_text()
    assert not (home / "run.json").exists()


def test_up_in_the_background_status_and_down(home):
    assert (tracejudge(home, "status").returncode, state(home)["running"]) == (1, False)
    up = tracejudge(home, "up", "-d", *STORAGE)
    assert up.returncode == 0, up.stderr
    assert ("postgres" in up.stdout, "Traceback" in up.stderr) == (True, False)
    shown = state(home)
    assert shown["healthy"]
    assert [process["name"] for process in shown["processes"]] == ["supervisor", "postgres", "valkey"]
    assert (home / "postgres" / "password").read_text() not in json.dumps(shown)
    assert tracejudge(home, "status").returncode == 0

    again = tracejudge(home, "up", "-d", *STORAGE)
    assert (again.returncode, "runs already" in again.stderr) == (0, True)
    second = tracejudge(home, "up", *STORAGE)
    assert (second.returncode, "already runs" in second.stderr) == (1, True)
    assert state(home) == shown

    assert tracejudge(home, "down", "--json").stdout == '{"stopped": true}\n'
    assert not processes_of(home)
    nothing = tracejudge(home, "down", "--json")
    assert (nothing.returncode, nothing.stdout) == (0, '{"stopped": false}\n')


def test_wrong_usage_is_told_apart(home):
    assert tracejudge(home, "up", "--services", "postgres,mongo").returncode == 2
    assert tracejudge(home, "up", "--port", "66000").returncode == 2


def test_a_killed_supervisor_leaves_nothing_and_the_next_goes_on(home):
    assert tracejudge(home, "up", "-d", *STORAGE).returncode == 0
    os.kill(Home(home).read_run().supervisor.pid, signal.SIGKILL)
    assert eventually(lambda: not processes_of(home)), processes_of(home)
    assert (state(home)["running"], tracejudge(home, "down").returncode) == (False, 0)
    assert tracejudge(home, "up", "-d", *STORAGE).returncode == 0


def test_killed_at_any_moment_of_the_first_start_it_still_comes_up(home):
    for seconds in (0.4, 0.8, 1.2, 1.8):
        with foreground(home, *STORAGE) as supervisor:
            time.sleep(seconds)
            supervisor.kill()
    up = tracejudge(home, "up", "-d", *STORAGE)
    assert up.returncode == 0, up.stderr


def test_the_version_of_another_postgresql_stops_it_with_the_way_out(home):
    assert tracejudge(home, "up", "-d", *STORAGE).returncode == 0
    tracejudge(home, "down")
    (home / "postgres" / "data" / "PG_VERSION").write_text("17\n")
    up = tracejudge(home, "up", "-d", *STORAGE)
    assert up.returncode == 1
    assert "app.embedded.transfer export" in up.stderr


@pytest.mark.skipif(os.geteuid() != 0 or sys.platform != "linux", reason="everything here runs as an ordinary user")
def test_an_ordinary_user_may_run_it(home):
    up = tracejudge(home, "up", "-d", *STORAGE, identity=ORDINARY_USER)
    if "unshare" in up.stderr:
        pytest.skip("no user namespaces here")
    assert up.returncode == 0, up.stderr
    assert tracejudge(home, "down", identity=ORDINARY_USER).returncode == 0


def test_the_whole_service_on_a_busy_port_comes_back_after_crashes(home):
    with closing(socket.create_server(("127.0.0.1", 0))) as busy:
        taken = busy.getsockname()[1]
        up = tracejudge(home, "up", "-d", "--port", str(taken), "--workers", "2", "--json")
    assert up.returncode == 0, up.stderr
    assert f"Port {taken} is busy" in up.stderr
    run = Home(home).read_run()
    assert not run.api_url.endswith(f":{taken}")
    with httpx.Client(base_url=run.api_url, headers={"Authorization": f"Bearer {run.api_key}"}) as client:
        assert client.get("/v1/jobs").status_code == 200
        killed = {process.name: process.pid for process in run.processes}
        assert set(killed) == {"postgres", "valkey", "api", "worker-1", "worker-2"}
        for pid in killed.values():
            os.kill(pid, signal.SIGKILL)
        assert eventually(lambda: all_new(home, killed), 120)
        assert eventually(lambda: answers(f"{run.api_url}/readyz"), 120)
        assert client.get("/v1/jobs").status_code == 200
    assert state(home)["healthy"]
    assert tracejudge(home, "down").returncode == 0
    assert tracejudge(home, "up", "-d", "--port", "0").returncode == 0
    again = Home(home).read_run()
    assert again.api_key == run.api_key
    os.kill(again.supervisor.pid, signal.SIGKILL)
    assert eventually(lambda: not processes_of(home), 20), processes_of(home)


def all_new(home: Path, killed: dict[str, int]) -> bool:
    return all(process.pid != killed[process.name] and process.alive for process in Home(home).read_run().processes)
