"""Handles captions or photos that disappear, from a post or with it. Pure.

If a single post loses its photo, its vector is dropped at once. If most posts do, probably because a view is being
rebuilt, the vectors are kept for a day. Those of a post that nobody may see any more are kept for longer: the replay
of a training still ranks it, and it may come back.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.content.encoding_plan import RetryState

MANY = 20  # posts; fewer may have been edited between two runs
KEPT_FOR = timedelta(days=1)
VANISHED = "vanished"  # the failure's code
GONE = "gone"  # the code for a whole post
GONE_KEPT_FOR = timedelta(days=90)
MOST_NOTED = 10_000  # posts that one run notes as gone: if a view is empty for a moment, it is no more


@dataclass(frozen=True, slots=True, kw_only=True)
class MissingSources:
    """Posts without a source: those whose vectors are dropped, and those whose vectors are kept for now."""

    to_drop: tuple[str, ...]
    to_keep: tuple[str, ...]


def split_vanished(
    sourceless: Sequence[str], failures: Mapping[str, RetryState], *, n_stored: int, now: datetime
) -> MissingSources:
    """Decide about posts whose source is gone.

    Args:
        sourceless: the posts.
        failures: by post id; for posts that were kept before, they say until when.
        n_stored: posts that have a vector.
        now: of the run.
    """
    is_mass = len(sourceless) >= MANY and 2 * len(sourceless) > n_stored
    kept = {post_id for post_id in sourceless if is_mass and not _is_over(failures.get(post_id), now)}
    return MissingSources(
        to_drop=tuple(post_id for post_id in sourceless if post_id not in kept),
        to_keep=tuple(post_id for post_id in sourceless if post_id in kept),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class GonePosts:
    """Posts that nobody may see any more: those whose vectors are dropped, and those that are noted as gone."""

    to_drop: tuple[str, ...]
    to_note: tuple[str, ...]


def split_gone(gone: Sequence[str], failures: Mapping[str, RetryState], *, now: datetime) -> GonePosts:
    """Decide about posts that are gone; `failures` say until when the vectors of those noted before are kept."""
    until = {post_id: failures[post_id].next_try for post_id in gone if _is_noted(failures.get(post_id))}
    return GonePosts(
        to_drop=tuple(post_id for post_id, at in until.items() if at is not None and at <= now),
        to_note=tuple(post_id for post_id in gone if post_id not in until)[:MOST_NOTED],
    )


def failure_of_gone(*, now: datetime) -> RetryState:
    """The record of a post that is gone."""
    return RetryState(source_hash=GONE, attempts=0, next_try=now + GONE_KEPT_FOR)


def _is_noted(failure: RetryState | None) -> bool:
    return failure is not None and failure.source_hash == GONE


def failure_of_vanished(previous: RetryState | None, *, now: datetime) -> RetryState:
    """The record of a post that is kept; the first one is not replaced."""
    if previous is not None and previous.source_hash == VANISHED:
        return previous
    return RetryState(source_hash=VANISHED, attempts=0, next_try=now + KEPT_FOR)


def _is_over(failure: RetryState | None, now: datetime) -> bool:
    return (
        failure is not None
        and failure.source_hash == VANISHED
        and failure.next_try is not None
        and failure.next_try <= now
    )
