"""Two servers of a test that share one port, each at a loopback address of its own."""

import errno
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from socketserver import TCPServer
from typing import TypeVar

TRIES = 20  # a port that is free at one address may be a connection's at the other

AnyServer = TypeVar("AnyServer", bound=TCPServer)


@contextmanager
def serving_on_one_port(
    make: Callable[[tuple[str, int]], AnyServer], first: str, second: str
) -> Iterator[tuple[AnyServer, AnyServer]]:
    """Both servers, each answering in a thread, until the block ends."""
    servers = _on_one_port(make, first, second, tries=TRIES)
    for server in servers:
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()
    try:
        yield servers
    finally:
        for server in servers:
            server.shutdown()
            server.server_close()


def _on_one_port(
    make: Callable[[tuple[str, int]], AnyServer], first: str, second: str, *, tries: int
) -> tuple[AnyServer, AnyServer]:
    server = make((first, 0))
    try:
        return server, make((second, server.server_address[1]))
    except OSError as error:
        server.server_close()
        if tries == 1 or error.errno != errno.EADDRINUSE:
            raise
    return _on_one_port(make, first, second, tries=tries - 1)
