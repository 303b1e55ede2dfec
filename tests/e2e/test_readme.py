"""The README's walk through the API, run word for word by a shell."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.world.world import World, world

ROOT = Path(__file__).parents[2]
WALK = re.compile(r"<!-- tested by tests/e2e/test_readme.py.*?-->\n```sh\n(.*?)```", re.DOTALL)


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory):
    with world(tmp_path_factory.mktemp("readme"), slots=8, rule="longer") as made:
        yield made


def test_the_walk_works(there: World, tmp_path: Path) -> None:
    (script,) = WALK.findall((ROOT / "README.md").read_text())
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    known = {"TRACEJUDGE_URL": there.url, "TRACEJUDGE_API_KEY": there.key, "JUDGE_URL": there.judge.url}
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", script],
        cwd=tmp_path,
        env={**os.environ, **known},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "over 16 pairs" in done.stdout
    assert "<html" in (tmp_path / "report.html").read_text()


def test_every_file_it_names_exists() -> None:
    named = re.findall(r"\]\(([^)#:]+)\)", (ROOT / "README.md").read_text())
    assert [path for path in named if not (ROOT / path).exists()] == []
