"""Published tables through the real commands: `tracejudge import` and `tracejudge report` against a real service."""

from __future__ import annotations

import csv
import json
import math
import statistics
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from app.embedded.processes import environment
from tests.world.world import World, world

DATA = Path(__file__).parents[1] / "data"
ALPACA = json.loads((DATA / "win_rates" / "expected.json").read_text())


@pytest.fixture(scope="module")
def there(tmp_path_factory) -> Iterator[World]:
    with world(tmp_path_factory.mktemp("published"), workers=0) as service:
        yield service


def tracejudge(there: World, *arguments: str, given: str = "") -> Any:
    """The JSON a command prints."""
    settings = environment() | {"TRACEJUDGE_URL": there.url, "TRACEJUDGE_API_KEY": there.key}
    command = [sys.executable, "-m", "app.cli", *arguments, "--json"]
    done = subprocess.run(command, env=settings, input=given, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == 0, f"{arguments}\n{done.stdout}\n{done.stderr}"
    return json.loads(done.stdout)


def results(there: World, made: dict[str, Any], *parameters: str) -> dict[str, Any]:
    found: dict[str, Any] = tracejudge(there, "report", made["id"], *parameters)["results"]
    return found


def report(there: World, made: dict[str, Any], **parameters: str) -> dict[str, Any]:
    """The same without a process, where there are many."""
    answer = there.http.get(f"/imports/{made['id']}/report", params=parameters)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()["results"]
    return found


def table(*path: str) -> list[dict[str, str]]:
    with DATA.joinpath(*path).open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_journal_citations(there, tmp_path):
    """Turner and Firth (2012), JSS 48(9), section 2.1 (after Stigler 1994): strengths and residual deviance."""
    expected = json.loads((DATA / "bradley_terry" / "journal_citations_expected.json").read_text())
    file = tmp_path / "citations.csv"
    rows = [
        f"{r['winner_cited']},{r['loser_citing']},A,{r['count']}"
        for r in table("bradley_terry", "journal_citations.csv")
    ]
    file.write_text("\n".join(["model_a,model_b,winner,count", *rows, ""]))
    made = tracejudge(there, "import", str(file))
    assert (made["name"], made["rows"], made["verdicts"]) == (
        "citations",
        12,
        sum(int(row.split(",")[3]) for row in rows),
    )
    found = results(there, made, "--anchor", "Biometrika")
    strengths = {line["model"]: round(line["strength"], 4) for line in found["models"]}
    assert strengths == pytest.approx(expected["log_ability"], abs=1.01e-4)
    assert round(found["fit"]["deviance"], 3) == expected["residual_deviance"]
    assert found["fit"]["df"] == expected["residual_df"]


@pytest.mark.parametrize("name", ["food", "simple"])
def test_the_golden_files_of_evalica(there, name):
    """GitHub dustalov/evalica: Bradley-Terry with a tie as half a win for each; its scores are exp(strength) up to one
    common factor, so mean-centred logarithms are compared. Its columns are left, right, winner.
    """
    file = DATA / "bradley_terry" / f"evalica_{name}.csv"
    made = tracejudge(there, "import", str(file), "--map", "model_a=left,model_b=right")
    golden = {row["item"]: math.log(float(row["score"])) for row in table("bradley_terry", f"evalica_{name}-golden.csv")
              if row["algorithm"] == "bradley_terry"}  # fmt: skip
    centre = statistics.fmean(golden.values())
    found = {line["model"]: line["strength"] for line in results(there, made)["models"]}
    assert found == pytest.approx({item: score - centre for item, score in golden.items()}, abs=2e-6)


def annotations() -> list[dict[str, Any]]:
    """The published verdicts as AlpacaEval writes them."""
    return [
        {
            "instruction": f"instruction {row['idx']}", "output_1": "a" * 9, "generator_1": ALPACA["baseline"],
            "output_2": "b" * 7, "generator_2": ALPACA["model"], "annotator": ALPACA["annotator"],
            "preference": float(row["preference"]),
        }
        for row in table("win_rates", "cohere_vs_gpt4_turbo.csv")
    ]  # fmt: skip


def test_the_example_of_alpaca_eval(there, tmp_path):
    """GitHub tatsu-lab/alpaca_eval, results/cohere: win rate 17.2671 %, standard error 1.3330 %, 139 won, 666 lost."""
    file = tmp_path / "annotations.json"
    file.write_text(json.dumps(annotations()))
    found = results(there, tracejudge(there, "import", str(file)))
    headline = found["headline"]
    assert (headline["model_a"], headline["model_b"]) == (ALPACA["model"], ALPACA["baseline"])
    rate = headline["win_rate"]
    assert round(100 * rate["estimate"], 4) == round(ALPACA["win_rate"], 4) == 17.2671
    assert round(100 * rate["se"], 4) == round(ALPACA["standard_error"], 4) == 1.3330
    assert (rate["wins"], rate["losses"], rate["n_pairs"]) == (139, 666, 805)
    assert [judge["judge"] for judge in found["judges"]] == [ALPACA["annotator"]]


def test_soft_preferences_as_alpaca_eval_weighs_them(there, tmp_path):
    """The definition in ALPACA["definition"] on weighted preferences: mean(preference - 1), sd / sqrt(n)."""
    weighted = [one | {"preference": 1 + (37 * number % 101) / 100} for number, one in enumerate(annotations())]
    weighted[3]["preference"] = None
    file = tmp_path / "weighted.json"
    file.write_text(json.dumps(weighted))
    rate = results(there, tracejudge(there, "import", str(file)))["headline"]["win_rate"]
    scores = [one["preference"] - 1 for one in weighted if one["preference"] is not None]
    assert rate["estimate"] == pytest.approx(statistics.fmean(scores), abs=1e-11)
    assert rate["se"] == pytest.approx(statistics.stdev(scores) / math.sqrt(len(scores)), abs=1e-11)
    assert rate["missing"] == 1


def test_the_counts_of_mt_bench(there):
    """The rule of FastChat's show_result.py: a pair is won when both games agree on the winner, else tied; a pair with
    an error in either game is left out; adjusted win rate = (won + tied / 2) / pairs.
    """
    file = DATA / "mt_bench" / "judgments.jsonl"
    counted = Counter(
        "error" if "error" in games else games[0] if games[0] == games[1] else "tie"
        for record in map(json.loads, file.read_text().splitlines())
        for games in [(record["g1_winner"], record["g2_winner"])]
    )
    made = tracejudge(there, "import", "-", "--name", "mt-bench", given=file.read_text())
    rate = results(there, made)["headline"]["win_rate"]
    assert (rate["wins"], rate["losses"], rate["missing"]) == (counted["model_1"], counted["model_2"], counted["error"])
    assert rate["ties"] + rate["inconsistent"] == counted["tie"]
    pairs = counted.total() - counted["error"]
    assert rate["estimate"] == pytest.approx((counted["model_1"] + counted["tie"] / 2) / pairs, abs=1e-11)


def llmbar_rows() -> Iterator[dict[str, str]]:
    """Side A is the better output. `shown`: where it stood in the dataset, which is what "original order" means."""
    for row in table("llmbar", "verdicts.csv"):
        for column, first in (("winner_original_order", "1"), ("winner_swapped_order", "2")):
            yield {
                "item": f"{row['subset']} {row['idx']}", "model_a": "better", "model_b": "worse",
                "judge": f"{row['judge']}|{row['strategy']}", "order": "AB" if row["gold"] == first else "BA",
                "winner": "" if not row[column] else "A" if row[column] == row["gold"] else "B",
                "tag.subset": row["subset"], "tag.shown": f"{row['subset']}/{row['gold']}",
            }  # fmt: skip


def test_the_case_study_of_llmbar(there, tmp_path):
    """Zeng et al. (2023), LLMBar, case study: for every judge, strategy and subset the pairs right in the original
    order, in the swapped order, in both, and the same in both. An empty verdict is right in no order; two empty ones
    are the same to the source, and a missing pair to us.
    """
    expected = json.loads((DATA / "llmbar" / "expected.json").read_text())
    file = tmp_path / "llmbar.csv"
    with file.open("w", newline="") as out:
        rows = list(llmbar_rows())
        writer = csv.DictWriter(out, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    made = tracejudge(there, "import", str(file))
    empty = Counter(
        (row["subset"], f"{row['judge']}|{row['strategy']}")
        for row in table("llmbar", "verdicts.csv")
        if not row["winner_original_order"] and not row["winner_swapped_order"]
    )
    by_place = results(there, made, "--slice-by", "shown")["position"]
    for line in by_place:
        found = report(there, made, judges=line["judge"], slice_by="subset")
        won = {(each["slice"]["value"], each["order"]): each["won"] for each in line["by_order"] if each["slice"]}
        for one in found["slices"]:
            subset, rate = one["slice"]["value"], one["win_rate"]
            cell = expected[f"{subset}/{line['judge'].replace('|', '/')}"]
            assert cell["n"] == rate["n_pairs"]
            assert cell["correct_original"] == won[f"{subset}/1", "AB"] + won[f"{subset}/2", "BA"]
            assert cell["correct_swapped"] == won[f"{subset}/1", "BA"] + won[f"{subset}/2", "AB"]
            assert cell["correct_both"] == rate["wins"]
            assert cell["same_in_both_orders"] == rate["wins"] + rate["losses"] + empty[subset, line["judge"]]
            assert rate["missing"] >= empty[subset, line["judge"]]
    assert len(by_place) == 15


def test_people_label_what_was_imported(there, tmp_path):
    """Not a published table: the rest of an import's life, through the same commands."""
    made = tracejudge(there, "import", str(DATA / "mt_bench" / "judgments.jsonl"), "--name", "labelled")
    labels = "item,model_a,model_b,winner,judge\n81,phi-3,phi-3-dpo,phi-3,ann\n82,phi-3-dpo,phi-3,tie,ann\n"
    to_it = ("import", "-", "--human", "--design", "random", "--job", made["id"])
    assert tracejudge(there, *to_it, given=labels) == {"job": made["id"], "labels": 2, "total": 2}
    assert next(one for one in tracejudge(there, "imports") if one["id"] == made["id"])["labels"] == 2
    assert tracejudge(there, "delete", made["id"], "--yes") == {"id": made["id"], "deleted": True}
    assert made["id"] not in [one["id"] for one in tracejudge(there, "imports")]
