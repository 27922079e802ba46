"""Makes and imports the world at the first start, and moves its times to the present at every later start."""

import json
import time
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from demo import database
from demo.errors import DemoError
from demo.relations import write_relations
from demo.services import ProcessEnvironment, run_step
from demo.sources import MOVIELENS, Source
from demo.world import DemoUsers, DemoWorld


@dataclass(frozen=True, slots=True, kw_only=True)
class PreparedWorld:
    """The world in the database: the users that the demo shows, and the rows of each relation."""

    cast: DemoUsers
    users: int
    posts: int
    interactions: int
    blocks: int
    how: str
    seconds: float
    source: str = MOVIELENS  # missing in records of earlier versions

    @property
    def counts(self) -> str:
        """Rows by relation, in words."""
        return f"{self.users:,} users, {self.posts:,} posts, {self.interactions:,} interactions, {self.blocks:,} blocks"


def set_up_world(
    console: Console, process_environment: ProcessEnvironment, database_url: str, source: Source
) -> PreparedWorld:
    """Put the world into the database, its newest event at the present time; it is made only once.

    Raises:
        WorldMissing: its data is missing.
        DemoError: the database holds other posts, or another world.
    """
    began = time.monotonic()
    record = process_environment.home / "world" / "world.json"
    known = _read_record(record)
    if known is not None and database.holds_user(database_url, known.cast.warm_user):
        if known.source != source.identity:
            raise DemoError(
                f"{process_environment.home}: holds a world that was made from other data or other captions; "
                "delete that folder, or name another: --home FOLDER"
            )
        with console.status("Moving the world's times to the present"):
            span = database.move_times(database_url, datetime.now(UTC))
        return _with(known, how=f"reused, moved by {_hours(span.total_seconds())}", seconds=time.monotonic() - began)
    record.unlink(missing_ok=True)
    with console.status(f"Making the world out of {source.title}"):
        world, save_files = source.make(datetime.now(UTC))
        if database.holds_other_posts(database_url, world.posts.id.tolist()):
            raise DemoError("WARMLINE_DATABASE_URL: holds posts that are not the demo's; give an empty database")
        write_relations(world, record.parent)
    save_files(console, process_environment.home)
    run_step(process_environment, "import", ["-m", "warmline", "import", str(record.parent)], show=True)
    prepared = _prepared(world, source, seconds=time.monotonic() - began)
    record.write_text(json.dumps(asdict(prepared), indent=2) + "\n")  # last, so that an interrupted import is repeated
    return prepared


def _prepared(world: DemoWorld, source: Source, *, seconds: float) -> PreparedWorld:
    return PreparedWorld(
        cast=world.cast,
        users=len(world.users.id),
        posts=len(world.posts.id),
        interactions=len(world.interactions.kind),
        blocks=len(world.blocks.user_id),
        how="made and imported",
        seconds=seconds,
        source=source.identity,
    )


def _with(prepared: PreparedWorld, *, how: str, seconds: float) -> PreparedWorld:
    return PreparedWorld(**{**asdict(prepared), "cast": prepared.cast, "how": how, "seconds": seconds})


def _read_record(path: Path) -> PreparedWorld | None:
    """The record of an earlier start; None when there is none, or it is of another version of the demo."""
    try:
        stored = json.loads(path.read_text())
        return PreparedWorld(**{**stored, "cast": DemoUsers(**stored["cast"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.1f} h" if seconds >= 3600 else f"{seconds:.0f} s"
