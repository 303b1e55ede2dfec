"""Pairs on their way to the server, and what a dry run shows of them."""

from __future__ import annotations

import base64
import hashlib
import io
import json

import orjson
import pytest
import typer

from app.cli import submit
from app.cli.dry_run import FENCE, preview
from app.cli.job_options import Endpoint, judge_of, judges_of, metadata_of, new_job
from app.domain.errors import Invalid

PAIR = {
    "item": {"id": "q1", "question": "Which?"},
    "a": {"model": "x", "trace": "First reasons."},
    "b": {"model": "y", "trace": "Second reasons."},
}
JUDGE = Endpoint(url="http://127.0.0.1:9/v1", model="org/judge")


class Shelf:
    """Takes pictures."""

    def __init__(self) -> None:
        self.pictures: list[bytes] = []

    def put_image(self, data: bytes) -> None:
        self.pictures.append(data)


def settled(tmp_path, *lines: bytes) -> tuple[list[bytes], list[bytes]]:
    file, shelf = tmp_path / "pairs.jsonl", Shelf()
    file.write_bytes(b"".join(lines))
    return list(submit.settled_lines(file, shelf)), shelf.pictures


def with_image(**image) -> bytes:
    return orjson.dumps(PAIR | {"item": PAIR["item"] | {"images": [image]}}) + b"\n"


def test_pictures_are_sent_once_and_lines_name_them_by_hash(tmp_path):
    data = b"picture"
    (tmp_path / "scan.png").write_bytes(data)
    uri = "data:image/png;base64," + base64.b64encode(data).decode()
    lines, pictures = settled(tmp_path, with_image(path="scan.png"), with_image(data=uri), with_image(path="scan.png"))
    assert pictures == [data]
    found = [orjson.loads(line)["item"]["images"] for line in lines]
    assert found == [[{"sha256": hashlib.sha256(data).hexdigest()}]] * 3


@pytest.mark.parametrize(
    "line",
    [b'{"a": 1}\n', b"\n", b'not json "data"\n', b'["path"]\n', b'{"data": 1, "data": 2}\n', b'{"item": "path"}\n'],
)
def test_what_is_no_pair_goes_to_the_server_untouched(tmp_path, line):
    assert settled(tmp_path, line) == ([line], [])


def test_standard_input_is_read(monkeypatch):
    given = io.TextIOWrapper(io.BytesIO(b"one\ntwo\n"))
    monkeypatch.setattr("sys.stdin", given)
    assert list(submit.lines_of(submit.STANDARD_INPUT)) == [b"one\n", b"two\n"]


def dry(capsys, *, lines: int = 3, **fields):
    new = new_job(judges=judges_of(None, JUDGE), rubric="reasoning-trace", **fields)
    preview(new, [orjson.dumps(PAIR) + b"\n"] * lines, as_json=True)
    return json.loads(capsys.readouterr().out)


def test_a_dry_run_renders_both_orders_and_counts(capsys):
    found = dry(capsys, repeats=2)
    assert (found["pairs"], found["units"], found["judges"]) == (3, 3 * 2 * 2, ["org-judge"])
    text = {order: "\n".join(prompt["user"]) for order, prompt in found["prompts"].items()}
    assert text["AB"].index("First reasons.") < text["AB"].index("Second reasons.")
    assert text["BA"].index("Second reasons.") < text["BA"].index("First reasons.")
    assert FENCE in text["AB"]


def test_a_judge_of_log_probabilities_is_asked_for_every_axis_by_itself(capsys):
    new = new_job(
        judges=[judge_of("j", Endpoint(JUDGE.url, "m", method="logprobs"))],
        rubric="reasoning-trace",
        axes=["rationale", "overall"],
    )
    preview(new, [orjson.dumps(PAIR)], as_json=True)
    assert json.loads(capsys.readouterr().out)["units"] == 2 * 2


@pytest.mark.parametrize(("fields", "said"), [({"axes": ["taste"]}, "no axis taste"), ({"lines": 0}, "no pairs")])
def test_a_dry_run_says_what_is_wrong(capsys, fields, said):
    with pytest.raises(Invalid, match=said):
        dry(capsys, **fields)


def test_a_judges_key_comes_from_the_environment_and_its_address_is_looked_at(monkeypatch):
    monkeypatch.setenv("SOME_KEY", "k")
    assert judge_of("j", Endpoint(JUDGE.url, "m", key_env="SOME_KEY"))["api_key"] == "k"
    with pytest.raises(Invalid) as caught:
        judge_of("j", Endpoint("ftp://j", "m"))
    assert [problem.field for problem in caught.value.problems] == ["url"]


@pytest.mark.parametrize(
    ("text", "wrong"),
    [("{", "not JSON"), ("[1]", "one JSON object"), ("@nowhere.json", "cannot be read")],
)
def test_metadata_that_cannot_be_read_is_wrong_usage(text, wrong):
    with pytest.raises(typer.BadParameter, match=wrong):
        metadata_of(text)


def test_metadata_comes_typed_or_from_a_file(tmp_path):
    file = tmp_path / "metadata.json"
    file.write_text('{"slice_by": "site"}')
    assert metadata_of(f"@{file}") == metadata_of('{"slice_by": "site"}') == {"slice_by": "site"}
    assert metadata_of(None) == {}
