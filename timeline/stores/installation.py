"""Which installation this process belongs to, as PostgreSQL says, and what follows for its copies (docs/adr/0018).

Until PostgreSQL has answered once, nobody can tell: then pages come from what there is, and what turns out to be
another installation's is dropped as soon as it does.
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
from timeline.stores.snapshot_file import SnapshotFile

SAMPLE = 256  # posts of a file without an owner that PostgreSQL is asked about


@dataclass(frozen=True, slots=True, kw_only=True)
class InstallationRow:
    """What PostgreSQL says."""

    id: str
    earlier: frozenset[str]
    knows_file: bool  # it gave out what a file without an owner holds


@dataclass(slots=True, kw_only=True)
class Installation:
    """Learns the id, tells everybody, and drops copies that are another's."""

    database: Database
    acts_database: Database
    reader: TimelineStore
    writer: JobStore
    user_store: UserStore
    snapshot: Snapshot
    local_chains: LocalChains
    disk: SnapshotFile | None
    took_unchecked: bool = False  # copies were taken out of a Redis whose owner could not be checked
    asked: asyncio.Event = field(default_factory=asyncio.Event)  # PostgreSQL, whether it answered or not

    @property
    def id(self) -> str | None:
        """None until PostgreSQL has said it."""
        return self.reader.installation

    def ask(self) -> InstallationRow | None:
        """Ask PostgreSQL, in a thread; None when the id is the one that is known."""
        found = ask_primary(self.database, self.acts_database)
        if found == self.id:
            return None
        owner = self.disk.loaded if self.disk is not None else None
        return InstallationRow(
            id=found,
            earlier=frozenset(earlier_ids(self.database)),
            knows_file=owner != ""
            or matches_installation(self.database, salt=self.snapshot.phase.salt or None, posts=self._posts()),
        )

    def drops_copies(self, answer: InstallationRow) -> bool:
        """Whether what is held is another installation's, of before this one was renewed, or nobody knows whose."""
        return self.id is not None or self.took_unchecked or not self._is_own_file(answer)

    def take(self, answer: InstallationRow) -> None:
        """Belong to this installation from now on."""
        before, drops_copies = self.id, self.drops_copies(answer)
        self._take_file(answer)
        if drops_copies:
            self.snapshot.forget()
            self.reader.deleted.forget_seed()
        if before is not None:
            self.local_chains.clear()
            log_event("timeline.installation_renewed", installation=short_id(answer.id))
        for part in (self.writer, self.user_store):
            part.expect(answer.id)
        self.reader.belong_to(answer.id)
        self.took_unchecked = False

    def _is_own_file(self, answer: InstallationRow) -> bool:
        """Whether what the file brought, if there was one, may be served."""
        owner = self.disk.loaded if self.disk is not None else None
        return owner is None or owner == answer.id or (owner == "" and answer.knows_file)

    def _take_file(self, answer: InstallationRow) -> None:
        """Name the file's owner from now on; one of before a renewal is replaced, another's is left."""
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

    def _posts(self) -> dict[int, str]:
        lists = (self.snapshot.everyone, self.snapshot.newest)
        post_numbers = [number for ranked in lists if ranked for number in codec.post_numbers_of(ranked.entries)][
            :SAMPLE
        ]
        return {number: post.post_id for number in post_numbers if (post := self.snapshot.catalogue.get(number))}
