"""The requests of the benchmark: the empty route, first pages, and pages by cursor; each answer is checked."""

from collections import deque
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from benchmarks.serve.client import HOST
from benchmarks.serve.empty import PATH

LIMIT = 20  # posts of a page
_CURSOR, _DEGRADED = b'"next_cursor":"', b'"degraded"'


@dataclass(slots=True, kw_only=True)
class UnexpectedAnswer:
    """Counts answers that are not normal, and keeps the first."""

    count: int = 0
    first: str = ""

    def note(self, what: str) -> None:
        """Count one, and keep the first."""
        self.count += 1
        self.first = self.first or what


@dataclass(slots=True)
class EmptyRoute:
    """Requests to the empty route."""

    left: int
    unexpected: UnexpectedAnswer = field(default_factory=UnexpectedAnswer)

    def request(self) -> tuple[int, bytes] | None:
        self.left -= 1
        return (self.left, get(PATH, "")) if self.left >= 0 else None

    def answer(self, number: int, head: bytes, body: bytes) -> None:
        if b" 200 " not in head[:16]:
            self.unexpected.note(f"{number}: {head[:40]!r} {body[:80]!r}")


@dataclass(slots=True, kw_only=True)
class Pages:
    """Pages of users in turn: first pages, or the pages of cursors from earlier answers."""

    users: Sequence[str]
    tokens: Mapping[str, str]
    left: int
    cursors: dict[int, bytes] | None = None  # user's number → cursor; None: first pages
    query: str = ""  # further parameters of first pages
    given: dict[int, bytes] = field(default_factory=dict)  # the cursors that the answers gave
    unexpected: UnexpectedAnswer = field(default_factory=UnexpectedAnswer)
    _turn: deque[int] = field(default_factory=deque)

    def __post_init__(self) -> None:
        self._turn.extend(range(len(self.users)))

    def request(self) -> tuple[int, bytes] | None:
        self.left -= 1
        if self.left < 0 or not self._turn:
            return None
        number = self._turn.popleft()
        user = self.users[number]
        path = f"/timeline/{user}?limit={LIMIT}"
        if self.cursors is None:
            path += self.query
        else:
            path += f"&cursor={self.cursors[number].decode()}"
        return number, get(path, self.tokens[user])

    def answer(self, number: int, head: bytes, body: bytes) -> None:
        at, posts = body.find(_CURSOR), body.count(b'{"id":')
        if b" 200 " not in head[:16] or at < 0 or posts != LIMIT or _DEGRADED in body:
            degraded = body[body.find(_DEGRADED) :][:60] if _DEGRADED in body else b""
            self.unexpected.note(f"{head[:16]!r}, {posts} posts, cursor {at >= 0}, {degraded!r}")
        if at >= 0:
            at += len(_CURSOR)
            self.given[number] = body[at : body.index(b'"', at)]
            if self.cursors is not None:
                self.cursors[number] = self.given[number]
        self._turn.append(number)


def get(path: str, token: str) -> bytes:
    """A request's bytes."""
    authorization = f"Authorization: Bearer {token}\r\n" if token else ""
    return (
        f"GET {path} HTTP/1.1\r\nHost: {HOST}\r\nUser-Agent: benchmark\r\nAccept: */*\r\n{authorization}\r\n".encode()
    )
