"""How pages say what judges and people made of a pair."""

from __future__ import annotations

from app.wire.pair import WholePairOut
from app.wire.results import PairOut, PickOut

VERDICTS = {
    "A": "A", "B": "B", "TIE": "tie", "INCONSISTENT": "orders disagree", "UNDECIDED": "undecided",
    "MISSING": "no verdict",
}  # fmt: skip
STANCES = {
    "A": "A", "B": "B", "TIE": "tie", "FLIP": "flip", "PARTIAL": "partly", "INCONSISTENT": "orders disagree",
    "MISSING": "missing",
}  # fmt: skip
HUMAN = {"agree": "agree with the verdict", "disagree": "disagree with it", "labelled": "labelled it"}
LABELS = {"A": "A", "B": "B", "TIE": "tie", "NONE": "could not tell"}
PICKS = {"FIRST": "the first", "SECOND": "the second", "TIE": "a tie"}
WITHOUT_VERDICT = {
    "MISSING": "not judged in both orders",
    "INCONSISTENT": "the orders disagree",
    "UNDECIDED": "the judges do not agree",
}

Pair = PairOut | WholePairOut


def meaning(side: str, pair: Pair) -> str:
    """A side by its model: "A, base-7b"."""
    return {"A": f"A, {pair.a.model}", "B": f"B, {pair.b.model}", "TIE": "a tie"}.get(side, LABELS.get(side, side))


def verdict(name: str, pair: Pair) -> str:
    """A verdict in words, with the model it favours."""
    return f"{meaning(name, pair)}" if name in ("A", "B", "TIE") else WITHOUT_VERDICT[name]


def labels(counted: dict[str, int]) -> str:
    """2 A, 1 tie."""
    return ", ".join(f"{people} {LABELS[side]}" for side, people in counted.items())


def pick(found: PickOut) -> str:
    """What a reply says of the positions."""
    return f"chose {PICKS[found.pick]}" if found.pick != "TIE" else "called it a tie"


def log_odds(found: PickOut) -> str:
    """Log P(first)/P(second) in words."""
    return "" if found.log_odds is None else f"log-odds of the first {found.log_odds:+.2f}".replace("-", "\u2212", 1)


def stance(name: str, pair: Pair) -> str:
    """One judge's stance after both orders, as a sentence."""
    told = {
        "A": f"Both orders say A, {pair.a.model}.",
        "B": f"Both orders say B, {pair.b.model}.",
        "TIE": "Both orders say tie.",
        "FLIP": "The orders disagree: each favours another side, so the choice went with the position.",
        "PARTIAL": "The orders disagree: one says tie, the other does not.",
        "MISSING": "There is no stance: not every order has a verdict that counts.",
    }
    return told[name]
