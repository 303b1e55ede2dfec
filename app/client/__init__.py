"""The client of the API: every operation as a method, every refusal as a ProblemError. The command line uses it."""

from __future__ import annotations

import hashlib
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self, TypeVar

import httpx

from app.client.lines import Line, Pieces, Progress, pieces
from app.client.link import Json, Link, ProblemError, Unreachable, keyed, path, read
from app.client.reviews import ReviewCalls
from app.wire.images import ImageOut
from app.wire.jobs import JobOut
from app.wire.judges import JudgeOut
from app.wire.keys import KeyOut, MeOut, NewKeyOut, NewProjectOut, ProjectOut
from app.wire.labels import LabelOut, LabelsAddedOut
from app.wire.pages import PageOut
from app.wire.pairs import Accepted
from app.wire.results import STREAMED, JudgmentOut, PairOut, Rows, RowsFormat
from app.wire.rubrics import RubricOut
from app.wire.verdicts import ImportOut

if TYPE_CHECKING:
    from app.wire.plan import PlanOut

__all__ = ["Client", "ProblemError", "Unreachable"]

T = TypeVar("T")

NDJSON = "application/x-ndjson"
PAGE = 1_000
PATIENCE = 600.0  # seconds for rows by the million, which are answered when they are stored


class Client(ReviewCalls):
    """Speaks to one server with one key; a context manager. Errors: ProblemError, Unreachable.

    Reads, and writes that carry an Idempotency-Key, are tried again when the connection fails or the server says
    503; everything else is tried once.
    """

    def __init__(
        self, url: str, api_key: str, *, timeout: float = 60.0, transport: httpx.BaseTransport | None = None
    ) -> None:
        self._link = Link(url, api_key, timeout, transport)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._link.close()

    # Jobs -----------------------------------------------------------------------------------------------------

    def create_job(self, job: Json, *, idempotency_key: str | None = None) -> JobOut:
        """Make a job from the JSON of POST /v1/jobs: with `pairs` it starts, without it is a draft."""
        answer = self._link.send("POST", "/v1/jobs", json=job, headers=keyed(idempotency_key), again=True)
        return read(JobOut, answer)

    def upload_pairs(
        self,
        job_id: str,
        source: Path | Iterable[Line],
        progress: Progress | None = None,
        *,
        idempotency_key: str | None = None,
    ) -> Accepted:
        """Add pairs to a draft from an NDJSON file or from lines (bytes, text or JSON objects), all or nothing.

        `progress` is told the bytes sent so far. A file or a sequence is sent again after a lost connection; an
        iterator cannot be.
        """
        again = isinstance(source, Path | Sequence)
        headers = {"Content-Type": NDJSON} | keyed(idempotency_key)
        answer = self._link.send(
            "POST", path("jobs", job_id, "pairs"), body=lambda: pieces(source, progress), headers=headers, again=again
        )
        return read(Accepted, answer)

    def jobs(self) -> Iterator[JobOut]:
        """All jobs of the project, newest first."""
        return self._pages("/v1/jobs", PageOut[JobOut], {})

    def get_job(self, job_id: str) -> JobOut:
        return read(JobOut, self._get(path("jobs", job_id)))

    def wait(self, job_id: str, poll: float = 1.0) -> Iterator[JobOut]:
        """The job, again every `poll` seconds, until it is over; the last one yielded is final. A paused job is
        waited for: break out of the loop when that is not wanted.
        """
        while True:
            job = self.get_job(job_id)
            yield job
            if job.status.final:
                return
            time.sleep(poll)

    def start(self, job_id: str) -> JobOut:
        return self._verb(job_id, "start")

    def pause(self, job_id: str) -> JobOut:
        return self._verb(job_id, "pause")

    def resume(self, job_id: str) -> JobOut:
        return self._verb(job_id, "resume")

    def cancel(self, job_id: str) -> JobOut:
        return self._verb(job_id, "cancel")

    def retry(self, job_id: str, what: Iterable[str] = ("failed",)) -> JobOut:
        """Ask units again: `failed`, `abstained` or both."""
        return self._verb(job_id, "retry", {"what": sorted(what)})

    def delete_job(self, job_id: str) -> None:
        self._link.send("DELETE", path("jobs", job_id))

    def pairs(self, job_id: str, **filters: str) -> Iterator[PairOut]:
        """The job's pairs with their verdicts. Filters: axis, verdict, stance, tag (name:value), judge, reason."""
        return self._pages(path("jobs", job_id, "pairs"), PageOut[PairOut], filters)

    def judgments(self, job_id: str, **filters: str) -> Iterator[JudgmentOut]:
        """The job's judgments. Filters: axis, tag (name:value), judge, reason."""
        return self._pages(path("jobs", job_id, "judgments"), PageOut[JudgmentOut], filters)

    def export(self, job_id: str, what: Rows = "judgments", format: RowsFormat = "ndjson", **filters: str) -> Pieces:  # noqa: A002 - the API's word
        """All rows as a file's content, in pieces as they arrive. Filters: those of `pairs` and `judgments`."""
        return self._link.stream(path("jobs", job_id, what), filters, STREAMED[format], PATIENCE)

    def report(self, job_id: str, format: str = "json", **parameters: Any) -> bytes:  # noqa: A002 - as above
        """The report as a file's content. Parameters: those of the API (policy, ties, level, ...)."""
        return self._get(path("jobs", job_id, "report"), {"format": format} | parameters).content

    def leaderboard(self, job_ids: Iterable[str], format: str = "json", **parameters: Any) -> bytes:  # noqa: A002 - as above
        """The leaderboard of jobs and imports as a file's content. Parameters: those of the API (axis, tag, ...)."""
        return self._get("/v1/leaderboard", {"job": list(job_ids), "format": format} | parameters).content

    def plan(self, **parameters: Any) -> PlanOut:
        """How many pairs a job needs, and what they take. Parameters: those of the API (half_width, pilot, ...)."""
        from app.wire.plan import PlanOut  # noqa: PLC0415 - with it come statistics: 0.4 s for every command

        return read(PlanOut, self._get("/v1/plan", parameters))

    # Verdicts made elsewhere --------------------------------------------------------------------------------------

    def import_verdicts(
        self,
        name: str,
        source: Path | Iterable[Line],
        *,
        content_type: str = NDJSON,
        human: bool = False,
        design: str = "unknown",
        policy: str = "half",
        primary_axis: str | None = None,
        idempotency_key: str | None = None,
    ) -> ImportOut:
        """Store verdicts from a file or from lines of NDJSON; their report is `report(id)`."""
        asked = {"name": name, "human": human, "design": design, "policy": policy}
        asked |= {} if primary_axis is None else {"primary_axis": primary_axis}
        return read(ImportOut, self._rows("/v1/imports", source, content_type, asked, idempotency_key))

    def imports(self) -> Iterator[ImportOut]:
        """All imports of the project, newest first."""
        return self._pages("/v1/imports", PageOut[ImportOut], {})

    def get_import(self, import_id: str) -> ImportOut:
        return read(ImportOut, self._get(path("imports", import_id)))

    def delete_import(self, import_id: str) -> None:
        self._link.send("DELETE", path("imports", import_id))

    def add_labels(
        self,
        job_id: str,
        source: Path | Iterable[Line],
        *,
        content_type: str = NDJSON,
        design: str = "unknown",
        idempotency_key: str | None = None,
    ) -> LabelsAddedOut:
        """Store people's verdicts on pairs of a job or an import, all or nothing."""
        to = path("jobs", job_id, "labels")
        return read(LabelsAddedOut, self._rows(to, source, content_type, {"design": design}, idempotency_key))

    def labels(self, job_id: str) -> Iterator[LabelOut]:
        """The labels of a job or an import, in the order they came in."""
        return self._pages(path("jobs", job_id, "labels"), PageOut[LabelOut], {})

    # What jobs stand on -----------------------------------------------------------------------------------------

    def put_image(self, data: bytes) -> ImageOut:
        """Store an image (PNG, JPEG, WEBP) once; pairs refer to it by its `sha256`."""
        address = path("images", hashlib.sha256(data).hexdigest())
        headers = {"Content-Type": "application/octet-stream"}
        return read(ImageOut, self._link.send("PUT", address, body=lambda: data, headers=headers, again=True))

    def add_judge(self, judge: Json) -> JudgeOut:
        """Store a judge from the JSON of POST /v1/judges."""
        return read(JudgeOut, self._link.send("POST", "/v1/judges", json=judge))

    def judges(self) -> list[JudgeOut]:
        return read(PageOut[JudgeOut], self._get("/v1/judges")).items

    def get_judge(self, name: str) -> JudgeOut:
        return read(JudgeOut, self._get(path("judges", name)))

    def resume_judge(self, name: str) -> JudgeOut:
        return read(JudgeOut, self._link.send("POST", path("judges", name, "resume")))

    def test_judge(self, name: str) -> dict[str, Any]:
        """What the endpoint can do, asked now; null = could not be found out."""
        found: dict[str, Any] = self._link.send("POST", path("judges", name, "test")).json()
        return found

    def add_rubric(self, rubric: Json) -> RubricOut:
        return read(RubricOut, self._link.send("POST", "/v1/rubrics", json=rubric))

    def rubrics(self) -> list[RubricOut]:
        return read(PageOut[RubricOut], self._get("/v1/rubrics")).items

    def get_rubric(self, name: str) -> RubricOut:
        return read(RubricOut, self._get(path("rubrics", name)))

    # Who ----------------------------------------------------------------------------------------------------------

    def me(self) -> MeOut:
        return read(MeOut, self._get("/v1/me"))

    def create_project(self, name: str) -> NewProjectOut:
        """A new project with its first key, which is shown this once."""
        return read(NewProjectOut, self._link.send("POST", "/v1/projects", json={"name": name}))

    def projects(self) -> list[ProjectOut]:
        return read(PageOut[ProjectOut], self._get("/v1/projects")).items

    def create_key(
        self, name: str, *, role: str | None = None, scopes: Iterable[str] = (), expires_days: int | None = None
    ) -> NewKeyOut:
        """A new key for this project, with the scopes of a role or its own; shown this once. `url(key.sign_in)` is
        the link that signs its holder in. Without `expires_days` a labeller's lasts 30 days, any other for ever.
        """
        wanted: Json = {"role": role} if role is not None else {"scopes": sorted(scopes)}
        wanted = {"name": name, **wanted} | ({} if expires_days is None else {"expires_days": expires_days})
        return read(NewKeyOut, self._link.send("POST", "/v1/keys", json=wanted))

    def keys(self) -> list[KeyOut]:
        return read(PageOut[KeyOut], self._get("/v1/keys")).items

    def revoke_key(self, key_id: int) -> KeyOut:
        return read(KeyOut, self._link.send("DELETE", path("keys", str(key_id))))

    def url(self, address: str) -> str:
        """The whole address of something on this server, e.g. of a page."""
        return self._link.url.rstrip("/") + address

    def _get(self, address: str, parameters: Json | None = None) -> httpx.Response:
        return self._link.send("GET", address, params=parameters, again=True)

    def _rows(
        self, address: str, source: Path | Iterable[Line], content_type: str, asked: Json, key: str | None
    ) -> httpx.Response:
        """Send rows from a file or from lines; again after a lost connection, where they can be sent again."""
        return self._link.send(
            "POST",
            address,
            body=lambda: pieces(source, None),
            params=asked,
            headers={"Content-Type": content_type} | keyed(key),
            again=isinstance(source, Path | Sequence),
            timeout=PATIENCE,
        )

    def _verb(self, job_id: str, verb: str, body: Json | None = None) -> JobOut:
        return read(JobOut, self._link.send("POST", path("jobs", job_id, verb), json=body))

    def _pages(self, address: str, shape: type[PageOut[T]], filters: Json) -> Iterator[T]:
        after: str | None = None
        while True:
            parameters = {**filters, "limit": PAGE} | ({} if after is None else {"after": after})
            page = read(shape, self._get(address, parameters))
            yield from page.items
            if page.next is None:
                return
            after = page.next
