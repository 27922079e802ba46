"""The process's own copies of what every page may need when a store is away, kept fresh in the background.

Each copy is taken on its own, so that a store that is down makes only its copies grow old: everyone's list and the
phase by Redis, the newest posts and the phase by PostgreSQL. It also mends a Redis that lost its memory.
"""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from shared.db.engine import Database
from shared.db.newest import NewPost, newest_posts
from shared.db.phases import read_phase
from shared.db.runs import beat, worker_name
from shared.domain import INITIAL_PHASE, Phase, PhaseState, Reason, Source, age_hours
from shared.errors import WarmlineError
from shared.heuristic import recency
from shared.logs import log_event, log_trouble
from shared.ranked_lists.codec import RankedList, pack_entry
from shared.ranked_lists.publication import Publication
from shared.ranked_lists.publish import ListWriter
from shared.ranked_lists.read import ListReader
from shared.ranked_lists.records import CatalogueEntry
from shared.safety import reload_safety
from shared.settings import HeuristicSettings, ListSettings, WindowSettings
from timeline.withheld import Withheld

BEAT_EVERY = timedelta(seconds=10)
NEWEST_EVERY = timedelta(seconds=30)  # the newest posts are read again this often while everyone's list is there


class Snapshot:
    """Everyone's list, the newest posts and the phase, as last seen."""

    def __init__(
        self,
        *,
        database: Database,
        reader: ListReader,
        writer: ListWriter,
        withheld: Withheld,
        lists: ListSettings,
        window: WindowSettings,
        formula: HeuristicSettings,
    ) -> None:
        self._database, self._reader, self._writer = database, reader, writer
        self._withheld = withheld
        self._lists, self._window, self._formula = lists, window, formula
        self.everyone: RankedList | None = None
        self.newest: RankedList | None = None
        self.phase: PhaseState = INITIAL_PHASE
        self.missing: dict[str, str] = {"redis": "not asked yet", "postgresql": "not asked yet"}
        self.first_look, self.stopped = asyncio.Event(), asyncio.Event()
        self._published: Publication | None = None
        self._newest_at = self._beat_at = datetime.min.replace(tzinfo=UTC)

    async def keep_fresh(self, every: timedelta) -> None:
        """Refresh until stopped."""
        while not self.stopped.is_set():
            await self.refresh()
            with suppress(TimeoutError):
                await asyncio.wait_for(self.stopped.wait(), every.total_seconds())

    async def refresh(self) -> None:
        """Look at both stores once; what cannot be read stays as it was."""
        await asyncio.gather(self._look_at("redis", self._from_redis), self._look_at("postgresql", self._from_database))
        self.first_look.set()

    def newer_phase(self, other: PhaseState | None) -> PhaseState:
        """Of the phase known here and another copy of it the one with the higher version."""
        return other if other is not None and other.version > self.phase.version else self.phase

    async def _from_redis(self) -> None:
        if not await self._reader.is_safe():
            viewers = await asyncio.to_thread(self._reload_safety)
            log_event("timeline.safety_reloaded", viewers=viewers)
        await self._withheld.catch_up()
        if self.phase.version > 0:
            await asyncio.to_thread(self._writer.write_phase, self.phase)
        published = (await self._reader.publications()).get(Phase.HEURISTIC)
        if published is None or published != self._published:
            everyone = await self._reader.everyone()
            if everyone is not None:
                self.everyone, self._published = everyone, published

    async def _from_database(self) -> None:
        self.phase = self.newer_phase(await asyncio.to_thread(read_phase, self._database))
        now = datetime.now(UTC)
        if now - self._beat_at >= BEAT_EVERY:
            await asyncio.to_thread(beat, self._database, "timeline", worker=worker_name())
            self._beat_at = now
        if self.everyone is None or self.newest is None or now - self._newest_at >= NEWEST_EVERY:
            length = self._lists.everyone_length
            posts = await asyncio.to_thread(newest_posts, self._database, now=now, limit=length)
            self._take_newest(posts, now)

    def _take_newest(self, posts: list[NewPost], now: datetime) -> None:
        half_life = self._formula.half_life_hours
        entries = b"".join(
            pack_entry(post.row, Reason.RECENT, recency(age_hours(post.created_at, now), half_life)) for post in posts
        )
        self._reader.catalogue.add(catalogue_entry(post) for post in posts)
        self.newest = RankedList(source=Source.NEWEST, generation=0, generated_at=now, entries=entries)
        self._newest_at = now

    def _reload_safety(self) -> int:
        since = datetime.now(UTC) - self._window.window
        return reload_safety(self._database, self._writer, since=since, keep_for=self._lists.keep_for)

    async def _look_at(self, store: str, look: Callable[[], Awaitable[None]]) -> None:
        try:
            await look()
            if self.missing.pop(store, None):
                log_event("timeline.store_up", store=store)
        except Exception as error:  # whatever it was: a keeper that ended would leave everything here to grow old
            if store not in self.missing or self.missing[store] == "not asked yet":
                reason = error if isinstance(error, WarmlineError) else type(error).__name__
                log_trouble("timeline.store_down", store=store, reason=reason)
            self.missing[store] = "does not answer"


def catalogue_entry(post: NewPost) -> CatalogueEntry:
    """A post as the catalogue knows it."""
    return CatalogueEntry(row=post.row, post_id=post.post_id, author=post.author)
