"""Split a file of graded pairs of arithmetic traces into two traces files, one per side, for `tracejudge compare`.

`python -m examples.split_pairs PAIRS.jsonl A.jsonl B.jsonl`. Each line of PAIRS.jsonl holds `pair_id`, `problem`,
`question`, `reference_solution`, `trace_a`, `trace_b` and perhaps `a_correct`, `b_correct`; solutions and traces end
with a line `A: 42`. `compare` joins files of one model each, so the sides get the names `side-a` and `side-b`,
whichever models wrote them. Where the file says which traces are correct, the answers read here must agree.
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterable
from decimal import Decimal
from pathlib import Path
from typing import Any

from app.domain.trace import correctness

NO_ANSWER = "no final answer"
_ANSWER_LINE = re.compile(r"\s*A:(.*)", re.DOTALL)
_NUMBER = re.compile(r"-?\d[\d,]*(?:\.\d+)?|-?\.\d+")


def split_answer(solution: str) -> tuple[str, str]:
    """The reasoning and the final answer of a solution; the answer stands on the last line, behind `A:`.

    A run-on solution that never reaches its answer line has no final answer, and says so.
    """
    reasoning, _, last = solution.rstrip().rpartition("\n")
    answer = _ANSWER_LINE.fullmatch(last)
    return (reasoning, plain_number(answer[1])) if answer else (solution, NO_ANSWER)


def plain_number(text: str) -> str:
    """The number in an answer, written one way: `$5,600.00` is `5600`. Text without a number stays as it is."""
    found = _NUMBER.search(text)
    if not found:
        return text.strip() or NO_ANSWER
    number = Decimal(found[0].replace(",", ""))
    return f"{number.normalize():f}"


def traces(pair: dict[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The two lines of a pair, side a and side b; pairs about one problem share a cluster."""
    item = {
        "id": pair["pair_id"],
        "question": pair["question"],
        "answer": split_answer(pair["reference_solution"])[1],
        "cluster": f"problem-{pair['problem']}",
    }
    return _line(item, pair, "a"), _line(item, pair, "b")


def _line(item: dict[str, Any], pair: dict[str, Any], side: str) -> dict[str, Any]:
    reasoning, answer = split_answer(pair[f"trace_{side}"])
    return {"item": item, "model": f"side-{side}", "trace": reasoning, "answer": answer}


def disagreements(pairs: Iterable[dict[str, Any]]) -> list[str]:
    """Where a label in the file says otherwise than the answers read here: `gsm017 a`, ..."""
    return [
        f"{pair['pair_id']} {side}"
        for pair in pairs
        for side, line in zip("ab", traces(pair), strict=True)
        if pair.get(f"{side}_correct") not in (None, correctness(line["item"]["answer"], line["answer"]))
    ]


def main(source: Path, file_a: Path, file_b: Path) -> int:
    """Write both files; 1 when a label disagrees."""
    pairs = [json.loads(line) for line in source.read_text(encoding="utf-8").splitlines()]
    for file, side in ((file_a, 0), (file_b, 1)):
        lines = (json.dumps(traces(pair)[side], ensure_ascii=False) + "\n" for pair in pairs)
        file.write_text("".join(lines), encoding="utf-8")
    wrong = disagreements(pairs)
    print(f"{len(pairs)} pairs; {len(wrong)} labels disagree", *wrong, sep="\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    if len(sys.argv) != 4:
        raise SystemExit(__doc__)
    raise SystemExit(main(*map(Path, sys.argv[1:])))
