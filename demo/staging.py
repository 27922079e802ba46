"""Puts the world on stage: made and imported the first time, moved to the present on every later start."""

import json
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from demo import database
from demo.cards import save_card
from demo.errors import DemoError
from demo.make_world import make_world
from demo.movielens import Ratings
from demo.options import SEED
from demo.relations import write_relations
from demo.services import Surroundings, run_step
from demo.world import Cast, Posts, World


@dataclass(frozen=True, slots=True, kw_only=True)
class Staged:
    """What is on stage: the cast, and how many rows of each relation."""

    cast: Cast
    users: int
    posts: int
    interactions: int
    blocks: int
    how: str
    seconds: float

    @property
    def counts(self) -> str:
        """Rows by relation, for people."""
        return f"{self.users:,} users, {self.posts:,} posts, {self.interactions:,} interactions, {self.blocks:,} blocks"


def stage_world(
    console: Console, surroundings: Surroundings, database_url: str, ratings: Callable[[], Ratings]
) -> Staged:
    """Have the world in the database, its newest event at this moment; the ratings are read the first time only.

    Raises:
        WorldMissing: MovieLens-100K is not there.
        DemoError: the database holds somebody's own posts.
    """
    began = time.monotonic()
    record = surroundings.home / "world" / "world.json"
    known = _read_record(record)
    if known is not None and database.holds_user(database_url, known.cast.warm_user):
        with console.status("Moving the world's times to the present"):
            span = database.move_times(database_url, datetime.now(UTC))
        return _with(known, how=f"reused, moved by {_hours(span.total_seconds())}", seconds=time.monotonic() - began)
    record.unlink(missing_ok=True)
    with console.status("Making the world out of MovieLens-100K"):
        world = make_world(ratings(), seed=SEED, now=datetime.now(UTC))
        if database.holds_other_posts(database_url, world.posts.id.tolist()):
            raise DemoError("WARMLINE_DATABASE_URL: holds posts that are not the demo's; give an empty database")
        write_relations(world, record.parent)
    _draw_cards(console, world.posts, surroundings.home)
    run_step(surroundings, "import", ["-m", "warmline", "import", str(record.parent)], show=True)
    staged = _staged(world, seconds=time.monotonic() - began)
    record.write_text(json.dumps(asdict(staged), indent=2) + "\n")  # last: an import that was cut off is done again
    return staged


def _draw_cards(console: Console, posts: Posts, home: Path) -> None:
    (home / "media").mkdir(exist_ok=True)
    columns = (TextColumn("Drawing the posts' pictures"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=console) as progress:
        rows = zip(posts.id.tolist(), posts.image_url.tolist(), posts.genres, strict=True)
        for post_id, image_url, genres in progress.track(rows, total=len(posts.genres)):
            save_card(home / image_url, post_id, genres)


def _staged(world: World, *, seconds: float) -> Staged:
    return Staged(
        cast=world.cast,
        users=len(world.users.id),
        posts=len(world.posts.id),
        interactions=len(world.interactions.kind),
        blocks=len(world.blocks.user_id),
        how="made and imported",
        seconds=seconds,
    )


def _with(staged: Staged, *, how: str, seconds: float) -> Staged:
    return Staged(**{**asdict(staged), "cast": staged.cast, "how": how, "seconds": seconds})


def _read_record(path: Path) -> Staged | None:
    """The record of an earlier start; None when there is none, or it is of another version of the demo."""
    try:
        stored = json.loads(path.read_text())
        return Staged(**{**stored, "cast": Cast(**stored["cast"])})
    except (OSError, ValueError, TypeError, KeyError):
        return None


def _hours(seconds: float) -> str:
    return f"{seconds / 3600:.1f} h" if seconds >= 3600 else f"{seconds:.0f} s"
