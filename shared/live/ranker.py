"""What a ranker gives to the loop: its candidates in memory, and lists of a few users."""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from shared.db.engine import Database, DatabaseSnapshot
from shared.domain import Phase
from shared.live.users import LiveCandidates
from shared.ranked_lists.job_store import JobStore

# Publishes what a ranker has of its candidates beside lists, without posts (ids) that were erased meanwhile.
PublishMore = Callable[[JobStore, Collection[str]], object]


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveLists:
    """The lists of a pass, encoded; users in neither have none, and get none."""

    lists: Mapping[str, bytes]
    withdrawn: Mapping[str, bytes] = field(default_factory=dict)  # of users who may not have one


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedCandidates:
    """LiveCandidates that were loaded beside the runs, and are not used yet."""

    candidates: LiveCandidates
    active: Sequence[str]  # the active users, newest first
    use: Callable[[], object]  # passes use them from then on
    publish: PublishMore = lambda *_: None  # what else there is of them, before lists are made


class LiveRanker(Protocol):
    """One phase's way to rank, as its runs do it."""

    phase: Phase
    runs_are_full: bool  # each run makes everybody's list
    loading: threading.Lock  # held by a run, and by a load: never two at once in one process, for their memory

    @property
    def candidates(self) -> LiveCandidates | None:
        """The present candidates; None as long as nothing can be ranked."""
        ...

    def load(self, database: Database, *, generation: int, now: datetime) -> LoadedCandidates | None:
        """Load the candidates anew, new posts among them; None if nothing can be ranked."""
        ...

    def rank(self, snapshot: DatabaseSnapshot, users: Sequence[str], *, version: int, now: datetime) -> LiveLists:
        """The lists of these users."""
        ...
