"""What the supervisor has done, in a process of its own, before the API starts: the newest schema."""

from __future__ import annotations

import os

from app.store.migrate import upgrade


def main() -> None:
    """Prepare the database named by TRACEJUDGE_DATABASE_URL."""
    upgrade(os.environ["TRACEJUDGE_DATABASE_URL"])


if __name__ == "__main__":
    main()
