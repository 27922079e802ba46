"""`warmline inspect`: explains what a user is shown, from both phases' lists and what is withheld."""

from collections.abc import Iterable
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from shared.db.details import post_details, user_details
from shared.db.phases import read_phase
from shared.db.post_rows import known_post_numbers
from shared.domain import ID_RULE, Source, author_hash, is_usable_id
from shared.errors import ConfigurationError
from shared.ranked_lists.inspect import (
    ListedPost,
    find_in_list,
    read_publications,
    read_user,
    resolve,
    standing_in_list,
)
from shared.settings import HeuristicSettings, load_settings
from warmline.commands.inspect.layout import show_inspection, show_post
from warmline.commands.inspect.records import Inspection, PostInspection, ShownList
from warmline.screen import show_json
from warmline.stores import OpenStores, open_stores

STATEMENT_SECONDS = 10


def run_inspect(user_id: str, *, limit: int, post_id: str | None, as_json: bool) -> int:
    """Show a user's lists, or why one post is or is not shown."""
    for name, given in (("USER", user_id), ("--post", post_id)):
        if given is not None and not is_usable_id(given):
            raise ConfigurationError(f"{name}: got {given[:40]!r}, expected an id of {ID_RULE}")
    with open_stores(statement_seconds=STATEMENT_SECONDS) as stores:
        inspection = inspect_user(
            stores, user_id, limit=limit, now=datetime.now(UTC), also=[post_id] if post_id else ()
        )
        post = inspect_post(stores, inspection, post_id) if post_id is not None else None
    if post is not None and as_json:
        show_json({**_head(inspection), "post": _post_as_dict(post)})
    elif post is not None:
        show_post(post)
    elif as_json:
        show_json(_as_dict(inspection))
    else:
        show_inspection(inspection)
    return 0


def inspect_post(stores: OpenStores, inspection: Inspection, post_id: str) -> PostInspection:
    """The position of a post in each list, or why it is not shown.

    Raises:
        StoreUnavailable: PostgreSQL does not answer.
    """
    with stores.database.begin() as connection:
        post_number = known_post_numbers(connection, [post_id]).get(post_id)
    details, state = inspection.posts.get(post_id), inspection.state
    author = author_hash(details.author_id) if details else None
    places: dict[Source, ListedPost | None] = dict.fromkeys(inspection.lists)
    if post_number is not None:
        for source, shown in inspection.lists.items():
            places[source] = find_in_list(
                state, shown.ranked, post_number=post_number, post_id=post_id, author=author or 0
            )
    standing = standing_in_list(state, post_number=post_number, author=author) if post_number is not None else ""
    return PostInspection(
        user=inspection, post_id=post_id, details=details, post_number=post_number, standing=standing, places=places
    )


def inspect_user(
    stores: OpenStores, user_id: str, *, limit: int, now: datetime, also: Iterable[str] = ()
) -> Inspection:
    """Read everything about a user from both stores; `also` names further posts whose details are needed.

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
    ids |= set(also)
    with stores.database.read() as snapshot:
        user, posts = user_details(snapshot, user_id), post_details(snapshot, sorted(ids))
    return Inspection(
        user_id=user_id,
        user=user,
        state=state,
        phase=state.phase or read_phase(stores.database),
        lists=lists,
        published=read_publications(stores.redis_url).keys(),
        posts=posts,
        formula=load_settings(HeuristicSettings),
        now=now,
    )


def _head(inspection: Inspection) -> dict[str, Any]:
    return {
        "user_id": inspection.user_id,
        "joined_at": inspection.user.joined_at,
        "positives": inspection.user.positives,
        "follows": inspection.user.follows,
        "phase": inspection.in_phase,
        "phase_in_force": inspection.phase.phase,
        "rollout_percent": inspection.phase.rollout_percent,
        "served_from": inspection.served_from,
        "redis_is_safe": inspection.state.is_safe,
        "withheld": inspection.withheld,
    }


def _as_dict(inspection: Inspection) -> dict[str, Any]:
    lists = {source: _list_as_dict(inspection, source, shown) for source, shown in inspection.lists.items()}
    return {**_head(inspection), "lists": lists}


def _list_as_dict(inspection: Inspection, source: Source, shown: ShownList) -> dict[str, Any]:
    ranked = shown.ranked
    return {
        "generation": ranked.generation,
        "generated_at": ranked.generated_at,
        "length": len(ranked),
        "posts": [_entry_as_dict(inspection, source, post) for post in shown.posts],
    }


def _entry_as_dict(inspection: Inspection, source: Source, post: ListedPost) -> dict[str, Any]:
    details, parts = inspection.posts.get(post.post_id or ""), inspection.parts(source, post)
    about = asdict(details) if details else {}
    return {**asdict(post), **about, "parts": asdict(parts) if parts else None}


def _post_as_dict(post: PostInspection) -> dict[str, Any]:
    entries = {
        source: _entry_as_dict(post.user, source, place) if place else None for source, place in post.places.items()
    }
    about = asdict(post.details) if post.details else None
    return {"post_id": post.post_id, "details": about, "standing": post.standing, "lists": entries}
