"""What jobs write to Redis, under a fencing number: the ranked lists of both phases, and the safety data."""

import secrets
from collections.abc import Callable, Collection, Container, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from itertools import islice
from typing import Self, TypeVar, cast

from msgspec.structs import replace

from shared.domain import ERASED_FOR, MAX_ERASED, Phase, PhaseState, author_hash
from shared.eligibility import Viewer
from shared.errors import StoreUnavailable
from shared.ranked_lists import codec, keys, records, restored, scripts
from shared.ranked_lists.blocked import pack_blocked, without_user
from shared.ranked_lists.clients import JOB_TIMEOUT, address, redis_errors
from shared.ranked_lists.codec import UnreadableList
from shared.ranked_lists.fenced_writer import Argument
from shared.ranked_lists.publication import Publication, pack_publication, unpack_publication
from shared.ranked_lists.records import CatalogueEntry
from shared.ranked_lists.server_life import current_life, is_of_another_life, new_epoch
from shared.ranked_lists.surface_writer import SurfaceWriter

LOADING_MS = 600_000  # a load must not take longer than ten minutes
CHUNKS_AT_ONCE = 100  # chunks of the catalogue per script call: some 2 MB
TRIES = 3  # to change a value that others may overwrite meanwhile
BATCH = 500  # lists per script call: some 600 KB, which block Redis for well under a millisecond
DELETED_BATCH = 5_000  # below the number of arguments that Lua can unpack
# Viewers outlive the safety epoch, so that the epoch (and with it trust in Redis) ends before any block does.
VIEWER_KEEP_FACTOR = 2
# The first version that PostgreSQL gives (migration 0005): far above any number that Redis itself ever gave, and exact
# as a float, which is what a sorted set stores.
LEAST_VERSION = 1_000_000_000_000

ItemT = TypeVar("ItemT")


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishedCounts:
    """How much one run has published."""

    lists: int
    bytes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SafetyLoad:
    """A running load of the safety data. If Redis loses its memory meanwhile, it loses the mark of this load, too."""

    token: str
    number: int  # safety number before PostgreSQL was read
    life: str = ""  # of the Redis server, see `server_life`
    is_new_life: bool = False  # Redis had forgotten who was erased, so something about them may have been written


class JobStore(SurfaceWriter):
    """Writes to Redis for one run of a job."""

    def __init__(
        self, url: str, *, keep_for: timedelta, chain_for: timedelta = timedelta(0), timeout: timedelta = JOB_TIMEOUT
    ) -> None:
        super().__init__(url, keep_for=keep_for, timeout=timeout)
        self._catalogue_ms = self._keep_ms + int(chain_for.total_seconds() * 1000)
        self._write_phase = self._redis.register_script(scripts.WRITE_PHASE)

    def publish_catalogue(self, entries: Iterable[CatalogueEntry]) -> int:
        """Publish the post of each number. Must come before the lists that use these numbers."""
        chunks: dict[int, dict[int, bytes]] = {}
        clusters: dict[int, int] = {}
        for entry in entries:
            chunks.setdefault(keys.chunk_of(entry.post_number), {})[entry.post_number] = records.pack_post(entry)
            if entry.cluster:
                clusters[entry.post_number] = entry.cluster
        with redis_errors(self._url):
            for batch in _batches(chunks.items(), CHUNKS_AT_ONCE):
                args: list[Argument] = [self._catalogue_ms]
                for _, posts in batch:
                    args.append(2 * len(posts))
                    for post_number, value in posts.items():
                        args += (post_number, value)
                self.run_fenced(scripts.WRITE_CATALOGUE, [keys.chunk(number) for number, _ in batch], args)
            clusters_now = records.hash_of_clusters(clusters)
            self.run_fenced(scripts.WRITE_VALUE, [keys.CLUSTERS], [self._catalogue_ms, clusters_now])
        return sum(len(posts) for posts in chunks.values())

    def publish_lists(self, lists: Iterable[tuple[str, bytes]], *, phase: Phase, job: str, run: int) -> PublishedCounts:
        """Replace the lists of these users, each by one SET, unless Redis has one of a higher version.

        Args:
            lists: pairs of user id and encoded list (`encode_lists`); read in batches, so it may be a generator.
            phase: whose lists they are.
            job: whose fencing number counts.
            run: this run's fencing number.

        Raises:
            LeaseLost: a newer run has begun to write; the refused batch was not written.
        """
        count = size = 0
        with _Sender() as sender:
            for batch in _batches(lists, BATCH):
                values = {keys.ranked_list(phase, user): value for user, value in batch}
                sender.send(partial(self._write_fenced, values, job=job, run=run))
                count += len(batch)
                size += sum(len(value) for _, value in batch)
        return PublishedCounts(lists=count, bytes=size)

    def drop_lists(self, users: Iterable[str], *, phase: Phase, version: int) -> int:
        """Delete the lists of these users, who are then served the next source; returns how many had one.

        A list of a higher version stays: it was made from what was read later.
        """
        dropped = 0
        with redis_errors(self._url):
            for batch in _batches(users, BATCH):
                names = [keys.ranked_list(phase, user) for user in batch]
                dropped += self.run_fenced(scripts.DROP_LISTS, names, [version])
        return dropped

    def replace_lists(self, lists: Mapping[str, bytes], *, phase: Phase, keep_for: timedelta | None = None) -> int:
        """Replace the lists of a live pass, which needs no fence; returns how many were newer than what Redis had.

        Args:
            lists: user id -> encoded list, of at most some hundred users.
            phase: whose lists they are.
            keep_for: their life time, if it is not that of all lists.
        """
        values = {keys.ranked_list(phase, user): value for user, value in lists.items()}
        with redis_errors(self._url):
            return self._write_values(self, values, keep_for=keep_for)

    def list_versions(self, users: Sequence[str], *, phase: Phase) -> list[int]:
        """The version of each user's list; 0 where there is none."""
        pipe = self._redis.pipeline(transaction=False)
        for user in users:
            pipe.getrange(keys.ranked_list(phase, user), 0, codec.HEADER.size + codec.VERSION.size - 1)
        with redis_errors(self._url):
            return [codec.version_of(value) for value in pipe.execute()]

    def withdraw_lists(self, phase: Phase) -> int:
        """Delete all lists of a phase, and then the record of their publication; returns how many lists there were."""
        dropped = 0
        with redis_errors(self._url):
            names = cast(Iterator[bytes], self._redis.scan_iter(keys.list_pattern(phase), count=1000))
            for batch in _batches(names, BATCH):
                dropped += self.run_fenced(scripts.DROP_VALUES, [name.decode() for name in batch], [])
            self.run_fenced(scripts.DROP_VALUES, [keys.published(phase)], [])
        return dropped

    def publish_neighbours(self, neighbours: Iterable[tuple[str, bytes]]) -> PublishedCounts:
        """Replace the similar posts of these posts; those of posts that are published no more run out.

        Args:
            neighbours: pairs of post id and value (`neighbours.pack_neighbours`); may be a generator.
        """
        count = size = 0
        with redis_errors(self._url), _Sender() as sender:
            for batch in _batches(neighbours, BATCH):
                names, values = [keys.similar(post_id) for post_id, _ in batch], [value for _, value in batch]
                sender.send(partial(self.run_fenced, scripts.WRITE_VALUES, names, [self._keep_ms, *values]))
                count += len(batch)
                size += sum(map(len, values))
        return PublishedCounts(lists=count, bytes=size)

    def publish_everyone(self, value: bytes, *, job: str, run: int) -> None:
        """Replace everyone's list."""
        self._write_fenced({keys.EVERYONE: value}, job=job, run=run)

    def publish_authors(self, posts: Iterable[tuple[int, bytes]], *, run: int) -> int:
        """Replace the newest posts of these authors (by hash), then note that all were written; returns how many."""
        count = 0
        with redis_errors(self._url), _Sender() as sender:
            for batch in _batches(posts, BATCH):
                names, values = [keys.author(author) for author, _ in batch], [value for _, value in batch]
                sender.send(partial(self.run_fenced, scripts.WRITE_VALUES, names, [self._keep_ms, *values]))
                count += len(batch)
        with redis_errors(self._url):
            self.run_fenced(scripts.WRITE_VALUES, [keys.AUTHORS], [self._keep_ms, b"%d" % run])
        return count

    def publish_tags(self, lists: Mapping[str, bytes]) -> int:
        """Replace everyone's lists of tags (folded), all of them at once; returns how many there are."""
        with redis_errors(self._url):
            if not lists:
                self.run_fenced(scripts.DROP_VALUES, [keys.TAGS], [])
                return 0
            for index, batch in enumerate(_batches(lists.items(), BATCH)):
                args: list[Argument] = [LOADING_MS, int(index == 0)]
                for tag, value in batch:
                    args += (tag, value)
                self.run_fenced(scripts.STAGE_HASH, [keys.NEXT_TAGS], args)
            self.run_fenced(scripts.REPLACE_HASH, [keys.NEXT_TAGS, keys.TAGS], [self._keep_ms])
        return len(lists)

    def publish_new_posts(self, value: bytes, *, job: str, run: int) -> None:
        """Replace the list of posts for the reserved slots."""
        self._write_fenced({keys.NEW_POSTS: value}, job=job, run=run)

    def publish_blocked(self, pairs: Iterable[tuple[int, int]], *, version: int) -> None:
        """Replace all blocks as pairs of hashes; a timeline copies them for when both stores are down."""
        self._write_blocked(pack_blocked(pairs, version=version), version=version)

    def remove_from_blocks(self, user_id: str, *, version: int) -> None:
        """Remove an erased user from all blocks, without overwriting what a run publishes meanwhile."""
        for _ in range(TRIES):
            with redis_errors(self._url):
                (held,) = cast(list[bytes | None], self._redis.mget([keys.BLOCKED]))  # None of another type, too
            rest = without_user(held, author_hash(user_id), version=version) if held else None
            if rest is None or self._write_blocked(rest, version=version, instead_of=held):
                return

    def note_erased(self, user_hashes: Mapping[str, datetime]) -> None:
        """Record who was erased, and when; everything that writes about users checks it."""
        limits = (int(ERASED_FOR.total_seconds()), MAX_ERASED)
        with redis_errors(self._url):
            self._refuse_foreign()
            for batch in _batches(user_hashes.items(), BATCH):
                for at, hashes in _by_second(batch).items():
                    self._redis.eval(scripts.NOTE_ERASED, 1, keys.ERASED, at, *limits, *hashes)

    def forget_erased(self, user_hashes: Collection[str], post_numbers: Iterable[int]) -> None:
        """Delete what a Redis that lost its memory, or came back with older data, holds about these users and posts."""
        with redis_errors(self._url):
            self._refuse_foreign()
            restored.forget_erased(self._redis, user_hashes, post_numbers)

    def note_publication(self, phase: Phase, publication: Publication, *, job: str) -> None:
        """Record that the publication is complete; must be the last write."""
        self._write_fenced({keys.published(phase): pack_publication(publication)}, job=job, run=publication.run)

    def has_published(self, phase: Phase) -> bool:
        """Whether Redis holds a complete publication of a phase; False after it lost its memory."""
        with redis_errors(self._url):
            return bool(self._redis.exists(keys.published(phase)))

    def last_publication(self, phase: Phase) -> Publication | None:
        """The last complete publication of a phase, of any process."""
        with redis_errors(self._url):
            (held,) = cast(list[bytes | None], self._redis.mget([keys.published(phase)]))
        with suppress(UnreadableList):
            return unpack_publication(held) if held else None
        return None

    def publish_viewers(self, viewers: Iterable[tuple[str, bytes]]) -> int:
        """Write what each user must not be shown; an older value never overwrites a newer one."""
        count = 0
        with redis_errors(self._url), _Sender() as sender:
            for batch in _batches(viewers, BATCH):
                sender.send(partial(self._write_viewers, batch))
                count += len(batch)
        return count

    def renew_viewers(self, viewers: Mapping[str, Viewer], *, version: int) -> None:
        """Write the viewers of some users now; posts seen by events, which only a ranker knows, stay as they are."""
        renewed = []
        for batch in _batches(viewers, BATCH):
            with redis_errors(self._url):
                held = cast(list[bytes | None], self._redis.mget([keys.viewer(user) for user in batch]))
            for user, value in zip(batch, held, strict=True):
                own = author_hash(user)
                seen: Collection[int] = ()
                with suppress(UnreadableList):  # a value of another version is overwritten
                    seen = records.unpack_viewer(value, own=own).seen_posts
                kept = replace(viewers[user], seen_posts=seen)
                renewed.append((user, records.pack_viewer(kept, version=version, own=own)))
        self.publish_viewers(renewed)

    def clear_viewers_except(self, users: Container[str], *, version: int) -> None:
        """Clear the viewers of users who no longer have a block or a hidden post."""
        with redis_errors(self._url):
            self._refuse_foreign()
            known = cast(Iterable[bytes], self._redis.sscan_iter(keys.VIEWERS, count=1000))
            stale = [user for user in (member.decode() for member in known) if user not in users]
            nothing = records.pack_viewer(Viewer(), version=version, own=0)
            for batch in _batches(stale, BATCH):
                self._write_viewers([(user, nothing) for user in batch], are_named=False)
                # A block that was written meanwhile is still there.
                held = cast(list[bytes | None], self._redis.mget([keys.viewer(user) for user in batch]))
                cleared = [user for user, value in zip(batch, held, strict=True) if value == nothing]
                if cleared:
                    self._redis.srem(keys.VIEWERS, *cleared)

    def add_deleted(self, post_numbers: Iterable[int], *, version: int, is_act: bool = True) -> int:
        """Withhold these posts from every page from now on; returns how many were not withheld before.

        Args:
            post_numbers: of the deleted or hidden posts.
            version: from PostgreSQL; for an act taken after its commit, else before the posts were read.
            is_act: True if somebody deletes them now; False if a run repeats what it has read.
        """
        return self._withhold(keys.DELETED, post_numbers, version=version, is_act=is_act)

    def drop_deleted(self, post_numbers: Iterable[int], *, version: int) -> int:
        """Stop withholding these posts, except those that were withheld again after the version was taken.

        Args:
            post_numbers: of posts that are shown again.
            version: taken before this was read.
        """
        return self._show(keys.DELETED, post_numbers, version=version)

    def drop_deleted_except(self, post_numbers: set[int], *, version: int, number: int) -> int:
        """Stop withholding posts that no list can contain any more, or that came back, unless they were deleted again.

        Args:
            post_numbers: of the posts that are still deleted in PostgreSQL.
            version: taken before these were read; what an act deleted after it stays.
            number: the safety number before they were read, which timelines of earlier versions give.
        """
        return self._show_except(keys.DELETED, post_numbers, version=version, number=number)

    def add_suspended(self, authors: Iterable[int], *, version: int, is_act: bool = True) -> int:
        """Withhold all posts of these authors (by hash), as `add_deleted` does with posts."""
        return self._withhold(keys.SUSPENDED, authors, version=version, is_act=is_act)

    def drop_suspended(self, authors: Iterable[int], *, version: int) -> int:
        """Stop withholding the posts of these authors (by hash), as `drop_deleted` does with posts."""
        return self._show(keys.SUSPENDED, authors, version=version)

    def drop_suspended_except(self, authors: set[int], *, version: int) -> int:
        """Stop withholding the posts of all other authors, as `drop_deleted_except` does with posts."""
        return self._show_except(keys.SUSPENDED, authors, version=version, number=0)

    def recent_list_requests(self, now: datetime) -> dict[str, datetime]:
        """Users who lately requested a page and had no list of their own, or an old one, with the time."""
        since = (now - keys.ASKED_FOR).timestamp()
        with redis_errors(self._url):
            found = cast(
                list[tuple[bytes, float]], self._redis.zrangebyscore(keys.ASKED, since, "+inf", withscores=True)
            )
        return {user.decode(): min(now, datetime.fromtimestamp(at, UTC)) for user, at in found}

    def begin_safety_load(self) -> SafetyLoad:
        """Mark the start of a load of the safety data, before PostgreSQL is read."""
        token = secrets.token_hex(8)
        with redis_errors(self._url):
            self._refuse_foreign()
            restored.drop_wrong_types(self._redis)
            pipe = self._redis.pipeline(transaction=True)
            pipe.set(keys.loading(token), "1", px=LOADING_MS)
            pipe.mget(keys.DELETED_NUMBER, keys.SAFETY)
            _, (number, epoch) = pipe.execute()
            life = current_life(self._redis)
        is_new_life = epoch is None or is_of_another_life(epoch, life)
        return SafetyLoad(token=token, number=int(number or 0), life=life, is_new_life=is_new_life)

    def declare_safe(self, load: SafetyLoad) -> None:
        """Declare that deletions and blocks are loaded: from now on the timelines trust Redis.

        Raises:
            LeaseLost: a newer run has begun to write.
            StoreUnavailable: Redis lost its memory since `begin_safety_load`; what was loaded before is gone.
        """
        with redis_errors(self._url):
            names = [keys.SAFETY, keys.loading(load.token)]
            args: list[Argument] = [new_epoch(load.life), self._keep_ms, load.life]
            is_safe = self.run_fenced(scripts.DECLARE_SAFE, names, args)
        if not is_safe:
            where = address(self._url)
            raise StoreUnavailable(f"Redis at {where} lost its memory while deletions and blocks were being loaded")

    def write_phase(self, state: PhaseState) -> bool:
        """Publish the phase, unless Redis holds a newer one."""
        with redis_errors(self._url):
            self._refuse_foreign()
            return bool(self._write_phase(keys=[keys.PHASE], args=[state.version, records.pack_phase(state)]))

    def _withhold(self, key: str, members: Iterable[int], *, version: int, is_act: bool) -> int:
        added = 0
        with redis_errors(self._url):
            for batch in _batches(members, DELETED_BATCH):
                args = [self._keep_ms * VIEWER_KEEP_FACTOR, version, int(is_act), LEAST_VERSION, *batch]
                added += self.run_fenced(scripts.ADD_DELETED, [key, keys.DELETED_NUMBER], args)
        return added

    def _show_except(self, key: str, members: set[int], *, version: int, number: int) -> int:
        with redis_errors(self._url):
            self._refuse_foreign()
            known = [int(member) for member in cast(list[bytes], self._redis.zrange(key, 0, -1))]
        others = (member for member in known if member not in members)
        return self._show(key, others, version=version, number=number)

    def _show(self, key: str, members: Iterable[int], *, version: int, number: int = 0) -> int:
        dropped = 0
        with redis_errors(self._url):
            for batch in _batches(members, DELETED_BATCH):
                args: list[Argument] = [version, LEAST_VERSION, number, *batch]
                dropped += self.run_fenced(scripts.DROP_DELETED, [key, keys.DELETED_NUMBER], args)
        return dropped

    def _write_fenced(self, values: Mapping[str, bytes], *, job: str, run: int) -> None:
        with redis_errors(self._url):
            self._write_values(self.for_run(job, run), values)

    def _write_values(self, writer: Self, values: Mapping[str, bytes], *, keep_for: timedelta | None = None) -> int:
        keep_ms = self._keep_ms if keep_for is None else int(keep_for.total_seconds() * 1000)
        names = [keys.ERASED, keys.LIST_VERSION, *values]
        return writer.run_fenced(scripts.WRITE_LISTS, names, [keep_ms, *values.values()])

    def _write_viewers(self, viewers: Sequence[tuple[str, bytes]], *, are_named: bool = True) -> None:
        names = [keys.ERASED, keys.VIEWERS, *(keys.viewer(user) for user, _ in viewers)]
        args: list[Argument] = [self._keep_ms * VIEWER_KEEP_FACTOR, int(are_named), *(value for _, value in viewers)]
        self.run_fenced(scripts.WRITE_VIEWERS, names, args)

    def _write_blocked(self, value: bytes, *, version: int, instead_of: bytes | None = None) -> bool:
        args: list[Argument] = [
            self._keep_ms * VIEWER_KEEP_FACTOR,
            version.to_bytes(8, "little"),
            value,
            instead_of or b"",
        ]
        with redis_errors(self._url):
            return bool(self.run_fenced(scripts.WRITE_BLOCKED, [keys.BLOCKED], args))


class _Sender:
    """Sends one batch in a thread while the next one is computed, so that neither waits for the other.

    One batch at a time, in order. An error of a batch is raised by the next `send`, or at the end.
    """

    def __init__(self) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="redis")
        self._pending: Future[object] | None = None

    def send(self, write: Callable[[], object]) -> None:
        self._wait()
        self._pending = self._thread.submit(write)

    def _wait(self) -> None:
        pending, self._pending = self._pending, None
        if pending is not None:
            pending.result()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, *_: object) -> None:
        with self._thread:  # waits for the pending batch
            if kind is None:
                self._wait()


def _batches(items: Iterable[ItemT], size: int) -> Iterator[list[ItemT]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch


def _by_second(erased: Iterable[tuple[str, datetime]]) -> dict[int, list[str]]:
    found: dict[int, list[str]] = {}
    for user_hash, at in erased:
        found.setdefault(int(at.timestamp()), []).append(user_hash)
    return found
