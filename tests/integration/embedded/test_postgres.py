"""The embedded PostgreSQL: its settings, its crashes, and whom it runs as."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import asyncpg
import psutil
import pytest

from app.embedded import postgres, unprivileged
from app.embedded.binaries import postgres_programs
from app.embedded.processes import Command, StartFailed, on_leash
from app.embedded.service import Service
from tests.integration.embedded.support import ask, eventually

ROOT = pytest.mark.skipif(os.geteuid() != 0 or sys.platform != "linux", reason="only root has to step down")


@pytest.fixture
def database(cluster) -> Iterator[Service]:
    service = postgres.start(cluster)
    yield service
    service.stop()


async def test_it_is_set_up_for_a_small_machine_that_may_lose_power(database):
    names = ("fsync", "synchronous_commit", "jit", "max_connections", "shared_buffers", "listen_addresses")
    found = [await ask(database, f"SELECT current_setting('{name}')") for name in names]
    assert found == ["on", "on", "off", "100", "128MB", "127.0.0.1"]
    assert await ask(database, "SELECT datlocale FROM pg_database WHERE datname = current_database()") == "C.UTF-8"
    assert str(await ask(database, "SHOW server_version")).startswith("18.")


async def test_a_wrong_password_stays_outside(database):
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(database.url.replace("tracejudge:", "tracejudge:x"))


async def test_what_was_committed_survives_a_kill(database):
    await ask(database, "CREATE TABLE kept (n int)")
    await ask(database, "INSERT INTO kept SELECT generate_series(1, 1000)")
    database.kill()
    assert not database.alive
    database.start()
    assert await ask(database, "SELECT count(*) FROM kept") == 1000


async def test_a_stop_is_clean_and_a_new_process_finds_everything(database, tmp_path):
    await ask(database, "CREATE TABLE kept AS SELECT 7 AS n")
    database.stop()
    assert "database system is shut down" in database.command.log.read_text()
    assert not (tmp_path / "postgres" / "data" / "postmaster.pid").exists()
    again = postgres.start(tmp_path / "postgres")
    assert await ask(again, "SELECT n FROM kept") == 7
    again.stop()


@pytest.mark.parametrize("remnant", ["", "{pid}\n"], ids=["an empty file", "a stranger's number"])
async def test_a_stale_pid_file_does_not_keep_it_down(database, tmp_path, remnant):
    """As after a reboot, when the old number belongs to another program (here: to this test)."""
    database.kill()
    (tmp_path / "postgres" / "data" / "postmaster.pid").write_text(remnant.format(pid=os.getpid()))
    database.start()
    assert await ask(database, "SELECT 1") == 1


def test_an_initdb_cut_short_is_made_anew(tmp_path):
    (tmp_path / "postgres" / "data.new").mkdir(parents=True)
    (tmp_path / "postgres" / "data.new" / "PG_VERSION").write_text("18\n")
    postgres.start(tmp_path / "postgres").stop()


def test_data_of_another_major_version_is_refused_with_the_way_out(database, tmp_path):
    database.stop()
    (tmp_path / "postgres" / "data" / "PG_VERSION").write_text("17\n")
    with pytest.raises(StartFailed, match=r"(?s)by PostgreSQL 17.*brings PostgreSQL 18.*export.*import"):
        postgres.prepare(tmp_path / "postgres")


def test_it_shuts_down_in_good_order_when_its_supervisor_is_killed(cluster):
    program = """
import pathlib, sys, time
from app.embedded import postgres
print(postgres.start(pathlib.Path(sys.argv[1])).child.pid, flush=True)
time.sleep(60)
"""
    command = [sys.executable, "-c", program, str(cluster)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as supervisor:
        postmaster = psutil.Process(int(supervisor.stdout.readline()))
        family = [postmaster, *postmaster.children(recursive=True)]
        assert len(family) > 3
        supervisor.kill()
    assert eventually(lambda: not any(process.is_running() for process in family))
    assert "database system is shut down" in (cluster / "postgres.log").read_text()


@ROOT
async def test_under_root_the_files_stay_roots_in_a_private_directory(database, tmp_path):
    if not database.command.identity.startswith("namespace:"):
        pytest.skip("no user namespaces here")
    (tmp_path).chmod(0o700)
    await ask(database, "CREATE TABLE t AS SELECT 1")
    data = tmp_path / "postgres" / "data"
    assert (data.stat().st_uid, data.stat().st_mode & 0o777) == (0, 0o700)
    assert database.notice == ""


@pytest.fixture
def passable() -> Iterator[Path]:
    """A place everybody can pass through, which pytest's own directories are not."""
    with tempfile.TemporaryDirectory() as name:
        Path(name).chmod(0o755)
        yield Path(name)


@ROOT
@pytest.mark.parametrize("programs_reachable", [True, False])
async def test_without_namespaces_it_runs_as_nobody_where_nobody_can_go(
    tmp_path, passable, monkeypatch, programs_reachable
):
    """Also from a private environment: then the programs are copied."""

    def reaches(identity: str, program: Path, directory: Path) -> bool:
        return identity.startswith("user:") and programs_reachable

    monkeypatch.setattr(unprivileged, "reaches", reaches)
    monkeypatch.setattr(unprivileged, "REACHABLE", passable / "tracejudge")
    service = postgres.start(tmp_path / "postgres")
    await ask(service, "CREATE TABLE kept AS SELECT 7 AS n")
    assert psutil.Process(service.child.pid).uids().effective == 65534
    assert str(passable) in service.notice
    copied = not service.command.arguments[0].startswith(str(postgres_programs()))
    assert copied is not programs_reachable
    service.stop()
    (tmp_path / "postgres").rename(tmp_path / "moved")
    monkeypatch.setattr(unprivileged, "REACHABLE", passable / "elsewhere")
    again = postgres.start(tmp_path / "moved")
    assert await ask(again, "SELECT n FROM kept") == 7
    again.stop()


@ROOT
def test_an_ordinary_user_needs_no_special_footing(tmp_path):
    """A one-user namespace is as good as a login: no capabilities, no uid 0."""
    program = """
import pathlib, sys
from app.embedded import postgres
service = postgres.start(pathlib.Path(sys.argv[1]))
print(service.command.identity)
service.stop()
"""
    command = (sys.executable, "-c", program, str(tmp_path / "postgres"))
    ordinary = on_leash(Command("ordinary", command, tmp_path / "log", identity="namespace:65534"))
    done = subprocess.run(ordinary, capture_output=True, text=True, check=False)
    if "unshare" in done.stderr:
        pytest.skip("no user namespaces here")
    assert (done.stdout, done.stderr) == ("same\n", "")
