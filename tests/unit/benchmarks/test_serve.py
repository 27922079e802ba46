"""The benchmark's client and what it makes of answers."""

import socket
import threading

from benchmarks.serve.asking import LIMIT, EmptyRoute, Pages
from benchmarks.serve.client import ask, ask_at

HEAD = b"HTTP/1.1 200 OK\r\ncontent-length: 2"


def _page(cursor: str, posts: int = LIMIT, more: str = "") -> bytes:
    entries = ",".join('{"id":"p"}' for _ in range(posts))
    return f'{{"posts":[{entries}],"next_cursor":"{cursor}"{more}}}'.encode()


def _pages(cursors: dict[int, bytes] | None = None, left: int = 10) -> Pages:
    return Pages(users=["ann", "bob"], tokens={"ann": "a", "bob": "b"}, left=left, cursors=cursors)


def _asked(pages: Pages) -> bytes:
    wanted = pages.request()
    return b"" if wanted is None else wanted[1]


def test_users_take_turns_and_each_follows_their_own_cursor() -> None:
    pages = _pages({0: b"A1", 1: b"B1"})
    assert b"/timeline/ann?limit=20&cursor=A1 " in _asked(pages)
    assert b"/timeline/bob?limit=20&cursor=B1 " in _asked(pages)
    assert _asked(pages) == b""  # both wait for their answers: nobody asks twice at once
    pages.answer(0, HEAD, _page("A2"))
    assert b"/timeline/ann?limit=20&cursor=A2 " in _asked(pages)


def test_no_more_is_asked_than_was_wanted() -> None:
    pages = _pages(left=1)
    assert _asked(pages)
    assert _asked(pages) == b""


def test_a_page_that_is_short_or_degraded_is_noted() -> None:
    pages = _pages()
    pages.answer(0, HEAD, _page("x"))
    assert pages.unexpected.count == 0
    pages.answer(0, HEAD, _page("x", posts=LIMIT - 1))
    pages.answer(0, HEAD, _page("x", more=',"degraded":["redis"]'))
    pages.answer(0, b"HTTP/1.1 503 no", b"")
    assert pages.unexpected.count == 3


def _server() -> int:
    """A server that gives each request on each connection the same answer, in two pieces."""
    listening = socket.create_server(("127.0.0.1", 0))

    def talk(connection: socket.socket) -> None:
        with connection:
            while connection.recv(4096):
                connection.sendall(b"HTTP/1.1 200 OK\r\ncontent-le")
                connection.sendall(b"ngth: 2\r\n\r\n{}")

    def serve() -> None:
        for _ in range(8):
            connection, _ = listening.accept()
            threading.Thread(target=talk, args=(connection,), daemon=True).start()
        listening.close()

    threading.Thread(target=serve, daemon=True).start()
    return int(listening.getsockname()[1])


def test_all_requests_are_answered_and_timed() -> None:
    port = _server()
    asking = EmptyRoute(100)
    full = ask(port, asking, connections=4)
    half = ask_at(port, EmptyRoute(50), connections=4, rate=2_000, count=50, seed=1)
    assert (len(full.seconds), len(half.seconds), asking.unexpected.count) == (100, 50, 0)
    assert half.whole >= 50 / 2_000 / 4  # it waits between requests; how long, is by lot
