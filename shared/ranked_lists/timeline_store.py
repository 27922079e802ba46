"""What the timeline reads: one round trip brings all that a page needs. `page_store` writes."""

import struct
from collections.abc import Callable, Iterable, Mapping, Sequence
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
from shared.ranked_lists.catalogue import Catalogue
from shared.ranked_lists.clients import address, connect_async, said_by
from shared.ranked_lists.codec import RankedList
from shared.ranked_lists.cursor import Cursor
from shared.ranked_lists.live_figures import LiveFigures, figures_of
from shared.ranked_lists.neighbours import Neighbours, unpack_neighbours
from shared.ranked_lists.onboarding import Onboarding, unpack_onboarding
from shared.ranked_lists.ownership import foreign_error
from shared.ranked_lists.publication import Publication, unpack_publication
from shared.ranked_lists.records import Chain, SeenRecord, Tail
from shared.ranked_lists.server_life import SECTION, is_of_another_life, life_of
from shared.ranked_lists.shared_connection import Command, SharedConnection
from shared.ranked_lists.suggestions import AuthorName, SuggestedAuthors, unpack_name, unpack_suggestions
from shared.ranked_lists.withheld import WithheldPosts

ValueT = TypeVar("ValueT")
PHASES = tuple(Phase)
DECODE_ERRORS = (ValueError, struct.error)  # raised when the bytes are of another version, or not ours


class MemoryLost(StoreUnavailable):
    """Redis answers, but has no safety data: it counts as down until that is loaded again."""


class CachedViewer(Struct, gc=False):
    """A viewer and its bytes without the version: the same bytes need not be decoded again."""

    viewer: Viewer
    content: bytes


class UserState(Struct, kw_only=True, gc=False):
    """All that one page needs, from one read."""

    phase: PhaseState | None
    packed_lists: dict[Phase, bytes | None]
    viewer: Viewer
    viewer_content: bytes = b""  # as in `CachedViewer`; empty if Redis has no viewer
    seen: SeenRecord
    chain: Chain | None
    tail: Tail | None

    def list_of(self, phase: Phase) -> RankedList | None:
        """The user's list of a phase; None when it is missing or unreadable."""
        return _readable(codec.decode, self.packed_lists.get(phase))


class TimelineStore:
    """Reads for the timeline. Every method answers within the client's budget or raises StoreUnavailable."""

    def __init__(self, url: str, *, budget: timedelta) -> None:
        self._url, self._address = url, address(url)
        self.installation: str | None = None  # whose lists are served; None until it was read from PostgreSQL
        self._redis = connect_async(url, budget=budget)  # for background reads, which have long answers
        self._connection = SharedConnection(url, timeout=budget, on_connect=self._mark_stale)  # for pages
        self._epoch: bytes | None = None  # the newest that was processed
        self._onboarding: tuple[bytes | None, Onboarding | None] = None, None
        self.catalogue = Catalogue(self._redis)
        self.withheld = WithheldPosts(self._redis, self.catalogue)

    async def user(
        self, user_id: str, cursor: Cursor | None, known: CachedViewer | None = None, within: float | None = None
    ) -> UserState:
        """Everything about one user, in one MGET.

        Args:
            user_id: who.
            cursor: of the requested chain; None for the user's lists.
            known: their viewer as last read, if it is cached.
            within: seconds; None: the budget of this store.

        Raises:
            ForeignInstallation: another installation owns Redis.
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
            if not self.withheld.is_at(epoch, newest):
                await self._follow(epoch, newest)
            content = records.content_of_viewer(viewer)
            if known is not None and content and content == known.content:
                withheld = known.viewer
            else:
                withheld = records.unpack_viewer(viewer, own=author_hash(user_id))
        except (
            RedisError,
            OSError,
            TimeoutError,
            *DECODE_ERRORS,
        ) as error:  # an unreadable viewer must not count as absent
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
        """From the next page on, serve the lists of this installation only."""
        if self.installation not in (None, installation):  # renewed: the same numbers may name other posts
            self.catalogue.forget()
            self.withheld.forget()
        if self.installation != installation:
            self.withheld.mark_stale()
        self.installation = installation

    async def _follow(self, epoch: bytes, number: int) -> None:
        """Read new deletions and takedowns; under a new epoch, another installation may own Redis.

        The owner is checked only then: an epoch is random, so another installation cannot have the same one.
        """
        if self.withheld.epoch != epoch:
            pipe = self._redis.pipeline(transaction=False)
            pipe.get(keys.INSTALLATION)
            pipe.info(SECTION)
            owner, info = await pipe.execute(raise_on_error=False)
            self._refuse_foreign(_unless_error(owner))
            self._refuse_restored(epoch, info)
        if self._epoch not in (None, epoch):
            self.catalogue.forget()  # its numbers may name other posts
        self._epoch = epoch
        await self.withheld.catch_up(epoch, number)

    def _mark_stale(self) -> None:
        """A new connection may lead to a server that came back with older data, or to another server."""
        self.withheld.mark_stale()

    def _refuse_restored(self, epoch: bytes, info: object) -> None:
        if is_of_another_life(epoch, life_of(info)):
            raise MemoryLost(
                f"Redis at {self._address} came back with older data; deletions and blocks are being loaded"
            )

    def _refuse_foreign(self, owner: bytes | None) -> None:
        if self.installation is None or owner == self.installation.encode():
            return
        if owner is None:  # in earlier versions it could expire: it is claimed while the safety data is loaded
            raise MemoryLost(f"Redis at {self._address} names no owner; deletions and blocks are being loaded")
        raise foreign_error(self._url, owner.decode(errors="replace"), self.installation)

    async def lists(self, user_id: str, within: float | None = None) -> list[RankedList]:
        """The user's lists that exist and are readable."""
        names = [keys.ranked_list(phase, user_id) for phase in Phase]
        (values,) = await self.ask([("MGET", *names)], within)
        found = [_readable(codec.decode, value) for value in cast(list[bytes | None], values)]
        return [ranked for ranked in found if ranked is not None]

    async def onboarding(self, within: float | None = None) -> Onboarding | None:
        """What newcomers are shown first, as published; the same object as long as it is the same."""
        (values,) = await self.ask([("MGET", keys.ONBOARDING)], within)  # which has None for a value of another type
        (held,) = cast(list[bytes | None], values)
        if held != self._onboarding[0]:
            self._onboarding = held, _readable(unpack_onboarding, held)
        return self._onboarding[1]

    async def suggestions(self, user_id: str, within: float | None = None) -> tuple[SuggestedAuthors | None, ...]:
        """Authors who are suggested to a user, and those who are to everybody; None if absent or unreadable."""
        (values,) = await self.ask([("MGET", keys.suggested(user_id), keys.POPULAR_AUTHORS)], within)
        return tuple(_readable(unpack_suggestions, value) for value in cast(list[bytes | None], values))

    async def author_names(self, authors: Sequence[int]) -> Mapping[int, AuthorName]:
        """Who authors (by hash) are, as far as Redis knows."""
        pipe = self._redis.pipeline(transaction=False)
        for author in authors:
            pipe.hget(keys.author_names(author), str(author))
        try:
            values = await pipe.execute(raise_on_error=False)
        except (RedisError, OSError, TimeoutError) as error:
            raise self._unavailable(error) from error
        held = ((author, value) for author, value in zip(authors, values, strict=True) if isinstance(value, bytes))
        names = ((author, _readable(unpack_name, value)) for author, value in held)
        return {author: name for author, name in names if name is not None}

    async def neighbours(self, post_id: str, within: float | None = None) -> Neighbours | None:
        """The posts that are similar to one, as published; None if there are none, or they are unreadable."""
        (values,) = await self.ask([("MGET", keys.similar(post_id))], within)  # unlike GET, nothing for another type
        return _readable(unpack_neighbours, cast(list[bytes | None], values)[0])

    async def neighbours_of_all(self, post_ids: Sequence[str], within: float | None = None) -> list[Neighbours | None]:
        """The same of several posts, in their order and in one read."""
        if not post_ids:
            return []
        (values,) = await self.ask([("MGET", *map(keys.similar, post_ids))], within)
        return [_readable(unpack_neighbours, value) for value in cast(list[bytes | None], values)]

    async def everyone(self) -> RankedList | None:
        """Everyone's list."""
        try:
            return _readable(codec.decode, (await self._values([keys.EVERYONE]))[0])
        except (RedisError, OSError, TimeoutError) as error:
            raise self._unavailable(error) from error

    async def new_posts(self) -> RankedList | None:
        """The posts for the reserved slots."""
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
        """The last complete publication of each phase that has one."""
        try:
            values = await self._values([keys.published(phase) for phase in Phase])
        except (RedisError, OSError, TimeoutError) as error:
            raise self._unavailable(error) from error
        pairs = zip(Phase, values, strict=True)
        return {phase: known for phase, value in pairs if (known := _readable(unpack_publication, value))}

    async def live_figures(self) -> dict[Phase, LiveFigures]:
        """What the live passes of each phase do."""
        pipe = self._redis.pipeline(transaction=False)
        pipe.time()
        for phase in Phase:
            pipe.xlen(keys.live(phase))
            pipe.xrange(keys.live(phase), count=1)
            pipe.exists(keys.live(phase))
            pipe.hgetall(keys.live_counts(phase))
        try:
            now, *answers = await pipe.execute(raise_on_error=False)
            now = _unless_error(now)
        except (RedisError, OSError, TimeoutError) as error:
            raise self._unavailable(error) from error
        return {phase: figures_of(now, *answers[4 * n : 4 * n + 4]) for n, phase in enumerate(Phase)}

    async def ensure_posts(self, post_numbers: Iterable[int]) -> None:
        """Fetch the catalogue entries of these posts, as far as Redis has them."""
        try:
            await self.catalogue.ensure(post_numbers)
        except (RedisError, OSError, TimeoutError, *DECODE_ERRORS) as error:
            raise self._unavailable(error) from error

    async def follow_clusters(self) -> None:
        """Update the clusters of near-identical photos in the catalogue."""
        try:
            await self.catalogue.follow_clusters()
        except (RedisError, OSError, TimeoutError, *DECODE_ERRORS) as error:
            raise self._unavailable(error) from error

    async def check_safe(self) -> None:
        """Check that Redis may be trusted.

        Raises:
            ForeignInstallation: another installation owns it.
            MemoryLost: it answers, but has no safety epoch.
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
        """Run commands and return their answers.

        Raises:
            WritesRefused: Redis refused one of them.
            StoreUnavailable: no answer.
        """
        try:
            return await self._connection.ask(*commands, within=within)
        except ResponseError as error:
            raise WritesRefused(f"Redis at {self._address} refuses writes: {said_by(error)}") from error
        except (RedisError, OSError, TimeoutError) as error:
            raise self._unavailable(error) from error

    async def close(self) -> None:
        await self._connection.close()
        await self._redis.aclose()

    async def _values(self, names: list[str]) -> list[bytes | None]:
        return cast(list[bytes | None], await self._redis.mget(names))  # no client here decodes responses

    def _unavailable(self, error: Exception) -> StoreUnavailable:
        return StoreUnavailable(f"Redis at {self._address} does not answer as expected: {said_by(error)}")


def _unless_error(answer: Any) -> Any:
    """An answer of a pipeline; raises it if it is an error."""
    if isinstance(answer, Exception):
        raise answer
    return answer


def _readable(decode: Callable[[bytes], ValueT], value: bytes | None) -> ValueT | None:
    """Decode a value. An unreadable one counts as absent, until the next publication replaces it."""
    try:
        return decode(value) if value else None
    except DECODE_ERRORS:
        return None
