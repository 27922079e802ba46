"""Decides what is encoded now, newest first, and when a failure is tried again. Pure.

The rules are the same for captions and photos: a post has a *source* (a caption, an image reference), identified by its
hash. A stored vector stays until a new one replaces it: a failure or an unreachable source does not remove it.
"""

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True, slots=True, kw_only=True)
class PostSource:
    """The current source of a post.

    Attributes:
        post_id: of the post.
        created_at: of the post.
        source_hash: None if there is nothing to encode.
        is_away: the source cannot be reached now (a missing file), so its hash is meaningless.
    """

    post_id: str
    created_at: datetime
    source_hash: str | None
    is_away: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryState:
    """How often a source failed, and when to try again (None: only after the source changes)."""

    source_hash: str
    attempts: int
    next_try: datetime | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backoff:
    """Pauses between tries: the first one doubles with each failure, up to the cap."""

    first: timedelta = timedelta(minutes=30)
    cap: timedelta = timedelta(days=7)

    def after(self, attempts: int) -> timedelta:
        """The pause after `attempts` failures (1 or more)."""
        doublings = min(attempts - 1, 32)  # 2³² of any first pause is beyond the cap; more would overflow
        return timedelta(seconds=min(self.first.total_seconds() * 2**doublings, self.cap.total_seconds()))


@dataclass(frozen=True, slots=True, kw_only=True)
class EncodingPlan:
    """What to do, and the state of all other posts.

    Attributes:
        to_encode: posts without a vector of their current source: those that never failed first, each newest first.
        sourceless: posts with a stored vector but without a source: their caption or photo was removed.
        resolved: posts with a recorded failure that is not about the source that their vector was made of.
        current: number of posts whose vector is up to date.
        away: number of posts whose vector stays because their source cannot be reached now.
        waiting: number of failed posts whose next try is later, or never.
        gone: posts with a stored vector or failure that are not among the posts any more.
    """

    to_encode: tuple[PostSource, ...]
    sourceless: tuple[str, ...]
    resolved: tuple[str, ...]
    current: int
    away: int
    waiting: int
    gone: tuple[str, ...] = ()

    def batches(self, size: int) -> Iterator[tuple[PostSource, ...]]:
        """`to_encode` in batches: each is stored before the next begins, so that a crash loses at most one."""
        for start in range(0, len(self.to_encode), size):
            yield self.to_encode[start : start + size]


def plan_encoding(
    posts: Iterable[PostSource],
    stored: Mapping[str, str],
    failures: Mapping[str, RetryState],
    *,
    now: datetime,
    failed: Collection[str] = (),
) -> EncodingPlan:
    """Compare the current sources of posts with what is stored.

    Args:
        posts: all that anyone may see, with their current sources.
        stored: by post id, the hash of the source that its vector (of the current encoder) was made of.
        failures: by post id. A failure counts only while the post still has the source that failed.
        now: of the run.
        failed: posts with a recorded failure, whether or not it still counts.
    """
    gone = stored.keys() | failures.keys() | set(failed)
    wanted: list[PostSource] = []
    sourceless: list[str] = []
    resolved: list[str] = []
    current = away = waiting = 0
    for post in posts:
        gone.discard(post.post_id)
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
    # Those that failed before come last: if a host refuses the first few, the next run requests others.
    wanted.sort(key=lambda post: (post.post_id in failures, -post.created_at.timestamp(), post.post_id))
    return EncodingPlan(
        to_encode=tuple(wanted),
        sourceless=tuple(sourceless),
        resolved=tuple(resolved),
        current=current,
        away=away,
        waiting=waiting,
        gone=tuple(sorted(gone)),
    )


def next_failure(
    previous: RetryState | None, *, source_hash: str, retry: bool, now: datetime, backoff: Backoff
) -> RetryState:
    """The state to record after a failure; attempts start at one again when the source has changed."""
    repeated = previous is not None and previous.source_hash == source_hash
    attempts = previous.attempts + 1 if previous is not None and repeated else 1
    next_try = now + backoff.after(attempts) if retry else None
    return RetryState(source_hash=source_hash, attempts=attempts, next_try=next_try)


def failure_of_outage(previous: RetryState | None, *, source_hash: str, now: datetime) -> RetryState:
    """The state to record if the origin was down: it is not the photo's fault, so the next run tries again."""
    repeated = previous is not None and previous.source_hash == source_hash
    return RetryState(source_hash=source_hash, attempts=previous.attempts if previous and repeated else 0, next_try=now)


def _waits(failure: RetryState | None, source_hash: str, now: datetime) -> bool:
    if failure is None or failure.source_hash != source_hash:
        return False
    return failure.next_try is None or failure.next_try > now
