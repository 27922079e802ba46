"""Ranks the candidates once; each user gets that ranking without the posts withheld from them. Pure."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from shared.candidates.asked_for import AskedFor
from shared.candidates.columns import PostIndex
from shared.candidates.followed import FollowedPosts, Numbers
from shared.candidates.heuristic_scores import HeuristicScores, is_popular
from shared.db.bulk import Posts
from shared.domain import Reason
from shared.eligibility import Viewer
from shared.ranked_lists.codec_columns import Entries, cut, entries_of, pack_posts


@dataclass(frozen=True, slots=True, kw_only=True)
class RankedCandidates:
    """All candidates, best first; the rank of the best is 0."""

    entries: Entries  # (n_posts,)
    index: PostIndex  # its indices are ranks

    def __len__(self) -> int:
        return len(self.entries)


def rank_posts(posts: Posts, post_numbers: list[int], scores: HeuristicScores, *, alpha: float) -> RankedCandidates:
    """All candidates by score, best first; equal scores by newer first, then by id."""
    by_id = np.argsort(np.array(posts.ids, dtype=object), kind="stable")
    order = by_id[np.lexsort((-posts.created_at[by_id], -scores.blended[by_id]))]
    packed = pack_posts(post_numbers, np.where(is_popular(scores, alpha=alpha), Reason.POPULAR, Reason.RECENT))
    return RankedCandidates(
        entries=entries_of(packed[order], scores.blended[order]),
        index=PostIndex.of([post_numbers[i] for i in order], [posts.author_ids[i] for i in order]),
    )


def entries_as_wished(
    ranking: RankedCandidates,
    users: Sequence[str],
    viewers: Sequence[Viewer],
    own_author_hashes: Sequence[int],
    asked: AskedFor | None,
    followed: FollowedPosts | None,
    *,
    length: int,
) -> list[bytes]:
    """The packed entries of several users: as they have asked for them, and with posts of authors whom they follow."""
    entries = _entries_as_asked(ranking, users, viewers, own_author_hashes, asked, length=length)
    if followed is None:
        return entries

    def entries_of(post_numbers: Numbers) -> Entries:
        ranked: Entries = ranking.entries[ranking.index.indices_of(post_numbers)]
        return ranked

    return [
        followed.listed(user, own, length=length, asked=asked, entries_of=entries_of)
        for user, own in zip(users, entries, strict=True)
    ]


def _entries_as_asked(
    ranking: RankedCandidates,
    users: Sequence[str],
    viewers: Sequence[Viewer],
    own_author_hashes: Sequence[int],
    asked: AskedFor | None,
    *,
    length: int,
) -> list[bytes]:
    """The packed entries of several users, those of users who have said something as they asked for them."""
    entries = entries_per_user(ranking, viewers, own_author_hashes, length=length)
    asking = [] if asked is None else [index for index, user in enumerate(users) if asked.has(user)]
    if asked is None or not asking:
        return entries
    asking_users = [users[index] for index in asking]
    asked.prepare(asking_users)
    pools = entries_per_user(
        ranking, [viewers[index] for index in asking], [own_author_hashes[index] for index in asking],
        length=asked.pool_of(asking_users, length),
    )  # fmt: skip
    for index, pool in zip(asking, pools, strict=True):
        entries[index] = asked.listed(users[index], pool, length=length)
    return entries


def entries_per_user(
    ranking: RankedCandidates, viewers: Sequence[Viewer], own_author_hashes: Sequence[int] = (), *, length: int
) -> list[bytes]:
    """The packed entries of several users, computed together; for the arguments see `PostIndex.withheld_from`."""
    owners, indices = ranking.index.withheld_from(viewers, own_author_hashes)
    n_viewers = len(viewers)
    dropped = np.bincount(owners, minlength=n_viewers)
    head = min(len(ranking), length + int(dropped.max(initial=0)))  # enough for each of them
    if head == 0:
        return [b""] * n_viewers
    keep = np.ones((n_viewers, head), bool)
    near = indices < head
    keep[owners[near], indices[near]] = False
    counts = keep.sum(axis=1)  # (n_viewers,)
    kept = np.flatnonzero(keep)  # (n_kept,) viewer by viewer, best first
    rank = np.arange(len(kept)) - np.repeat(np.cumsum(counts) - counts, counts)  # in the viewer's own list
    return cut(ranking.entries[kept[rank < length] % head], np.minimum(counts, length))
