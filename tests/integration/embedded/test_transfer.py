"""Data moves from one PostgreSQL directory to another, as it must when the major version changes."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from app.domain.errors import Conflict
from app.embedded.processes import StartFailed, environment
from app.embedded.stack import Stack
from app.embedded.transfer import export_data, import_data
from tests.integration.embedded.support import ask


@pytest.fixture
async def exported(tmp_path) -> Path:
    with Stack(tmp_path / "old", services=("postgres",)) as stack:
        await ask(stack.service("postgres"), "CREATE TABLE kept AS SELECT 'naïve ≠ \\x' AS text")
    export_data(tmp_path / "old", tmp_path / "dump")
    return tmp_path / "dump"


async def test_what_was_exported_is_imported(tmp_path, exported):
    import_data(tmp_path / "new", exported)
    with Stack(tmp_path / "new", services=("postgres",)) as stack:
        assert await ask(stack.service("postgres"), "SELECT text FROM kept") == "naïve ≠ \\x"


async def test_nothing_is_imported_over_data_or_by_halves(tmp_path, exported):
    with pytest.raises(Conflict, match="is not empty"):
        import_data(tmp_path / "old", exported)
    exported.write_bytes(exported.read_bytes()[:-20])
    with pytest.raises(StartFailed, match="pg_restore failed"):
        import_data(tmp_path / "new", exported)
    with Stack(tmp_path / "new", services=("postgres",)) as stack:
        assert await ask(stack.service("postgres"), "SELECT to_regclass('kept')") is None


@pytest.mark.parametrize(("arguments", "status"), [((), 2), (("export",), 2), (("import", "no-such-file"), 1)])
def test_the_exit_status_tells(tmp_path, arguments, status):
    command = [sys.executable, "-m", "app.embedded.transfer", *arguments]
    given = environment(TRACEJUDGE_HOME=str(tmp_path))
    done = subprocess.run(command, env=given, capture_output=True, text=True, check=False)
    assert (done.returncode, bool(done.stderr)) == (status, True)
