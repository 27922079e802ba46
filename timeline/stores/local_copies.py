"""This process's own copies of what every page may need while a store is away, filled by
`timeline.stores.background_refresh`.

Each copy is made on its own, so that only the copies of a store that is down become outdated: everyone's list, the new
posts and the blocks come from Redis, the newest posts from PostgreSQL, the phase from both.
"""

import asyncio
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import TYPE_CHECKING

from shared.db.newest import NewPost
from shared.domain import INITIAL_PHASE, PhaseState, Reason, Source, age_hours
from shared.heuristic import recency
from shared.ranked_lists.blocked import NO_BLOCKS, BlockList
from shared.ranked_lists.catalogue import Catalogue
from shared.ranked_lists.codec import RankedList, pack_entry
from shared.ranked_lists.records import CatalogueEntry
from timeline.stores.segments import IndexedList, merge_lists

if TYPE_CHECKING:
    from shared.ranked_lists.onboarding import Onboarding
    from timeline.stores.new_post_pool import NewPostPool

NOT_ASKED = "not asked yet"
FIRST_LOOK_SECONDS = 0.3  # how long a request waits for the first check, if there are no copies yet


@dataclass(slots=True, kw_only=True)
class Snapshot:
    """The last copies from both stores."""

    catalogue: Catalogue
    half_life_hours: float  # of the recency that scores the newest posts
    everyone: RankedList | None = None
    newest: RankedList | None = None
    newest_times: Mapping[int, int] = field(default_factory=dict)  # post number -> seconds since 1970, of `newest`
    oldest: datetime | None = None  # time of the oldest of the newest posts, if PostgreSQL has more
    new_posts: "NewPostPool | None" = None
    onboarding: "Onboarding | None" = None
    blocked: BlockList = NO_BLOCKS
    phase: PhaseState = INITIAL_PHASE
    missing: dict[str, str] = field(default_factory=lambda: {"redis": NOT_ASKED, "postgresql": NOT_ASKED})
    first_look: asyncio.Event = field(default_factory=asyncio.Event)
    changes: int = 0  # grows with each new copy
    foreign_file: str | None = None  # path of the snapshot file, if it belongs to another installation
    _shared: IndexedList = field(default_factory=lambda: merge_lists(()))
    _shared_of: tuple[RankedList | None, RankedList | None] = (None, None)  # the lists that it was merged from

    def forget(self) -> None:
        """Drop all copies: they belong to another installation, or are older than the renewal of this one."""
        self.everyone = self.newest = self.oldest = self.new_posts = self.onboarding = None
        self.newest_times = {}
        self.blocked, self.phase = NO_BLOCKS, INITIAL_PHASE
        self.catalogue.forget()
        self.changes += 1

    def shared(self) -> IndexedList:
        """Everyone's list and the newest posts as one list; merged once for each copy of them."""
        everyone, newest = self._shared_of
        if self.everyone is not everyone or self.newest is not newest:
            self._shared_of = self.everyone, self.newest
            self._shared = merge_lists([ranked.entries for ranked in self._shared_of if ranked is not None])
        return self._shared

    def newer_phase(self, other: PhaseState | None) -> PhaseState:
        """The phase here or another copy of it, whichever has the higher version."""
        return other if other is not None and other.version > self.phase.version else self.phase

    def take_phase(self, phase: PhaseState) -> None:
        """Keep a phase, unless a newer one is known."""
        newer = self.newer_phase(phase)
        self.changes += newer is not self.phase
        self.phase = newer

    def take_newest(self, posts: list[NewPost], now: datetime, *, asked_for: int) -> None:
        """Keep the newest posts."""
        self.newest = RankedList(
            source=Source.NEWEST, generation=0, generated_at=now, entries=self.entries_of(posts, now)
        )
        self.newest_times = {post.post_number: int(post.created_at.timestamp()) for post in posts}
        self.oldest = posts[-1].created_at if len(posts) == asked_for else None
        self.changes += 1

    def forget_blocks_of(self, user: int) -> None:
        """Drop the blocks of a user (by key) who was erased, in both directions."""
        self.blocked = self.blocked.without(user)
        self.changes += 1

    def entries_of(self, posts: Iterable[NewPost], now: datetime) -> bytes:
        """Posts as packed entries, scored by recency; also adds them to the catalogue."""
        posts = list(posts)
        self.catalogue.add(catalogue_entry(post) for post in posts)
        return packed_by_recency(posts, now, half_life_hours=self.half_life_hours)


def packed_by_recency(posts: Iterable[NewPost], now: datetime, *, half_life_hours: float) -> bytes:
    """Posts as packed entries, scored by recency."""
    return b"".join(
        pack_entry(post.post_number, Reason.RECENT, recency(age_hours(post.created_at, now), half_life_hours))
        for post in posts
    )


def catalogue_entry(post: NewPost) -> CatalogueEntry:
    """The catalogue entry of a post."""
    return CatalogueEntry(post_number=post.post_number, post_id=post.post_id, author=post.author, cluster=post.cluster)
