"""OWNS PROMETHEUS: what is counted, and how it is called. Every label has a fixed set of values.

Each process has a registry of its own; what is counted is summed over those of one timeline (`WARMLINE_WORKERS`), and
gauges are read from the stores by each process. docs/reference/observability.md lists what is here, and a
test compares the two.
"""

import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from prometheus_client import CollectorRegistry, Gauge, generate_latest
from prometheus_client.exposition import CONTENT_TYPE_LATEST

from shared.domain import Phase, Reason, RecommendBy, Source
from shared.jobs.names import Job
from shared.ranked_lists import codec
from shared.ranked_lists.live_figures import LiveFigures
from shared.ranked_lists.publication import Publication
from shared.ranked_lists.recommend_queue import NoAnswer
from timeline.counters import STORES, RecommendCounters, RequestCounters
from timeline.shared_cells import SharedCells

if TYPE_CHECKING:
    from timeline.feed.records import Page

BUCKETS = (0.002, 0.005, 0.01, 0.025, 0.05, 0.1, 0.2, 0.3, 0.5, 1.0)  # seconds; 0.3 and 1 are what we promise
CONTENT_TYPE = CONTENT_TYPE_LATEST
NO_SOURCE = "none"  # for refused requests
STATUSES = ("200", "400", "401", "403", "404", "413", "422", "431", "500", "503")
OTHER = "other"
SHARED_SOURCES = (Source.EVERYONE, Source.SNAPSHOT, Source.NEWEST)  # of recommendations that are for anybody
SURFACES = ("similar", "suggestions", "onboarding")  # routes for readers beside the timeline
_CODES = {int(status): status for status in STATUSES}
JOBS = tuple(job.value for job in Job)
UNCOUNTED = ("users", "events", "posts", "repeated_posts")


class Metrics:
    """The metrics of one process."""

    def __init__(self, cells: SharedCells | None = None, *, index: int = 0) -> None:
        """
        Args:
            cells: shared with the other processes; None if there are none.
            index: of this process.
        """
        self.registry = registry = CollectorRegistry()
        cells = cells or SharedCells(1)
        self._tally = RequestCounters(
            BUCKETS, sources=(*Source, NO_SOURCE), statuses=(*STATUSES, OTHER), cells=cells, index=index,
            surfaces=SURFACES,
        )  # fmt: skip
        registry.register(self._tally)
        self.recommendations = RecommendCounters(
            BUCKETS, sources=(*RecommendBy, *SHARED_SOURCES), reasons=tuple(NoAnswer), cells=cells, index=index,
            first=self._tally.end,
        )  # fmt: skip
        registry.register(self.recommendations)
        self._age = Gauge(
            "warmline_list_age_seconds", "since the last whole publication", ("phase",), registry=registry
        )
        self._lists = Gauge("warmline_generation_lists", "lists of the last publication", ("phase",), registry=registry)
        self._bytes = Gauge("warmline_generation_bytes", "bytes of the last publication", ("phase",), registry=registry)
        self._job_seconds = Gauge("warmline_job_seconds", "duration of the last ended run", ("job",), registry=registry)
        self._job_ok = Gauge("warmline_job_ok", "1: the last ended run was good", ("job",), registry=registry)
        self._uncounted = Gauge("warmline_uncounted", "what raises nothing, for the view of users lacks its user",
                                ("what",), registry=registry)  # fmt: skip
        self._images_away = Gauge("warmline_images_away", "photos out of reach in the last encoding", ("job",),
                                  registry=registry)  # fmt: skip
        self._job_ended = Gauge("warmline_job_ended_timestamp_seconds", "end of the last run", ("job",),
                                registry=registry)  # fmt: skip
        self._live = {
            what: Gauge(f"warmline_live_{what}", says, ("phase",), registry=registry)
            for what, says in (
                ("listening", "1: a ranker follows what users do"),
                ("backlog", "users whose lists are out of date"),
                ("lag_seconds", "how long the first of them has been waiting"),
                ("passes", "lists that live passes made, of all processes since Redis has counted them"),
                ("missed", "users of these whom the queue did not know of"),
            )
        }
        self._checked_at = time.monotonic()

    def request(self, *, source: Source | None, status: int, seconds: float) -> None:
        """A timeline request was answered."""
        self._tally.request(source or NO_SOURCE, _CODES.get(status, OTHER), seconds)

    def surface(self, surface: str, *, status: int, seconds: float) -> None:
        """A request of another surface was answered."""
        self._tally.surface(surface, _CODES.get(status, OTHER), seconds)

    def page(self, page: "Page") -> None:
        """A page was served."""
        self._tally.new_posts(codec.count_reason(page.posts.marks, Reason.NEW))

    def expired_cursor(self) -> None:
        """A cursor's chain was gone; a new one began."""
        self._tally.expired_cursor()

    def overtaken(self) -> None:
        """A page was computed again, since another request of its chain was quicker."""
        self._tally.overtaken()

    def stores_checked(self, missing: Iterable[str]) -> None:
        """The stores were checked: the time since the last check counts for those that are missing."""
        now = time.monotonic()
        for store in missing:
            if store in STORES:
                self._tally.degraded(store, now - self._checked_at)
        self._checked_at = now

    def publications(self, publications: Mapping[Phase, Publication]) -> None:
        """The last publication of each phase."""
        for phase, publication in publications.items():
            self._age.labels(phase.value).set(max(0.0, (datetime.now(UTC) - publication.at).total_seconds()))
            self._lists.labels(phase.value).set(publication.lists)
            self._bytes.labels(phase.value).set(publication.bytes)

    def live(self, figures: Mapping[Phase, LiveFigures]) -> None:
        """What the live passes of each phase do."""
        for phase, of_phase in figures.items():
            values = {
                "listening": of_phase.is_listening, "backlog": of_phase.backlog, "lag_seconds": of_phase.lag_seconds,
                "passes": of_phase.counts.get("passes", 0), "missed": of_phase.counts.get("missed", 0),
            }  # fmt: skip
            for what, value in values.items():
                self._live[what].labels(phase.value).set(value)

    def runs(self, runs: Iterable[Mapping[str, Any]]) -> None:
        """The last runs from PostgreSQL, the newest first."""
        known: set[str] = set()
        for run in runs:
            job = run["job"]
            if job not in JOBS or job in known or run["state"] not in ("done", "failed") or run["finished_at"] is None:
                continue
            known.add(job)
            if run["started_at"] is not None:
                self._job_seconds.labels(job).set((run["finished_at"] - run["started_at"]).total_seconds())
            self._job_ok.labels(job).set(run["state"] == "done")
            self._job_ended.labels(job).set(run["finished_at"].timestamp())
            report = run["report"] or {}
            if "images_away" in report:
                self._images_away.labels(job).set(report["images_away"])
            counts = report.get("uncounted", {})
            for what in filter(counts.__contains__, UNCOUNTED):
                self._uncounted.labels(what).set(counts[what])

    def text(self) -> bytes:
        """All metrics in the text format of Prometheus."""
        return generate_latest(self.registry)
