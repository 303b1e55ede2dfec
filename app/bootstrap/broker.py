"""The one adapter to the broker: publishing doorbells, and the options every process gives Celery."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from celery import Celery
from kombu.exceptions import OperationalError

from app.settings import Settings

QUEUE = "doorbells"
TASK = "tracejudge.judge_shard"
SOCKET_SECONDS = 2.0
# A bell whose worker died is delivered again after this long; the sweeper is faster, this only tidies up.
VISIBILITY_SECONDS = 900


def broker_options(settings: Settings) -> dict[str, Any]:
    """Celery options for the broker: every wait has an end, and a lost connection is tried for ever."""
    url = settings.broker_url
    return {
        "broker_url": None if url is None else url.get_secret_value(),
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "broker_pool_acquire_timeout": SOCKET_SECONDS,
        "broker_transport_options": {
            "socket_timeout": SOCKET_SECONDS * 5,  # longer than a blocking pop of the consumer
            "socket_connect_timeout": SOCKET_SECONDS,
            "health_check_interval": 10,
            "visibility_timeout": VISIBILITY_SECONDS,
            "unacked_restore_interval": 5,
            "unacked_restore_throttle": 1,
            "unacked_mutex_expire": 5,
        },
        "task_publish_retry": False,
    }


def doorbell(settings: Settings) -> Callable[[Sequence[int]], None]:
    """A function that rings once for each shard id; raises ConnectionError at once when the broker is away."""
    publisher = Celery("tracejudge-bell", set_as_current=False)
    publisher.conf.update(**broker_options(settings), task_ignore_result=True, task_default_queue=QUEUE)
    publisher.conf.broker_transport_options |= {"socket_timeout": SOCKET_SECONDS}

    def ring(shards: Sequence[int]) -> None:
        try:
            with publisher.producer_pool.acquire(block=True, timeout=SOCKET_SECONDS) as producer:
                for shard in shards:
                    publisher.send_task(TASK, args=(shard,), producer=producer, retry=False, ignore_result=True)
        except OperationalError as problem:
            raise ConnectionError(str(problem)) from problem

    return ring
