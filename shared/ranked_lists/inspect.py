"""Reads for `warmline inspect` and other commands: one user's data, the phase; synchronous."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar, cast

import redis

from shared.domain import Phase, PhaseState, author_hash
from shared.eligibility import Viewer, may_show
from shared.ranked_lists import codec, keys, records
from shared.ranked_lists.clients import connect, redis_errors
from shared.ranked_lists.codec import RankedList, UnreadableList
from shared.ranked_lists.publication import Publication, unpack_publication
from shared.ranked_lists.records import CatalogueEntry, SeenRecord

ValueT = TypeVar("ValueT")


@dataclass(frozen=True, slots=True, kw_only=True)
class ListedPost:
    """One entry of a list; `post_id` is None when the catalogue does not know its number."""

    rank: int  # 1 is the best
    post_id: str | None
    score: float
    reason: str
    # "" (shown), or why it is not: deleted (or taken down), suspended, blocked, hidden, own;
    # or seen, served (shown after the unseen)
    standing: str


@dataclass(frozen=True, slots=True, kw_only=True)
class UserLists:
    """All that Redis holds about one user, and the shared data that a page for them needs."""

    phase: PhaseState | None
    lists: dict[Phase, RankedList]
    everyone: RankedList | None
    viewer: Viewer
    seen: SeenRecord
    deleted: frozenset[int]
    suspended: frozenset[int]  # authors by hash
    is_safe: bool  # deletions and blocks are loaded, so the timeline trusts this Redis
    own_hash: int  # the user's author hash


def read_user(url: str, user_id: str) -> UserLists:
    """Read one user's lists and what is withheld from them. An unreadable value counts as absent."""
    names = [keys.SAFETY, keys.PHASE, keys.viewer(user_id), keys.seen(user_id), keys.EVERYONE]
    names += [keys.ranked_list(phase, user_id) for phase in Phase]
    with redis_errors(url), connect(url) as client:
        safety, phase, viewer, seen, everyone, *lists = _values(client, names)
        deleted = cast(list[bytes], client.zrange(keys.DELETED, 0, -1))
        suspended = cast(list[bytes], client.zrange(keys.SUSPENDED, 0, -1))
    own = author_hash(user_id)
    known = {name: _readable(codec.decode, value) for name, value in zip(Phase, lists, strict=True)}
    return UserLists(
        phase=_readable(records.unpack_phase, phase),
        lists={name: ranked for name, ranked in known.items() if ranked},
        everyone=_readable(codec.decode, everyone),
        viewer=_readable(lambda value: records.unpack_viewer(value, own=own), viewer) or Viewer(),
        seen=records.unpack_seen(seen),
        deleted=frozenset(int(post_number) for post_number in deleted),
        suspended=frozenset(map(int, suspended)),
        is_safe=safety is not None,
        own_hash=own,
    )


def resolve(url: str, user: UserLists, ranked: RankedList, *, limit: int) -> list[ListedPost]:
    """The first entries of a list, with their ids from the catalogue and why they are not shown to this user now."""
    entries = [codec.entry_at(ranked.entries, rank) for rank in range(min(limit, len(ranked)))]
    posts = _posts(url, [post_number for post_number, _, _ in entries])
    return [
        ListedPost(
            rank=rank,
            post_id=posts[post_number].post_id if post_number in posts else None,
            score=score,
            reason=reason,
            standing=standing_in_list(
                user, post_number=post_number, author=posts[post_number].author if post_number in posts else None
            ),
        )
        for rank, (post_number, reason, score) in enumerate(entries, start=1)
    ]


def find_in_list(
    user: UserLists, ranked: RankedList, *, post_number: int, post_id: str, author: int
) -> ListedPost | None:
    """The entry of a post in a list; None if the list does not contain it."""
    post_numbers = codec.post_numbers_of(ranked.entries)
    if post_number not in post_numbers:
        return None
    position = post_numbers.index(post_number)
    _, reason, score = codec.entry_at(ranked.entries, position)
    standing = standing_in_list(user, post_number=post_number, author=author)
    return ListedPost(rank=position + 1, post_id=post_id, score=score, reason=reason, standing=standing)


def read_phase_in_redis(url: str) -> PhaseState | None:
    """The phase that the timelines read; None when Redis holds none."""
    with redis_errors(url), connect(url) as client:
        return _readable(records.unpack_phase, _values(client, [keys.PHASE])[0])


def read_publications(url: str) -> dict[Phase, Publication]:
    """The last complete publication of each phase that has one."""
    with redis_errors(url), connect(url) as client:
        values = _values(client, [keys.published(phase) for phase in Phase])
    pairs = zip(Phase, values, strict=True)
    return {phase: known for phase, value in pairs if (known := _readable(unpack_publication, value))}


def read_safety(url: str) -> bool:
    """Whether deletions and blocks are loaded in this Redis; before that, the timelines do not use it."""
    with redis_errors(url), connect(url) as client:
        return _values(client, [keys.SAFETY])[0] is not None


def standing_in_list(user: UserLists, *, post_number: int, author: int | None) -> str:
    """Why a post is not shown to the user now, or only after others; "" if it is shown. `author` is None if unknown."""
    if post_number in user.deleted:
        return "deleted"
    if author in user.suspended:
        return "suspended"
    if post_number in user.viewer.hidden_posts:
        return "hidden"
    if author is not None and not may_show(user.viewer, post_number=post_number, author=author):
        return "own" if author == user.own_hash else "blocked"
    if post_number in user.seen.post_numbers:
        return "served"
    return "seen" if post_number in user.viewer.seen_posts else ""


def _posts(url: str, post_numbers: Sequence[int]) -> dict[int, CatalogueEntry]:
    posts: dict[int, CatalogueEntry] = {}
    with redis_errors(url), connect(url) as client:
        pipe = client.pipeline(transaction=False)
        for post_number in post_numbers:
            pipe.hget(keys.chunk(keys.chunk_of(post_number)), str(post_number))
        for post_number, value in zip(post_numbers, cast(Iterable[bytes | None], pipe.execute()), strict=True):
            if value is not None:
                posts[post_number] = records.unpack_post(post_number, value)
    return posts


def _values(client: redis.Redis, names: list[str]) -> list[bytes | None]:
    return cast(list[bytes | None], client.mget(names))


def _readable(decode: Callable[[bytes], ValueT], value: bytes | None) -> ValueT | None:
    try:
        return decode(value) if value else None
    except UnreadableList:
        return None
