"""Handles captions or photos that disappear from most posts at once, probably because a view is being rebuilt. Pure.

If a single post loses its photo, its vector is dropped at once. If most posts do, the vectors are kept for a day.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from shared.content.encoding_plan import RetryState

MANY = 20  # posts; fewer may have been edited between two runs
KEPT_FOR = timedelta(days=1)
VANISHED = "vanished"  # the failure's code


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
