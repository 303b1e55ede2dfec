"""The demo: what it submits, how it goes on after an interruption, and the story it tells of the numbers."""

from __future__ import annotations

from types import SimpleNamespace

import orjson
import pytest

from app.cli import demo
from app.embedded.home import Home
from app.reports import as_json
from app.wire.jobs import NewJobIn
from tests.unit.cli.a_job import a_job
from tests.unit.reports.a_report import a_report

URL = "http://127.0.0.1:20001/v1"


class Server:
    """Has one job and remembers the verbs."""

    def __init__(self, job, url: str = URL) -> None:
        self.verbs: list[str] = []
        self._job, self._url = job, url

    def jobs(self):
        return iter([a_job(name="another"), self._job])

    def get_judge(self, name):
        return SimpleNamespace(urls=[self._url], name=name)

    def resume_judge(self, name):
        self.verbs.append(f"resume judge {name}")

    def resume(self, job_id):
        self.verbs.append("resume")
        return a_job(id=job_id, name="demo")

    def cancel(self, job_id):
        self.verbs.append(f"cancel {job_id}")


@pytest.fixture
def launched(monkeypatch) -> list:
    seen = []
    monkeypatch.setattr(
        demo, "launch", lambda _client, new, lines: seen.append((new, len(lines))) or a_job(name="demo")
    )
    monkeypatch.setattr(demo, "settled_lines", lambda file, _client: file.read_bytes().splitlines())
    return seen


@pytest.mark.parametrize(("status", "verbs"), [("running", []), ("paused", ["resume"])])
def test_an_interrupted_demo_goes_on(launched, status, verbs):
    server = Server(a_job(status, name="demo", id="old"))
    assert demo.job_of(server, URL).id == "old"
    assert server.verbs == ["resume judge judge", *verbs]
    assert launched == []


def test_one_whose_judge_was_elsewhere_is_cancelled_and_begun_anew(launched):
    server = Server(a_job(name="demo", id="old"), url="http://127.0.0.1:20002/v1")
    demo.job_of(server, URL)
    assert server.verbs == ["cancel old"]
    assert launched == [(demo.new_job(URL), 16)]


def test_one_that_is_over_is_left_alone(launched):
    server = Server(a_job("completed", name="demo", done=10))
    demo.job_of(server, URL)
    assert server.verbs == []
    assert len(launched) == 1


def test_the_job_is_one_the_api_takes():
    job = NewJobIn.model_validate(demo.new_job(URL)).to_domain()
    assert (job.axes, job.policy.name) == (("overall",), "half")
    assert job.judges[0][0].sees_images is False


def test_the_judge_keeps_its_port_while_that_is_free(monkeypatch, tmp_path):
    ports = iter([20_001, 20_002])
    monkeypatch.setattr(demo, "free_port", lambda: next(ports))
    free = {"now": True}
    monkeypatch.setattr(demo, "is_free", lambda _port: free["now"])
    assert [demo.judge_port(Home(tmp_path)) for _ in range(2)] == [20_001, 20_001]
    free["now"] = False
    assert demo.judge_port(Home(tmp_path)) == 20_002


def test_the_story_is_made_of_the_reports_numbers():
    results = orjson.loads(as_json.render(a_report()))["results"]
    lines = demo.story(results)
    assert len(lines) == 3
    assert "98.5 %" in lines[0]
    assert "196 of 200 pairs" in lines[1]
    assert "Images not seen by this judge." in lines[2]
    assert demo.story(results | {"position": []}) == []
