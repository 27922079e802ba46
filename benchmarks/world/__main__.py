"""`python -m benchmarks.world`: fills the schema `warmline` with a synthetic world, or an app's tables with views.

Where: WARMLINE_DATABASE_URL, migrated before. What was in the tables is replaced.
"""

import argparse
import sys
import time
from datetime import UTC, datetime

from benchmarks.figures import Result, Row, count, parser, refusals, report
from benchmarks.resident import MIB, peak_rss
from benchmarks.world.fill import APP, VIEWS, fill_app_tables, fill_own_tables
from benchmarks.world.shape import Size, make_world
from shared.db.engine import Database
from shared.db.migrate import check_migrated
from shared.settings import StoreSettings, load_settings


def main(arguments: list[str] | None = None) -> int:
    """Make and write a world; returns the exit code."""
    given = _parser().parse_args(arguments)
    with refusals("world"):
        size = Size(
            users=given.users, posts=given.posts, interactions=given.interactions, blocks=given.blocks, days=given.days
        )
        stores = load_settings(StoreSettings)
        database = Database(stores)
        check_migrated(database)
        database.close()
        begun = time.perf_counter()
        world = make_world(size, seed=given.seed, now=datetime.now(UTC))
        fill = fill_app_tables if given.views else fill_own_tables
        url = stores.database_url.get_secret_value().replace("+psycopg2", "", 1)
        filled = fill(url, world, indexes=not given.no_indexes)
        seconds = time.perf_counter() - begun
        system = f"schema {APP}, views in {VIEWS}" if given.views else "schema warmline"
        rows = [
            Row(system=system, metric="rows", value=filled.total, unit="rows"),
            Row(system=system, metric="time", value=seconds, unit="s"),
            Row(system=system, metric="rate", value=filled.total / seconds, unit="rows/s"),
            Row(system=system, metric="peak RSS", value=peak_rss() / MIB, unit="MiB"),
        ]
        return report(Result(title=str(size), rows=rows, notes={"seed": str(given.seed)}), given.json)


def _parser() -> argparse.ArgumentParser:
    made = parser("world", __doc__)
    made.add_argument("--users", type=count, default=10_000, help="users (10,000)")
    made.add_argument("--posts", type=count, default=10_000, help="posts (10,000)")
    made.add_argument("--interactions", type=count, default=200_000, help="interactions (200,000)")
    made.add_argument("--blocks", type=count, default=500, help="blocks (500)")
    made.add_argument("--days", type=float, default=90.0, help="days over which the posts were made (90)")
    made.add_argument("--views", action="store_true", help="an app's tables with UUIDs, and the four views over them")
    made.add_argument("--no-indexes", action="store_true", help="leave out the indexes of the interactions")
    return made


if __name__ == "__main__":
    sys.exit(main())
