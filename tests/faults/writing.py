"""`python -m tests.faults.writing REDIS_URL RUN ROWS…`: publish 3,000 lists of the second phase, as its scorer does."""

import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from shared.domain import Phase, Reason, Source
from shared.ranked_lists.codec import RankedList, encode, pack_entry
from shared.ranked_lists.publish import ListWriter

USERS = tuple(f"reader{number}" for number in range(3_000))


def encoded(rows: list[int], run: int) -> Iterator[tuple[str, bytes]]:
    """A list for each user; a generation begins with a row of its own, so that halves of two would show."""
    turned = rows[run % len(rows) :] + rows[: run % len(rows)]
    entries = b"".join(pack_entry(row, Reason.FOR_YOU, 0.5) for row in turned)
    ranked = RankedList(source=Source.NEUCF, generation=run, generated_at=datetime.now(UTC), entries=entries)
    value = encode(ranked)
    return ((user, value) for user in USERS)


def main() -> None:
    """Publish, over and over, until killed."""
    url, run, rows = sys.argv[1], int(sys.argv[2]), [int(row) for row in sys.argv[3:]]
    writer = ListWriter(url, keep_for=timedelta(hours=72))
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    while True:
        writer.publish_lists(encoded(rows, run), phase=Phase.NEUCF, job="score", run=run)
        run += 1


if __name__ == "__main__":
    main()
