"""The embedded Valkey: never forgets on its own, and comes back with its queue."""

from __future__ import annotations

import socket
import stat
import subprocess
from collections.abc import Iterator
from urllib.parse import urlsplit

import pytest
import redis

from app.embedded import valkey
from app.embedded.service import Service


@pytest.fixture
def broker(tmp_path) -> Iterator[Service]:
    service = valkey.start(tmp_path / "val key")
    yield service
    service.stop()


def client(service: Service) -> redis.Redis:
    return redis.Redis.from_url(service.url)


def test_it_refuses_rather_than_forgets_and_listens_on_loopback_only(broker):
    with client(broker) as connection:
        wanted = {"maxmemory-policy": "noeviction", "appendonly": "yes", "bind": "127.0.0.1", "save": ""}
        assert {name: connection.config_get(name)[name] for name in wanted} == wanted


def test_it_asks_for_the_password_and_shows_it_to_nobody(broker, tmp_path):
    with socket.create_connection(("127.0.0.1", urlsplit(broker.url).port)) as stranger:
        stranger.sendall(b"PING\r\n")
        assert stranger.recv(100).startswith(b"-NOAUTH")
    password = (tmp_path / "val key" / "password").read_text()
    assert password in broker.url
    processes = subprocess.run(["ps", "-A", "-o", "args"], capture_output=True, text=True, check=True).stdout
    assert password not in processes
    modes = {stat.S_IMODE((tmp_path / "val key" / name).stat().st_mode) for name in ("password", "valkey.conf")}
    assert modes == {0o600}


@pytest.mark.parametrize("end", ["kill", "stop"])
def test_a_queue_survives(broker, end):
    with client(broker) as connection:
        connection.rpush("queue", "first", "second")
        connection.execute_command("WAITAOF", 1, 0, 5000)
    getattr(broker, end)()
    broker.start()
    with client(broker) as connection:
        assert connection.lrange("queue", 0, -1) == [b"first", b"second"]
