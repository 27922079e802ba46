"""What a ranker gives to the loop: its candidates in memory, and lists of a few users."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

from shared.db.engine import Database, DatabaseSnapshot
from shared.domain import Phase
from shared.live.users import Candidates


@dataclass(frozen=True, slots=True, kw_only=True)
class LiveLists:
    """The lists of a pass, encoded; users in neither have none, and get none."""

    lists: Mapping[str, bytes]
    withdrawn: Mapping[str, bytes] = field(default_factory=dict)  # of users who may not have one


class LiveRanker(Protocol):
    """One phase's way to rank, as its runs do it."""

    phase: Phase

    @property
    def candidates(self) -> Candidates | None:
        """The present candidates; None as long as nothing can be ranked."""
        ...

    def load(self, database: Database, *, generation: int, now: datetime) -> None:
        """Load the candidates anew, as of the last publication, which another process made."""
        ...

    def rank(self, snapshot: DatabaseSnapshot, users: Sequence[str], *, version: int, now: datetime) -> LiveLists:
        """The lists of these users."""
        ...
