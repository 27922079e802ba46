"""Which installation this process belongs to, as PostgreSQL says, and which copies it may keep (docs/adr/0018).

Until PostgreSQL has answered once, the installation is unknown: pages are served from the copies there are, and those
that turn out to belong to another installation are dropped as soon as it answers.
"""

import asyncio
from dataclasses import dataclass, field

from shared.db.engine import Database
from shared.db.installation import ask_primary, earlier_ids, matches_installation
from shared.logs import log_event, log_trouble
from shared.ranked_lists import codec
from shared.ranked_lists.job_store import JobStore
from shared.ranked_lists.ownership import short_id
from shared.ranked_lists.timeline_store import TimelineStore
from shared.ranked_lists.user_store import UserStore
from timeline.stores.local_chains import LocalChains
from timeline.stores.local_copies import Snapshot
from timeline.stores.post_facts import PostFactsCopy
from timeline.stores.snapshot_file import SnapshotFile

SAMPLE = 256  # posts of a file without an owner that are compared with PostgreSQL


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallationRow:
    """The installation in PostgreSQL."""

    id: str
    earlier: frozenset[str]
    knows_file: bool  # a file without an owner holds posts of this installation


@dataclass(slots=True, kw_only=True)
class Installation:
    """Learns the installation's id, passes it on to the stores, and drops copies of another installation."""

    database: Database
    acts_database: Database
    reader: TimelineStore
    writer: JobStore
    user_store: UserStore
    snapshot: Snapshot
    local_chains: LocalChains
    post_facts: PostFactsCopy
    disk: SnapshotFile | None
    has_unchecked_copies: bool = False  # copies were made from a Redis whose owner was not known
    checked: asyncio.Event = field(default_factory=asyncio.Event)  # PostgreSQL was asked, with or without an answer

    @property
    def id(self) -> str | None:
        """None until PostgreSQL has said it."""
        return self.reader.installation

    def read(self) -> InstallationRow | None:
        """Read it from PostgreSQL, in a thread; None if the id is unchanged."""
        current_id = ask_primary(self.database, self.acts_database)
        if current_id == self.id:
            return None
        owner = self.disk.loaded if self.disk is not None else None
        return InstallationRow(
            id=current_id,
            earlier=frozenset(earlier_ids(self.database)),
            knows_file=owner != ""
            or matches_installation(self.database, salt=self.snapshot.phase.salt or None, posts=self._sample()),
        )

    def drops_copies(self, answer: InstallationRow) -> bool:
        """Whether the copies belong to another or an unknown installation, or are older than a renewal."""
        return self.id is not None or self.has_unchecked_copies or not self._is_own_file(answer)

    def adopt(self, answer: InstallationRow) -> None:
        """Belong to this installation from now on."""
        before, drops_copies = self.id, self.drops_copies(answer)
        self._adopt_file(answer)
        if drops_copies:
            self.snapshot.forget()
            self.reader.withheld.forget_seed()
        if before is not None:
            self.local_chains.clear()
            self.post_facts.forget()
            log_event("timeline.installation_renewed", installation=short_id(answer.id))
        for store in (self.writer, self.user_store):
            store.expect(answer.id)
        self.reader.belong_to(answer.id)
        self.has_unchecked_copies = False

    def _is_own_file(self, answer: InstallationRow) -> bool:
        """Whether the copies from the snapshot file, if there was one, may be served."""
        owner = self.disk.loaded if self.disk is not None else None
        return owner is None or owner == answer.id or (owner == "" and answer.knows_file)

    def _adopt_file(self, answer: InstallationRow) -> None:
        """Own the file from now on: one of an earlier id is replaced, one of another installation is left alone."""
        disk = self.disk
        if disk is None:
            return
        is_own, owner = self._is_own_file(answer), disk.loaded
        renewed = {self.id} if self.id is not None else set[str]()
        disk.installation, disk.earlier, disk.loaded = answer.id, answer.earlier | renewed, None
        disk.is_foreign = not is_own and owner not in answer.earlier
        if disk.is_foreign:
            self.snapshot.foreign_file = str(disk.path)
            log_trouble(
                "timeline.snapshot_foreign",
                reason=f"{disk.path}: belongs to another installation ({short_id(owner)}), this one is"
                f" {short_id(answer.id)}; it is not served and left as it is: set WARMLINE_SNAPSHOT_FILE, or remove it",
            )

    def _sample(self) -> dict[int, str]:
        lists = (self.snapshot.everyone, self.snapshot.newest)
        post_numbers = [number for ranked in lists if ranked for number in codec.post_numbers_of(ranked.entries)][
            :SAMPLE
        ]
        return {number: post.post_id for number in post_numbers if (post := self.snapshot.catalogue.get(number))}
