"""What a stored job or import says about the next one."""

from __future__ import annotations

import asyncio

from app.reports.pilot import Pilot, pilot
from app.services.imported_sheet import sheet_of
from app.services.job_sheet import read_sheet
from app.services.leaderboard import find_source
from app.store import imported_rows
from app.store import sheet as stored
from app.store.database import Database


async def read_pilot(database: Database, project: int, job_id: str) -> Pilot:
    """NotFound for another project's; Invalid, naming `pilot`, when nothing of it is decided."""
    source = await find_source(database, project, job_id)
    if isinstance(source, stored.JobFacts):
        return await asyncio.to_thread(pilot, await read_sheet(database, source))
    async with database.transaction() as tx:
        verdicts = await imported_rows.verdicts_of(tx, source.id)
    return await asyncio.to_thread(lambda: pilot(sheet_of(source, verdicts)))
