"""Stop points: a proxy in front of a store that holds one exchange until the test lets it continue, or drops it.

A race is a window between two steps. A test that hopes to meet one proves nothing when it passes; here the step stands
still while the rest happens, so that each try meets the window.
"""

import hashlib
import random
import re
import socket
import struct
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from enum import StrEnum
from typing import Protocol, Self
from urllib.parse import urlsplit

import hiredis

from shared.ranked_lists import scripts

WAIT_SECONDS = 20.0  # a stop that nobody reaches within this time fails the test
LONGEST_WORD = 200  # bytes of a command's argument that patterns can match
REMEMBERED = 200  # statements of a connection that `after` can match

SCRIPT_NAMES = {
    hashlib.sha1(text.encode()).hexdigest(): name
    for name, text in vars(scripts).items()
    if name.isupper() and isinstance(text, str)
}


def written(key: str) -> str:
    """The pattern of a command that writes a key, and neither reads nor removes it."""
    return rf"^(?!DEL\b|UNLINK\b|M?GET\b|EXISTS\b|[SZH](REM|DEL)\b|\w*(FORGET|ERASE))\S+ (.* )?{key}\b"


class At(StrEnum):
    """Which half of an exchange is stopped."""

    REQUEST = "request"  # the store has not got it yet
    ANSWER = "answer"  # the store has done it, the client does not know yet


class Stop:
    """A point at which an exchange is stopped."""

    def __init__(self, pattern: str, *, at: At, after: str | None, holds_all: bool, skip: int) -> None:
        self._pattern, self._after = re.compile(pattern), re.compile(after) if after else None
        self.at, self._holds_all, self._skip = at, holds_all, skip
        self._lock = threading.Lock()
        self._is_taken = self._is_lost = False
        self._reached, self._may_go_on = threading.Event(), threading.Event()

    def wait(self) -> None:
        """Wait until an exchange is stopped here."""
        assert self._reached.wait(WAIT_SECONDS), f"nobody came to {self._pattern.pattern!r}"

    @property
    def is_reached(self) -> bool:
        return self._reached.is_set()

    def go_on(self) -> None:
        """Let the stopped exchange continue, and stop no others."""
        self._may_go_on.set()

    def lose(self) -> None:
        """Drop the stopped exchange by breaking its connection, and later ones that would stop here."""
        self._is_lost = True
        self._may_go_on.set()

    def takes(self, text: str, before: "deque[str]") -> bool:
        """Whether this message stops here; of those that match, the first, or all."""
        if not self._pattern.search(text) or (self._after and not any(map(self._after.search, before))):
            return False
        with self._lock:
            if (self._is_taken and not self._holds_all) or (self._may_go_on.is_set() and not self._is_lost):
                return False
            if self._skip > 0:
                self._skip -= 1
                return False
            self._is_taken = True
        return True

    def hold(self) -> bool:
        """Stand still; returns whether the message goes on at all."""
        self._reached.set()
        self._may_go_on.wait()
        return not self._is_lost


class Parser(Protocol):
    """Splits what a client sends into messages, each with a text for patterns."""

    is_pipelined: bool  # whether more is asked before the last answer is there

    def feed(self, data: bytes) -> Iterator[tuple[bytes, str]]: ...

    def count_answers(self, data: bytes) -> int:
        """How many messages are answered by this data from the store."""


class RedisParser:
    """Commands: their words, with a script's name for its digest or text."""

    is_pipelined = True

    def __init__(self) -> None:
        self._data = b""
        self._answers = hiredis.Reader()

    def count_answers(self, data: bytes) -> int:
        self._answers.feed(data)
        count = 0
        while self._answers.gets() is not False:
            count += 1
        return count

    def feed(self, data: bytes) -> Iterator[tuple[bytes, str]]:
        self._data += data
        while (cut := self._one()) is not None:
            raw, words = cut
            yield raw, self._text(words)

    def _one(self) -> tuple[bytes, list[bytes]] | None:
        """The first command, if it is whole; RESP's arrays of bulk strings."""
        data, words = self._data, []
        line_end = data.find(b"\r\n")
        if line_end < 0:
            return None
        if data[:1] != b"*":  # the port was another server's a moment ago, and its client does not know
            raise ConnectionError(f"not a client of Redis: {data[:40]!r}")
        at = line_end + 2
        for _ in range(int(data[1:line_end])):
            line_end = data.find(b"\r\n", at)
            if line_end < 0:
                return None
            start = line_end + 2
            end = start + int(data[at + 1 : line_end])
            if len(data) < end + 2:
                return None
            words.append(data[start:end])
            at = end + 2
        self._data = data[at:]
        return data[:at], words

    @staticmethod
    def _text(words: list[bytes]) -> str:
        if words[0].upper() == b"EVALSHA":
            words = [SCRIPT_NAMES.get(words[1].decode(), "?").encode(), *words[2:]]
        elif words[0].upper() == b"EVAL":
            digest = hashlib.sha1(words[1]).hexdigest()
            words = [SCRIPT_NAMES.get(digest, "?").encode(), *words[2:]]
        return " ".join(word[:LONGEST_WORD].decode("latin-1") for word in words)


class PostgresParser:
    """Statements of the simple protocol, which psycopg2 speaks; white space in them is one blank."""

    is_pipelined = False
    NO_ENCRYPTION_YET = (80877103, 80877104)  # asks for TLS or GSS: the same connection begins anew after the answer

    def __init__(self) -> None:
        self._data, self._has_begun = b"", False

    def count_answers(self, data: bytes) -> int:
        return 0  # nothing is asked before the last answer is there

    def feed(self, data: bytes) -> Iterator[tuple[bytes, str]]:
        self._data += data
        while True:
            head = 1 if self._has_begun else 0
            if len(self._data) < head + 4:
                return
            (length,) = struct.unpack_from(">I", self._data, head)
            if len(self._data) < head + length:
                return
            raw, self._data = self._data[: head + length], self._data[head + length :]
            if not self._has_begun:
                (code,) = struct.unpack_from(">I", raw, 4)
                self._has_begun = code not in self.NO_ENCRYPTION_YET
                yield raw, ""
            else:
                is_statement = raw[:1] == b"Q"
                yield raw, " ".join(raw[5:-1].decode(errors="replace").split()) if is_statement else ""


class Proxy:
    """A proxy for one client of a store, at which exchanges can be stopped."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        is_redis = parts.scheme.startswith("redis")
        self._make_parser: type[RedisParser] | type[PostgresParser] = RedisParser if is_redis else PostgresParser
        self._store = (parts.hostname or "127.0.0.1", parts.port or (6379 if is_redis else 5432))
        self._listener = socket.create_server(("127.0.0.1", 0))
        credentials = parts.netloc.rpartition("@")[0]
        host = f"127.0.0.1:{self._listener.getsockname()[1]}"
        self.url = parts._replace(netloc=f"{credentials}@{host}" if credentials else host).geturl()
        self._stops: list[Stop] = []
        self._lines: list[_Line] = []
        self._is_closed = False
        self._jitter = 0.0, 0.0, random.Random(0)  # share, seconds, whose dice
        threading.Thread(target=self._accept, daemon=True).start()

    @contextmanager
    def stop(
        self, pattern: str, *, at: At = At.REQUEST, after: str | None = None, holds_all: bool = False, skip: int = 0
    ) -> Iterator[Stop]:
        """Have an exchange stand still; when the block ends, it goes on.

        Args:
            pattern: found in the command or statement (see the parsers).
            at: its request or its answer.
            after: found in an earlier message of the same connection's transaction.
            holds_all: every one that matches, not only the first.
            skip: how many that match go on before.
        """
        stop = Stop(pattern, at=at, after=after, holds_all=holds_all, skip=skip)
        self._stops.append(stop)
        try:
            yield stop
        finally:
            self._stops.remove(stop)
            stop.go_on()

    def stop_for(self, text: str, before: "deque[str]") -> Stop | None:
        """The stop that takes a message, if any."""
        return next((stop for stop in [*self._stops] if stop.takes(text, before)), None)

    def slow_down(self, share: float, *, seconds: float, rng: random.Random) -> None:
        """Delay a share of all messages, each by at most so many seconds, so that races become likelier."""
        self._jitter = share, seconds, rng

    def pause(self) -> None:
        """Delay a message, if it is among those."""
        share, seconds, rng = self._jitter
        if share and rng.random() < share:
            time.sleep(rng.random() * seconds)

    def break_all(self) -> None:
        """Break all current connections."""
        lines, self._lines = self._lines, []
        for line in lines:
            line.close()

    def close(self) -> None:
        self._is_closed = True
        for stop in [*self._stops]:
            stop.go_on()
        self._listener.close()
        self.break_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            try:
                store = socket.create_connection(self._store)
            except OSError:
                client.close()
                continue
            line = _Line(self, client, store, self._make_parser())
            self._lines.append(line)
            line.start()
            if self._is_closed:
                line.close()


class _Line:
    """One client's connection, and the store's behind it."""

    def __init__(self, proxy: Proxy, client: socket.socket, store: socket.socket, parser: Parser) -> None:
        self._proxy, self._client, self._store, self._parser = proxy, client, store, parser
        for each in (client, store):
            each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._before: deque[str] = deque(maxlen=REMEMBERED)
        self._asked = self._answered = 0
        self._answer_stops: deque[tuple[int, Stop]] = deque()  # which answer stops where

    def start(self) -> None:
        threading.Thread(target=self._requests, daemon=True).start()
        threading.Thread(target=self._answers, daemon=True).start()

    def close(self) -> None:
        for each in (self._client, self._store):
            with suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)
            each.close()

    def _requests(self) -> None:
        with suppress(OSError):
            while data := self._client.recv(1 << 16):
                ready = b""
                for raw, text in self._parser.feed(data):
                    stop = self._proxy.stop_for(text, self._before) if text else None
                    if text == "BEGIN":
                        self._before.clear()
                    elif text:
                        self._before.append(text)
                    self._asked += 1
                    if stop is not None:
                        self._send(self._store, ready)  # what came before it
                        ready = b""
                        if stop.at is At.ANSWER:
                            self._answer_stops.append((self._asked, stop))
                        elif not stop.hold():
                            self.close()
                            return
                    ready += raw
                self._proxy.pause()
                self._send(self._store, ready)
        # The client has gone; the store still does what it was sent.
        with suppress(OSError):
            self._store.shutdown(socket.SHUT_WR)

    def _answers(self) -> None:
        with suppress(OSError):
            while data := self._store.recv(1 << 16):
                self._answered += self._parser.count_answers(data)
                if not self._may_pass():
                    break
                self._proxy.pause()
                self._send(self._client, data)
        self.close()

    def _may_pass(self) -> bool:
        """Stand still where one of these answers is to; returns whether they go on at all."""
        passes = True
        while self._answer_stops and (not self._parser.is_pipelined or self._answer_stops[0][0] <= self._answered):
            passes &= self._answer_stops.popleft()[1].hold()
        return passes

    @staticmethod
    def _send(to: socket.socket, data: bytes) -> None:
        if data:
            to.sendall(data)
