"""The stub's opinion: a pure function of the two trace texts, the axis, the seed and a pull to one position."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass
from typing import Any

import orjson

from tests.stub_judge.question import Question


@dataclass(frozen=True, slots=True)
class Opinion:
    """How the stub decides.

    `rule`: hash (a strength drawn by text, axis and seed), longer (the longer trace), gold (the trace that
    holds `marker`). `position_pull`: nats added in favour of the first position. `tie_band`: log-odds up to
    which it says TIE.
    """

    rule: str = "hash"
    seed: int = 0
    position_pull: float = 0.0
    tie_band: float = 0.0
    marker: str = "GOLD"

    def log_odds(self, question: Question, axis: str) -> float:
        """log P(first)/P(second) in nats."""
        first, second = question.first_text or "", question.second_text or ""
        return self.strength(first, axis) - self.strength(second, axis) + self.position_pull

    def verdict(self, question: Question, axis: str) -> str:
        odds = self.log_odds(question, axis)
        if abs(odds) <= self.tie_band:
            return "TIE"
        return "FIRST" if odds > 0 else "SECOND"

    def strength(self, text: str, axis: str) -> float:
        if self.rule == "longer":
            return 4.0 * math.log(1 + len(text))
        if self.rule == "gold":
            return 3.0 if self.marker in text else 0.0
        drawn = hashlib.blake2b(f"{self.seed}\x00{axis}\x00{text}".encode("utf-8", "surrogatepass"), digest_size=8)
        return 6.0 * int.from_bytes(drawn.digest()) / 2**64 - 3.0


def json_content(question: Question, opinion: Opinion) -> str:
    """A reply in the shape that the request's schema asks for."""
    found = {
        axis: {
            "reason": f"Compared on {axis}: strengths differ by {opinion.log_odds(question, axis):.3f}.",
            "verdict": opinion.verdict(question, axis),
        }
        for axis in question.axes
    }
    return orjson.dumps(found).decode()


def first_token(question: Question, opinion: Opinion) -> tuple[str, list[dict[str, Any]]]:
    """The most likely token of a one-token reply and the list of log-probabilities beside it."""
    odds = opinion.log_odds(question, question.axes[0] if question.axes else "")
    likely = 0.98 / (1.0 + math.exp(-odds))
    listed = [("1", likely), ("2", 0.98 - likely), (" 1", 0.004), ("First", 0.003), ("\n", 0.002)]
    listed.sort(key=lambda entry: -entry[1])
    top = [
        {"token": token, "logprob": math.log(max(mass, 1e-300)), "bytes": list(token.encode())}
        for token, mass in listed
    ]
    return listed[0][0], top
