"""One pair: the question, both traces side by side, what each judge said in both orders, and what people said."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from fastapi import APIRouter, Request
from starlette.responses import Response

from app.api import jobs, results
from app.api.auth import JobsReader, Running
from app.api.jobs import JobId
from app.api.pages import pair_words
from app.api.pages.asked import address, read, words_of
from app.api.pages.frame import page
from app.api.results import Seq
from app.domain.changes import Changes, Piece, changes
from app.reports.visible import first_sign
from app.wire.pages import NarrowIn
from app.wire.pair import PairJudgmentOut, WholePairOut

router = APIRouter(prefix="/dashboard/jobs", include_in_schema=False)

# Of a longer trace, and of a longer reply, the page shows the beginning and a link to the whole.
MOST_CHARACTERS = 40_000
MOST_OF_A_REPLY = 8_000
# Below this share of both texts, marks would cover nearly everything.
FEW_SHARED = 0.1


class PairPageIn(NarrowIn):
    """How a pair is shown, beside the list its neighbours are looked for in."""

    marks: Literal["on", "off"] = "on"
    whole: Literal["yes", "no"] = "no"


@dataclass(frozen=True, slots=True)
class Shown:
    """One trace in pieces. `hidden`: characters of it that are not shown."""

    pieces: tuple[Piece, ...]
    hidden: int


@router.get("/{job_id}/pairs/{seq}")
async def pair_page(job_id: JobId, seq: Seq, request: Request, who: JobsReader, running: Running) -> Response:
    asked = read(PairPageIn, words_of(request))
    words = asked.filters()
    job = await jobs.get_job(job_id, who, running)
    pair = await results.get_pair(job_id, seq, read(NarrowIn, words), who, running)
    found = await asyncio.to_thread(changes, pair.a.text, pair.b.text)
    markable, note = about_marks(found, pair)
    most = None if asked.whole == "yes" else MOST_CHARACTERS
    pairs = f"/dashboard/jobs/{job_id}/pairs"
    view = words | asked.model_dump(include={"marks", "whole"}, exclude_defaults=True)
    without_marks: dict[str, str] = {"marks": asked.marks} if asked.marks == "off" else {}
    return page(
        request,
        "pair.html",
        job=job,
        pair=pair,
        filters=words,
        list_address=address(pairs, words),
        neighbour=lambda one: address(f"{pairs}/{one.seq}", words | without_marks),
        traces=[("A", pair.a, cut(found.a, most)), ("B", pair.b, cut(found.b, most))],
        markable=markable,
        note=note,
        signs=first_sign(pair.a.text + pair.b.text),
        marks=markable and asked.marks == "on",
        marks_address=address(request.url.path, view, marks="off" if asked.marks == "on" else None),
        whole_address=address(request.url.path, view, whole=None if asked.whole == "yes" else "yes"),
        whole=asked.whole == "yes",
        orders=orders_of(pair),
        reply_limit=None if asked.whole == "yes" else MOST_OF_A_REPLY,
        is_reference=is_reference,
        say=pair_words,
    )


def about_marks(found: Changes, pair: WholePairOut) -> tuple[bool, str]:
    """Whether anything is marked, and what the marks mean or why there are none."""
    if pair.a.text == pair.b.text:
        return False, "Both traces are the same text."
    if found.unit is None:
        return False, "The traces are too long to mark what differs."
    shared = sum(len(piece.text) for piece in (*found.a, *found.b) if piece.shared)
    if shared <= FEW_SHARED * (pair.a.length + pair.b.length):
        return False, "The traces share hardly a passage, so nothing is marked."
    what = "Words" if found.unit == "words" else "Lines (the traces are too long for words)"
    return True, f"{what} that only one of the two has are underlined."


def cut(pieces: Sequence[Piece], most: int | None) -> Shown:
    """The pieces up to so many characters, and how many characters are left out."""
    total = sum(len(piece.text) for piece in pieces)
    if most is None or total <= most:
        return Shown(tuple(pieces), 0)
    kept: list[Piece] = []
    left = most
    for piece in pieces:
        kept.append(Piece(piece.text[:left], piece.shared))
        left -= len(piece.text)
        if left <= 0:
            break
    return Shown(tuple(kept), total - most)


def orders_of(pair: WholePairOut) -> dict[str, dict[str, list[list[PairJudgmentOut]]]]:
    """Axis -> judge -> repeats, each with its judgments in the order AB, BA; judges that were asked."""
    found: dict[str, dict[str, list[list[PairJudgmentOut]]]] = {}
    for axis, told in pair.axes.items():
        for judge in told.stances:
            mine = [one for one in pair.judgments if one.judge == judge and axis in one.axes]
            repeats = sorted({one.repeat for one in mine})
            rows = [sorted((one for one in mine if one.repeat == n), key=lambda one: one.order) for n in repeats]
            found.setdefault(axis, {})[judge] = rows
    return found


def is_reference(pair: WholePairOut, name: str, text: str) -> bool:
    """Whether an option is the reference answer, by its letter or by its text."""
    answer = plain(pair.item.answer or "")
    return bool(answer) and answer in (plain(name), plain(text))


def plain(answer: str) -> str:
    """As final answers are compared: without case, space or a closing stop."""
    return " ".join(answer.split()).rstrip(".").casefold()
