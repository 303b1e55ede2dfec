"""`python -m tests.stub_judge`: serve until stopped; prints `ready URL` once it listens."""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
from pathlib import Path

import uvloop

from tests.stub_judge.ledger import Ledger
from tests.stub_judge.script import FAULTS, fault_of
from tests.stub_judge.server import Options, StubServer
from tests.stub_judge.verdicts import Opinion
from tests.stub_judge.wire import Connection


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(prog="stub_judge", description=__doc__)
    add = made.add_argument
    add("--port", type=int, default=0, help="0 picks a free one")
    add("--slots", type=int, default=64, help="completions worked on at once")
    add("--latency", default="0", help="seconds of work a completion: 0.05, or 0.02-0.2 drawn by prompt")
    add("--overload", choices=("queue", "reject"), default="queue", help="beyond the slots: wait, or 429")
    add("--retry-after", type=float, default=1.0)
    add("--fault", action="append", default=[], metavar="RATE:KIND[:TIMES]", help=f"KIND: {', '.join(FAULTS)}")
    add("--model", default="stub-judge", help="the only model served")
    add("--echo", help="name another model in replies")
    add("--key", help="the API key asked for")
    add("--context", type=int, help="most prompt tokens accepted")
    add("--ledger", type=Path, help="also write each finished call to this file")
    add("--rule", choices=("hash", "longer", "gold"), default="hash", help="what makes a trace strong")
    add("--marker", default="GOLD", help="the word that wins under --rule gold")
    add("--seed", type=int, default=0)
    add("--position-pull", type=float, default=0.0, help="nats in favour of the first position")
    add("--tie-band", type=float, default=0.0, help="log-odds up to which it says TIE")
    add("--no-logprobs", action="store_true", help="never give log-probabilities")
    add("--no-schema", action="store_true", help="refuse response_format")
    add("--blind", action="store_true", help="take pictures without looking at them")
    return made


def options_of(given: argparse.Namespace) -> Options:
    low, _, high = given.latency.partition("-")
    return Options(
        slots=given.slots,
        latency=(float(low), float(high or low)),
        overload=given.overload,
        retry_after=given.retry_after,
        model=given.model,
        echo=given.echo,
        key=given.key,
        context=given.context,
        log_probabilities=not given.no_logprobs,
        schema=not given.no_schema,
        blind=given.blind,
        opinion=Opinion(given.rule, given.seed, given.position_pull, given.tie_band, given.marker),
    )


async def serve(given: argparse.Namespace) -> None:
    with contextlib.ExitStack() as stack:
        file = stack.enter_context(given.ledger.open("a")) if given.ledger else None
        stub = StubServer(options_of(given), [fault_of(text) for text in given.fault], Ledger(file))
        loop = asyncio.get_running_loop()
        server = await loop.create_server(lambda: Connection(stub.answer), "127.0.0.1", given.port, backlog=4096)
        stopped = asyncio.Event()
        for name in (signal.SIGINT, signal.SIGTERM):
            loop.add_signal_handler(name, stopped.set)
        print(f"ready http://127.0.0.1:{server.sockets[0].getsockname()[1]}/v1", flush=True)
        await stopped.wait()
        server.close()


if __name__ == "__main__":
    uvloop.run(serve(parser().parse_args()))
