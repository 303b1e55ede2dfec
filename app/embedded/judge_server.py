"""Serves one GGUF model as an OpenAI-compatible endpoint on loopback: python -m app.embedded.judge_server
MODEL ALIAS PORT.
"""

from __future__ import annotations

import os
import signal
import sys

import xllamacpp

CONTEXT_TOKENS = 4096


def cores() -> int:
    """How many cores we may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def parameters(model: str, alias: str, port: int) -> xllamacpp.CommonParams:
    """One conversation at a time on every core: on a CPU, parallel slots only share the same arithmetic."""
    chosen = xllamacpp.CommonParams()
    chosen.model.path = model
    chosen.model_alias = {alias}
    chosen.hostnames = ["127.0.0.1"]
    chosen.port = port
    chosen.n_ctx = CONTEXT_TOKENS
    chosen.n_parallel = 1
    chosen.cache_prompt = True  # the shared beginning of both orders is read once
    chosen.endpoint_metrics = True
    chosen.cpuparams.n_threads = chosen.cpuparams_batch.n_threads = cores()
    return chosen


def main() -> None:
    """Serve until a signal ends us."""
    model, alias, port = sys.argv[1:]
    server = xllamacpp.Server(parameters(model, alias, int(port)))
    print("listening on", server.listening_address, flush=True)  # noqa: T201 - the first line of its log
    signal.pause()


if __name__ == "__main__":
    main()
