"""Writes with a user's own JWT (`WARMLINE_JWT_WRITES`): whose they are, how many, and what of them is not believed."""

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from fastapi import Request
from msgspec.structs import replace

from shared.db.event_ids import of_users_own
from shared.db.events import Event
from timeline.http.exact_paths import with_slashes
from timeline.http.problems import Problem

if TYPE_CHECKING:
    from timeline.state import State

MAX_OWN_EVENTS = 100  # of one request
_WRITER = "warmline.writer"  # in a scope: the user whose JWT it is


def admit_writer(request: Request, state: "State") -> None:
    """Admit the backend, or a user's own JWT to what is theirs.

    Raises:
        Problem: the token is neither, or another user's, or the user writes too fast.
    """
    user_id = state.authorizer.admit_writer(request)
    if user_id is None:
        return
    named = request.path_params.get("user_id")
    if named is not None:  # else the body names users, and counts
        if with_slashes(named) != user_id:
            raise Problem(403, "another-user", "the token's `sub` is not the user that the path names")
        count_writes(state, user_id, 1)
    request.scope[_WRITER] = user_id


def writer_of(request: Request) -> str | None:
    """The user whose JWT was admitted; None: the app's backend."""
    user_id: str | None = request.scope.get(_WRITER)
    return user_id


def count_writes(state: "State", user_id: str, writes: int) -> None:
    """Count writes of a user.

    Raises:
        Problem: there are too many of them; none is counted.
    """
    rate = state.settings.jwt_writes_per_minute
    wait = state.write_rates.wait(user_id, writes, per_minute=rate, burst=max(rate, MAX_OWN_EVENTS))
    if wait > 0:
        detail = f"a user may write {rate} times a minute, and each event counts; send this request again later"
        raise Problem(429, "too-many-writes", detail, {"Retry-After": str(math.ceil(wait))})


def own_batch(batch: Sequence[object], user_id: str) -> list[object]:
    """A user's batch as it is taken: the times that a phone claims do not count.

    Raises:
        Problem: it is too long, or names somebody else; nothing of it is taken.
    """
    if len(batch) > MAX_OWN_EVENTS:
        raise Problem(422, "invalid-request", f"body: got {len(batch)} events, expected at most {MAX_OWN_EVENTS}")
    for index, event in enumerate(batch):
        if isinstance(event, dict) and event.get("user_id", user_id) != user_id:
            detail = f"event {index}: its user_id is not the token's `sub`; nothing of the request was taken"
            raise Problem(403, "another-user", detail)
    return [{**event, "created_at": None} if isinstance(event, dict) else event for event in batch]


def own_event(event: Event) -> Event:
    """A checked event of a user's batch; its id means an event of this user alone."""
    return event if event.event_id is None else replace(event, event_id=of_users_own(event.user_id, event.event_id))
