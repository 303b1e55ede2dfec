"""Verdicts as other tools write them, made into rows of a verdicts file (docs/contract.md).

AlpacaEval: a JSON list of annotations; `preference` from 1 (output_1 wins) to 2 (output_2 wins), 0 or 1.5 a draw.
MT-bench (FastChat): pairwise judgments in both orders, `g1_winner` and `g2_winner` already mapped back to models, and
votes of people or of a judge, `winner` = model_a, model_b or a tie.
"""

from __future__ import annotations

import hashlib
import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from app.domain.errors import Invalid, Problem

Record = Mapping[str, Any]
Row = dict[str, Any]
Numbered = Sequence[tuple[int, Record]]

GENERIC = "generic"
ITEM_DIGITS = 16
BASELINE_WINS, MODEL_WINS = 1.0, 2.0  # AlpacaEval's preferences
GAMES = {"model_1": "A", "model_2": "B", "tie": "tie", "error": None}
VOTES = {"model_a": "A", "model_b": "B", "tie": "tie", "tie (bothbad)": "tie", "tie (inconsistent)": "tie"}
INCONSISTENT = "tie (inconsistent)"
# MT-bench's other kind of judgment: one answer with a mark, and no second model.
SINGLE, MARKS = frozenset(("question_id", "model")), frozenset(("score", "rating"))
VISITOR, VISITORS = re.compile(r"arena_user_\d+"), "arena_user"  # thousands of people, of whom each voted a few times


@dataclass(frozen=True, slots=True)
class Converted:
    """Rows with the `line` each came from, and what a reader must know of them."""

    rows: list[Row]
    notes: list[str] = field(default_factory=list)


def detect(fields: Collection[str]) -> str:
    """The format whose fields these are; GENERIC when it is no other tool's. Raises Invalid for marks of one answer."""
    _refuse_single(fields, 1)
    return next((name for name, (_, wanted) in FORMATS.items() if any(each <= set(fields) for each in wanted)), GENERIC)


def convert(name: str, records: Numbered) -> Converted:
    """Rows of one of FORMATS. Raises Invalid, naming lines and what is allowed there."""
    read, wanted = FORMATS[name]
    for line, record in records:
        if not any(each <= set(record) for each in wanted):
            _refuse_single(record, line)
            needed = " or ".join(", ".join(sorted(each)) for each in wanted)
            raise Invalid(f"not {name}: a record needs the fields {needed}", (Problem("lacks some of them", "", line),))
    return read(records)


def _refuse_single(fields: Collection[str], line: int) -> None:
    if set(fields) >= SINGLE and not MARKS.isdisjoint(fields):
        reason = "has one model and a mark; a verdict names two models (MT-bench: the files *_pair.jsonl)"
        raise Invalid("single-answer grading, not pairwise", (Problem(reason, "", line),))


def alpaca_eval(records: Numbered) -> Converted:
    """The evaluated model (generator_2) is A; a pair is an instruction, known by its digest."""
    rows, seen = [], Counter[tuple[str, ...]]()
    for line, record in records:
        digest = hashlib.sha256(str(record["instruction"]).encode()).hexdigest()[:ITEM_DIGITS]
        row = {
            "line": line,
            "model_a": record["generator_2"],
            "model_b": record["generator_1"],
            "score": _preference(record["preference"], line),
            "judge": record.get("annotator") or "alpaca_eval",
            "cluster": digest,
        }
        key = (digest, str(row["model_a"]), str(row["model_b"]), str(row["judge"]))
        row["item"] = f"{digest} #{seen[key] + 1}" if seen[key] else digest
        seen[key] += 1
        for name, output in (("length_a", "output_2"), ("length_b", "output_1")):
            if isinstance(record.get(output), str):
                row[name] = len(record[output])
        if record.get("dataset"):
            row["tag.dataset"] = record["dataset"]
        rows.append(row)
    again = sum(count - 1 for count in seen.values())
    return Converted(rows, [f"{again:,} instructions come again: pairs of their own in one cluster"] if again else [])


def mt_bench(records: Numbered) -> Converted:
    """A pair is a question and a turn; the question is its cluster."""
    judges = _Judges(records)
    rows: list[Row] = []
    seen: Counter[tuple[Any, ...]] = Counter()
    for line, record in records:
        games = "g1_winner" in record
        models = (record["model_1"], record["model_2"]) if games else (record["model_a"], record["model_b"])
        row = {"line": line, "model_a": models[0], "model_b": models[1], **_question(record), **judges.of(record)}
        key = (row["item"], frozenset(map(str, models)), row["judge"])
        row["repeat"] = seen[key]
        seen[key] += 1
        if games:
            rows.append(row | {"order": "AB", "winner": _mapped(record["g1_winner"], GAMES, "g1_winner", line)})
            rows.append(row | {"order": "BA", "winner": _mapped(record["g2_winner"], GAMES, "g2_winner", line)})
        else:
            rows.append(row | {"winner": _mapped(record["winner"], VOTES, "winner", line)})
    return Converted(rows, _notes(records))


def _notes(records: Numbered) -> list[str]:
    inconsistent = sum(record.get("winner") == INCONSISTENT for _, record in records)
    visitors = {record["judge"] for _, record in records if _judge(record) == (VISITORS, "")}
    told = f"{inconsistent:,} verdicts {INCONSISTENT!r} count as ties: the file does not tell their two orders"
    crowd = f"{len(visitors):,} visitors of an arena count as one judge, {VISITORS}"
    return [told] * (inconsistent > 0) + [crowd] * (len(visitors) > 0)


FORMATS: Mapping[str, tuple[Callable[[Numbered], Converted], tuple[frozenset[str], ...]]] = {
    "alpaca_eval": (
        alpaca_eval,
        (frozenset(("instruction", "generator_1", "generator_2", "preference")),),
    ),
    "mt_bench": (
        mt_bench,
        (
            frozenset(("question_id", "model_1", "model_2", "g1_winner", "g2_winner")),
            frozenset(("question_id", "model_a", "model_b", "winner")),
        ),
    ),
}


class _Judges:
    """What the judges of an MT-bench file are called: the model; with the template where one alone is ambiguous."""

    def __init__(self, records: Numbered) -> None:
        templates: dict[tuple[Any, ...], set[str]] = {}
        for _, record in records:
            name, template = _judge(record)
            pair = frozenset(str(record.get(side)) for side in ("model_1", "model_2", "model_a", "model_b"))
            templates.setdefault((record["question_id"], record.get("turn"), pair, name), set()).add(template)
        self._whole = any(len(each) > 1 for each in templates.values())

    def of(self, record: Record) -> Row:
        name, template = _judge(record)
        if not template:
            return {"judge": name}
        return {"judge": f"{name}|{template}"} if self._whole else {"judge": name, "tag.template": template}


def _judge(record: Record) -> tuple[str, str]:
    judge = record.get("judge") or "mt_bench"
    if isinstance(judge, list | tuple):
        return str(judge[0]), "|".join(map(str, judge[1:]))
    return VISITORS if VISITOR.fullmatch(str(judge)) else str(judge), ""


def _question(record: Record) -> Row:
    question, turn = str(record["question_id"]), record.get("turn")
    if turn is None:
        return {"item": question, "cluster": question}
    return {"item": f"{question} turn {turn}", "cluster": question, "tag.turn": str(turn)}


def _preference(value: Any, line: int) -> float | None:
    """A's score: 0 for preference 1, 1 for 2."""
    number = _number(value)
    if value is None or (number is not None and math.isnan(number)):
        return None
    if number is None or not (number == 0 or BASELINE_WINS <= number <= MODEL_WINS):
        raise Invalid("a preference is not valid", (Problem("must be 1 to 2, 0 or empty", "preference", line),))
    return 0.5 if number == 0 else number - BASELINE_WINS


def _number(value: Any) -> float | None:
    try:
        return None if isinstance(value, bool) else float(value)
    except (TypeError, ValueError):
        return None


def _mapped(value: Any, words: Mapping[str, str | None], name: str, line: int) -> str | None:
    if value not in words:
        raise Invalid("a winner is not valid", (Problem(f"must be one of {', '.join(words)}", name, line),))
    return words[value]


def lines_of(rows: Iterable[Row]) -> list[Row]:
    """Rows without their empty fields, ready to be sent."""
    return [{name: value for name, value in row.items() if value is not None} for row in rows]
