"""Two judges of one job, and two jobs on the pairs they share: counted here by hand, and every refusal named."""

from __future__ import annotations

import itertools
import uuid
from collections import Counter

import pytest

from app.domain.judgment import Outcome, Pick
from app.domain.order import Order
from tests.integration.api.conftest import JUDGE, draft, upload
from tests.integration.api.test_jobs import problem
from tests.integration.services.judging import judge
from tests.world.pairs import ndjson, pairs

OTHER_JUDGE = JUDGE | {"name": "other", "served_model": "stub-2"}
COUNT = 24
VERDICTS = ["A", "B", "TIE", "INCONSISTENT", "UNDECIDED", "MISSING"]


def steady(*_) -> str:
    return "A"


def fickle(number: int) -> str:
    """By the number in the item's name: B every third, a tie at 4 and 10, both orders FIRST at 5, nothing at 7."""
    return {4: "TIE", 10: "TIE", 5: "INCONSISTENT", 7: "MISSING"}.get(number, "B" if number % 3 == 0 else "A")


def said(verdict: str, order: Order) -> Pick | Outcome:
    """What a judge answers in one order so that both together come to the verdict."""
    match verdict:
        case "MISSING":
            return Outcome.REFUSAL
        case "TIE":
            return Pick.TIE
        case "INCONSISTENT":
            return Pick.FIRST
    return Pick.FIRST if (verdict == "A") == (order is Order.AB) else Pick.SECOND


def turned(documents):
    """The same pairs with their sides the other way round."""
    for document in documents:
        yield document | {"a": document["b"], "b": document["a"]}


async def items(http, job) -> dict[int, int]:
    """Target number -> the number in the item's name."""
    found = (await http.get(f"/v1/jobs/{job}/pairs", params={"limit": 1000})).json()["items"]
    return {pair["seq"]: int(pair["item"][1:]) for pair in found}


async def judged(http, database, *opinions, documents=None, **choices) -> str:
    """A job whose judges hold these opinions, of the number in an item's name, on the sides it was given."""
    job = await draft(http, judges=[JUDGE, OTHER_JUDGE][: len(opinions)], **choices)
    body = ndjson(documents or pairs(COUNT))
    assert (await upload(http, job, body)).status_code == 200
    assert (await http.post(f"/v1/jobs/{job}/start")).status_code == 202
    number = await items(http, job)
    await judge(database, job, lambda judge_no, seq, slot: said(opinions[judge_no](number[seq]), slot.order))
    return job


async def comparison(http, job, **asked) -> dict:
    answer = await http.get(f"/v1/jobs/{job}/comparison", params=asked)
    assert answer.status_code == 200, answer.text
    return answer.json()


def by_hand() -> Counter:
    return Counter((steady(number), fickle(number)) for number in range(COUNT))


def table(told) -> Counter:
    assert told["verdicts"] == VERDICTS
    cells = itertools.product(range(len(VERDICTS)), repeat=2)
    return Counter({(VERDICTS[i], VERDICTS[j]): told["table"][i][j] for i, j in cells if told["table"][i][j]})


@pytest.fixture
async def two_judges(http, database) -> str:
    return await judged(http, database, steady, fickle)


async def test_two_judges_of_one_job(http, two_judges):
    told = await comparison(http, two_judges, first="stub", second="other")
    hand = by_hand()
    assert table(told) == hand
    assert told["counts"] == {
        "joined": COUNT, "only_first": 0, "only_second": 0, "swapped": 0, "silent": 1,
        "agree": hand["A", "A"], "differ": COUNT - 1 - hand["A", "A"],
    }  # fmt: skip
    assert told["agreement"]["with_ties"]["n"] == COUNT - 1
    assert told["agreement"]["with_ties"]["estimate"] == pytest.approx(hand["A", "A"] / (COUNT - 1))
    assert told["agreement"]["without_ties"]["n"] == COUNT - 4
    assert told["agreement"]["kappa"]["estimate"] == pytest.approx(0)  # one of them always says the same
    (rates,) = told["rates"]
    assert (rates["model_a"], rates["model_b"]) == ("tuned", "base")
    assert rates["first"]["estimate"] == 1
    assert rates["second"]["estimate"] == pytest.approx((hand["A", "A"] + 3 / 2) / (COUNT - 1))
    assert rates["second"]["missing"] == 1
    apart = rates["difference"]
    assert apart["estimate"] == pytest.approx(1 - rates["second"]["estimate"])
    assert 0 < apart["low"] < apart["estimate"] < apart["high"]
    assert apart["n_shared"] == apart["n_clusters"] < COUNT
    mirror = (await comparison(http, two_judges, first="other", second="stub"))["rates"][0]["difference"]
    assert [mirror["estimate"], mirror["low"], mirror["high"]] == pytest.approx(
        [-apart["estimate"], -apart["high"], -apart["low"]]
    )


async def test_the_pairs_they_are_apart_on_come_in_pages(http, two_judges):
    asked = {"first": "stub", "second": "other"}
    whole = (await comparison(http, two_judges, **asked))["pairs"]
    assert whole["next"] is None
    numbers = {int(one["item"][1:]) for one in whole["items"]}
    assert numbers == {n for n in range(COUNT) if fickle(n) not in ("A", "MISSING")}
    assert all(one["second"] == fickle(int(one["item"][1:])) and one["first"] == "A" for one in whole["items"])
    first = (await comparison(http, two_judges, **asked, limit=4))["pairs"]
    rest = (await comparison(http, two_judges, **asked, after=first["next"]))["pairs"]
    assert first["items"] + rest["items"] == whole["items"]
    assert [one["seq"] for one in whole["items"]] == sorted(one["seq"] for one in whole["items"])
    cell = (await comparison(http, two_judges, **asked, second_verdict="MISSING"))["pairs"]
    assert [one["item"] for one in cell["items"]] == ["q7"]
    assert cell["items"][0]["tags"] == {"modality": "histology"}
    cell = await comparison(http, two_judges, **asked, first_verdict="A", second_verdict="TIE")
    assert {one["item"] for one in cell["pairs"]["items"]} == {"q4", "q10"}


async def test_two_jobs_on_shared_pairs_with_the_sides_of_one_turned(http, database):
    """The other job has pairs 0 to 19 turned round and four of its own; its judge means the same models."""
    mirror = {"A": "B", "B": "A"}

    def turned_fickle(number: int) -> str:
        return mirror.get(fickle(number), fickle(number))

    one = await judged(http, database, steady, name="one", seed=1)
    own = [document | {"item": document["item"] | {"id": f"q{900 + n}"}} for n, document in enumerate(pairs(4, seed=9))]
    documents = [*turned(itertools.islice(pairs(COUNT), 20)), *own]
    two = await judged(http, database, turned_fickle, name="two", seed=2, documents=iter(documents), policy="drop")
    told = await comparison(http, one, other=two)
    hand = Counter((steady(number), fickle(number)) for number in range(20))
    assert table(told) == hand
    counts = told["counts"]
    assert (counts["joined"], counts["only_first"], counts["only_second"], counts["swapped"]) == (20, 4, 4, 20)
    assert told["first"] | {"job_name": "one", "judge": None} == told["first"]
    assert any("policy: half and drop" in text for text in told["warnings"])
    assert not any("other texts" in text for text in told["warnings"])
    (rates,) = told["rates"]
    assert (rates["model_a"], rates["first"]["estimate"]) == ("tuned", 1)
    decided = [fickle(n) for n in range(20) if fickle(n) not in ("MISSING", "INCONSISTENT")]
    assert rates["second"]["estimate"] == pytest.approx((decided.count("A") + decided.count("TIE") / 2) / len(decided))
    numbers = await items(http, two)
    assert all(numbers[pair["other_seq"]] == int(pair["item"][1:]) for pair in told["pairs"]["items"])
    back = await comparison(http, two, other=one, first="stub", second="stub")
    assert Counter(dict(table(back))) == Counter(
        {(mirror.get(there, there), mirror.get(here, here)): count for (here, there), count in hand.items()}
    )


async def test_other_texts_under_the_same_names_are_told(http, database):
    one = await judged(http, database, steady)
    changed = [document | {"a": document["a"] | {"trace": "Other."}} if n < 3 else document
               for n, document in enumerate(pairs(COUNT))]  # fmt: skip
    two = await judged(http, database, steady, documents=iter(changed))
    told = await comparison(http, one, other=two)
    assert told["counts"]["agree"] == COUNT
    assert told["pairs"]["items"] == []
    assert told["warnings"] == [f"3 of {COUNT} joined pairs hold other texts in the two jobs"]


async def test_what_does_not_fit_is_named(http, two_judges):
    both = {"first": "stub", "second": "other"}
    for asked, fields in (
        ({}, ["first", "second"]),
        ({"first": "stub"}, ["second"]),
        ({"first": "stub", "second": "stub"}, ["second"]),
        ({"first": "nobody", "second": "other"}, ["first"]),
        (both | {"axis": "no"}, ["axis"]),
        (both | {"level": 2}, ["level"]),
        (both | {"after": "x"}, ["after"]),
        (both | {"first_verdict": "C"}, ["first_verdict"]),
        ({"other": "x"}, ["other"]),
        ({"colour": "red"}, ["colour"]),
    ):
        answer = await http.get(f"/v1/jobs/{two_judges}/comparison", params=asked)
        assert [one["field"] for one in problem(answer, 422, "invalid")["problems"]] == fields, asked


async def test_jobs_that_cannot_be_compared_are_refused(http, database, login, two_judges):
    path = f"/v1/jobs/{two_judges}/comparison"
    for other in (two_judges, await judged(http, database, steady, documents=pairs(3, models=("x", "y")))):
        told = problem(await http.get(path, params={"other": other}), 422, "invalid")
        assert told["problems"][0]["field"] == "other"
    told = problem(await http.get(path, params={"other": await draft(http)}), 409, "conflict")
    assert told["problems"][0]["field"] == "other"
    stranger = await login()
    told = problem(await http.get(path, params={"other": str(uuid.uuid4())}), 404, "not-found")
    assert told["problems"][0]["field"] == "other"
    theirs = await judged(stranger, database, steady)
    problem(await http.get(path, params={"other": theirs}), 404, "not-found")
    problem(await stranger.get(path, params={"first": "stub", "second": "other"}), 404, "not-found")
