"""Free TCP ports."""

from __future__ import annotations

import secrets
import socket

# Below the range the system takes outgoing ports from: a client that keeps trying a dead server there can be
# given the server's own port, connect to itself and block it for good.
FIRST, COUNT = 20_000, 10_000


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Whether a server could listen there now."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
        return True


def free_port(host: str = "127.0.0.1") -> int:
    """A port nobody listens on; raises OSError when there is none."""
    start = secrets.randbelow(COUNT)
    for step in range(COUNT):
        port = FIRST + (start + step) % COUNT
        if is_free(port, host):
            return port
    raise OSError(f"no free port from {FIRST} to {FIRST + COUNT - 1}")
