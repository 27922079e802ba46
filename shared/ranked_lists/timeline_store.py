"""Reading for the timeline: one round trip brings all that a page needs (`pages` remembers what was served)."""

import struct
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta
from functools import partial
from typing import Any, TypeVar, cast

from msgspec import Struct
from redis.exceptions import RedisError, ResponseError

from shared.domain import Phase, PhaseState, author_hash
from shared.eligibility import Viewer
from shared.errors import StoreUnavailable, WritesRefused
from shared.ranked_lists import codec, keys, records
from shared.ranked_lists.blocked import BlockList, unpack_blocked
from shared.ranked_lists.catalogue import Catalogue, DeletedPosts
from shared.ranked_lists.clients import address, connect_async
from shared.ranked_lists.codec import RankedList
from shared.ranked_lists.cursor import Cursor
from shared.ranked_lists.ownership import foreign_error
from shared.ranked_lists.publication import Publication, unpack_publication
from shared.ranked_lists.records import Chain, SeenRecord, Tail
from shared.ranked_lists.server_life import SECTION, is_of_another_life, life_of
from shared.ranked_lists.shared_connection import Command, SharedConnection

ValueT = TypeVar("ValueT")
PHASES = tuple(Phase)
DECODE_ERRORS = (ValueError, struct.error)  # what reading the bytes of another version may raise


class MemoryLost(StoreUnavailable):
    """Redis answers, but without its safety data: it counts as down until that is loaded again."""


class CachedViewer(Struct, gc=False):
    """A viewer, and the bytes behind it, less their version: the same bytes need not be read again."""

    viewer: Viewer
    content: bytes


class UserState(Struct, kw_only=True, gc=False):
    """All that one page needs, read at one moment."""

    phase: PhaseState | None
    packed_lists: dict[Phase, bytes | None]
    viewer: Viewer
    viewer_content: bytes = b""  # as `CachedViewer` has it; blank if Redis has none
    seen: SeenRecord
    chain: Chain | None
    tail: Tail | None

    def list_of(self, phase: Phase) -> RankedList | None:
        """The user's list of a phase; None when there is none, or none that can be read."""
        return _readable(codec.decode, self.packed_lists.get(phase))


class TimelineStore:
    """The timeline's side of Redis. Every method answers within the client's budget or raises StoreUnavailable."""

    def __init__(self, url: str, *, budget: timedelta) -> None:
        self._url, self._address = url, address(url)
        self.installation: str | None = None  # whose lists are served; None until PostgreSQL has said it
        self._redis = connect_async(url, budget=budget)  # for the keeper's looks, whose answers are long
        self._connection = SharedConnection(url, timeout=budget, on_connect=self._mark_stale)  # for pages
        self._epoch: bytes | None = None  # the newest that was followed
        self.catalogue = Catalogue(self._redis)
        self.deleted = DeletedPosts(self._redis)

    async def user(
        self, user_id: str, cursor: Cursor | None, known: CachedViewer | None = None, within: float | None = None
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
              (keys.ranked_list(phase, user_id) for phase in PHASES)),
        )  # fmt: skip
        try:
            (values,) = await self._connection.ask(names, within=within)
            epoch, number, phase, viewer, seen, *values = cast(list[bytes | None], values)
            if epoch is None:
                raise MemoryLost(f"Redis at {self._address} has lost its memory; deletions and blocks are being loaded")
            newest = int(number or 0)
            if not self.deleted.is_at(epoch, newest):
                await self._follow(epoch, newest)
            content = records.content_of_viewer(viewer)
            if known is not None and content and content == known.content:
                withheld = known.viewer
            else:
                withheld = records.unpack_viewer(viewer, own=author_hash(user_id))
        except (RedisError, OSError, TimeoutError, *DECODE_ERRORS) as error:  # a viewer must not count as absent
            raise self._unavailable(error) from error
        return UserState(
            phase=_readable(records.unpack_phase, phase) if phase else None,
            packed_lists={} if cursor else dict(zip(PHASES, values, strict=True)),
            viewer=withheld,
            viewer_content=content,
            seen=records.unpack_seen(seen),
            chain=_readable(partial(records.unpack_chain, nonce=cursor.nonce), values[0]) if cursor else None,
            tail=records.unpack_tail(values[1], nonce=cursor.nonce) if cursor else None,
        )

    def belong_to(self, installation: str) -> None:
        """Serve this installation's lists alone, from the next page on."""
        if self.installation not in (None, installation):  # renewed: rows may be given out twice
            self.catalogue.forget()
            self.deleted.forget()
        if self.installation != installation:
            self.deleted.mark_stale()
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

    def _mark_stale(self) -> None:
        """A new connection may be to a server that came back with what it had kept earlier, or to another one."""
        self.deleted.mark_stale()

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
        raise foreign_error(self._url, owner.decode(errors="replace"), self.installation)

    async def lists(self, user_id: str, within: float | None = None) -> list[RankedList]:
        """The user's present lists (those that can be read)."""
        names = [keys.ranked_list(phase, user_id) for phase in Phase]
        (values,) = await self.ask([("MGET", *names)], within)
        found = [_readable(codec.decode, value) for value in cast(list[bytes | None], values)]
        return [ranked for ranked in found if ranked is not None]

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

    async def blocked(self) -> BlockList | None:
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

    async def ensure_posts(self, post_numbers: Iterable[int]) -> None:
        """Have the catalogue know these rows, as far as Redis does."""
        try:
            await self.catalogue.ensure(post_numbers)
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
        except (RedisError, OSError, TimeoutError, *DECODE_ERRORS) as error:
            raise self._unavailable(error) from error

    async def ask(self, commands: Sequence[Command], within: float | None) -> list[object]:
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

    async def close(self) -> None:
        await self._connection.close()
        await self._redis.aclose()

    async def _values(self, names: list[str]) -> list[bytes | None]:
        return cast(list[bytes | None], await self._redis.mget(names))  # no client here decodes responses

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
    except DECODE_ERRORS:
        return None
