"""CPU time of whole processes, children included: the figure that a busy machine does not spoil."""

from __future__ import annotations

from collections.abc import Iterable

import psutil


def cpu_seconds(pids: Iterable[int]) -> float:
    """User and system seconds of these processes, their living children and the children they have reaped."""
    total = 0.0
    for pid in pids:
        parent = psutil.Process(pid)
        for process in (parent, *parent.children(recursive=True)):
            try:
                spent = process.cpu_times()
            except psutil.NoSuchProcess:  # a database backend may end at any time; its parent reaps and counts it
                continue
            total += spent.user + spent.system + spent.children_user + spent.children_system
    return total


def resident_bytes(pid: int) -> int:
    """Resident memory of one process."""
    return int(psutil.Process(pid).memory_info().rss)
