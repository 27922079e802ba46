"""Servers that the user provides by WARMLINE_DATABASE_URL and WARMLINE_REDIS_URL: one that does not answer is named."""

import socket
from collections.abc import Mapping
from contextlib import suppress

from demo.errors import ServerFailed
from shared.store_urls import StoreUrl, postgresql_url, redis_url

SECONDS = 3.0  # for a connection
OF_DEMO = "WARMLINE_DEMO_WARM_USER"  # stands in demo.env, and nowhere else
PARTS = {"WARMLINE_DATABASE_URL": (postgresql_url, 5432), "WARMLINE_REDIS_URL": (redis_url, 6379)}


def require_given_servers(environment: Mapping[str, str]) -> None:
    """Raises ServerFailed, with what to do, if nothing listens at an address that the environment gives."""
    for name, (parse, port) in PARTS.items():
        with suppress(ValueError):  # the step that uses it says what is wrong with it
            if not _listens(parse(environment.get(name, "")), port):
                raise ServerFailed(f"{name}: nothing listens at its address; {_todo(environment)}")


def _todo(environment: Mapping[str, str]) -> str:
    unset = f"`unset {' '.join(PARTS)}`, and the demo starts servers of its own"
    if OF_DEMO in environment:
        return f"it comes from demo.env, and that demo has ended: use a new terminal, or say {unset}"
    return f"start that server, or say {unset}"


def _listens(url: StoreUrl, port: int) -> bool:
    """Whether one of the hosts accepts connections; sockets in the file system are not tried."""
    hosts = [host for host in url.hosts if "%" not in host.name]
    for host in hosts:
        with suppress(OSError), socket.create_connection((host.name.strip("[]"), host.port or port), SECONDS):
            return True
    return not hosts
