"""The one Celery task."""

from __future__ import annotations

from workers.celery_app import celery_app, loop


@celery_app.task(name="tracejudge.judge_shard")
def judge_shard(shard: int) -> None:  # noqa: ARG001 - the id is for whoever watches the queue
    """A doorbell: claim a slice and work on it.

    The shard that rang is claimable, but the claim takes turns between jobs and judges and may get another.
    """
    loop.take_slice()
