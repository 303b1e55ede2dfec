"""Fetches images from URLs that strangers wrote, without being led to places they cannot reach themselves."""

from __future__ import annotations

import asyncio
import ipaddress
import socket
import ssl
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from functools import cache
from urllib.parse import urljoin

import httpx

from app.domain.errors import ImageMissing, Invalid
from app.judging.hosts import PORTS, Address, address_of, any_allowed, named

_REDIRECTS = {301, 302, 303, 307, 308}
_NAT64 = ipaddress.ip_network("64:ff9b::/96")
_FOUND = 200

IPAddress = ipaddress.IPv4Address | ipaddress.IPv6Address
Resolve = Callable[[str, int], Awaitable[list[str]]]


@dataclass(frozen=True, slots=True)
class FetchGuard:
    """What may be fetched. `hosts`: `*` = any public address on the usual ports; a host that is named there may
    have any address. `seconds`: for everything, redirects included.
    """

    hosts: str = "*"
    seconds: float = 10.0
    max_bytes: int = 20 << 20
    max_redirects: int = 3


def check_url(url: str, guard: FetchGuard) -> Address:
    """Where a URL leads if its text alone forbids nothing. Raises Invalid."""
    address = address_of(url)
    if address is None:
        raise Invalid("this URL is not allowed: a plain http or https URL is expected")
    if named(address, guard.hosts):
        return address
    if not any_allowed(guard.hosts):
        raise Invalid("this URL is not allowed: its host is not one images may be fetched from")
    if address.port != PORTS[address.scheme]:
        raise Invalid("this URL is not allowed: its port is not the usual one")
    return address


async def resolve(host: str, port: int) -> list[str]:
    """All addresses of a host."""
    found = await asyncio.get_running_loop().getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [str(entry[4][0]) for entry in found]


async def fetch(url: str, guard: FetchGuard, *, resolve: Resolve = resolve) -> bytes:
    """The bytes behind a URL. Raises Invalid where the guard forbids it, ImageMissing where nothing came.

    A name is resolved once, every address of it is checked, and the connection goes to one of those checked,
    so a name that changes its mind between check and use gains nothing. Each redirect is checked anew.
    """
    try:
        async with (
            asyncio.timeout(guard.seconds),
            httpx.AsyncClient(
                trust_env=False, verify=_tls(), timeout=guard.seconds, headers={"Accept": "image/*"}
            ) as client,
        ):
            for _ in range(guard.max_redirects + 1):
                found = await _hop(client, url, guard, resolve)
                if isinstance(found, bytes):
                    return found
                url = urljoin(url, found)
    except TimeoutError:
        raise ImageMissing(f"the image did not come within {guard.seconds:g} s") from None
    except (OSError, UnicodeError, httpx.HTTPError, httpx.InvalidURL):
        raise ImageMissing("the image could not be fetched") from None
    raise ImageMissing(f"the image is behind more than {guard.max_redirects} redirects")


@cache
def _tls() -> ssl.SSLContext:
    """Made once: reading all root certificates takes longer than most images."""
    return httpx.create_ssl_context(trust_env=False)


async def _hop(client: httpx.AsyncClient, url: str, guard: FetchGuard, resolve: Resolve) -> bytes | str:
    """The bytes, or where a redirect leads."""
    address = check_url(url, guard)
    pinned = await _pinned(address, guard, resolve)
    target = httpx.URL(url).copy_with(host=pinned)
    headers = {"Host": _host_header(address), "Accept-Encoding": "identity"}
    extensions = {"sni_hostname": address.host}
    async with client.stream("GET", target, headers=headers, extensions=extensions) as reply:
        if reply.status_code in _REDIRECTS and "location" in reply.headers:
            return str(reply.headers["location"])
        if reply.status_code != _FOUND:
            raise ImageMissing(f"the image's host answered with HTTP {reply.status_code}")
        return await _capped(reply, guard.max_bytes)


async def _pinned(address: Address, guard: FetchGuard, resolve: Resolve) -> str:
    addresses = await resolve(address.host, address.port)
    if not addresses:
        raise ImageMissing("the image's host has no address")
    if not named(address, guard.hosts) and not all(is_public(found) for found in addresses):
        raise Invalid("this URL is not allowed: its host is not a public one")
    return addresses[0]


def is_public(address: str) -> bool:
    """Whether an address is one of the public internet, also where an IPv6 address carries an IPv4 one."""
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return False
    return all(each.is_global and not each.is_multicast for each in (found, *_inside(found)))


def _inside(address: IPAddress) -> list[IPAddress]:
    if isinstance(address, ipaddress.IPv4Address):
        return []
    carried: list[IPAddress | None] = [address.ipv4_mapped, address.sixtofour, *(address.teredo or ())]
    if address in _NAT64:
        carried.append(ipaddress.IPv4Address(int(address) & 0xFFFF_FFFF))
    return [each for each in carried if each is not None]


def _host_header(address: Address) -> str:
    host = f"[{address.host}]" if ":" in address.host else address.host
    return host if address.port == PORTS[address.scheme] else f"{host}:{address.port}"


async def _capped(reply: httpx.Response, most: int) -> bytes:
    found = bytearray()
    async for chunk in reply.aiter_raw():
        found += chunk
        if len(found) > most:
            raise Invalid(f"the image is too large: more than {most} bytes")
    return bytes(found)
