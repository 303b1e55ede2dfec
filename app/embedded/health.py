"""Asks an HTTP server of ours whether it is well; python -m app.embedded.health URL does it for Docker."""

from __future__ import annotations

import http.client
import sys
from urllib.parse import urlsplit


def answers(url: str) -> bool:
    """Whether a GET there is answered with 200 within two seconds."""
    address = urlsplit(url)
    connection = http.client.HTTPConnection(address.netloc, timeout=2.0)
    try:
        connection.request("GET", address.path)
        return connection.getresponse().status == http.client.OK
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


if __name__ == "__main__":
    sys.exit(not answers(sys.argv[1]))
