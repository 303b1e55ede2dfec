"""Reading a list to its end."""

from __future__ import annotations


async def all_pages(read, database, project, job, *, limit, **filters) -> list[dict]:
    found, after = [], None
    while True:
        page = await read(database, project, job, after=after, limit=limit, filters=filters)
        assert len(page.items) <= limit
        found += page.items
        if page.next is None:
            return found
        after = page.next
