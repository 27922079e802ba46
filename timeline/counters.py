"""Counters of pages as plain numbers; those of the Prometheus library cost three times as much, since they lock.

Each process counts in its own row of the memory that all share (`timeline.shared_cells`), on the event loop's thread
alone. The process that Prometheus asks returns the sums.
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
    """Requests by source and status, their seconds, and the other counters of pages and of the background refresh."""

    def __init__(
        self,
        buckets: Sequence[float],
        *,
        sources: Sequence[str],
        statuses: Sequence[str],
        cells: SharedCells,
        index: int,
        surfaces: Sequence[str] = (),
    ) -> None:
        """
        Args:
            buckets: upper bounds of the histogram of seconds, ascending; an unbounded one is added.
            sources: all values of the label.
            statuses: all values of the label.
            cells: the memory that all processes share.
            index: of this process.
            surfaces: all values of the label of requests that are no timeline's.
        """
        self._ends, self._cells, self._row = tuple(buckets), cells, cells.counters(index)
        self._answers = {pair: cell for cell, pair in enumerate(product(sources, statuses))}
        self._first_bucket = len(self._answers)
        self._seconds = self._first_bucket + len(self._ends) + 1
        self._new_posts, self._expired, self._overtaken = range(self._seconds + 1, self._seconds + 4)
        self._degraded = {store: self._overtaken + 1 + cell for cell, store in enumerate(STORES)}
        first, n_cells = self._overtaken + 1 + len(STORES), len(statuses) + len(self._ends) + 2
        self._surfaces = {surface: first + n_cells * index for index, surface in enumerate(surfaces)}
        self._statuses = {status: cell for cell, status in enumerate(statuses)}
        self.end = first + n_cells * len(surfaces)  # the first cell that is free

    def request(self, source: str, status: str, seconds: float) -> None:
        """A request was answered."""
        row = self._row
        row[self._answers[source, status]] += 1
        row[self._first_bucket + bisect_left(self._ends, seconds)] += 1
        row[self._seconds] += seconds

    def surface(self, surface: str, status: str, seconds: float) -> None:
        """A request of another surface was answered. Its cells: one for each status, the buckets, and the seconds."""
        row, first = self._row, self._surfaces[surface]
        buckets = first + len(self._statuses)
        row[first + self._statuses[status]] += 1
        row[buckets + bisect_left(self._ends, seconds)] += 1
        row[buckets + len(self._ends) + 1] += seconds

    def new_posts(self, count: int) -> None:
        """Posts were served in reserved slots."""
        self._row[self._new_posts] += count

    def expired_cursor(self) -> None:
        """A cursor's chain was gone."""
        self._row[self._expired] += 1

    def overtaken(self) -> None:
        """A page was computed again."""
        self._row[self._overtaken] += 1

    def degraded(self, store: str, seconds: float) -> None:
        """A store was away for this time."""
        self._row[self._degraded[store]] += seconds

    def collect(self) -> Iterator[Metric]:
        """The sums of all processes."""
        sums = self._cells.sums()
        requests = CounterMetricFamily("warmline_timeline_requests", "timeline requests", labels=("source", "status"))
        for pair, cell in sorted(self._answers.items()):
            if sums[cell]:
                requests.add_metric(pair, sums[cell])
        yield requests
        ends = [*map(floatToGoString, self._ends), "+Inf"]
        buckets = accumulate(sums[self._first_bucket : self._seconds])
        seconds = HistogramMetricFamily("warmline_timeline_request_seconds", "from request to answer")
        seconds.add_metric((), list(zip(ends, buckets, strict=True)), sums[self._seconds])
        yield seconds
        for name, says, cell in (
            ("warmline_new_post_slots_filled", "posts served in reserved slots", self._new_posts),
            ("warmline_expired_cursors", "cursors whose chain was gone", self._expired),
            ("warmline_overtaken_pages", "pages worked out again, for another request was quicker", self._overtaken),
        ):
            yield CounterMetricFamily(name, says, value=sums[cell])
        yield from self._of_surfaces(sums, ends)
        degraded = CounterMetricFamily("warmline_degraded_seconds", "time without a store", labels=("store",))
        for store, cell in self._degraded.items():
            degraded.add_metric((store,), sums[cell])
        yield degraded

    def _of_surfaces(self, sums: Sequence[float], ends: Sequence[str]) -> Iterator[Metric]:
        requests = CounterMetricFamily(
            "warmline_surface_requests", "requests of other surfaces", labels=("surface", "status")
        )
        seconds = HistogramMetricFamily(
            "warmline_surface_request_seconds", "from request to answer", labels=("surface",)
        )
        for surface, first in self._surfaces.items():
            for status, cell in self._statuses.items():
                if sums[first + cell]:
                    requests.add_metric((surface, status), sums[first + cell])
            start = first + len(self._statuses)
            buckets = accumulate(sums[start : start + len(ends)])
            seconds.add_metric((surface,), list(zip(ends, buckets, strict=True)), sums[start + len(ends)])
        yield requests
        yield seconds


class RecommendCounters(Collector):
    """Recommendations by source, their seconds, and the requests that no ranker answered."""

    def __init__(
        self,
        buckets: Sequence[float],
        *,
        sources: Sequence[str],
        reasons: Sequence[str],
        cells: SharedCells,
        index: int,
        first: int,
    ) -> None:
        """
        Args:
            buckets: upper bounds of the histogram of seconds, ascending; an unbounded one is added.
            sources: all values of the label.
            reasons: why no ranker answered, all values of the label.
            cells: the memory that all processes share.
            index: of this process.
            first: the first cell of its row that is free.
        """
        self._ends, self._cells, self._row = tuple(buckets), cells, cells.counters(index)
        self._sources = {source: first + cell for cell, source in enumerate(sources)}
        self._first_bucket = first + len(sources)
        self._seconds = self._first_bucket + len(self._ends) + 1
        self._asked = self._seconds + 1
        self._reasons = {reason: self._asked + 1 + cell for cell, reason in enumerate(reasons)}
        self._refused = self._asked + 1 + len(reasons)

    def answered(self, source: str, seconds: float) -> None:
        """A request was answered."""
        self._row[self._sources[source]] += 1
        self._row[self._first_bucket + bisect_left(self._ends, seconds)] += 1
        self._row[self._seconds] += seconds

    def asked(self) -> None:
        """A ranker was to be asked."""
        self._row[self._asked] += 1

    def unanswered(self, reason: str) -> None:
        """No ranker answered."""
        self._row[self._reasons[reason]] += 1

    def refused(self) -> None:
        """There were too many requests."""
        self._row[self._refused] += 1

    def collect(self) -> Iterator[Metric]:
        """The sums of all processes."""
        sums = self._cells.sums()
        answered = CounterMetricFamily("warmline_recommendations", "answers", labels=("source",))
        for source, cell in self._sources.items():
            answered.add_metric((source,), sums[cell])
        yield answered
        ends = [*map(floatToGoString, self._ends), "+Inf"]
        buckets = accumulate(sums[self._first_bucket : self._seconds])
        seconds = HistogramMetricFamily("warmline_recommendation_seconds", "from request to answer")
        seconds.add_metric((), list(zip(ends, buckets, strict=True)), sums[self._seconds])
        yield seconds
        yield CounterMetricFamily("warmline_recommendations_asked", "requests for a ranker", value=sums[self._asked])
        unanswered = CounterMetricFamily(
            "warmline_recommendations_unanswered", "requests that no ranker answered", labels=("reason",)
        )
        for reason, cell in self._reasons.items():
            unanswered.add_metric((reason,), sums[cell])
        yield unanswered
        yield CounterMetricFamily(
            "warmline_recommendations_refused", "requests beyond the rate", value=sums[self._refused]
        )
