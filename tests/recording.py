"""A proxy in front of a server that records all bytes that clients send."""

import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress


class Recorded:
    """What clients sent."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._bytes = bytearray()

    def add(self, data: bytes) -> None:
        with self._lock:
            self._bytes += data

    def clear(self) -> None:
        with self._lock:
            self._bytes.clear()

    def __bytes__(self) -> bytes:
        with self._lock:
            return bytes(self._bytes)


@contextmanager
def recording(host: str, port: int) -> Iterator[tuple[int, Recorded]]:
    """Forward a free loopback port to a server; yields the port and the recorded bytes."""
    recorded = Recorded()

    class Forwarding(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            with socket.create_connection((host, port)) as server:
                answers = threading.Thread(target=_forward, args=(server, self.request), daemon=True)
                answers.start()
                _forward(self.request, server, recorded)
                answers.join()

    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), Forwarding) as proxy:
        threading.Thread(target=proxy.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        try:
            yield proxy.server_address[1], recorded
        finally:
            proxy.shutdown()


def _forward(source: socket.socket, sink: socket.socket, recorded: Recorded | None = None) -> None:
    with suppress(OSError):
        while data := source.recv(1 << 16):
            if recorded is not None:
                recorded.add(data)  # before it is on its way: whoever has an answer finds the question here
            sink.sendall(data)
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
