"""The home directory: secrets, the record of a run, the lock."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import psutil
import pytest
from cryptography.fernet import Fernet

from app.domain.errors import Conflict
from app.embedded.files import kept_secret, write_whole
from app.embedded.home import Home, Run, Running

SUPERVISOR = Running("supervisor", os.getpid(), psutil.Process().create_time(), "", "supervisor.log")
RUN = Run(version="1", ready=True, supervisor=SUPERVISOR, api_key="tj_x", processes=(SUPERVISOR,))


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


@pytest.fixture
def home(tmp_path) -> Home:
    home = Home(tmp_path / "home")
    home.make()
    return home


def test_the_secret_key_fits_fernet_is_made_once_and_is_the_owners_only(home):
    key = home.secret_key()
    Fernet(key)
    assert home.secret_key() == key
    assert mode(home.directory / "secret_key") == 0o600
    assert mode(home.directory) == 0o700


def test_a_kept_secret_is_not_made_again(tmp_path):
    secrets = iter(["first", "second"])
    file = tmp_path / "deeper" / "secret"
    assert [kept_secret(file, lambda: next(secrets)) for _ in range(2)] == ["first", "first"]


def test_writing_replaces_the_file_and_its_mode_in_spite_of_an_unfinished_one(tmp_path):
    file = tmp_path / "run.json"
    file.write_text("old, and longer")
    file.chmod(0o644)
    (tmp_path / "run.json.new").write_text("left by a crash")
    write_whole(file, "new")
    assert (file.read_text(), mode(file)) == ("new", 0o600)
    assert list(tmp_path.iterdir()) == [file]


def test_a_run_survives_the_file(home):
    assert home.read_run() is None
    home.write_run(RUN)
    assert home.read_run() == RUN
    assert mode(home.run_file) == 0o600
    home.forget_run()
    assert home.read_run() is None


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"supervisor": {}, "processes": []}', '{"supervisor": {"of": "old"}}']
)
def test_a_record_of_another_version_counts_as_none(home, text):
    home.run_file.write_text(text)
    assert home.read_run() is None


def test_the_lock_admits_one_and_shows_who_asks(home):
    assert not home.is_locked()
    with home.locked():
        assert home.is_locked()
        with pytest.raises(Conflict, match="already runs"), Home(home.directory).locked():
            pytest.fail("two held the lock")
    assert not home.is_locked()
    with home.locked():
        assert home.is_locked()


def test_a_directory_of_somebody_else_is_left_alone(home, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: home.directory.stat().st_uid + 1)
    with pytest.raises(Conflict, match="belongs to user"), home.locked():
        pytest.fail("it was taken")
    with pytest.raises(Conflict, match="set TRACEJUDGE_HOME to another"):
        home.is_locked()


def test_a_process_is_known_by_its_start_time_too():
    assert SUPERVISOR.alive
    assert not Running("reused", os.getpid(), SUPERVISOR.started - 100, "", "").alive
