"""Words from outside are only shown: in one line where they stand in one, with signs for what a terminal acts on."""

from __future__ import annotations

from contextlib import contextmanager

import pytest
from typer.testing import CliRunner

from app.cli import app, imports
from app.cli.errors import tell
from app.cli.terminal import counted, in_one_line, print_table, shown
from app.domain.errors import NotFound
from app.wire.verdicts import ImportOut

ODD = "a\nb\x1b[31m\x07c"
SIGNED = "a␊b␛[31m␇c"


class Served:
    """A server with one import, made of whatever it gets."""

    def __init__(self, **changes: object) -> None:
        self.made = ImportOut.model_validate({
            "id": "i", "name": ODD, "rows": 1, "verdicts": 1, "pairs": 1, "models": [ODD, "y"], "judges": [ODD],
            "axes": ["overall"], "primary_axis": "overall", "policy": "half", "labels": 0, "skipped": 1,
            "created_at": "2026-01-02T03:04:05Z", **changes,
        })  # fmt: skip

    def imports(self) -> list[ImportOut]:
        return [self.made]

    def import_verdicts(self, *_: object, **__: object) -> ImportOut:
        return self.made


def run(monkeypatch, served: Served, *arguments: str):
    monkeypatch.setattr(imports, "connected", contextmanager(lambda: (yield served)))
    done = CliRunner().invoke(app, arguments, env={"COLUMNS": "200"}, prog_name="tracejudge")
    assert done.exit_code == 0, done.output
    return done


def test_signs_stand_for_what_a_terminal_acts_on():
    assert in_one_line(ODD) == SIGNED
    assert shown(ODD) == SIGNED.replace("␊", "\n")
    assert in_one_line("a\u202eb") == "a?b"


def test_a_row_stays_a_row(capsys):
    print_table(("Name", "Count"), [(ODD, "1")])
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2
    assert SIGNED in lines[1]


def test_imports_are_told_in_a_line_each(monkeypatch, tmp_path):
    assert len(run(monkeypatch, Served(), "imports").stdout.splitlines()) == 2
    file = tmp_path / "v.csv"
    file.write_text("model_a,model_b,winner\nx,y,A\n")
    told = run(monkeypatch, Served(), "import", str(file)).stderr.splitlines()
    assert told[0] == f"Import i: 1 verdict on 1 pair of {SIGNED}, y"
    assert told[1].startswith(f"Judges: {SIGNED};")
    assert told[2] == "Left out: 1 row with count 0, which is no verdict."
    several = run(monkeypatch, Served(verdicts=1_200, pairs=2), "import", str(file)).stderr
    assert "1,200 verdicts on 2 pairs" in several


def test_an_error_cannot_act_on_the_terminal_either(capsys):
    tell(NotFound(f"there is no {ODD}"))
    assert "\x1b" not in capsys.readouterr().err


@pytest.mark.parametrize(("number", "text"), [(0, "0 pairs"), (1, "1 pair"), (1_000, "1,000 pairs")])
def test_one_is_singular(number, text):
    assert counted(number, "pair") == text
