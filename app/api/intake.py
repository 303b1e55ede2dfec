"""Pairs on their way in: pictures are stored first, then the pairs are staged a thousand at a time."""

from __future__ import annotations

from app.bootstrap import App
from app.bootstrap.pictures import fetch_guard, image_limits
from app.domain.errors import Invalid, Problem
from app.judging.image_fetch import check_url
from app.services import pictures
from app.services.submit import StagedPair, Upload
from app.wire.pairs import PairIn, decode_picture

CHUNK_PAIRS = 1_000
CHUNK_BYTES = 8 << 20  # long traces fill memory before their number does


class Intake:
    """What one request adds to an upload. Call `flush` at the end."""

    def __init__(self, running: App, project: int, upload: Upload) -> None:
        self._running = running
        self._project = project
        self._upload = upload
        self._waiting: list[StagedPair] = []
        self._bytes = 0

    async def add(self, line: int, pair: PairIn, size: int) -> None:
        """Take a pair of about `size` bytes. Raises Invalid, with line and field, for a picture nobody can read."""
        self._check_urls(pair, line)
        stored = {number: await self._store(uri, number, line) for number, uri in pair.pictures().items()}
        self._waiting.append(StagedPair(line, pair.to_domain(stored)))
        self._bytes += size
        if len(self._waiting) >= CHUNK_PAIRS or self._bytes >= CHUNK_BYTES:
            await self.flush()

    async def flush(self) -> None:
        """Stage what is waiting."""
        if self._waiting:
            await self._upload.stage(self._waiting)
        self._waiting = []
        self._bytes = 0

    def _check_urls(self, pair: PairIn, line: int) -> None:
        """Refuse URLs that will never be fetched; where the others lead is looked at when they are."""
        for number, image in enumerate(pair.item.images):
            if image.url is not None:
                try:
                    check_url(image.url, fetch_guard(self._running.settings))
                except Invalid as error:
                    raise Invalid(error.detail, (Problem(error.detail, f"item.images.{number}.url", line),)) from None

    async def _store(self, uri: str, number: int, line: int) -> str:
        field = f"item.images.{number}.data"
        data = decode_picture(uri, field, line)
        running = self._running
        try:
            return await pictures.add_image(running.database, self._project, data, image_limits(running.settings))
        except Invalid as error:
            raise Invalid(error.detail, (Problem(error.detail, field, line),)) from None
