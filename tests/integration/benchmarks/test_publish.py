"""The publish benchmark: the bare pipeline writes exactly what a publication left, and both are timed."""

import redis

from benchmarks.publish.__main__ import BARE, PUBLISH, bounds_of, measure, rows_of
from benchmarks.publish.bare import BarePipeline
from benchmarks.world.shape import Size
from demo.embedded import Servers
from shared.domain import Phase
from shared.ranked_lists.job_store import LEAST_VERSION, JobStore
from shared.ranked_lists.records import CatalogueEntry
from tests.stores import KEEP_FOR

SIZE = Size(users=300, posts=120, interactions=1_500, blocks=100, days=13.9, topics=8)


def test_the_bare_pipeline_writes_the_same_bytes(fresh_redis: str, client: redis.Redis) -> None:
    writer = JobStore(fresh_redis, keep_for=KEEP_FOR)
    writer.publish_catalogue(CatalogueEntry(post_number=row, post_id=f"p{row}", author=row) for row in range(600))
    writer.publish_lists(((f"u{n}", b"list" * n) for n in range(700)), phase=Phase.HEURISTIC, job="heuristic", run=1)
    writer.publish_viewers((f"u{n}", bytes(20)) for n in range(700))
    writer.add_deleted([4, 5], version=LEAST_VERSION)
    writer.close()
    before = _dump(client)
    pipeline = BarePipeline(fresh_redis)
    written = pipeline.read()
    client.flushdb()
    pipeline.write(written)
    pipeline.close()
    assert _dump(client) == before
    assert written.bytes > sum(4 * n for n in range(700))


def test_a_measurement_has_a_list_for_everybody_and_a_ratio(embedded: Servers, fresh_redis: str) -> None:
    measured = measure(embedded, SIZE, seed=1, rounds=2)
    assert measured.lists == SIZE.users
    rows = {(row.system, row.metric): row for row in rows_of(measured)}
    assert rows[BARE, "rate"].ratio is None
    ratio = rows[PUBLISH, "rate"].ratio
    assert ratio is not None
    assert [bound.got for bound in bounds_of(measured, quick=True, share=0.003)] == [ratio]


def _dump(client: redis.Redis) -> dict[bytes, object]:
    reads = {b"string": client.get, b"hash": client.hgetall, b"set": client.smembers}
    return {
        name: reads[kind](name) if (kind := client.type(name)) in reads else client.zrange(name, 0, -1, withscores=True)
        for name in client.scan_iter("*")
    }
