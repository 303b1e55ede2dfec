"""Celery's configuration. Messages carry a shard id and nothing else; losing all of them costs latency only."""

from __future__ import annotations

from typing import Any

from celery import Celery
from celery.signals import setup_logging, worker_init, worker_shutdown, worker_shutting_down

from app.bootstrap.broker import QUEUE, broker_options
from app.bootstrap.logs import configure_logging
from app.settings import Settings
from workers.loop import WorkerLoop

settings = Settings()
celery_app = Celery("tracejudge", include=["workers.tasks"])
celery_app.conf.update(
    **broker_options(settings),
    task_default_queue=QUEUE,
    task_acks_late=True,
    task_reject_on_worker_lost=False,  # the lease brings lost work back; redelivery would run poison in a circle
    task_ignore_result=True,
    task_store_errors_even_if_ignored=False,
    task_serializer="json",
    accept_content=["json"],
    worker_prefetch_multiplier=1,
    worker_send_task_events=False,
    worker_cancel_long_running_tasks_on_connection_loss=False,
    worker_hijack_root_logger=False,
    worker_redirect_stdouts=False,
)
loop = WorkerLoop(settings)


@setup_logging.connect
def _logging(**_: Any) -> None:
    configure_logging()


@worker_init.connect
def _start(**_: Any) -> None:
    # `worker_process_init` never fires with the threads pool.
    loop.start()


@worker_shutting_down.connect
def _drain(**_: Any) -> None:
    loop.drain()


@worker_shutdown.connect
def _stop(**_: Any) -> None:
    loop.stop()


__all__ = ["celery_app", "loop"]
