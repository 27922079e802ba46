"""`python -m benchmarks.capacity`: checks the bytes that an installation predicts for larger worlds by building these.

One is ten times as large, two have other shapes. Seconds are not checked: `warmline capacity` multiplies those of the
last real run by the growth.
"""

import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.databases import migrated_database, open_database
from benchmarks.figures import Bound, Result, Row, at_most, parser, refusals, report
from benchmarks.jobs import heuristic_run
from benchmarks.world.fill import fill_own_tables
from benchmarks.world.shape import Size, make_world
from benchmarks.world.vectors import Encoding, fill_vectors
from demo.embedded import Servers, embedded_servers
from shared.content.encode_posts import build_encoders
from shared.content.settings import ContentSettings
from shared.db.sizes import read_stored_amounts
from shared.db.vectors import ContentKind
from shared.ranked_lists.key_sizes import read_memory_use
from shared.settings import ListSettings, RetentionSettings
from warmline.commands.capacity.command import Capacity, predict
from warmline.stores import OpenStores

DEMO = Size(users=1_248, posts=1_682, interactions=155_375, blocks=144, days=13.9)
QUICK = Size(users=1_000, posts=1_500, interactions=30_000, blocks=100, days=13.9)
TIMES = 10
LARGER = {  # times the users, posts and interactions
    "ten times that": (TIMES, TIMES, TIMES),
    "five times the posts": (1, 5, 2),
    "five times the users": (5, 1, 2),
}
HERE = "small world"
MOST_OFF = 0.2
REDIS, POSTGRES = "Redis", "PostgreSQL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """Predicted and measured bytes of one world, by part."""

    world: str
    predicted: Mapping[str, float]
    found: Mapping[str, float]

    def ratio(self, what: str) -> float:
        """Predicted divided by measured bytes."""
        return self.predicted[what] / self.found[what]


def main(arguments: list[str] | None = None) -> int:
    """Run the benchmark; returns the exit code."""
    given = parser("capacity", __doc__).parse_args(arguments)
    size = QUICK if given.quick else DEMO
    with (
        refusals("capacity"),
        tempfile.TemporaryDirectory(prefix="warmline-capacity-") as home,
        embedded_servers(Path(home), durable=False) as servers,
    ):
        worlds = measure(servers, size, seed=given.seed)
        result = Result(
            title=f"{size}, and what it predicts",
            ratio="predicted ÷ found",
            rows=rows_of(worlds),
            bounds=bounds_of(worlds),
            notes={"seed": str(given.seed)},
        )
        return report(result, given.json)


def measure(servers: Servers, size: Size, *, seed: int) -> list[Figures]:
    """Measure the small world, and the others with the predictions of the small one's installation."""
    larger = {name: _times(size, *times) for name, times in LARGER.items()}
    with migrated_database(servers.database_url) as url:
        found = _built(servers, url, size, seed)
        database = open_database(url, redis_url=servers.redis_url)
        stores = OpenStores(database=database, redis_url=servers.redis_url)
        capacities = {
            name: predict(
                stores,
                ListSettings(),
                RetentionSettings(),
                users=other.users,
                posts=other.posts,
                interactions=other.interactions,
            )
            for name, other in larger.items()
        }
        database.close()
    of_here = {check.what: check.predicted for check in next(iter(capacities.values())).checks}
    worlds = [Figures(world=HERE, predicted=of_here, found=found)]
    for name, other in larger.items():
        with migrated_database(servers.database_url) as url:
            found = _built(servers, url, other, seed)
            worlds.append(Figures(world=name, predicted=_of_there(capacities[name]), found=found))
    return worlds


def rows_of(worlds: Sequence[Figures]) -> list[Row]:
    """Predicted and found; a ratio is predicted ÷ found."""
    rows = list[Row]()
    for figures in worlds:
        for what, predicted in figures.predicted.items():
            name, unit = f"{what}, {figures.world}", "bytes"
            rows += [
                Row(system=name, metric="found", value=figures.found[what], unit=unit),
                Row(system=name, metric="predicted", value=predicted, unit=unit, ratio=figures.ratio(what)),
            ]
    return rows


def bounds_of(worlds: Sequence[Figures]) -> list[Bound]:
    """The largest relative error of each prediction, in both directions."""
    return [
        at_most(f"{what}, {figures.world}, off by", abs(figures.ratio(what) - 1), MOST_OFF)
        for figures in worlds
        for what in (REDIS, POSTGRES)
        if what in figures.predicted
    ]


def _of_there(capacity: Capacity) -> dict[str, float]:
    neucf = capacity.redis["lists, neucf"]  # nothing is scored here
    return {
        REDIS: float(sum(capacity.redis.values()) - neucf),
        POSTGRES: float(sum(capacity.postgres.values())),
    }


def _built(servers: Servers, url: str, size: Size, seed: int) -> dict[str, float]:
    """Fill, encode and rank; returns the measured capacity."""
    now = datetime.now(UTC)
    world = make_world(size, seed=seed, now=now)
    fill_own_tables(url, world)
    fill_vectors(url, world, _encodings())
    database = open_database(url, redis_url=servers.redis_url)
    try:
        heuristic_run(database, servers.redis_url, now)
        return {
            REDIS: float(read_memory_use(servers.redis_url).by_keys),
            POSTGRES: float(read_stored_amounts(database).bytes),
        }
    finally:
        database.close()


def _encodings() -> list[Encoding]:
    """The current encoders."""
    encoders = build_encoders(ContentSettings())
    cards = ((ContentKind.IMAGE, encoders.image.card), (ContentKind.CAPTION, encoders.caption.card))
    return [Encoding(part=part, encoder=card.identity, width=card.width) for part, card in cards]


def _times(size: Size, users: int, posts: int, interactions: int) -> Size:
    return Size(
        users=users * size.users, posts=posts * size.posts, interactions=interactions * size.interactions,
        blocks=users * size.blocks, days=size.days,
    )  # fmt: skip


if __name__ == "__main__":
    sys.exit(main())
