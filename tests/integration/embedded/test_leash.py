"""Children go down with the process that started them, even when that is killed without warning."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import psutil
import pytest

from app.embedded import leash
from app.embedded.processes import Child, Command, StartFailed, wait_until
from tests.integration.embedded.support import SLEEP, eventually, python

LINUX = pytest.mark.skipif(sys.platform != "linux", reason="asks the Linux kernel")
ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="only root changes who it is")
NOTE_A_SIGNAL = """
import pathlib, signal, sys, time
def note(number, frame):
    pathlib.Path(sys.argv[1]).write_text(str(number))
    sys.exit(3)
signal.signal(signal.SIGTERM, note)
pathlib.Path(sys.argv[1]).write_text("ready")
time.sleep(60)
"""
SUPERVISOR = """
import pathlib, signal, sys, time
from app.embedded.processes import Child, Command
program, file = sys.argv[1:]
arguments = (sys.executable, "-c", program, file)
child = Child(Command("child", arguments, pathlib.Path(file + ".log"), death_signal=signal.SIGTERM))
print(child.pid, flush=True)
time.sleep(60)
"""


def says(file: Path, text: str) -> bool:
    return file.exists() and file.read_text() == text


@LINUX
def test_the_kernel_sends_the_death_signal_when_the_supervisor_is_killed(tmp_path):
    file = tmp_path / "signal"
    command = [sys.executable, "-c", SUPERVISOR, NOTE_A_SIGNAL, str(file)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as supervisor:
        pid = int(supervisor.stdout.readline())
        assert eventually(lambda: says(file, "ready"))
        supervisor.kill()
    assert eventually(lambda: says(file, str(int(signal.SIGTERM))))
    assert eventually(lambda: not psutil.pid_exists(pid))


@LINUX
def test_a_child_outlives_the_thread_that_asked_for_it(tmp_path):
    children = []
    thread = threading.Thread(target=lambda: children.append(Child(python(tmp_path / "log", SLEEP))))
    thread.start()
    thread.join()
    time.sleep(0.3)
    assert children[0].alive
    children[0].kill()


@LINUX
def test_a_child_of_a_parent_already_gone_does_not_start(tmp_path):
    arguments = [str(int(signal.SIGKILL)), "1", "same", sys.executable, "-c", "print('alive')"]
    done = subprocess.run([sys.executable, leash.__file__, *arguments], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (1, b"")


def test_where_the_kernel_does_not_help_the_leash_stays_and_watches_its_input(tmp_path):
    file = tmp_path / "signal"
    watch = "import sys; from app.embedded.leash import stay_and_watch; sys.exit(stay_and_watch(15, sys.argv[1:]))"
    child = [sys.executable, "-c", NOTE_A_SIGNAL, str(file)]
    with subprocess.Popen([sys.executable, "-c", watch, *child], stdin=subprocess.PIPE) as watcher:
        assert eventually(lambda: says(file, "ready"))
        watcher.stdin.close()  # what the kernel does when the supervisor dies
        assert watcher.wait(10) == 3
    assert says(file, str(int(signal.SIGTERM)))


def test_the_watching_leash_passes_signals_on_and_returns_the_status(tmp_path):
    file = tmp_path / "signal"
    watch = "import sys; from app.embedded.leash import stay_and_watch; sys.exit(stay_and_watch(9, sys.argv[1:]))"
    child = [sys.executable, "-c", NOTE_A_SIGNAL, str(file)]
    with subprocess.Popen([sys.executable, "-c", watch, *child], stdin=subprocess.PIPE) as watcher:
        assert eventually(lambda: says(file, "ready"))
        watcher.terminate()
        assert watcher.wait(10) == 3
    assert says(file, str(int(signal.SIGTERM)))


@ROOT
@LINUX
@pytest.mark.parametrize("identity", ["namespace:65534", "user:65534:65534"])
def test_root_becomes_an_ordinary_user_and_still_dies_with_the_supervisor(tmp_path, identity):
    log = tmp_path / "log"
    command = ("/bin/sh", "-c", "id -u; grep CapEff /proc/self/status; sleep 60")
    child = Child(Command("child", command, log, identity=identity))
    assert eventually(lambda: len(log.read_text().splitlines()) == 2), log.read_text()
    assert log.read_text().split() == ["65534", "CapEff:", "0000000000000000"]
    child.kill()
    assert not child.alive


def test_waiting_for_a_child_that_ends_shows_the_end_of_its_log(tmp_path):
    child = Child(python(tmp_path / "log", "import sys; print('the reason'); sys.exit(7)"))
    with pytest.raises(StartFailed, match=r"(?s)child ended with status 7.*the reason"):
        wait_until(lambda: False, child=child, seconds=20)


def test_a_child_that_ignores_us_is_killed(tmp_path):
    deaf = "import signal, time; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True); time.sleep(60)"
    child = Child(python(tmp_path / "log", deaf))
    assert eventually(lambda: "deaf" in (tmp_path / "log").read_text())
    child.ask_to_stop()
    child.wait_or_kill(0.2)
    assert child.exit_status == -signal.SIGKILL


def test_a_log_grown_long_is_set_aside(tmp_path, monkeypatch):
    monkeypatch.setattr("app.embedded.processes.LOG_LIMIT", 10)
    log = tmp_path / "child.log"
    log.write_text("more than ten bytes")
    Child(python(log, "print('new')")).wait()
    assert (log.read_text(), (tmp_path / "child.log.1").read_text()) == ("new\n", "more than ten bytes")
