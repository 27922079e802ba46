"""The queue of requests for recommendations: a timeline asks, one of the rankers answers. Nothing stays for long.

A timeline waits for its answer no longer than its budget. A ranker drops a request that is older than that, so that an
overload never leaves work behind that nobody waits for. The time is that of Redis' clock alone.
"""

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import cast

import redis.asyncio
from redis.exceptions import RedisError

from shared.ranked_lists import keys, scripts
from shared.ranked_lists.clients import JOB_TIMEOUT, connect, connect_async, redis_errors
from shared.ranked_lists.recommend_codec import (
    Recommended,
    UnreadableRequest,
    Wanted,
    pack_recommended,
    pack_wanted,
    unpack_recommended,
    unpack_wanted,
)
from shared.ranked_lists.timeline_store import TimelineStore

AT_ONCE = 16  # requests that a ranker takes together
MAX_WAITING = 32  # requests of one timeline process that wait for answers; each has a connection meanwhile
MARGIN = timedelta(seconds=1)  # of a connection's own timeout, beyond the wait


class NoAnswer(StrEnum):
    """Why there is no answer of a ranker."""

    ABSENT = "absent"  # no ranker listens
    FULL = "full"  # too many requests wait
    LATE = "late"  # none within the budget
    REDIS = "redis"  # it is away, or refuses writes

    __hash__ = str.__hash__


class Unanswered(Exception):
    """No ranker answered; there are other ways to recommend something."""

    def __init__(self, why: NoAnswer) -> None:
        super().__init__(why)
        self.why = why


def new_token() -> str:
    """The name of a new request's answer, which nobody can guess."""
    return os.urandom(16).hex()


class RecommendAsker:
    """The timeline's end: puts requests into the queue, and waits for their answers."""

    def __init__(self, url: str, reader: TimelineStore, *, longest: timedelta) -> None:
        """
        Args:
            url: of Redis.
            reader: whose connection carries the requests.
            longest: the longest wait for an answer.
        """
        self._reader = reader
        # A connection of its own for each wait: answers of the shared one come in the order of the commands.
        self._waiting: redis.asyncio.Redis = connect_async(url, budget=longest + MARGIN, connections=MAX_WAITING)
        self._room = MAX_WAITING

    async def put(self, wanted: Wanted, within: float | None = None) -> None:
        """Put a request into the queue.

        Raises:
            Unanswered: nobody would answer it, or the queue is full.
            StoreUnavailable: Redis does not answer, or refuses.
        """
        if not self._room:
            raise Unanswered(NoAnswer.FULL)
        ask = (
            "EVALSHA", scripts.digest_of(scripts.ASK_RECOMMENDER), 2, keys.RECOMMEND, keys.RECOMMENDERS,
            wanted.installation, pack_wanted(wanted), keys.MAX_REQUESTS, _ms(keys.REQUESTS_FOR),
        )  # fmt: skip
        (said,) = cast(list[int], await self._reader.ask([ask], within))
        if said != scripts.ASKED:
            raise Unanswered(NoAnswer.ABSENT if said == scripts.NOBODY_LISTENS else NoAnswer.FULL)

    async def answer(self, token: str, *, seconds: float) -> Recommended:
        """Wait for the answer to a request that was put.

        Raises:
            Unanswered: there was none within this time, or none that can be read.
        """
        if not self._room or seconds <= 0:
            raise Unanswered(NoAnswer.FULL if seconds > 0 else NoAnswer.LATE)
        self._room -= 1
        try:
            async with asyncio.timeout(seconds):
                found = await self._waiting.blpop([keys.recommendation(token)], timeout=seconds)
            if found is None:
                raise Unanswered(NoAnswer.LATE)
            return unpack_recommended(cast(bytes, found[1]))
        except (RedisError, OSError, TimeoutError, UnreadableRequest) as error:
            raise Unanswered(NoAnswer.LATE) from error
        finally:
            self._room += 1

    async def close(self) -> None:
        await self._waiting.aclose()


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A request that a ranker took from the queue."""

    wanted: Wanted
    seconds_left: float  # when it was taken; not above 0: nobody waits any more


class RecommendQueue:
    """A ranker's end, for one process."""

    def __init__(self, url: str) -> None:
        self._url, self._redis = url, connect(url, timeout=JOB_TIMEOUT)

    def listen(self, installation: str) -> bool:
        """Tell the timelines of this installation that requests are answered; False if it does not own Redis.

        Call it every second. A request is taken by an installation that owns Redis alone.
        """
        names, life = (keys.INSTALLATION, keys.RECOMMENDERS), _ms(keys.RECOMMENDERS_FOR)
        with redis_errors(self._url):
            return bool(self._redis.eval(scripts.LISTEN_RECOMMENDER, len(names), *names, installation, life))

    def take(self, *, wait: timedelta) -> list[Taken]:
        """The requests that have waited longest; some may be too old. Unreadable ones are dropped."""
        with redis_errors(self._url):
            first = self._redis.blpop([keys.RECOMMEND], timeout=wait.total_seconds())
            if first is None:
                return []
            pipe = self._redis.pipeline(transaction=False)
            pipe.lpop(keys.RECOMMEND, AT_ONCE - 1)
            pipe.time()
            more, (seconds, microseconds) = pipe.execute()
        return _taken([cast(tuple[bytes, bytes], first)[1], *(more or ())], seconds + microseconds / 1e6)

    def answer(self, token: str, value: Recommended) -> None:
        """Answer a request."""
        name = keys.recommendation(token)
        with redis_errors(self._url):
            pipe = self._redis.pipeline(transaction=True)  # an answer without a life would stay for ever
            pipe.rpush(name, pack_recommended(value))
            pipe.pexpire(name, keys.ANSWER_FOR)
            pipe.execute()

    def close(self) -> None:
        self._redis.close()


def _taken(values: Sequence[bytes], now: float) -> list[Taken]:
    found = []
    for value in values:
        try:
            asked_at, wanted = unpack_wanted(value)
        except UnreadableRequest:
            continue
        found.append(Taken(wanted=wanted, seconds_left=asked_at + wanted.budget_ms / 1000 - now))
    return found


def _ms(span: timedelta) -> int:
    return int(span.total_seconds() * 1000)
