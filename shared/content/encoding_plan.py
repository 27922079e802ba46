"""What is to be encoded now, newest first, and when a failure is tried again. Pure.

The same for captions and photos: a post *has* a source (a caption, an image reference), known by its hash. What was
derived from it stays until something better replaces it: neither a failure nor a source that is away takes it down.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class PostSource:
    """What a post has now.

    Attributes:
        post_id: whose.
        created_at: of the post.
        source_hash: None where it has nothing to encode.
        is_away: the source cannot be seen now (a file that is not there), so that its hash tells nothing.
    """

    post_id: str
    created_at: datetime
    source_hash: str | None
    is_away: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryState:
    """How often a source could not be read, and when to try again; None: not before the source changes."""

    source_hash: str
    attempts: int
    next_try: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """The first pause doubles with each failure, up to the cap."""

    first: timedelta = timedelta(minutes=30)
    cap: timedelta = timedelta(days=7)

    def after(self, attempts: int) -> timedelta:
        """The pause after so many failures (1 or more)."""
        doublings = min(attempts - 1, 32)  # 2³² of any first pause is beyond the cap; more would overflow
        return timedelta(seconds=min(self.first.total_seconds() * 2**doublings, self.cap.total_seconds()))


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodingPlan:
    """What to do, and how the rest stands.

    Attributes:
        to_encode: posts that lack the vector of what they have now: those that never failed first, then newest first.
        sourceless: posts with a stored vector but without a source: their caption or photo was taken away.
        resolved: posts with a failure that speaks of another source than the one that their vector was made of.
        current: posts whose vector is as it should be.
        away: posts whose vector stays, because their source cannot be seen now.
        waiting: posts that failed and whose next try is later, or never.
    """

    to_encode: tuple[PostSource, ...]
    sourceless: tuple[str, ...]
    resolved: tuple[str, ...]
    current: int
    away: int
    waiting: int

    def batches(self, size: int) -> Iterator[tuple[PostSource, ...]]:
        """`to_encode` in pieces: each is stored before the next begins, so that a kill costs at most one."""
        for start in range(0, len(self.to_encode), size):
            yield self.to_encode[start : start + size]


def plan_encoding(
    posts: Iterable[PostSource], stored: Mapping[str, str], failures: Mapping[str, RetryState], *, now: datetime
) -> EncodingPlan:
    """Compare what posts have with what is stored.

    Args:
        posts: what posts have now; a post that is not among them is left alone.
        stored: by post id, the hash of what its vector (of the encoder in force) was made of.
        failures: by post id. One counts only while the post's source is the one that failed.
        now: of the run.
    """
    wanted: list[PostSource] = []
    sourceless: list[str] = []
    resolved: list[str] = []
    current = away = waiting = 0
    for post in posts:
        if post.source_hash is None:
            sourceless += [post.post_id] if post.post_id in stored else []
        elif stored.get(post.post_id) == post.source_hash:
            current += 1
            failure = failures.get(post.post_id)
            resolved += [post.post_id] if failure is not None and failure.source_hash != post.source_hash else []
        elif post.is_away and post.post_id in stored:
            away += 1
        elif _waits(failures.get(post.post_id), post.source_hash, now):
            waiting += 1
        else:
            wanted.append(post)
    # Those that failed come last: should a host refuse the first few of a run, the next run asks it for others.
    wanted.sort(key=lambda post: (post.post_id in failures, -post.created_at.timestamp(), post.post_id))
    return EncodingPlan(
        to_encode=tuple(wanted),
        sourceless=tuple(sourceless),
        resolved=tuple(resolved),
        current=current,
        away=away,
        waiting=waiting,
    )


def next_failure(
    previous: RetryState | None, *, source_hash: str, retry: bool, now: datetime, backoff: Backoff
) -> RetryState:
    """What to record after a source could not be read; attempts count from one again when the source changed."""
    repeated = previous is not None and previous.source_hash == source_hash
    attempts = previous.attempts + 1 if previous is not None and repeated else 1
    next_try = now + backoff.after(attempts) if retry else None
    return RetryState(source_hash=source_hash, attempts=attempts, next_try=next_try)


def failure_of_outage(previous: RetryState | None, *, source_hash: str, now: datetime) -> RetryState:
    """The same where the place that it is read from was away: nobody's fault, so it is due with the next run."""
    repeated = previous is not None and previous.source_hash == source_hash
    return RetryState(source_hash=source_hash, attempts=previous.attempts if previous and repeated else 0, next_try=now)


def _waits(failure: RetryState | None, source_hash: str, now: datetime) -> bool:
    if failure is None or failure.source_hash != source_hash:
        return False
    return failure.next_try is None or failure.next_try > now
