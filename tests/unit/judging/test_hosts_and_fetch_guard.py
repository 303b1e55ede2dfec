"""Where judges may live and images may come from; no URL of a stranger leads to a private address."""

from __future__ import annotations

import pytest

from app.domain.errors import ImageMissing, Invalid
from app.judging.hosts import judge_host_allowed
from app.judging.image_fetch import FetchGuard, check_url, fetch, is_public

ANY = FetchGuard()


@pytest.mark.parametrize(
    ("url", "hosts", "allowed"),
    [
        ("http://gpu1:8000/v1", "gpu1:8000", True),
        ("http://gpu1:8000/v1", "gpu1", True),
        ("http://GPU1:8000/v1", "other, Gpu1 ", True),
        ("http://gpu1.:8000/v1", "gpu1:8000", True),
        ("http://gpu1:8001/v1", "gpu1:8000", False),
        ("http://gpu1/v1", "gpu1:80", True),
        ("https://gpu1/v1", "gpu1:80", False),
        ("http://gpu10:8000/v1", "gpu1:8000", False),
        ("http://gpu1.evil.org:8000/v1", "gpu1", False),
        ("http://10.0.0.7:8000/v1", "*", True),
        ("http://[::1]:8000/v1", "[::1]:8000", True),
        ("http://gpu1:8000/v1", "", False),
        ("http://user@gpu1:8000/v1", "*", False),
        ("http://gpu1:8000\\@evil.org/v1", "*", False),
        ("ftp://gpu1/v1", "*", False),
        ("gpu1:8000", "*", False),
        ("http://", "*", False),
        ("http://gpu1:x/v1", "*", False),
        ("http://gpu1:8000/v1", "gpu1:x,:8000", False),
    ],
)
def test_judge_hosts(url, hosts, allowed):
    assert judge_host_allowed(url, hosts) is allowed


@pytest.mark.parametrize(
    "url",
    [
        "file:///etc/passwd",
        "gopher://x/",
        "data:image/png;base64,AAAA",
        "//x/y.png",
        "x.png",
        "http://",
        "http:///y.png",
        "http://user@x/y.png",
        "http://user:password@x/y.png",
        "http://x@127.0.0.1/",
        "http://x\\@127.0.0.1/",
        "http://x/\r\nHost: y",
        "http://x/ y",
        "http://x:22/y.png",
        "https://x:80/y.png",
        "http://x:99999/y.png",
        "http://x:-1/",
        "http://[::1/",
        "http://x\x00.org/",
    ],
)
def test_urls_that_are_refused_by_their_text(url):
    with pytest.raises(Invalid, match="not allowed"):
        check_url(url, ANY)


def test_a_list_of_hosts_allows_only_those():
    assert check_url("http://pacs:8042/1.png", FetchGuard(hosts="pacs:8042")).port == 8042
    with pytest.raises(Invalid):
        check_url("http://other/1.png", FetchGuard(hosts="pacs:8042"))


PRIVATE = [
    "127.0.0.1", "127.8.8.8", "0.0.0.1", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1",
    "169.254.169.254", "100.64.0.1", "100.127.255.254", "192.0.0.1", "192.0.2.1", "198.18.0.1", "198.51.100.1",
    "203.0.113.1", "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255",
    "::", "::1", "fe80::1", "fe80::1%eth0", "fc00::1", "fd12::1", "ff02::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "2002:7f00:1::", "2002:a9fe:a9fe::1",
    "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe", "not an address", "",
]  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
async def test_private_addresses_are_never_fetched_from(address):
    assert not is_public(address)

    async def resolve(host, port):
        return ["93.184.216.34", address]  # one good address does not make the other good

    with pytest.raises(Invalid, match="not a public one") as caught:
        await fetch("http://pictures.example/1.png", ANY, resolve=resolve)
    assert not address or address not in caught.value.detail


@pytest.mark.parametrize("address", ["93.184.216.34", "1.1.1.1", "2606:4700::1111", "64:ff9b::101:101"])
def test_public_addresses_are_public(address):
    assert is_public(address)


async def test_a_host_without_an_address_is_a_missing_image():
    async def nothing(host, port):
        return []

    async def unknown(host, port):
        raise OSError("Name or service not known")

    for resolve in (nothing, unknown):
        with pytest.raises(ImageMissing):
            await fetch("http://pictures.example/1.png", ANY, resolve=resolve)
