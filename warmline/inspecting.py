"""`warmline inspect`: why does this user see what they see? Both phases' lists, and what is withheld."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from typing import Any

from shared.db.details import PostDetails, UserDetails, post_details, user_details
from shared.db.phases import read_phase
from shared.domain import ID_RULE, Phase, PhaseState, Source, is_usable_id
from shared.errors import ConfigurationError
from shared.ranked_lists.codec import RankedList
from shared.ranked_lists.inspect import ListedPost, UserLists, read_user, resolve
from warmline.inspect_tables import show_inspection
from warmline.screen import show_json
from warmline.stores import Stores, open_stores

STATEMENT_SECONDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownList:
    """A list with its first posts."""

    ranked: RankedList
    posts: list[ListedPost]


@dataclass(frozen=True, slots=True, kw_only=True)
class Inspection:
    """All that is known about one user, as of `now`."""

    user_id: str
    user: UserDetails
    state: UserLists
    phase: PhaseState
    lists: Mapping[Source, ShownList]  # everyone's only when the user has none
    posts: Mapping[str, PostDetails]
    now: datetime

    @property
    def in_phase(self) -> Phase:
        """The phase that the rollout puts this user in."""
        return self.phase.phase_of(self.user_id)

    @property
    def served_from(self) -> Source | None:
        """Where the next first page comes from; None: from the timeline's own stock, for Redis has nothing."""
        order = (Source(self.in_phase), Source.HEURISTIC, Source.EVERYONE)
        return next((source for source in order if source in self.lists), None)

    @property
    def withheld(self) -> dict[str, int]:
        """How many authors and posts the user is not shown, under the words that the reader sees."""
        viewer = self.state.viewer
        return {
            "hidden_authors": max(0, len(viewer.hidden_authors) - 1),  # less the user's own key
            "hidden_posts": len(viewer.hidden_posts),
            "seen_by_events": len(viewer.seen_posts),
            "served": len(set(self.state.seen.rows)),
            "visits": self.state.seen.visits,
        }


def run_inspect(user_id: str, *, limit: int, as_json: bool) -> int:
    """Show a user's lists side by side."""
    if not is_usable_id(user_id):
        raise ConfigurationError(f"USER: got {user_id[:40]!r}, expected an id of {ID_RULE}")
    with open_stores(statement_seconds=STATEMENT_SECONDS) as stores:
        inspection = inspect_user(stores, user_id, limit=limit, now=datetime.now(UTC))
    if as_json:
        show_json(_as_dict(inspection))
    else:
        show_inspection(inspection)
    return 0


def inspect_user(stores: Stores, user_id: str, *, limit: int, now: datetime) -> Inspection:
    """Read everything about a user from both stores.

    Raises:
        StoreUnavailable: one of them does not answer.
    """
    stores.refuse_foreign_redis()
    state = read_user(stores.redis_url, user_id)
    ranked = {Source(phase): of_phase for phase, of_phase in state.lists.items()}
    if not ranked and state.everyone is not None:
        ranked = {Source.EVERYONE: state.everyone}
    lists = {
        source: ShownList(ranked=each, posts=resolve(stores.redis_url, state, each, limit=limit))
        for source, each in ranked.items()
    }
    ids = {post.post_id for each in lists.values() for post in each.posts if post.post_id is not None}
    with stores.database.read() as snapshot:
        user, posts = user_details(snapshot, user_id), post_details(snapshot, sorted(ids))
    return Inspection(
        user_id=user_id,
        user=user,
        state=state,
        phase=state.phase or read_phase(stores.database),
        lists=lists,
        posts=posts,
        now=now,
    )


def _as_dict(inspection: Inspection) -> dict[str, Any]:
    return {
        "user_id": inspection.user_id,
        "joined_at": inspection.user.joined_at,
        "positives": inspection.user.positives,
        "phase": inspection.in_phase,
        "phase_in_force": inspection.phase.phase,
        "rollout_percent": inspection.phase.rollout_percent,
        "served_from": inspection.served_from,
        "redis_is_safe": inspection.state.is_safe,
        "withheld": inspection.withheld,
        "lists": {source: _list_as_dict(inspection, shown) for source, shown in inspection.lists.items()},
    }


def _list_as_dict(inspection: Inspection, shown: ShownList) -> dict[str, Any]:
    posts = []
    for post in shown.posts:
        details = inspection.posts.get(post.post_id or "")
        about = {"caption": details.caption, "created_at": details.created_at} if details else {}
        posts.append({**asdict(post), **about})
    ranked = shown.ranked
    return {
        "generation": ranked.generation,
        "generated_at": ranked.generated_at,
        "length": len(ranked),
        "posts": posts,
    }
