"""The command line as a user runs it: real processes, a real stack, a scripted judge, files in and files out."""

from __future__ import annotations

import base64
import io
import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from PIL import Image

from app.embedded.processes import environment
from tests.integration.embedded.support import eventually, heed_signals, processes_of
from tests.stub_judge.handle import StubJudge

UNSET = ("TRACEJUDGE_URL", "TRACEJUDGE_API_KEY", "TRACEJUDGE_DATABASE_URL", "TRACEJUDGE_BROKER_URL")


def settings(home: Path) -> dict[str, str]:
    kept = {name: value for name, value in environment().items() if name not in UNSET}
    return {**kept, "TRACEJUDGE_HOME": str(home), "TRACEJUDGE_PORT": "0", "COLUMNS": "200"}


def start(home: Path, *arguments: str, **more) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "app.cli", *arguments]
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen(
        command,
        env=settings(home),
        text=True,
        preexec_fn=heed_signals,  # noqa: PLW1509 - it does nothing that another thread could hold up
        **pipes,
        **more,
    )


def run(home: Path, *arguments: str, expect: int = 0, given: str = "") -> subprocess.CompletedProcess[str]:
    with start(home, *arguments) as process:
        out, err = process.communicate(given, timeout=300)
    assert process.returncode == expect, f"{arguments}: {process.returncode}\n{out}\n{err}"
    assert "Traceback" not in err
    return subprocess.CompletedProcess(arguments, process.returncode, out, err)


def run_json(home: Path, *arguments: str, **more):
    return json.loads(run(home, *arguments, "--json", **more).stdout)


def picture() -> bytes:
    content = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(content, "PNG")
    return content.getvalue()


@pytest.fixture(scope="module")
def judge() -> Iterator[StubJudge]:
    with StubJudge.start(rule="longer") as stub:
        yield stub


@pytest.fixture(scope="module")
def home(tmp_path_factory) -> Iterator[Path]:
    """A stack that runs for all tests of this module, and afterwards the proof that nothing of it does."""
    directory = tmp_path_factory.mktemp("cli") / "home"
    run(directory, "up", "-d")
    yield directory
    run(directory, "down")
    assert eventually(lambda: not processes_of(directory), 30), processes_of(directory)


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> tuple[Path, Path]:
    """Two models' traces files: the tuned model writes longer traces, and each lacks one item of the other."""
    folder = tmp_path_factory.mktemp("traces")
    (folder / "scan.png").write_bytes(picture())
    base, tuned = folder / "base.jsonl", folder / "tuned.jsonl"
    items = [{"id": f"q{number}", "question": f"What is {number}?", "answer": "A"} for number in range(6)]
    items[0]["images"] = [{"path": "scan.png"}]
    base.write_text("".join(line(item, "Short.", "B") for item in items[:5]))
    tuned.write_text("".join(line({"id": item["id"]}, "A longer trace, step by step.", "A") for item in items[:4]))
    with tuned.open("a") as more:
        more.write(line(items[5], "Alone.", "A"))
    return base, tuned


def line(item: dict, reasoning: str, answer: str) -> str:
    return json.dumps({"item": item, "reasoning": reasoning, "answer": answer}) + "\n"


def compare(judge: StubJudge, files: tuple[Path, ...], out: Path, *more: str) -> list[str]:
    inline = ["--judge-url", judge.url, "--judge-model", "stub-judge", "--axes", "overall"]
    return ["compare", *map(str, files), *inline, "--map", "trace=reasoning", "--out", str(out), *more]


def pairs_file(folder: Path, count: int = 3) -> Path:
    uri = "data:image/png;base64," + base64.b64encode(picture()).decode()
    file = folder / "pairs.jsonl"
    with file.open("w") as lines:
        for number in range(count):
            item = {"id": f"p{number}", "question": "Which?", "images": [{"data": uri}]}
            sides = {"a": {"model": "x", "trace": "Long enough."}, "b": {"model": "y", "trace": "Short."}}
            lines.write(json.dumps({"item": item, **sides}) + "\n")
    return file


def test_compare_joins_judges_and_reports(home, judge, files, tmp_path):
    judge.clear()
    done = run(home, *compare(judge, files, tmp_path / "report", "--json"))
    answer = json.loads(done.stdout)
    assert answer["status"] == "completed"
    assert "2 items in only some files: q4 (no trace of tuned), q5 (no trace of base)" in done.stderr
    assert answer["joined"]["items_in_only_some_files"]["count"] == 2
    rate = answer["report"]["results"]["headline"]["win_rate"]
    assert (rate["n_pairs"], rate["losses"], rate["estimate"]) == (4, 4, 0.0)
    assert {file.name for file in (tmp_path / "report").iterdir()} == {
        f"report.{f}" for f in ("json", "md", "html", "csv")
    }
    assert sum(call["first"] != call["second"] for call in judge.ledger()) == 2 * 4  # the rest looks at the judge
    assert run_json(home, "watch", answer["id"])["progress"]["done"] == 2 * 4


def test_compare_shows_tables_to_a_person(home, judge, files, tmp_path):
    done = run(home, *compare(judge, files, tmp_path / "report", "--timeout", "60"))
    assert "win rate" in done.stdout
    assert "Trust checks" in done.stdout
    assert str(tmp_path / "report" / "report.html") in done.stdout
    assert "completed: 8 of 8 units" in done.stderr


def test_the_life_of_a_submitted_job(home, judge, tmp_path):
    run(home, "judges", "add", "stub", "--url", judge.url, "--model", "stub-judge", "--key-stdin", given="k\n")
    found = run_json(home, "judges", "test", "stub")
    assert found["reachable"] is True
    assert [each["name"] for each in run_json(home, "judges", "list") if each["api_key"] == "set"] == ["stub"]
    pairs = pairs_file(tmp_path)
    draft = run_json(home, "submit", str(pairs), "--judge", "stub", "--draft")
    assert draft["status"] == "draft"
    assert run_json(home, "start", draft["id"])["status"] in ("preparing", "running", "completed")
    last = run_json(home, "watch", draft["id"])
    assert (last["status"], last["progress"]["pairs"]) == ("completed", 3)
    assert run_json(home, "jobs", "--limit", "1")[0]["id"] == draft["id"]
    sheet = run(home, "report", draft["id"], "--format", "csv", "--policy", "drop", "--level", "0.9").stdout
    assert sheet.splitlines()[0].count(",") > 5
    run(home, "report", draft["id"], "--format", "html", "--out", str(tmp_path / "r.html"))
    assert "<html" in (tmp_path / "r.html").read_text()
    refused = run(home, "pause", draft["id"], expect=1)
    assert "the job is completed" in refused.stderr
    assert refused.stdout == ""
    assert run_json(home, "delete", draft["id"], "--yes") == {"id": draft["id"], "deleted": True}
    assert "Not found" in run(home, "watch", draft["id"], expect=1).stderr


def test_jobs_are_ranked_gate_a_build_and_pilot_the_next(home, judge, tmp_path):
    jobs = []
    for models in (("large", "small"), ("small", "tiny")):  # the longer trace wins
        file = tmp_path / f"{models[0]}.jsonl"
        with file.open("w") as lines:
            for number in range(6):
                sides = ("Long enough.", "Short.")[:: 1 if number % 3 else -1]
                pair = {side: {"model": m, "trace": t} for side, m, t in zip("ab", models, sides, strict=True)}
                lines.write(json.dumps({"item": {"id": f"p{number}", "question": "Which?"}, **pair}) + "\n")
        inline = ("--judge-url", judge.url, "--judge-model", "stub-judge", "--axes", "overall", "--watch")
        jobs.append(run_json(home, "submit", str(file), *inline)["id"])
    shown = run(home, "leaderboard", *jobs).stdout
    assert "over 12 decided pairs of 2 jobs in 6 clusters" in shown.replace("\n", " ")
    assert "over tiny" in shown
    condition = "win_rate.low < 0.9 and losses.missing_pairs.lost == 0"
    failed = run(home, "report", jobs[0], "--format", "json", "--fail-if", condition, expect=1)
    assert "Failed: win_rate.low is" in failed.stderr
    assert json.loads(failed.stdout)["results"]["headline"]
    assert "win_rate" in run(home, "report", jobs[0], "--fail-if", "win_rat.low < 0.9", expect=2).stderr
    plan = run_json(home, "plan", "--half-width", "5%", "--pilot", jobs[0])
    assert plan["plans"][0]["units"] == 2 * plan["plans"][0]["pairs"]
    assert "pilot" in {one["source"] for one in plan["assumptions"]}


def test_bad_pairs_are_told_by_line_and_leave_no_job_behind(home, judge, tmp_path):
    before = len(run_json(home, "jobs"))
    lines = pairs_file(tmp_path).read_text() + '{"item": {"id": "x"}}\nnot json\n'
    told = run(home, "submit", "-", "--judge-url", judge.url, "--judge-model", "stub-judge", given=lines, expect=1)
    assert "line 4, item.question: is missing" in told.stderr
    assert "line 5" in told.stderr
    assert len(run_json(home, "jobs")) == before


def test_bad_traces_are_told_by_item_and_model(home, judge, files, tmp_path):
    base, _ = files
    odd = tmp_path / "odd.jsonl"
    odd.write_text(line({"id": "q1"}, " ", "A"))
    told = run(home, *compare(judge, (base, odd), tmp_path / "report"), expect=1)
    assert "item q1, odd, b.trace" in told.stderr


def test_a_dry_run_asks_nobody(home, judge, tmp_path):
    judge.clear()
    shown = run(
        home, "submit", str(pairs_file(tmp_path)), "--judge-url", judge.url, "--judge-model", "m", "--dry-run"
    ).stdout
    assert "Order AB" in shown
    assert "Order BA" in shown
    assert "Long enough." in shown
    assert "3 pairs, 6 units" in shown
    assert judge.ledger() == []


def test_keys_and_projects(home):
    made = run_json(home, "keys", "create", "ci", "--role", "reader")
    assert made["key"].startswith("tj_")
    assert made["key"] not in run(home, "keys", "list").stdout
    assert run_json(home, "keys", "revoke", str(made["id"]))["revoked_at"] is not None
    assert run_json(home, "projects", "create", "radiology")["key"].startswith("tj_")
    assert "radiology" in [project["name"] for project in run_json(home, "projects", "list")]


def test_the_doctor_and_the_schema(home, tmp_path):
    found = run_json(home, "doctor")
    assert found["ok"] is True
    assert {"database", "broker", "api", "workers", "key"} <= {each["what"] for each in found["findings"]}
    assert run_json(home, "db", "upgrade")["revision"]
    (tmp_path / "other").mkdir()
    unwell = settings(tmp_path / "other") | {"TRACEJUDGE_DATABASE_URL": "postgresql://nobody@127.0.0.1:9/none"}
    command = [sys.executable, "-m", "app.cli", "doctor"]
    told = subprocess.run(command, env=unwell, capture_output=True, text=True, timeout=120, check=False)
    assert told.returncode == 1
    assert "WRONG" in told.stdout
    assert "Traceback" not in told.stderr


def test_compare_with_a_stack_of_its_own_survives_ctrl_c(judge, files, tmp_path):
    own = tmp_path / "home"
    with StubJudge.start(latency="1.5", slots=1) as slow:
        process = start(own, *compare(slow, files, tmp_path / "report"), start_new_session=True)
        assert eventually(lambda: slow.stats()["calls"] > 0, 180)
        os.kill(process.pid, signal.SIGINT)
        out, err = process.communicate(timeout=120)
    assert process.returncode == 130, err
    assert out == ""
    assert "goes on at its next start" in err
    job = err.rsplit("tracejudge watch ", 1)[1].strip()
    assert eventually(lambda: not processes_of(own), 30), processes_of(own)
    run(own, "up", "-d")
    assert run_json(own, "jobs")[0]["id"] == job
    assert run_json(own, "jobs")[0]["status"] in ("running", "paused")
    run(own, "down")
    assert eventually(lambda: not processes_of(own), 30), processes_of(own)


def test_without_a_server_there_is_one_clear_answer(tmp_path):
    told = run(tmp_path / "nothing", "jobs", expect=1)
    assert told.stdout == ""
    assert "tracejudge up -d" in told.stderr
