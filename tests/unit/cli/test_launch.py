"""Making a job: nothing is left behind when it fails, and inline judges get along under one name."""

from __future__ import annotations

import pytest

from app.cli.launch import launch, told_apart
from app.client import ProblemError
from app.domain.errors import Conflict, Invalid
from app.wire.problems import TYPE_PREFIX, ProblemDocument
from tests.unit.cli.a_job import JOB_ID, a_job

NEW = {"name": "n", "judges": [{"name": "judge", "url": "http://j/v1", "served_model": "m", "api_key": "secret"}]}


def refused(kind) -> ProblemError:
    return ProblemError(
        ProblemDocument(type=TYPE_PREFIX + kind.slug, title="", status=400, detail="no", request_id="r")
    )


class RecordingClient:
    """Keeps what it was asked; refuses what it is told to refuse, once."""

    def __init__(self, **refusals: BaseException) -> None:
        self.asked: list[tuple[str, object]] = []
        self._refusals = refusals

    def _asked(self, what: str, with_: object) -> None:
        self.asked.append((what, with_))
        if what in self._refusals:
            raise self._refusals.pop(what)

    def create_job(self, new):
        self._asked("create", new)
        return a_job("draft")

    def upload_pairs(self, job_id, pairs):
        assert job_id == JOB_ID
        self._asked("upload", list(pairs))

    def start(self, job_id):
        self._asked("start", job_id)
        return a_job("running")

    def get_job(self, job_id):
        self._asked("get", job_id)
        return a_job("draft")

    def delete_job(self, job_id):
        self._asked("delete", job_id)


def names(client):
    return [what for what, _ in client.asked]


def test_a_job_is_drafted_filled_and_started():
    client = RecordingClient()
    assert launch(client, NEW, [b"{}"]).status == "running"
    assert client.asked == [("create", NEW), ("upload", [b"{}"]), ("start", JOB_ID)]


def test_a_draft_stays_a_draft():
    client = RecordingClient()
    assert launch(client, NEW, [b"{}"], start=False).status == "draft"
    assert "start" not in names(client)


@pytest.mark.parametrize("problem", [refused(Invalid), KeyboardInterrupt()])
def test_a_draft_that_could_not_be_filled_is_deleted_and_the_reason_told(problem):
    client = RecordingClient(upload=problem, delete=refused(Conflict))
    with pytest.raises(type(problem)) as caught:
        launch(client, NEW, [b"{}"])
    assert caught.value is problem
    assert client.asked[-1] == ("delete", JOB_ID)


def test_a_name_that_another_judge_has_gets_the_fingerprint_of_the_settings():
    client = RecordingClient(create=refused(Conflict))
    launch(client, NEW, [b"{}"])
    first, second = [new["judges"][0] for what, new in client.asked if what == "create"]
    assert first["name"] == "judge"
    assert second["name"].startswith("judge-")
    assert {**second, "name": "judge"} == first


def test_the_fingerprint_is_of_the_settings_and_never_of_the_key():
    (judge,) = NEW["judges"]
    assert told_apart(judge)["name"] == told_apart(judge | {"api_key": "another"})["name"]
    assert told_apart(judge)["name"] != told_apart(judge | {"timeout": 7})["name"]
    assert told_apart("stored") == "stored"


def test_other_refusals_are_not_tried_again():
    client = RecordingClient(create=refused(Invalid))
    with pytest.raises(ProblemError):
        launch(client, NEW, [b"{}"])
    assert names(client) == ["create"]
