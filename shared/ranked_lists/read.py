"""Reading for the timeline: one round trip brings all that a page needs; a second one remembers what was served."""

import struct
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar, cast

from msgspec import Struct
from redis.exceptions import RedisError, ResponseError

from shared.domain import Phase, PhaseState, author_key
from shared.eligibility import Viewer
from shared.errors import StoreUnavailable, WritesRefused
from shared.ranked_lists import codec, keys, records, scripts
from shared.ranked_lists.blocked import Blocked, unpack_blocked
from shared.ranked_lists.catalogue import Catalogue, Deleted
from shared.ranked_lists.clients import address, connect_async
from shared.ranked_lists.codec import RankedList
from shared.ranked_lists.cursor import Cursor
from shared.ranked_lists.ownership import foreign
from shared.ranked_lists.publication import Publication, unpack_publication
from shared.ranked_lists.records import Chain, Seen, Tail
from shared.ranked_lists.server_life import SECTION, is_of_another_life, life_of
from shared.ranked_lists.wire import Command, SharedConnection

ValueT = TypeVar("ValueT")
NO_SLOT, OVERTAKEN = 0, 2  # what END_PAGE gives then
UNREADABLE = (ValueError, struct.error)  # what reading the bytes of another version may raise


class MemoryLost(StoreUnavailable):
    """Redis answers, but without its safety data: it counts as down until that is loaded again."""


class Overtaken(Exception):
    """Another request served a page of the same chain meanwhile; what was worked out no longer fits it."""


class UserErased(Exception):
    """The user was erased: nothing may be kept of them."""


class ServedPage(Struct, kw_only=True, gc=False):
    """A page that was served, and its chain as it is now."""

    chain: Chain  # its last end is the page's
    tail: Tail | None
    served: Iterable[int]  # post rows


class FirstPage(ServedPage, kw_only=True, gc=False):
    """One that began its chain."""

    visits: int  # how often the user began a chain before, as far as was read
    wants_list: bool = False  # the user has no list, or an old one: the next run makes one, if it knows the user


class NextPage(ServedPage, kw_only=True, gc=False):
    """A later one, and how its chain stood in Redis before."""

    slot: int
    ends_before: int  # page ends that the chain had in Redis
    is_rewritten: bool  # Redis holds another order (or nothing): the whole chain is written
    is_last_try: bool = False  # it is served even if it was overtaken
    needs_slot: bool = False  # its first page could not take one: it has the slot only if it is found there


class KnownViewer(Struct, gc=False):
    """A viewer, and the bytes behind it, less their version: the same bytes need not be read again."""

    viewer: Viewer
    content: bytes


class UserState(Struct, kw_only=True, gc=False):
    """All that one page needs, read at one moment."""

    phase: PhaseState | None
    packed_lists: dict[Phase, bytes | None]
    viewer: Viewer
    viewer_content: bytes = b""  # as `KnownViewer` has it; blank if Redis has none
    seen: Seen
    chain: Chain | None
    tail: Tail | None

    def list_of(self, phase: Phase) -> RankedList | None:
        """The user's list of a phase; None when there is none, or none that can be read."""
        return _readable(codec.decode, self.packed_lists.get(phase))


@dataclass(frozen=True, slots=True, kw_only=True)
class Lifetimes:
    """How long, and how much of, what a user was served is remembered."""

    chain_for: timedelta
    seen_for: timedelta
    seen_length: int


class ListReader:
    """The timeline's side of Redis. Every method answers within the client's budget or raises StoreUnavailable."""

    def __init__(self, url: str, *, budget: timedelta, lifetimes: Lifetimes) -> None:
        self._url, self._address = url, address(url)
        self.installation: str | None = None  # whose lists are served; None until PostgreSQL has said it
        self._redis = connect_async(url, budget=budget)  # for the keeper's looks, whose answers are long
        self._connection = SharedConnection(url, patience=budget, on_connect=self._doubt)  # for pages
        self._epoch: bytes | None = None  # the newest that was followed
        longest = len(records.pack_visits(0)) + len(records.pack_rows([0])) * lifetimes.seen_length
        # As Redis gets them, with each page.
        self._chain_ms, self._seen_ms = b"%d" % _ms(lifetimes.chain_for), b"%d" % _ms(lifetimes.seen_for)
        self._longest_seen = b"%d" % longest
        self.catalogue = Catalogue(self._redis)
        self.deleted = Deleted(self._redis)

    async def user(
        self, user_id: str, cursor: Cursor | None, known: KnownViewer | None = None, within: float | None = None
    ) -> UserState:
        """Everything about one user, in one MGET.

        Args:
            user_id: who.
            cursor: of the chain that is asked for; None for the user's lists.
            known: what was read of them last, if it is kept.
            within: seconds; None: as long as the reader's budget.

        Raises:
            ForeignInstallation: Redis is another installation's.
            MemoryLost: Redis has no safety epoch.
            StoreUnavailable: no answer within the budget.
        """
        slot = cursor.slot if cursor else 0
        names = (
            "MGET", keys.SAFETY, keys.DELETED_NUMBER, keys.PHASE, keys.viewer(user_id), keys.seen(user_id),
            *((keys.chain(user_id, slot), keys.tail(user_id, slot)) if cursor else
              (keys.ranked_list(Phase.HEURISTIC, user_id), keys.ranked_list(Phase.NEUCF, user_id))),
        )  # fmt: skip
        try:
            (values,) = await self._connection.ask(names, within=within)
            epoch, number, phase, viewer, seen, first, second = cast(list[bytes | None], values)
            if epoch is None:
                raise MemoryLost(f"Redis at {self._address} has lost its memory; deletions and blocks are being loaded")
            newest = int(number or 0)
            if not self.deleted.is_at(epoch, newest):
                await self._follow(epoch, newest)
            content = records.content_of_viewer(viewer)
            if known is not None and content and content == known.content:
                withheld = known.viewer
            else:
                withheld = records.unpack_viewer(viewer, own=author_key(user_id))
        except (RedisError, OSError, TimeoutError, *UNREADABLE) as error:  # a viewer must not count as absent
            raise self._unavailable(error) from error
        return UserState(
            phase=_readable(records.unpack_phase, phase) if phase else None,
            packed_lists={} if cursor else {Phase.HEURISTIC: first, Phase.NEUCF: second},
            viewer=withheld,
            viewer_content=content,
            seen=records.unpack_seen(seen),
            chain=_readable(partial(records.unpack_chain, nonce=cursor.nonce), first) if cursor else None,
            tail=records.unpack_tail(second, nonce=cursor.nonce) if cursor else None,
        )

    def belong_to(self, installation: str) -> None:
        """Serve this installation's lists alone, from the next page on."""
        if self.installation not in (None, installation):  # renewed: rows may be given out twice
            self.catalogue.forget()
            self.deleted.forget()
        if self.installation != installation:
            self.deleted.doubt()
        self.installation = installation

    async def _follow(self, epoch: bytes, number: int) -> None:
        """Take in what was deleted since; under a new epoch Redis may be another installation's.

        So its owner is asked for then, and only then: an epoch is random, and no other installation declares it.
        """
        if self.deleted.epoch != epoch:
            pipe = self._redis.pipeline(transaction=False)
            pipe.get(keys.INSTALLATION)
            pipe.info(SECTION)
            owner, info = await pipe.execute(raise_on_error=False)
            self._refuse_foreign(_unless_error(owner))
            self._refuse_restored(epoch, info)
        if self._epoch not in (None, epoch):
            self.catalogue.forget()  # its rows name other posts
        self._epoch = epoch
        await self.deleted.catch_up(epoch, number)

    def _doubt(self) -> None:
        """A new connection may be to a server that came back with what it had kept earlier, or to another one."""
        self.deleted.doubt()

    def _refuse_restored(self, epoch: bytes, info: object) -> None:
        if is_of_another_life(epoch, life_of(info)):
            raise MemoryLost(
                f"Redis at {self._address} came back with older data; deletions and blocks are being loaded"
            )

    def _refuse_foreign(self, owner: bytes | None) -> None:
        if self.installation is None or owner == self.installation.encode():
            return
        if owner is None:  # earlier versions let it run out: it is claimed while the safety data is loaded
            raise MemoryLost(f"Redis at {self._address} names no owner; deletions and blocks are being loaded")
        raise foreign(self._url, owner.decode(errors="replace"), self.installation)

    async def lists(self, user_id: str, within: float | None = None) -> list[RankedList]:
        """The user's present lists (those that can be read)."""
        names = [keys.ranked_list(phase, user_id) for phase in Phase]
        (values,) = await self._asked([("MGET", *names)], within)
        found = [_readable(codec.decode, value) for value in cast(list[bytes | None], values)]
        return [ranked for ranked in found if ranked is not None]

    async def begin_chain(self, user_id: str, page: FirstPage, within: float | None = None) -> int:
        """Freeze a list (and its tail, if the first page already needed one) and remember the first page's posts.

        Gives the slot that the chain took.

        Raises:
            UserErased: nothing was kept.
            StoreUnavailable: no answer within the budget.
        """
        chain, tail, visits = page.chain, page.tail, page.visits
        packed = records.pack_chain(chain), b"" if tail is None else records.pack_tail(chain.nonce, tail)
        seen = keys.seen(user_id), records.pack_rows(page.served)
        asked = (repr(time.time()), keys.MAX_ASKED, _ms(keys.ASKED_FOR)) if page.wants_list else (b"",)
        while True:  # as often as another first page of this user is quicker
            before, visits = visits, (visits + 1) % 2**32
            slot = visits % keys.CHAIN_SLOTS
            begin: Command = (
                "EVALSHA", scripts.digest_of(scripts.BEGIN_CHAIN),
                5, keys.ERASED, keys.ASKED, seen[0], keys.chain(user_id, slot), keys.tail(user_id, slot),
                user_id, *packed, self._chain_ms, seen[1], self._longest_seen, self._seen_ms,
                records.pack_visits(before), records.pack_visits(visits), *asked,
            )  # fmt: skip
            (answer,) = cast(list[int], await self._asked([begin], within))
            if answer == scripts.BEGUN:
                return slot
            if answer == scripts.ERASED:
                raise UserErased
            visits = answer

    async def end_page(self, user_id: str, page: NextPage, within: float | None = None) -> bool:
        """Note where a page of a chain ended and remember its posts.

        Gives whether the chain has a slot: where not, nothing was noted, and `begin_chain` gives it one.

        Raises:
            Overtaken: another request served a page of this chain since it was read; nothing was noted.
            UserErased: nothing was kept.
            StoreUnavailable: no answer within the budget.
        """
        chain, nonce = page.chain, page.chain.nonce
        whole = records.pack_chain(chain) if page.is_rewritten else b""
        tail = records.pack_tail(nonce, page.tail) if page.is_rewritten and page.tail is not None else b""
        names = keys.ERASED, keys.seen(user_id), keys.chain(user_id, page.slot), keys.tail(user_id, page.slot)
        end: Command = (
            "EVALSHA", scripts.digest_of(scripts.END_PAGE), 4, *names,
            user_id, nonce, page.ends_before, records.pack_page_end(chain.page_ends[-1]), self._chain_ms, whole, tail,
            records.pack_rows(page.served), self._longest_seen, self._seen_ms, b"1" if page.is_last_try else b"",
            b"1" if page.needs_slot else b"",
        )  # fmt: skip
        (noted,) = await self._asked([end], within)
        if noted == scripts.ERASED:
            raise UserErased
        if noted == OVERTAKEN:
            raise Overtaken
        return noted != NO_SLOT

    async def keep_tail(self, user_id: str, slot: int, nonce: bytes, tail: Tail, within: float | None = None) -> Tail:
        """Freeze what follows a chain's list; when another request was quicker, what it froze counts."""
        names = keys.ERASED, keys.chain(user_id, slot), keys.tail(user_id, slot)
        keep: Command = (
            "EVALSHA", scripts.digest_of(scripts.KEEP_TAIL), 3, *names,
            user_id, nonce, records.pack_tail(nonce, tail), self._chain_ms, records.mark_of_tail(nonce),
        )  # fmt: skip
        (kept,) = await self._asked([keep], within)
        first = records.unpack_tail(cast(bytes, kept), nonce=nonce)
        return tail if first is None else first

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
            ForeignInstallation: it is another installation's.
            MemoryLost: it answers, and has no safety epoch.
            StoreUnavailable: it does not answer.
        """
        try:
            pipe = self._redis.pipeline(transaction=False)
            pipe.mget(keys.SAFETY, keys.DELETED_NUMBER, keys.INSTALLATION)
            pipe.info(SECTION)
            values, info = await pipe.execute(raise_on_error=False)
            epoch, number, owner = _unless_error(values)
            if owner is not None:
                self._refuse_foreign(owner)
            if epoch is None:
                raise MemoryLost(f"Redis at {self._address} has lost its memory; deletions and blocks are being loaded")
            self._refuse_restored(epoch, info)
            await self._follow(epoch, int(number or 0))
        except (RedisError, OSError, TimeoutError, *UNREADABLE) as error:
            raise self._unavailable(error) from error

    async def check_writable(self, within: float | None = None) -> None:
        """Whether Redis takes writes; reads alone do not tell that it has what it was to be told.

        Raises:
            WritesRefused: it answers, and refuses.
            StoreUnavailable: it does not answer.
        """
        await self._asked([("SET", keys.WRITTEN, b"1", "PX", _ms(keys.WRITTEN_FOR))], within)

    async def close(self) -> None:
        await self._connection.close()
        await self._redis.aclose()

    async def _values(self, names: list[str]) -> list[bytes | None]:
        return cast(list[bytes | None], await self._redis.mget(names))  # no client here decodes responses

    async def _asked(self, commands: Sequence[Command], within: float | None) -> list[object]:
        """The answers to commands that read or write.

        Raises:
            WritesRefused: Redis refused one of them.
            StoreUnavailable: no answer.
        """
        try:
            return await self._connection.ask(*commands, within=within)
        except ResponseError as error:
            raise WritesRefused(f"Redis at {self._address} refuses writes: {error}") from error
        except (RedisError, OSError, TimeoutError) as error:
            raise self._unavailable(error) from error

    def _unavailable(self, error: Exception) -> StoreUnavailable:
        return StoreUnavailable(f"Redis at {self._address} does not answer as expected: {error}")


def _unless_error(answer: Any) -> Any:
    """An answer out of a pipeline that raises none of its errors itself."""
    if isinstance(answer, Exception):
        raise answer
    return answer


def _readable(decode: Callable[[bytes], ValueT], value: bytes | None) -> ValueT | None:
    """A value that cannot be read counts as absent: the next source answers, the next publication mends it."""
    try:
        return decode(value) if value else None
    except UNREADABLE:
        return None


def _ms(span: timedelta) -> int:
    return int(span.total_seconds() * 1000)
