"""Requests with events that nobody has sent before, and a look at each answer."""

import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime

from benchmarks.serve.asking import UnexpectedAnswer
from benchmarks.serve.client import HOST
from benchmarks.serve.servers import API_KEY

USERS, POSTS = 5_000, 5_000
KINDS = ("view", "like")
PATH = "/interactions"


def user_id(number: int) -> str:
    """An id as long as a UUID."""
    return f"user{number:04}-0000-4000-8000-{number:012}"


def post_id(number: int) -> str:
    return f"post{number:04}-0000-4000-8000-{number:012}"


def pairs() -> Iterator[tuple[int, int]]:
    """Users and posts, every pair once, neighbours far apart: 25 million of them."""
    for lap in itertools.count():
        for number in range(USERS):
            yield number, (number * 7 + lap) % POSTS


@dataclass(slots=True, kw_only=True)
class Events:
    """So many requests of so many events."""

    left: int
    size: int
    source: Iterator[tuple[int, int]]  # shared by all rounds of a system: no event comes twice
    unexpected: UnexpectedAnswer = field(default_factory=UnexpectedAnswer)

    def request(self) -> tuple[int, bytes] | None:
        self.left -= 1
        if self.left < 0:
            return None
        at = datetime.now(UTC).isoformat()
        events = [
            {"user_id": user_id(user), "post_id": post_id(post), "kind": KINDS[user % 2], "created_at": at}
            for user, post in itertools.islice(self.source, self.size)
        ]
        return self.left, _post(json.dumps(events).encode())

    def answer(self, number: int, head: bytes, body: bytes) -> None:
        if b" 200 " not in head[:16] or b'"accepted":%d' % self.size not in body.replace(b" ", b""):
            self.unexpected.note(f"{number}: {head[:40]!r} {body[:200]!r}")


def _post(body: bytes) -> bytes:
    head = (
        f"POST {PATH} HTTP/1.1\r\nHost: {HOST}\r\nUser-Agent: benchmark\r\nAccept: */*\r\n"
        f"Authorization: Bearer {API_KEY}\r\nContent-Type: application/json\r\nContent-Length: {len(body)}\r\n\r\n"
    )
    return head.encode() + body
