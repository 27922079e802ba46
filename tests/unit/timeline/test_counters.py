"""The counters, as Prometheus reads them."""

from prometheus_client import CollectorRegistry, generate_latest

from timeline.counters import RequestCounters
from timeline.shared_cells import SharedCells


def tally_of(*buckets: float, cells: SharedCells | None = None, index: int = 0) -> RequestCounters:
    cells = cells or SharedCells(1)
    return RequestCounters(buckets, sources=("neucf", "none"), statuses=("200", "401"), cells=cells, index=index)


def _lines(tally: RequestCounters) -> list[str]:
    registry = CollectorRegistry()
    registry.register(tally)
    return [line for line in generate_latest(registry).decode().splitlines() if not line.startswith("#")]


def test_requests_are_counted_by_source_and_status() -> None:
    tally = tally_of(0.1)
    for source, status in (("neucf", "200"), ("neucf", "200"), ("none", "401")):
        tally.request(source, status, 0.05)
    lines = _lines(tally)
    assert 'warmline_timeline_requests_total{source="neucf",status="200"} 2.0' in lines
    assert 'warmline_timeline_requests_total{source="none",status="401"} 1.0' in lines


def test_a_bucket_counts_all_that_took_no_longer() -> None:
    tally = tally_of(0.1, 0.2)
    for seconds in (0.05, 0.1, 0.15, 0.2, 9.0):
        tally.request("neucf", "200", seconds)
    assert [line for line in _lines(tally) if "request_seconds" in line] == [
        'warmline_timeline_request_seconds_bucket{le="0.1"} 2.0',
        'warmline_timeline_request_seconds_bucket{le="0.2"} 4.0',
        'warmline_timeline_request_seconds_bucket{le="+Inf"} 5.0',
        "warmline_timeline_request_seconds_count 5.0",
        "warmline_timeline_request_seconds_sum 9.5",
    ]


def test_new_posts_are_counted() -> None:
    tally = tally_of(0.1)
    tally.new_posts(3)
    assert "warmline_new_post_slots_filled_total 3.0" in _lines(tally)


def test_each_process_returns_the_sum_of_all() -> None:
    cells = SharedCells(2)
    tallies = [tally_of(0.1, cells=cells, index=index) for index in range(2)]
    for index, tally in enumerate(tallies):
        for _ in range(index + 1):
            tally.request("neucf", "200", 0.05)
        tally.degraded("redis", 1.5)
    for tally in tallies:
        assert 'warmline_timeline_requests_total{source="neucf",status="200"} 3.0' in _lines(tally)
        assert 'warmline_degraded_seconds_total{store="redis"} 3.0' in _lines(tally)


def test_a_restarted_process_continues_the_counts() -> None:
    cells = SharedCells(2)
    for _ in range(2):
        tally_of(0.1, cells=cells, index=1).expired_cursor()
    assert "warmline_expired_cursors_total 2.0" in _lines(tally_of(0.1, cells=cells))
