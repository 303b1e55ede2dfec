"""What a stream of events tells of a job."""

from __future__ import annotations

from app.wire.shape import Output

# Of `progress` and `done` the data is JobOut, of the others TextOut. After `done` and `deleted` nothing follows.
PROGRESS, WARNING, DONE, DELETED = "progress", "warning", "done", "deleted"


class TextOut(Output):
    """A sentence for people."""

    text: str
