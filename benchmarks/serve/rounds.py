"""The rounds: each system in turn, at full load and at half of it, from the same beginning each time."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from statistics import median
from typing import cast

import jwt
import redis

from benchmarks.serve.asking import EmptyRoute, Pages, UnexpectedAnswer
from benchmarks.serve.client import Timing, ask, ask_at
from benchmarks.serve.servers import API_KEY, JWT_KEY, Served
from benchmarks.turns import in_turn

TOKEN_SECONDS = 3_600


@dataclass(frozen=True, slots=True, kw_only=True)
class Effort:
    """How many requests are sent."""

    rounds: int
    requests: int  # of each system in each round
    connections: int
    seed: int


@dataclass(slots=True, kw_only=True)
class Measured:
    """One system's rounds."""

    system: str
    full: list[Timing] = field(default_factory=list)
    half: list[Timing] = field(default_factory=list)
    processor: list[float] = field(default_factory=list)  # seconds of the server's process for each request
    unexpected: int = 0
    first_unexpected: str = ""

    @property
    def rate(self) -> float:
        """Requests per second at full load, the median over the rounds."""
        return median(each.rate for each in self.full)

    def quantile(self, share: float, *, is_half: bool = False) -> float:
        """Seconds, the median over the rounds."""
        return median(each.quantile(share) for each in (self.half if is_half else self.full))

    def ask(self, server: Served, asking: "EmptyRoute | Pages", *, connections: int) -> None:
        """A round at full load."""
        before = server.processor_seconds()
        timing = ask(server.port, asking, connections=connections)
        self.full.append(timing)
        self.processor.append((server.processor_seconds() - before) / len(timing.seconds))
        self.note(asking.unexpected)

    def note(self, unexpected: UnexpectedAnswer) -> None:
        """Count answers that are not normal."""
        self.unexpected += unexpected.count
        self.first_unexpected = self.first_unexpected or unexpected.first

    @property
    def strain(self) -> float:
        """p99 at full load as a multiple of p99 at half of it."""
        return self.quantile(0.99) / self.quantile(0.99, is_half=True)


@dataclass(slots=True)
class Seen:
    """The seen posts of users before the first round; each round starts with them."""

    client: "redis.Redis"
    values: dict[bytes, bytes] = field(default_factory=dict)

    def keep(self) -> None:
        """Store them."""
        names: list[bytes] = list(self.client.scan_iter("wl:seen:*", count=10_000))
        values = cast(list[bytes | None], self.client.mget(names))
        self.values = {name: value for name, value in zip(names, values, strict=True) if value}

    def restore(self) -> None:
        """Restore them, and drop all chains."""
        pipe = self.client.pipeline(transaction=False)
        for name in self.client.scan_iter("wl:[sct]*", count=10_000):
            if name.startswith((b"wl:seen:", b"wl:chain:", b"wl:tail:")):
                pipe.delete(name)
        for name, value in self.values.items():
            pipe.set(name, value)
        pipe.execute()


EMPTY, FIRST, CURSOR = "empty FastAPI route", "first page", "cursor page"


def tokens_of(users: Sequence[str]) -> dict[str, dict[str, str]]:
    """Kind of token → user → token."""
    until = int(time.time()) + TOKEN_SECONDS
    return {
        "API key": dict.fromkeys(users, API_KEY),
        "JWT": {user: jwt.encode({"sub": user, "exp": until}, JWT_KEY, algorithm="HS256") for user in users},
    }


def measure(empty: Served, timeline: Served, seen: Seen, users: Sequence[str], effort: Effort) -> list[Measured]:
    """All rounds; the systems take turns within each."""
    target = MeasuredTimeline(
        timeline=timeline, seen=seen, users=users, tokens=tokens_of(users), connections=effort.connections
    )
    found = [Measured(system=EMPTY)]
    found += [Measured(system=f"{page}, {kind}") for page in (FIRST, CURSOR) for kind in target.tokens]
    target.visit()
    for number, measured in in_turn(found, rounds=effort.rounds):
        _at_full_load(measured, target, empty, effort)
        _at_half_load(measured, target, empty, effort, number)
    return found


def _at_full_load(measured: Measured, target: "MeasuredTimeline", empty: Served, effort: Effort) -> None:
    """A round at full load."""
    if measured.system == EMPTY:
        measured.ask(empty, EmptyRoute(effort.requests), connections=effort.connections)
    else:
        measured.ask(target.timeline, target.pages(measured.system, effort.requests), connections=effort.connections)


def _at_half_load(measured: Measured, target: "MeasuredTimeline", empty: Served, effort: Effort, number: int) -> None:
    """A round at random times with half the rate of the full load just before."""
    count, is_empty = effort.requests // 2, measured.system == EMPTY
    asking = EmptyRoute(count) if is_empty else target.pages(measured.system, count)
    measured.half.append(
        ask_at(
            (empty if is_empty else target.timeline).port, asking, connections=effort.connections,
            rate=measured.full[-1].rate / 2, count=count, seed=effort.seed + number,
        )
    )  # fmt: skip
    measured.note(asking.unexpected)


@dataclass(frozen=True, slots=True, kw_only=True)
class MeasuredTimeline:
    """A timeline, and the users who request pages."""

    timeline: Served
    seen: Seen
    users: Sequence[str]
    tokens: Mapping[str, Mapping[str, str]]
    connections: int

    def visit(self) -> None:
        """Request a page for each user, so that all code has run before the first round."""
        self._first_pages(next(iter(self.tokens)))
        self.seen.keep()

    def pages(self, system: str, count: int) -> Pages:
        """Requests for pages of a kind, from the state before the first round."""
        self.seen.restore()
        page, _, kind = system.partition(", ")
        cursors = self._first_pages(kind) if page == CURSOR else None
        return Pages(users=self.users, tokens=self.tokens[kind], left=count, cursors=cursors)

    def _first_pages(self, kind: str) -> dict[int, bytes]:
        """Request everybody's first page; returns the cursors."""
        first = Pages(users=self.users, tokens=self.tokens[kind], left=len(self.users))
        ask(self.timeline.port, first, connections=self.connections)
        return first.given
