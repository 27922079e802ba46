"""Reading for the timeline: one round trip brings all that a page needs; a second one remembers what was served."""

import struct
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import TypeVar, cast

from redis.exceptions import RedisError

from shared.domain import Phase, PhaseState, author_key
from shared.eligibility import Viewer
from shared.errors import StoreUnavailable
from shared.ranked_lists import codec, keys, records, scripts
from shared.ranked_lists.blocked import Blocked, unpack_blocked
from shared.ranked_lists.catalogue import Catalogue, Deleted
from shared.ranked_lists.clients import address, connect_async
from shared.ranked_lists.codec import RankedList
from shared.ranked_lists.cursor import Cursor
from shared.ranked_lists.publication import Publication, unpack_publication
from shared.ranked_lists.records import Chain, Seen, Tail
from shared.ranked_lists.wire import Command, Wire

ValueT = TypeVar("ValueT")
OVERTAKEN = 2  # what END_PAGE gives then
UNREADABLE = (ValueError, struct.error)  # what reading the bytes of another version may raise


class MemoryLost(StoreUnavailable):
    """Redis answers, but without its safety data: it counts as down until that is loaded again."""


class Overtaken(Exception):
    """Another request served a page of the same chain meanwhile; what was worked out no longer fits it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageEnd:
    """A page that was served: its chain as it is now, and how it stood in Redis before."""

    slot: int
    chain: Chain  # its last end is the page's
    tail: Tail | None
    ends_before: int  # page ends that the chain had in Redis
    is_rewritten: bool  # Redis holds another order (or nothing): the whole chain is written


@dataclass(frozen=True, slots=True, kw_only=True)
class UserState:
    """All that one page needs, read at one moment."""

    phase: PhaseState | None
    lists: dict[Phase, RankedList]
    viewer: Viewer
    seen: Seen
    chain: Chain | None
    tail: Tail | None


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
        self._redis = connect_async(url, budget=budget)  # for the keeper's looks, whose answers are long
        self._wire = Wire(url, patience=budget)  # for pages
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
            epoch, number, phase, viewer, seen, first, second = await self._at_once(names)
            if epoch is None:
                raise MemoryLost(f"Redis at {self._address} has lost its memory; deletions and blocks are being loaded")
            await self._follow(epoch, int(number or 0))
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

    async def _follow(self, epoch: bytes, number: int) -> None:
        """Take in what was deleted since; under a new epoch Redis may be another installation's."""
        if self.deleted.epoch not in (None, epoch):
            self.catalogue.forget()  # its rows name other posts
        await self.deleted.catch_up(epoch, number)

    async def lists(self, user_id: str) -> dict[Phase, RankedList]:
        """The user's present lists (those that can be read)."""
        names = [keys.ranked_list(phase, user_id) for phase in Phase]
        try:
            values = await self._at_once(names)
        except (RedisError, OSError, TimeoutError) as error:
            raise self._unavailable(error) from error
        return _readable_lists(dict(zip(Phase, values, strict=True)))

    async def begin_chain(
        self,
        user_id: str,
        slot: int,
        chain: Chain,
        tail: Tail | None,
        served: Iterable[int],
        visits: int,
        *,
        wants_list: bool = False,
    ) -> None:
        """Freeze a list (and its tail, if the first page already needed one) and remember the first page's posts.

        A user who `wants_list` has none of their own, or an old one: the next run makes them one, if it knows them.
        """
        name, after = keys.chain(user_id, slot), keys.tail(user_id, slot)
        keep_ms = _ms(self._lifetimes.chain_for)
        await self._remember(
            ("SET", name, records.pack_chain(chain), "PX", keep_ms),
            ("DEL", after) if tail is None else ("SET", after, records.pack_tail(chain.nonce, tail), "PX", keep_ms),
            self._seen(user_id, served, visits),
            *(_asking(user_id) if wants_list else ()),
        )

    async def end_page(self, user_id: str, page: PageEnd, served: Iterable[int], visits: int) -> None:
        """Note where a page of a chain ended and remember its posts.

        Raises:
            Overtaken: another request served a page of this chain since it was read; nothing was noted.
            StoreUnavailable: no answer within the budget.
        """
        chain, nonce = page.chain, page.chain.nonce
        whole = records.pack_chain(chain) if page.is_rewritten else b""
        tail = records.pack_tail(nonce, page.tail) if page.is_rewritten and page.tail is not None else b""
        end: Command = (
            "EVALSHA", scripts.digest_of(scripts.END_PAGE),
            2, keys.chain(user_id, page.slot), keys.tail(user_id, page.slot),
            nonce, page.ends_before, records.pack_page_end(chain.page_ends[-1]), _ms(self._lifetimes.chain_for),
            whole, tail,
        )  # fmt: skip
        noted, *_ = await self._remember(end, self._seen(user_id, served, visits))
        if noted == OVERTAKEN:
            raise Overtaken

    async def keep_tail(self, user_id: str, slot: int, nonce: bytes, tail: Tail) -> Tail:
        """Freeze what follows a chain's list; when another request was quicker, what it froze counts."""
        names = keys.chain(user_id, slot), keys.tail(user_id, slot)
        keep_ms = _ms(self._lifetimes.chain_for)
        try:
            body = records.pack_tail_body(tail)
            (kept,) = await self._wire.ask(
                ("EVALSHA", scripts.digest_of(scripts.KEEP_TAIL), 2, *names, nonce, body, keep_ms)
            )
        except (RedisError, OSError, TimeoutError) as error:
            raise self._unavailable(error) from error
        return records.unpack_tail_body(cast(bytes, kept)) or tail

    async def everyone(self) -> RankedList | None:
        """Everyone's list."""
        try:
            return _readable(codec.decode, (await self._values([keys.EVERYONE]))[0])
        except (RedisError, OSError, TimeoutError) as error:
            raise self._unavailable(error) from error

    async def new_posts(self) -> RankedList | None:
        """The posts that reserved slots are for."""
        try:
            return _readable(codec.decode, (await self._values([keys.NEW_POSTS]))[0])
        except (RedisError, OSError, TimeoutError) as error:
            raise self._unavailable(error) from error

    async def blocked(self) -> Blocked | None:
        """All blocks, as of the last run."""
        try:
            return _readable(unpack_blocked, (await self._values([keys.BLOCKED]))[0])
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

    async def follow_clusters(self) -> None:
        """Have the catalogue know the clusters of near-identical photos as they are now."""
        try:
            await self.catalogue.follow_clusters()
        except (RedisError, OSError, TimeoutError) as error:
            raise self._unavailable(error) from error

    async def check_safe(self) -> None:
        """Whether Redis may be trusted.

        Raises:
            MemoryLost: it answers, and has no safety epoch.
            StoreUnavailable: it does not answer.
        """
        try:
            epoch, number = await self._values([keys.SAFETY, keys.DELETED_NUMBER])
            if epoch is None:
                raise MemoryLost(f"Redis at {self._address} has lost its memory; deletions and blocks are being loaded")
            await self._follow(epoch, int(number or 0))
        except (RedisError, OSError, TimeoutError, *UNREADABLE) as error:
            raise self._unavailable(error) from error

    async def close(self) -> None:
        await self._wire.close()
        await self._redis.aclose()

    async def _values(self, names: list[str]) -> list[bytes | None]:
        return cast(list[bytes | None], await self._redis.mget(names))  # no client here decodes responses

    async def _at_once(self, names: list[str]) -> list[bytes | None]:
        (values,) = await self._wire.ask(("MGET", *names))
        return cast(list[bytes | None], values)

    def _seen(self, user_id: str, served: Iterable[int], visits: int) -> Command:
        """The command that remembers what was served."""
        longest = 4 + 4 * self._lifetimes.seen_length
        head, rows, keep_ms = records.pack_visits(visits), records.pack_rows(served), _ms(self._lifetimes.seen_for)
        return ("EVALSHA", scripts.digest_of(scripts.APPEND_SEEN), 1, keys.seen(user_id), head, rows, longest, keep_ms)

    async def _remember(self, *commands: Command) -> list[object]:
        try:
            return await self._wire.ask(*commands)
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


def _asking(user_id: str) -> tuple[Command, ...]:
    """The commands that put a user on the list of those for whom the next run makes a list."""
    return (
        ("ZADD", keys.ASKED, repr(time.time()), user_id),
        ("ZREMRANGEBYRANK", keys.ASKED, 0, -keys.MAX_ASKED - 1),
        ("PEXPIRE", keys.ASKED, _ms(keys.ASKED_FOR)),
    )
