"""Becomes another program that goes down with the process that started it; run as a script, knows only the
standard library, because it starts before every child.

    python leash.py DEATH_SIGNAL PARENT_PID IDENTITY PROGRAM ARGUMENT...

IDENTITY is `same`, `namespace:UID` (a user namespace in which we are that one ordinary user; files keep
their owner outside) or `user:UID:GID` (root steps down for good).
"""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path

PR_SET_PDEATHSIG = 1
CLONE_NEWUSER = 0x10000000


def call(function: str, *arguments: int) -> None:
    """Call the C library; raises OSError with the reason."""
    libc = ctypes.CDLL(None, use_errno=True)
    if getattr(libc, function)(*arguments) != 0:
        number = ctypes.get_errno()
        raise OSError(number, f"{function}: {os.strerror(number)}")


def become(identity: str) -> None:
    """Take on the identity; raises OSError where the system does not allow it."""
    kind, _, numbers = identity.partition(":")
    if kind == "namespace":
        enter_namespace(int(numbers))
    elif kind == "user":
        user, group = (int(number) for number in numbers.split(":"))
        os.setgroups([])
        os.setgid(group)
        os.setuid(user)


def enter_namespace(inside: int) -> None:
    """Move into a user namespace that knows one user, `inside`, who is the present user seen from outside."""
    user, group = os.geteuid(), os.getegid()
    call("unshare", CLONE_NEWUSER)
    Path("/proc/self/setgroups").write_text("deny", encoding="ascii")
    Path("/proc/self/uid_map").write_text(f"{inside} {user} 1", encoding="ascii")
    Path("/proc/self/gid_map").write_text(f"{inside} {group} 1", encoding="ascii")


def replace_self(death_signal: int, parent: int, command: list[str]) -> None:
    """Linux: ask the kernel for `death_signal` when the parent dies, then become the command."""
    # After become(): a change of identity makes the kernel forget the request.
    call("prctl", PR_SET_PDEATHSIG, death_signal)
    if os.getppid() != parent:  # it died before the request
        sys.exit(1)
    os.execv(command[0], command)  # noqa: S606 - replacing ourselves without a shell is what this module is for


def stay_and_watch(death_signal: int, command: list[str]) -> int:
    """Elsewhere: stay the command's parent. Our standard input is a pipe from the supervisor: its end means
    that the supervisor is gone. Returns the exit status of the command.
    """
    child = subprocess.Popen(command, stdin=subprocess.DEVNULL)
    for number in (signal.SIGTERM, signal.SIGINT, signal.SIGQUIT):
        signal.signal(number, lambda received, _frame: child.send_signal(received))

    def wait_for_the_end() -> None:
        while os.read(sys.stdin.fileno(), 1):  # not buffered: that cannot be left standing when we end first
            pass
        child.send_signal(death_signal)

    threading.Thread(target=wait_for_the_end, daemon=True).start()
    status = child.wait()
    return status if status >= 0 else 128 - status


def main(arguments: list[str]) -> int:
    """Take on the identity and run the command."""
    death_signal, parent, identity, *command = arguments
    become(identity)
    if sys.platform == "linux":
        replace_self(int(death_signal), int(parent), command)
    return stay_and_watch(int(death_signal), command)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
