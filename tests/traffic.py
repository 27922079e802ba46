"""Readers who scroll continuously in threads of their own, and check each answer: for fault and load tests.

A reader reads a chain to its end, begins the next one, and checks what must not happen: another status than 200, an
empty page, a post twice in a chain, a post that must not be shown any more, too many posts of an author.
"""

import http.client
import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

WINDOW, MOST = 10, 2  # promise 8
REPEAT_EACH = 7  # one page in so many is asked for twice


@dataclass(slots=True)
class Truth:
    """What may be shown while the world changes; changes are entered here after they were accepted."""

    author_of: dict[str, str]
    deleted: dict[str, float] = field(default_factory=dict)  # post → since when
    blocked: dict[tuple[str, str], float] = field(default_factory=dict)  # (user, author) → since when
    # Posts and authors of changes that may hold by now or not yet. Whoever changes something adds it here first, and
    # takes it off only after it stands above; so whoever checks reads this before the others.
    under_way: frozenset[str] = frozenset()
    cluster_of: dict[str, int] = field(default_factory=dict)  # of posts whose photo is nearly another's
    met: dict[str, set[str]] = field(default_factory=dict)  # user → posts that they saw before
    is_small: bool = False  # a chain that ends has shown every post there is
    is_vast: bool = False  # nobody comes to the end of what they have not seen: no post may come back at all

    def faults_of(self, user: str, posts: Sequence[str], asked_at: float) -> Iterator[str]:
        """What is wrong with a page that was requested at a given time."""
        for post in posts:
            author = self.author_of.get(post, "?")
            if self.deleted.get(post, asked_at) < asked_at:
                yield f"{user}: {post} was deleted"
            if self.blocked.get((user, author), asked_at) < asked_at:
                yield f"{user}: {post} is by {author}, who is blocked"
            if author == user:
                yield f"{user}: {post} is their own"

    def eligible(self, user: str) -> set[str]:
        """What may be shown to a user now."""
        banned = {user, *self.banned(user)}
        return {post for post, author in self.author_of.items() if not banned & {post, author}}

    def banned(self, user: str) -> set[str]:
        """Posts and authors that must not, or perhaps must not, be shown to this user any more."""
        under_way = self.under_way
        return {*under_way, *self.deleted.copy(), *(author for each, author in self.blocked.copy() if each == user)}


@dataclass(slots=True)
class Findings:
    """What the readers found."""

    seconds: list[float] = field(default_factory=list)
    violations: list[str] = field(default_factory=list)
    sources: dict[str, int] = field(default_factory=dict)
    degraded: int = 0
    chains: int = 0  # walked to their end

    def quantile(self, share: float) -> float:
        """Seconds that this share of the requests stayed below."""
        ordered = sorted(self.seconds)
        return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0.0

    def __str__(self) -> str:
        return (
            f"{len(self.seconds)} requests, {self.chains} chains, p50 {1000 * self.quantile(0.5):.1f} ms,"
            f" p99 {1000 * self.quantile(0.99):.1f} ms, max {1000 * self.quantile(1):.1f} ms,"
            f" {self.degraded} degraded, {self.sources}, {len(self.violations)} violations"
        )


class Reader(threading.Thread):
    """One reader."""

    def __init__(
        self, port: int, users: Sequence[str], truth: Truth, findings: Findings, *, limit: int, pause: float, pages: int
    ) -> None:
        super().__init__(daemon=True)
        self._port, self._users, self._truth, self._findings = port, users, truth, findings
        self._limit, self._pause, self._pages = limit, pause, pages
        self.stopped = threading.Event()
        self._next_at = time.monotonic()
        self._forgetful: set[str] = set()
        self._connection: http.client.HTTPConnection | None = None

    def run(self) -> None:
        """Read chains until stopped."""
        turn = 0
        while not self.stopped.is_set():
            self._walk(self._users[turn % len(self._users)])
            turn += 1
        if self._connection is not None:
            self._connection.close()

    def _walk(self, user: str) -> None:
        served: list[str] = []
        cursor, source = None, None
        eligible = self._truth.eligible(user) if self._truth.is_small else set()
        for _ in range(self._pages):
            page = self._ask(user, cursor)
            if page is None or self.stopped.is_set():
                return
            if source not in (None, page["source"]):
                self._complain(f"{user}: a chain of {source} goes on as {page['source']}")
            source = page["source"]
            posts = [post["id"] for post in page["posts"]]
            if cursor is None and not posts:
                self._complain(f"{user}: an empty first page from {source}")
            again = self._truth.met.get(user, set()).intersection(posts) if self._truth.is_vast else set()
            if again and user not in self._forgetful:
                self._complain(f"{user}: {sorted(again)[:3]} came back on a later visit")
            twice = set(served).intersection(posts) | {post for post in posts if posts.count(post) > 1}
            if twice:
                self._complain(f"{user}: {sorted(twice)[:3]} came twice in a chain of {source}")
            served += posts
            if cursor is not None and len(self._findings.seconds) % REPEAT_EACH == 0:
                self._repeat(user, cursor, posts)
            cursor = page["next_cursor"]
            if cursor is None:
                break
            self._rest()
        self._findings.chains += 1
        skipped = eligible & self._truth.eligible(user) - set(served) if cursor is None else set()
        if skipped:
            self._complain(f"{user}: a chain of {source} ended without {sorted(skipped)[:5]}")
        self._check_spacing(user, served)

    def _rest(self) -> None:
        """Keep a fixed rate, also after a slow answer."""
        self._next_at = max(self._next_at + self._pause, time.monotonic() - 1)
        time.sleep(max(0.0, self._next_at - time.monotonic()))

    def _repeat(self, user: str, cursor: str, posts: Sequence[str]) -> None:
        """A repeated cursor gives the same page, less what may not be shown any more."""
        page = self._ask(user, cursor)
        if page is None:
            return
        again = [post["id"] for post in page["posts"]]
        banned = self._truth.banned(user)
        left = [post for post in posts if not banned & {post, self._truth.author_of[post]}]
        if [post for post in again if post in left] != left or set(again) - set(posts):
            self._complain(f"{user}: a repeated cursor gave {again}, before {posts}")

    def _check_spacing(self, user: str, served: Sequence[str]) -> None:
        """A third post of an author in ten, or two alike photos in a row, is a fault if a better post came later.

        A better post is one that the user had not seen, and that would have been allowed in that position.
        """
        met = self._truth.met.setdefault(user, set())
        unmet = [post not in met for post in served]
        met.update(served)
        for place in range(1, len(served)):
            if not unmet[place] or self._fits(served, place, place):
                continue
            later = (each for each in range(place + 1, len(served)) if unmet[each])
            better = next((each for each in later if self._fits(served, place, each)), None)
            if better is not None:
                self._complain(f"{user}: {served[place]} is too near its like at {place}, {served[better]} came later")
                break

    def _fits(self, served: Sequence[str], place: int, which: int) -> bool:
        """Whether the post served at `which` might stand at `place`."""
        author_of, cluster_of, post = self._truth.author_of, self._truth.cluster_of, served[which]
        before = served[max(0, place - WINDOW + 1) : place]
        is_flood = sum(author_of.get(each, each) == author_of.get(post, post) for each in before) >= MOST
        is_alike = post in cluster_of and cluster_of[post] == cluster_of.get(before[-1])
        return not is_flood and not is_alike

    def _ask(self, user: str, cursor: str | None) -> dict[str, Any] | None:
        path = f"/timeline/{quote(user)}?limit={self._limit}" + (f"&cursor={cursor}" if cursor else "")
        asked_at = time.monotonic()
        try:
            if self._connection is None:
                self._connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=10)
            self._connection.request("GET", path)
            answer = self._connection.getresponse()
            body = answer.read()
        except (OSError, http.client.HTTPException) as error:
            self._connection = None
            self._complain(f"{user}: {type(error).__name__}: {error}")
            time.sleep(0.2)
            return None
        self._findings.seconds.append(time.monotonic() - asked_at)
        if answer.status != 200:
            self._complain(f"{user}: status {answer.status}: {body[:200]!r}")
            return None
        page: dict[str, Any] = json.loads(body)
        for fault in self._truth.faults_of(user, [post["id"] for post in page["posts"]], asked_at):
            self._complain(fault)
        sources = self._findings.sources
        sources[page["source"]] = sources.get(page["source"], 0) + 1
        if "degraded" in page:
            self._findings.degraded += 1
            self._forgetful.add(user)  # what was served without Redis is not remembered
        return page

    def _complain(self, what: str) -> None:
        self._findings.violations.append(what)


@contextmanager
def traffic(
    port: int,
    users: Sequence[str],
    truth: Truth,
    *,
    readers: int = 3,
    limit: int = 10,
    pause: float = 0.005,
    pages: int = 200,
) -> Iterator[Findings]:
    """Run readers during the block, each with its own users; afterwards the findings are complete."""
    findings = Findings()
    threads = [
        Reader(port, users[place::readers], truth, findings, limit=limit, pause=pause, pages=pages)
        for place in range(readers)
    ]
    for thread in threads:
        thread.start()
    try:
        yield findings
    finally:
        for thread in threads:
            thread.stopped.set()
        for thread in threads:
            thread.join(15)


def until(is_so: Callable[[], bool], what: str, *, seconds: float = 15.0) -> float:
    """Wait until a condition holds; returns the seconds that it took."""
    begun = time.monotonic()
    while not is_so():
        assert time.monotonic() - begun < seconds, f"not within {seconds:.0f} s: {what}"
        time.sleep(0.02)
    return time.monotonic() - begun
