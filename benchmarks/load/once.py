"""`python -m benchmarks.load.once SYSTEM ROWS`: one load in a process of its own; says seconds, rows, and memory.

WARMLINE_DATABASE_URL and WARMLINE_SOURCE_SCHEMA say from where.
"""

import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import numpy as np
import psycopg2

from benchmarks.child import write_record
from benchmarks.resident import MIB, forget_peak, peak_rss
from shared.db.bulk import load_block_pairs, load_post_lives
from shared.db.bulk_events import load_events
from shared.db.engine import Database
from shared.db.relations import check_relations
from shared.settings import StoreSettings, load_settings

DAYS = 730  # as far back as training reads
OURS, PLAIN = "ours", "plain"


def ours(settings: StoreSettings, _rows: int) -> int:
    """As `s02_train_neucf.data.load` reads: posts, events and blocks, in one snapshot; the vectors are left out."""
    database, now = Database(settings), datetime.now(UTC)
    with database.read() as snapshot:
        check_relations(database, snapshot)
        posts = load_post_lives(snapshot, now=now)
        events = load_events(snapshot, since=now - timedelta(days=DAYS), now=now)
        blocks = load_block_pairs(snapshot)
    database.close()
    assert len(posts)
    assert len(blocks)
    return len(events)


def plain(settings: StoreSettings, rows: int) -> int:
    """As one writes it first: fetch everything, number the ids with dictionaries, make arrays."""
    connection = psycopg2.connect(settings.database_url.get_secret_value().replace("+psycopg2", "", 1))
    with connection, connection.cursor() as cursor:
        cursor.execute("SELECT user_id, post_id, kind, created_at FROM warmline.interactions LIMIT %s", (rows,))
        found = cursor.fetchall()
    connection.close()
    users: dict[str, int] = {}
    posts: dict[str, int] = {}
    kinds: dict[str, int] = {}
    columns = (
        np.array([users.setdefault(row[0], len(users)) for row in found]),
        np.array([posts.setdefault(row[1], len(posts)) for row in found]),
        np.array([kinds.setdefault(row[2], len(kinds)) for row in found]),
        np.array([row[3].timestamp() for row in found]),
    )
    return len(columns[0])


SYSTEMS: dict[str, Callable[[StoreSettings, int], int]] = {OURS: ours, PLAIN: plain}


def main(arguments: list[str]) -> None:
    """Load once."""
    system, rows = arguments
    settings = load_settings(StoreSettings)
    forget_peak()
    begun = time.perf_counter()
    loaded = SYSTEMS[system](settings, int(rows))
    write_record({"seconds": time.perf_counter() - begun, "rows": loaded, "peak MiB": peak_rss() / MIB})


if __name__ == "__main__":
    main(sys.argv[1:])
