"""The parts shared by encoding captions and photos: the plan of a run, stored vectors, and recorded failures."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from shared.content.encoders.protocol import EncoderCard
from shared.content.encoding_plan import (
    EncodingPlan,
    PostSource,
    RetryState,
    failure_of_outage,
    next_failure,
    plan_encoding,
)
from shared.content.photos.limits import still_refuses
from shared.content.photos.unreadable import Fault, Unreadable
from shared.content.settings import ContentSettings
from shared.content.vanished import (
    GONE,
    VANISHED,
    failure_of_gone,
    failure_of_vanished,
    split_gone,
    split_vanished,
)
from shared.db.encoding_failures import EncodingFailure, forget_failures, load_failures, store_failures
from shared.db.engine import Database
from shared.db.vectors import ContentKind, EncodedVector, drop_vectors, store_vectors, stored_vectors
from shared.logs import log_trouble

Sorted = tuple[list[EncodedVector], list[tuple[PostSource, Unreadable]]]


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodingWork:
    """Everything that encoding one part (captions or photos) needs during a run."""

    database: Database
    part: ContentKind
    card: EncoderCard
    stored: Mapping[str, str]  # post → hash of the source that its vector was made of
    plan: EncodingPlan
    failures: Mapping[str, RetryState]  # recorded ones that still count
    limits: Mapping[str, str]  # by fault
    settings: ContentSettings
    now: datetime

    def failed(self, source: PostSource, unreadable: Unreadable) -> EncodingFailure:
        """The record of a source that could not be encoded."""
        failure = next_failure(
            self.failures.get(source.post_id), source_hash=known_hash(source), retry=unreadable.retry,
            now=self.now, backoff=self.settings.backoff,
        )  # fmt: skip
        return self._record(source.post_id, failure, unreadable.reason, self.limits.get(unreadable.fault))

    def put_off_by_outage(self, source: PostSource, unreadable: Unreadable) -> EncodingFailure:
        """The record of a source whose origin was down."""
        failure = failure_of_outage(self.failures.get(source.post_id), source_hash=known_hash(source), now=self.now)
        return self._record(source.post_id, failure, unreadable.reason, self.limits.get(unreadable.fault))

    def kept(self, post_id: str) -> EncodingFailure:
        """The record of a post whose source vanished together with most others."""
        failure = failure_of_vanished(self.failures.get(post_id), now=self.now)
        return self._record(post_id, failure, f"{VANISHED}: gone from most posts at once", None)

    def gone(self, post_id: str) -> EncodingFailure:
        """The record of a post that nobody may see any more."""
        return self._record(post_id, failure_of_gone(now=self.now), f"{GONE}: deleted, or not in the relation", None)

    def _record(self, post_id: str, failure: RetryState, reason: str, refused_by: str | None) -> EncodingFailure:
        return EncodingFailure(
            post_id=post_id, source_hash=failure.source_hash, failure=reason, refused_by=refused_by,
            attempts=failure.attempts, next_try=failure.next_try,
        )  # fmt: skip


@dataclass(slots=True, kw_only=True)
class EncodingResult:
    """The result for one part."""

    encoded: int = 0
    failed: int = 0
    current: int = 0
    waiting: int = 0
    away: int = 0  # sources that cannot be reached now, or were skipped
    outages: list[str] = field(default_factory=list)

    def facts(self) -> dict[str, int]:
        return {name: getattr(self, name) for name in ("encoded", "failed", "current", "waiting", "away")}


def split_by_success(batch: Sequence[PostSource], rows: Sequence[Any]) -> Sorted:
    """Split the results of a batch into vectors and failures."""
    pairs = list(zip(batch, rows, strict=True))
    return [
        EncodedVector(post_id=source.post_id, source_hash=known_hash(source), vector=row)
        for source, row in pairs
        if not isinstance(row, Unreadable)
    ], [(source, row) for source, row in pairs if isinstance(row, Unreadable)]


def store(
    work: EncodingWork,
    encoded: Sequence[EncodedVector],
    failed: Sequence[tuple[PostSource, Unreadable]],
    outcome: EncodingResult,
) -> None:
    store_vectors(work.database, work.part, encoder=work.card.identity, encoded=encoded)
    store_failures(work.database, work.part, [work.failed(source, what) for source, what in failed])
    outcome.encoded += len(encoded)
    outcome.failed += len(failed)


def plan_work(
    database: Database,
    part: ContentKind,
    sources: Iterable[PostSource],
    card: EncoderCard,
    settings: ContentSettings,
    now: datetime,
    limits: Mapping[str, str],
) -> EncodingWork:
    limits = {**limits, Fault.ENCODER_FAULT: card.identity}
    recorded = load_failures(database, part)
    failures = {
        post_id: RetryState(source_hash=each.source_hash, attempts=each.attempts, next_try=each.next_try)
        for post_id, each in recorded.items()
        if still_refuses(each.failure, each.refused_by, limits)
    }
    stored = stored_vectors(database, part, encoder=card.identity)
    plan = plan_encoding(sources, stored, failures, now=now, failed=recorded.keys())
    return EncodingWork(
        database=database, part=part, card=card, stored=stored, plan=plan, failures=failures, limits=limits,
        settings=settings, now=now,
    )  # fmt: skip


def begin_encoding(work: EncodingWork) -> EncodingResult:
    """Remove vectors and failures that are out of date, and count the posts that need no work."""
    plan = work.plan
    _remove_gone(work)
    outcome = EncodingResult(current=plan.current, waiting=plan.waiting, away=plan.away)
    n_stored = plan.current + plan.away + len(plan.sourceless)
    vanished = split_vanished(plan.sourceless, work.failures, n_stored=n_stored, now=work.now)
    drop_vectors(work.database, work.part, vanished.to_drop)
    forget_failures(work.database, work.part, plan.resolved)
    store_failures(work.database, work.part, [work.kept(post_id) for post_id in vanished.to_keep])
    if vanished.to_keep:
        outcome.outages.append(f"{work.part.value}s of {len(vanished.to_keep)} posts")
        log_trouble("content.vanished", part=work.part.value, posts=len(vanished.to_keep), note="kept for a day")
    return outcome


def _remove_gone(work: EncodingWork) -> None:
    """Remove what is stored of posts that were gone long ago, and note those that are gone since."""
    gone = split_gone(work.plan.gone, work.failures, now=work.now)
    drop_vectors(work.database, work.part, gone.to_drop)
    store_failures(work.database, work.part, [work.gone(post_id) for post_id in gone.to_note])


def known_hash(source: PostSource) -> str:
    assert source.source_hash is not None  # the plan leaves out posts without a source
    return source.source_hash
