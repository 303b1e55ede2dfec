"""What the terminal shows of a report is what the report says, and nothing in it acts."""

from __future__ import annotations

from pathlib import Path

import orjson
import pytest

from app.cli import results
from app.reports import as_json
from tests.unit.reports.a_report import a_hostile_report, a_report


def document(report):
    return orjson.loads(as_json.render(report))


def shown(report, capsys) -> str:
    results.show(document(report))
    return capsys.readouterr().out


def test_headline_axes_policies_checks_and_losses_are_shown(capsys):
    report = a_report()
    text = shown(report, capsys)
    found = report.results
    assert found.headline.text in text
    assert all(line.axis in text for line in found.axes)
    assert all(line.policy in text for line in found.policies)
    assert all(check["name"] in text for judge in found.judges for check in judge.checks)
    assert "WARNING" in text
    assert "not assessed" in text
    assert "72.7 % (66.7–78.7)" in text
    assert "(post hoc)" in text
    assert found.warnings[0] in text


def test_every_pair_is_accounted_for_in_a_row(capsys):
    text = shown(a_report(), capsys)
    row = next(line for line in text.splitlines() if line.startswith("overall"))
    *endings, pairs = (int(cell) for cell in row.split(")")[1].split())
    assert sum(endings) == pairs == 200


def test_a_report_without_pairs_says_so(capsys):
    assert "No pair was judged" in shown(a_report(headline=None, axes=[], policies=[], judges=[]), capsys)


def test_words_from_outside_are_only_shown(capsys):
    text = shown(a_hostile_report("\x1b[31m[bold]evil[/bold]\x07"), capsys)
    assert "[bold]evil[/bold]" in text
    assert not {"\x1b", "\x07"} & set(text)


def test_fields_a_newer_server_adds_do_not_matter():
    cells = document(a_report())["results"]["headline"]["win_rate"]
    assert results.rate_of(cells | {"new_in_the_future": 1}).n_pairs == cells["n_pairs"]


def test_four_files_are_saved(tmp_path):
    class Client:
        def report(self, job_id, name, **parameters):
            return f"{job_id} {name} {parameters}".encode()

    files = results.save(Client(), "j1", tmp_path / "new" / "folder", policy="drop")
    assert {file.name: file.read_text() for file in files.values()} == {
        f"report.{name}": f"j1 {name} {{'policy': 'drop'}}" for name in ("json", "md", "html", "csv")
    }


@pytest.mark.parametrize(("name", "folder"), [("demo", "demo"), ("a b/../c", "a-b-..-c"), ("../..", "job")])
def test_the_folder_of_a_report_is_named_after_the_job_and_stays_here(name, folder):
    assert results.directory_for(name) == Path(f"tracejudge-report-{folder}")
