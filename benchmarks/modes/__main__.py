"""`python -m benchmarks.modes`: milliseconds of first and later pages of each mode, by turns; then bytes in Redis.

The world is that of `benchmarks.serve`; each user follows 150 of the authors, and each post has three of many tags.
"""

import random
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import psycopg2
import redis
from psycopg2.extras import execute_values

from benchmarks import figures
from benchmarks.figures import Result, Row
from benchmarks.memory.measure import Held
from benchmarks.memory.measure import measure as measure_memory
from benchmarks.serve import servers
from benchmarks.serve.asking import Pages
from benchmarks.serve.client import Timing, ask
from benchmarks.serve.servers import API_KEY, Served
from benchmarks.serve.world import WorldSize, build, rank
from benchmarks.turns import in_turn
from demo.embedded import Servers, embedded_servers
from shared.db.engine import Database
from shared.db.migrate import migrate
from shared.ranked_lists.job_store import JobStore
from shared.settings import ListSettings, StoreSettings

FOLLOWS, TAGS, TAGS_OF_POST = 150, 3_000, 3
COMMON, RARE = "tag 0", "tag 2900"
UNREAD, READ = "following, not read for a minute", "following, read within a minute"
QUERIES = {
    "for_you": "", "for_you, named": "&mode=for_you",  # the second one goes through the framework, as all that follow
    UNREAD: "&mode=following", READ: "&mode=following", "latest": "&mode=latest",
    "explore": "&mode=explore",
    "explore, a common tag": f"&mode=explore&tag={COMMON.replace(' ', '+')}",
    "explore, a rare tag": f"&mode=explore&tag={RARE.replace(' ', '+')}",
    "latest, a common tag": f"&mode=latest&tag={COMMON.replace(' ', '+')}",
}  # fmt: skip
KINDS = ("posts by author", "lists of tags", "followed authors")


@dataclass(slots=True, kw_only=True)
class Measured:
    """Seconds of the pages of one mode."""

    system: str
    first: list[float] = field(default_factory=list)
    later: list[float] = field(default_factory=list)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the benchmark; it holds no bound."""
    parser = figures.parser("modes", __doc__)
    parser.add_argument("--rounds", type=figures.count, default=5)
    given = parser.parse_args(arguments)
    size = WorldSize(seed=given.seed)
    if given.quick:
        size = replace(size, users=200, posts=2_000, authors=200)
    with (
        figures.refusals("modes"),
        tempfile.TemporaryDirectory(prefix="warmline-modes-") as home,
        embedded_servers(Path(home) / "servers", durable=False) as stores,
    ):
        _fill(size, stores)
        with servers.timeline(Path(home), database_url=stores.database_url, redis_url=stores.redis_url) as timeline:
            found = [Measured(system=mode) for mode in QUERIES]
            for _, one in in_turn(found, rounds=given.rounds):
                if one.system in (UNREAD, READ):
                    _forget_followed(stores.redis_url)
                if one.system == READ:
                    _ask(timeline, Measured(system=READ), size.user_ids)
                _ask(timeline, one, size.user_ids)
        held = measure_memory(stores.redis_url)
        return figures.report(
            Result(
                title=f"{size.users:,} users follow {FOLLOWS} of {size.authors} authors; one request at a time",
                ratio="p50 to that of for_you", rows=[*_rows(found), *_bytes(held)], bounds=[],
                notes={"seed": str(given.seed)},
            ), given.json,
        )  # fmt: skip


def _fill(size: WorldSize, stores: Servers) -> None:
    lists = ListSettings()
    database = Database(
        StoreSettings.model_validate({"database_url": stores.database_url, "redis_url": stores.redis_url})
    )
    writer = JobStore(stores.redis_url, keep_for=lists.keep_for, chain_for=lists.chain_for)
    try:
        migrate(database)
        build(size, database_url=stores.database_url, redis_url=stores.redis_url)
        _follow_and_tag(size, stores.database_url)
        rank(database, writer, lists)
    finally:
        writer.close()
        database.close()


def _follow_and_tag(size: WorldSize, database_url: str) -> None:
    rng = random.Random(size.seed)  # noqa: S311 - repeatable
    follows = [
        (user, author)
        for user in size.user_ids
        for author in rng.sample(size.author_ids, min(FOLLOWS, len(size.author_ids)))
    ]
    tags = [(post, [f"tag {int(TAGS * rng.random() ** 3)}" for _ in range(TAGS_OF_POST)]) for post in size.post_ids]
    connection = psycopg2.connect(database_url)
    try:
        with connection, connection.cursor() as cursor:
            execute_values(
                cursor, "INSERT INTO warmline.follows (user_id, author_id) VALUES %s", follows, page_size=5_000
            )
            execute_values(
                cursor, "UPDATE warmline.posts SET tags = t.tags FROM (VALUES %s) AS t(id, tags) WHERE posts.id = t.id",
                tags, page_size=5_000,
            )  # fmt: skip
    finally:
        connection.close()


def _forget_followed(redis_url: str) -> None:
    client = redis.Redis.from_url(redis_url)
    if names := client.keys("wl:follow:*"):
        client.delete(*names)
    client.close()


def _ask(timeline: Served, one: Measured, users: Sequence[str]) -> None:
    """A first page of each user, and the one after it where there is one."""
    tokens = dict.fromkeys(users, API_KEY)
    first = Pages(users=users, tokens=tokens, left=len(users), query=QUERIES[one.system])
    one.first += _seconds(ask(timeline.port, first, connections=1))
    numbers = sorted(first.given)
    later = Pages(
        users=[users[number] for number in numbers], tokens=tokens, left=len(numbers),
        cursors=dict(enumerate(first.given[number] for number in numbers)),
    )  # fmt: skip
    one.later += _seconds(ask(timeline.port, later, connections=1))


def _seconds(timing: Timing) -> list[float]:
    return timing.seconds


def _rows(found: Sequence[Measured]) -> Iterator[Row]:
    for one in found:
        for name, seconds, base in (
            ("first page", one.first, found[0].first),
            ("later page", one.later, found[0].later),
        ):
            if seconds:
                p50, p99 = _quantile(seconds, 0.5), _quantile(seconds, 0.99)
                ratio = p50 / _quantile(base, 0.5)
                yield Row(system=one.system, metric=f"{name}, p50", value=1e3 * p50, unit="ms", ratio=ratio)
                yield Row(system=one.system, metric=f"{name}, p99", value=1e3 * p99, unit="ms")


def _quantile(seconds: Sequence[float], share: float) -> float:
    return Timing(seconds=list(seconds)).quantile(share)


def _bytes(held: Held) -> Iterator[Row]:
    for kind in KINDS:
        yield Row(system="Redis", metric=f"{kind}, keys", value=held.count[kind], unit="")
        yield Row(system="Redis", metric=f"{kind}, each", value=held.per_key(kind), unit="bytes")


if __name__ == "__main__":
    sys.exit(main())
