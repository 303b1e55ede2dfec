"""What the supervisor has done, in a process of its own, before the API starts: the newest schema, and a key for the
command line (python -m app.embedded.first_steps KEY_FILE).
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

from app.embedded.files import write_whole
from app.services.admin import ensure_embedded_key
from app.store.database import Database
from app.store.migrate import upgrade


async def working_key(database_url: str, present: str | None) -> str:
    """The present key when it works, else a new one."""
    database = Database(database_url, connections=1)
    try:
        return await ensure_embedded_key(database, present)
    finally:
        await database.close()


def main() -> None:
    """Prepare the database named by TRACEJUDGE_DATABASE_URL."""
    database_url, file = os.environ["TRACEJUDGE_DATABASE_URL"], Path(sys.argv[1])
    upgrade(database_url)
    present = file.read_text(encoding="utf-8") if file.exists() else None
    write_whole(file, asyncio.run(working_key(database_url, present)))


if __name__ == "__main__":
    main()
