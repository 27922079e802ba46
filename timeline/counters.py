"""What is counted of pages, as plain numbers; Prometheus' own counters cost three times as much, for they lock.

Each process counts in a row of its own of what all have in common (`timeline.shared_cells`), on the event loop's thread
alone; whichever is asked by Prometheus gives the sums as families.
"""

from bisect import bisect_left
from collections.abc import Iterator, Sequence
from itertools import accumulate, product

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString

from timeline.shared_cells import SharedCells

STORES = ("redis", "postgresql")


class RequestCounters(Collector):
    """Requests by source and status, their seconds, and what else a page or the keeper counts."""

    def __init__(
        self,
        buckets: Sequence[float],
        *,
        sources: Sequence[str],
        statuses: Sequence[str],
        cells: SharedCells,
        index: int,
    ) -> None:
        """
        Args:
            buckets: upper ends of the histogram of seconds, ascending; a last one without an end is added.
            sources: all that there are.
            statuses: all that there are.
            cells: where all processes count.
            place: of this one.
        """
        self._ends, self._cells, self._row = tuple(buckets), cells, cells.row(index)
        self._answers = {pair: at for at, pair in enumerate(product(sources, statuses))}
        self._first_bucket = len(self._answers)
        self._seconds = self._first_bucket + len(self._ends) + 1
        self._new_posts, self._expired, self._overtaken = range(self._seconds + 1, self._seconds + 4)
        self._degraded = {store: self._overtaken + 1 + at for at, store in enumerate(STORES)}

    def request(self, source: str, status: str, seconds: float) -> None:
        """A request was answered."""
        row = self._row
        row[self._answers[source, status]] += 1
        row[self._first_bucket + bisect_left(self._ends, seconds)] += 1
        row[self._seconds] += seconds

    def new_posts(self, count: int) -> None:
        """So many were served in reserved slots."""
        self._row[self._new_posts] += count

    def expired_cursor(self) -> None:
        """A cursor's chain was gone."""
        self._row[self._expired] += 1

    def overtaken(self) -> None:
        """A page was worked out again."""
        self._row[self._overtaken] += 1

    def degraded(self, store: str, seconds: float) -> None:
        """This store was away for so long."""
        self._row[self._degraded[store]] += seconds

    def collect(self) -> Iterator[Metric]:
        """What all processes have counted so far."""
        sums = self._cells.sums()
        requests = CounterMetricFamily("warmline_timeline_requests", "timeline requests", labels=("source", "status"))
        for pair, at in sorted(self._answers.items()):
            if sums[at]:
                requests.add_metric(pair, sums[at])
        yield requests
        ends = [*map(floatToGoString, self._ends), "+Inf"]
        buckets = accumulate(sums[self._first_bucket : self._seconds])
        seconds = HistogramMetricFamily("warmline_timeline_request_seconds", "from request to answer")
        seconds.add_metric((), list(zip(ends, buckets, strict=True)), sums[self._seconds])
        yield seconds
        for name, says, at in (
            ("warmline_new_post_slots_filled", "posts served in reserved slots", self._new_posts),
            ("warmline_expired_cursors", "cursors whose chain was gone", self._expired),
            ("warmline_overtaken_pages", "pages worked out again, for another request was quicker", self._overtaken),
        ):
            yield CounterMetricFamily(name, says, value=sums[at])
        degraded = CounterMetricFamily("warmline_degraded_seconds", "time without a store", labels=("store",))
        for store, at in self._degraded.items():
            degraded.add_metric((store,), sums[at])
        yield degraded
