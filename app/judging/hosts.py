"""Which hosts may be called: lists of `host` or `host:port`, comma separated; `*` stands for any."""

from __future__ import annotations

from dataclasses import dataclass
from urllib.parse import SplitResult, urlsplit

PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True, slots=True)
class Address:
    """Where a URL leads: lower-case host (no brackets) and port, the scheme's own one when none is given."""

    scheme: str
    host: str
    port: int


def address_of(url: str) -> Address | None:
    """Where an http or https URL leads; None for anything else and for what parsers may read differently."""
    if not url.isprintable() or any(character in url for character in " \\"):
        return None
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        return None
    host = (parts.hostname or "").rstrip(".")
    if parts.scheme not in PORTS or not host or _has_user(parts):
        return None
    return Address(parts.scheme, host, PORTS[parts.scheme] if port is None else port)


def named(address: Address, hosts: str) -> bool:
    """Whether the list names this host, alone or with this port; `*` names nobody in particular."""
    for entry in filter(None, (word.strip().lower() for word in hosts.split(","))):
        if entry == "*":
            continue
        try:
            wanted = urlsplit(f"//{entry}")
            if wanted.hostname == address.host and wanted.port in (None, address.port):
                return True
        except ValueError:
            continue
    return False


def any_allowed(hosts: str) -> bool:
    return "*" in (entry.strip() for entry in hosts.split(","))


def judge_host_allowed(url: str, hosts: str) -> bool:
    """Whether a judge may live at this URL. GPU machines have private addresses: only the list decides."""
    address = address_of(url)
    return address is not None and (any_allowed(hosts) or named(address, hosts))


def _has_user(parts: SplitResult) -> bool:
    return "@" in parts.netloc
