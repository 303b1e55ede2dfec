"""Every command: there, explained, with an example and --json; wrong usage is status 2; the list is quick to show."""

from __future__ import annotations

import subprocess
import sys

import pytest
from typer.testing import CliRunner

from app.cli import app
from app.cli.lazy import COMMANDS, load

GROUPS = {
    "reviews": ("create", "list", "show", "close"),
    "judges": ("add", "list", "test", "resume"),
    "projects": ("create", "list"),
    "keys": ("create", "list", "revoke"),
    "db": ("upgrade", "key"),
}
EVERY = [(name,) for name in COMMANDS if name not in GROUPS] + [(name, sub) for name in GROUPS for sub in GROUPS[name]]


def run(*arguments: str):
    return CliRunner().invoke(app, arguments, env={"COLUMNS": "200"}, prog_name="tracejudge")


@pytest.mark.parametrize("command", EVERY, ids=" ".join)
def test_every_command_is_explained_with_an_example_and_speaks_json(command):
    shown = run(*command, "--help")
    assert shown.exit_code == 0, shown.output
    assert "Example:" in shown.output
    assert f"tracejudge {' '.join(command)}" in shown.output
    assert "--json" in shown.output


def test_the_list_names_every_command_and_groups_name_theirs():
    listed = run("--help").output
    assert all(f" {name} " in listed and text in listed for name, (_, text) in COMMANDS.items())
    for group, commands in GROUPS.items():
        assert tuple(load(group).commands) == commands


@pytest.mark.parametrize(
    "arguments",
    [
        ("nonsense",),
        ("compare",),
        ("compare", "there-is-no-such-file.jsonl"),
        ("compare", __file__, "--method", "guess"),
        ("submit", __file__),
        ("submit", __file__, "--judge", "a", "--judge-url", "http://b/v1"),
        ("report", "some-job", "--format", "docx"),
        ("keys", "create", "ci"),
        ("judges", "add", "j", "--url", "http://b/v1"),
        ("judges", "add", "j", "--url", "http://b/v1", "--model", "m", "--key-env", "NO_SUCH_VARIABLE_HERE"),
    ],
    ids=" ".join,
)
def test_wrong_usage_is_status_2(arguments):
    assert run(*arguments).exit_code == 2


def test_the_list_is_shown_without_loading_what_commands_need():
    look = "import sys; from app.cli import app; app(['--help'], standalone_mode=False); print('\\n', *sys.modules)"
    shown = subprocess.run([sys.executable, "-c", look], capture_output=True, text=True, check=True)
    loaded = set(shown.stdout.rpartition("\n ")[2].split())
    assert "app.cli.lazy" in loaded
    assert not loaded & {"httpx", "numpy", "pydantic_settings", "sqlalchemy", "psutil", "app.client"}
