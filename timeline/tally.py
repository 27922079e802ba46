"""What every page counts, as plain numbers; Prometheus' own counters cost three times as much, for they lock.

Only the event loop's thread counts here, and only when Prometheus asks does it become families.
"""

from bisect import bisect_left
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import accumulate

from prometheus_client.core import CounterMetricFamily, HistogramMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from prometheus_client.utils import floatToGoString


class Tally(Collector):
    """Requests by source and status, their seconds, and the new posts that were served."""

    def __init__(self, buckets: Sequence[float]) -> None:
        """
        Args:
            buckets: upper ends of the histogram of seconds, ascending; a last one without an end is added.
        """
        self._ends = tuple(buckets)
        self._answers: Counter[tuple[str, str]] = Counter()
        self._in_bucket = [0] * (len(self._ends) + 1)
        self._seconds = 0.0
        self.new_posts = 0

    def request(self, source: str, status: str, seconds: float) -> None:
        """A request was answered."""
        self._answers[source, status] += 1
        self._in_bucket[bisect_left(self._ends, seconds)] += 1
        self._seconds += seconds

    def collect(self) -> Iterator[Metric]:
        """What was counted so far."""
        requests = CounterMetricFamily("warmline_timeline_requests", "timeline requests", labels=("source", "status"))
        for (source, status), count in sorted(self._answers.items()):
            requests.add_metric((source, status), count)
        yield requests
        ends = [*map(floatToGoString, self._ends), "+Inf"]
        seconds = HistogramMetricFamily("warmline_timeline_request_seconds", "from request to answer")
        seconds.add_metric((), list(zip(ends, accumulate(self._in_bucket), strict=True)), self._seconds)
        yield seconds
        new_posts = CounterMetricFamily("warmline_new_post_slots_filled", "posts served in reserved slots")
        new_posts.add_metric((), self.new_posts)
        yield new_posts
