"""Reading for the timeline: one round trip brings all that a page needs; a second one remembers what was served."""

import struct
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar, cast

from redis.exceptions import RedisError

from shared.domain import Phase, PhaseState, author_key
from shared.eligibility import Viewer
from shared.errors import StoreUnavailable
from shared.ranked_lists import codec, keys, records, scripts
from shared.ranked_lists.catalogue import Catalogue, Deleted
from shared.ranked_lists.clients import address, connect_async
from shared.ranked_lists.codec import RankedList
from shared.ranked_lists.cursor import Cursor
from shared.ranked_lists.publication import Publication, unpack_publication
from shared.ranked_lists.records import Chain, Seen

ValueT = TypeVar("ValueT")
UNREADABLE = (ValueError, struct.error)  # what reading the bytes of another version may raise


class MemoryLost(StoreUnavailable):
    """Redis answers, but without its safety data: it counts as down until that is loaded again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UserState:
    """All that one page needs, read at one moment."""

    phase: PhaseState | None
    lists: dict[Phase, RankedList]
    viewer: Viewer
    seen: Seen
    chain: Chain | None
    tail: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetimes:
    """How long, and how much of, what a user was served is remembered."""

    chain_for: timedelta
    seen_for: timedelta
    seen_length: int


class ListReader:
    """The timeline's side of Redis. Every method answers within the client's budget or raises StoreUnavailable."""

    def __init__(self, url: str, *, budget: timedelta, lifetimes: Lifetimes) -> None:
        self._address = address(url)
        self._redis = connect_async(url, budget=budget)
        self._lifetimes = lifetimes
        self.catalogue = Catalogue(self._redis)
        self.deleted = Deleted(self._redis)

    async def user(self, user_id: str, cursor: Cursor | None) -> UserState:
        """Everything about one user, in one MGET.

        Raises:
            MemoryLost: Redis has no safety epoch.
            StoreUnavailable: no answer within the budget.
        """
        slot = cursor.slot if cursor else 0
        names = [
            keys.SAFETY, keys.DELETED_NUMBER, keys.PHASE, keys.viewer(user_id), keys.seen(user_id),
            *((keys.chain(user_id, slot), keys.tail(user_id, slot)) if cursor else
              (keys.ranked_list(Phase.HEURISTIC, user_id), keys.ranked_list(Phase.NEUCF, user_id))),
        ]  # fmt: skip
        try:
            epoch, number, phase, viewer, seen, first, second = await self._values(names)
            if epoch is None:
                raise MemoryLost(f"Redis at {self._address} has lost its memory; deletions and blocks are being loaded")
            if self.deleted.epoch not in (None, epoch):  # perhaps another installation's: its rows name other posts
                self.catalogue.forget()
            await self.deleted.catch_up(epoch, int(number or 0))
            withheld = records.unpack_viewer(viewer, own=author_key(user_id))
        except (RedisError, OSError, TimeoutError, *UNREADABLE) as error:  # a viewer must not count as absent
            raise self._unavailable(error) from error
        lists = {} if cursor else {Phase.HEURISTIC: first, Phase.NEUCF: second}
        return UserState(
            phase=_readable(records.unpack_phase, phase) if phase else None,
            lists=_readable_lists(lists),
            viewer=withheld,
            seen=records.unpack_seen(seen),
            chain=_readable(partial(records.unpack_chain, nonce=cursor.nonce), first) if cursor else None,
            tail=records.unpack_tail(second, nonce=cursor.nonce) if cursor else None,
        )

    async def lists(self, user_id: str) -> dict[Phase, RankedList]:
        """The user's present lists (those that can be read)."""
        names = [keys.ranked_list(phase, user_id) for phase in Phase]
        try:
            values = await self._values(names)
        except (RedisError, OSError, TimeoutError) as error:
            raise self._unavailable(error) from error
        return _readable_lists(dict(zip(Phase, values, strict=True)))

    async def begin_chain(
        self, user_id: str, slot: int, chain: Chain, tail: bytes | None, served: Iterable[int], visits: int
    ) -> None:
        """Freeze a list (and its tail, if the first page already needed one) and remember the first page's posts."""
        pipe = self._redis.pipeline(transaction=False)
        keep_ms = _ms(self._lifetimes.chain_for)
        pipe.set(keys.chain(user_id, slot), records.pack_chain(chain), px=keep_ms)
        if tail is None:
            pipe.delete(keys.tail(user_id, slot))
        else:
            pipe.set(keys.tail(user_id, slot), records.pack_tail(chain.nonce, tail), px=keep_ms)
        await self._remember(pipe, user_id, served, visits)

    async def end_page(self, user_id: str, cursor: Cursor, end: int, served: Iterable[int], visits: int) -> None:
        """Note where a page of a chain ended and remember its posts."""
        pipe = self._redis.pipeline(transaction=False)
        names = keys.chain(user_id, cursor.slot), keys.tail(user_id, cursor.slot)
        keep_ms = _ms(self._lifetimes.chain_for)
        pipe.eval(scripts.NOTE_PAGE_END, 2, *names, cursor.nonce, records.pack_page_end(end), keep_ms)
        await self._remember(pipe, user_id, served, visits)

    async def keep_tail(self, user_id: str, slot: int, nonce: bytes, entries: bytes) -> bytes:
        """Freeze what follows a chain's list; when another request was quicker, what it froze counts."""
        names = keys.chain(user_id, slot), keys.tail(user_id, slot)
        keep_ms = _ms(self._lifetimes.chain_for)
        try:
            kept = self._redis.eval(scripts.KEEP_TAIL, 2, *names, nonce, entries, keep_ms)
            return cast(bytes, await cast(Awaitable[object], kept))
        except (RedisError, OSError, TimeoutError) as error:
            raise self._unavailable(error) from error

    async def everyone(self) -> RankedList | None:
        """Everyone's list."""
        try:
            return _readable(codec.decode, (await self._values([keys.EVERYONE]))[0])
        except (RedisError, OSError, TimeoutError) as error:
            raise self._unavailable(error) from error

    async def publications(self) -> dict[Phase, Publication]:
        """The last whole publication of each phase that has one."""
        try:
            values = await self._values([keys.published(phase) for phase in Phase])
        except (RedisError, OSError, TimeoutError) as error:
            raise self._unavailable(error) from error
        pairs = zip(Phase, values, strict=True)
        return {phase: known for phase, value in pairs if (known := _readable(unpack_publication, value))}

    async def ensure_posts(self, rows: Iterable[int]) -> None:
        """Have the catalogue know these rows, as far as Redis does."""
        try:
            await self.catalogue.ensure(rows)
        except (RedisError, OSError, TimeoutError) as error:
            raise self._unavailable(error) from error

    async def is_safe(self) -> bool:
        """Whether Redis answers and holds its safety data."""
        try:
            return await self._redis.get(keys.SAFETY) is not None
        except (RedisError, OSError, TimeoutError):
            return False

    async def close(self) -> None:
        await self._redis.aclose()

    async def _values(self, names: list[str]) -> list[bytes | None]:
        return cast(list[bytes | None], await self._redis.mget(names))  # no client here decodes responses

    async def _remember(self, pipe: Any, user_id: str, served: Iterable[int], visits: int) -> None:
        longest = 4 + 4 * self._lifetimes.seen_length
        head, rows, keep_ms = records.pack_visits(visits), records.pack_rows(served), _ms(self._lifetimes.seen_for)
        # EVAL, not EVALSHA: a Redis that restarted knows no script, and asking it first would be another round trip.
        pipe.eval(scripts.APPEND_SEEN, 1, keys.seen(user_id), head, rows, longest, keep_ms)
        try:
            await pipe.execute()
        except (RedisError, OSError, TimeoutError) as error:
            raise self._unavailable(error) from error

    def _unavailable(self, error: Exception) -> StoreUnavailable:
        return StoreUnavailable(f"Redis at {self._address} does not answer as expected: {error}")


def _readable_lists(values: dict[Phase, bytes | None]) -> dict[Phase, RankedList]:
    return {phase: ranked for phase, value in values.items() if (ranked := _readable(codec.decode, value))}


def _readable(decode: Callable[[bytes], ValueT], value: bytes | None) -> ValueT | None:
    """A value that cannot be read counts as absent: the next source answers, the next publication mends it."""
    try:
        return decode(value) if value else None
    except UNREADABLE:
        return None


def _ms(span: timedelta) -> int:
    return int(span.total_seconds() * 1000)
