"""A world with every promise at work, ranked by the real job: blocks, hidden and seen posts, new posts, both phases."""

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import psycopg2
from psycopg2.extras import execute_values

from s01_heuristic.job import JOB, JobSettings, run_heuristic
from shared.db.engine import Database
from shared.db.phases import change_phase
from shared.db.runs import Run, claim_run, finish_run, request_run
from shared.domain import Phase, Reason, Source
from shared.ranked_lists.codec import RankedList, encode, pack_entry
from shared.ranked_lists.job_store import JobStore
from shared.settings import HeuristicSettings, ListSettings, NewPostSettings, StoreSettings, WindowSettings

Row = tuple[object, ...]
BUSY_AUTHORS = 0.1  # the share of the authors who wrote half of the posts, so that spacing has something to do
VIEWS, LIKES, HIDES, BLOCKS = 60, 10, 2, 4  # of each user
FRESH = 0.05  # the share of the posts that are younger than a day
ROLLOUT = 50.0  # per cent of the users in the second phase
MINUTES_PER_DAY = 1440


@dataclass(frozen=True, slots=True, kw_only=True)
class WorldSize:
    """How much of everything there is."""

    users: int = 2_000
    posts: int = 6_000
    authors: int = 600
    seed: int = 1

    @property
    def user_ids(self) -> list[str]:
        """Ids as long as UUIDs."""
        return [f"user{number:04}-0000-4000-8000-{number:012}" for number in range(self.users)]

    @property
    def post_ids(self) -> list[str]:
        return [f"post{number:04}-0000-4000-8000-{number:012}" for number in range(self.posts)]

    @property
    def author_ids(self) -> list[str]:
        return [f"auth{number:04}-0000-4000-8000-{number:012}" for number in range(self.authors)]


def build(size: WorldSize, *, database_url: str, redis_url: str) -> None:
    """Fill PostgreSQL, run the heuristic, publish lists of the second phase, and switch half of the users to it."""
    _fill(size, database_url)
    lists = ListSettings()
    database = Database(StoreSettings.model_validate({"database_url": database_url, "redis_url": redis_url}))
    writer = JobStore(redis_url, keep_for=lists.keep_for, chain_for=lists.chain_for)
    try:
        run = rank(database, writer, lists)
        with database.begin() as connection:
            rows = [row for (row,) in connection.exec_driver_sql("SELECT row FROM warmline.post_rows ORDER BY row")]
        personal = _personal(size, rows, run.fence, lists.list_length)
        writer.publish_lists(personal, phase=Phase.NEUCF, job="score", run=run.fence)
        writer.write_phase(change_phase(database, Phase.NEUCF, rollout_percent=ROLLOUT, by="benchmark"))
    finally:
        writer.close()
        database.close()


def rank(database: Database, writer: JobStore, lists: ListSettings) -> Run:
    """One run of the heuristic."""
    job = JobSettings(window=WindowSettings(), lists=lists, formula=HeuristicSettings(), new_posts=NewPostSettings())
    request_run(database, JOB, by="benchmark")
    run = claim_run(database, JOB, worker="benchmark")
    assert run is not None
    finish_run(database, run, report=run_heuristic(database, writer, job, run, datetime.now(UTC)))
    return run


def _fill(size: WorldSize, database_url: str) -> None:
    rng, now = random.Random(size.seed), datetime.now(UTC)  # noqa: S311 - repeatable
    users, posts, authors = size.user_ids, size.post_ids, size.author_ids
    busy = authors[: int(BUSY_AUTHORS * len(authors))]
    connection = psycopg2.connect(database_url)
    try:
        with connection, connection.cursor() as cursor:
            people = [(user, now) for user in (*users, *authors)]
            execute_values(cursor, "INSERT INTO warmline.users (id, created_at) VALUES %s", people)
            written = [
                (post, rng.choice(busy if rng.random() < 0.5 else authors), f"caption of {post}", _born(rng, now))
                for post in posts
            ]
            execute_values(cursor, "INSERT INTO warmline.posts (id, author_id, caption, created_at) VALUES %s", written)
            blocks = {(user, rng.choice(authors)) for user in users for _ in range(BLOCKS)}
            execute_values(cursor, "INSERT INTO warmline.blocks (user_id, blocked_user_id) VALUES %s", sorted(blocks))
            execute_values(
                cursor, "INSERT INTO warmline.interactions (user_id, post_id, kind, created_at) VALUES %s"
                " ON CONFLICT DO NOTHING", list(_events(rng, users, posts, now)), page_size=5_000,
            )  # fmt: skip
    finally:
        connection.close()


def _born(rng: random.Random, now: datetime) -> datetime:
    days = rng.uniform(0, 1) if rng.random() < FRESH else rng.uniform(1, 13)
    return now - timedelta(minutes=days * MINUTES_PER_DAY)


def _events(rng: random.Random, users: Sequence[str], posts: Sequence[str], now: datetime) -> Iterator[Row]:
    """Few posts are met by many, as it is everywhere."""
    for kind, count in (("view", VIEWS), ("like", LIKES), ("hide", HIDES)):
        for user in users:
            for _ in range(count):
                post = posts[int(rng.random() ** 3 * len(posts))]
                yield user, post, kind, now - timedelta(minutes=rng.uniform(1, MINUTES_PER_DAY))


def _personal(size: WorldSize, rows: Sequence[int], run: int, length: int) -> Iterator[tuple[str, bytes]]:
    """Lists of the second phase, another one for each user."""
    rng, now = random.Random(size.seed), datetime.now(UTC)  # noqa: S311 - repeatable
    for user in size.user_ids:
        entries = b"".join(pack_entry(row, Reason.FOR_YOU, 0.5) for row in rng.sample(rows, length))
        yield user, encode(RankedList(source=Source.NEUCF, generation=run, generated_at=now, entries=entries))
