"""A database cluster made once and copied, where a test is not about making it."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from app.embedded import postgres


@pytest.fixture(scope="session")
def made_cluster(tmp_path_factory) -> Path:
    directory = tmp_path_factory.mktemp("cluster") / "postgres"
    postgres.prepare(directory)
    return directory


@pytest.fixture
def cluster(made_cluster, tmp_path) -> Path:
    """tmp_path/postgres, ready to start."""
    return shutil.copytree(made_cluster, tmp_path / "postgres", symlinks=True)
