"""Reads whom users follow, and finds the candidates of a run by these authors: only if anybody follows anybody."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import cached_property

import numpy as np

from shared.candidates.followed import FollowedPosts
from shared.db.bulk import Posts
from shared.db.bulk_follows import load_follow_columns
from shared.db.engine import DatabaseSnapshot
from shared.db.follows import load_follows
from shared.domain import author_hash
from shared.eligibility import Viewer
from shared.event_columns import Int64s

SECONDS_PER_HOUR = 3_600.0
NOBODY: Int64s = np.zeros(0, np.int64)
ViewerOf = Callable[[str], Viewer]


class FollowsOfCandidates:
    """The candidates of a run by author, for the run and the live passes after it."""

    def __init__(self, posts: Posts, post_numbers: Sequence[int]) -> None:
        self._posts, self._post_numbers = posts, post_numbers

    def of_users(
        self,
        snapshot: DatabaseSnapshot,
        users: Sequence[str],
        id_hashes: Int64s,
        viewer_of: ViewerOf,
        *,
        share: float,
        now: datetime,
    ) -> FollowedPosts | None:
        """For a run, whose users are many; None if none of them follows an author of a candidate.

        Args:
            snapshot: of both homes of the relation.
            users: each once.
            id_hashes: of the users.
            viewer_of: what is withheld from a user, the user's own posts among it.
            share: of the places of a list; 0: nothing is read.
            now: time of the run.
        """
        if not share:
            return None
        found = load_follow_columns(snapshot, users, self._authors)
        user, is_user = _indices(id_hashes, found.user_id_hashes)
        author, is_author = _indices(self._author_id_hashes, found.author_id_hashes)
        known = is_user & is_author & (found.user_id_hashes != found.author_id_hashes)
        if not known.any():
            return None
        pairs = np.unique(user[known] * np.int64(len(self._authors)) + author[known])
        user, author = np.divmod(pairs, np.int64(len(self._authors)))
        starts = np.searchsorted(user, np.arange(len(users) + 1))
        index_of = {user_id: index for index, user_id in enumerate(users)}

        def authors_of(user_id: str) -> Sequence[int]:
            index = index_of.get(user_id)
            authors: list[int] = [] if index is None else author[starts[index] : starts[index + 1]].tolist()
            return authors

        return self._followed(authors_of, viewer_of, share=share, now=now)

    def of_few(
        self, snapshot: DatabaseSnapshot, users: Sequence[str], viewer_of: ViewerOf, *, share: float, now: datetime
    ) -> FollowedPosts | None:
        """The same for the users of a live pass."""
        if not share or not users:
            return None
        index_of = self._authors
        follows = {
            user: [index_of[author] for author in authors if author in index_of]
            for user, authors in load_follows(snapshot, users).items()
        }
        if not any(follows.values()):
            return None
        return self._followed(lambda user: follows.get(user, ()), viewer_of, share=share, now=now)

    def _followed(
        self, authors_of: Callable[[str], Sequence[int]], viewer_of: ViewerOf, *, share: float, now: datetime
    ) -> FollowedPosts:
        order, starts = self._by_author
        return FollowedPosts(
            share=share,
            post_numbers=np.array(self._post_numbers, np.uint32),
            age_hours=(now.timestamp() - self._posts.created_at) / SECONDS_PER_HOUR,
            author_hashes=self._author_hashes,
            posts_of=lambda author: order[starts[author] : starts[author + 1]],
            authors_of=authors_of,
            viewer_of=viewer_of,
        )

    @cached_property
    def _authors(self) -> Mapping[str, int]:
        """Author id -> index."""
        return {author: index for index, author in enumerate(dict.fromkeys(self._posts.author_ids))}

    @cached_property
    def _author_hashes(self) -> list[int]:
        return [author_hash(author) for author in self._authors]

    @cached_property
    def _author_of(self) -> Int64s:
        """The author (index) of each candidate."""
        return np.array([self._authors[author] for author in self._posts.author_ids], np.int64)

    @cached_property
    def _author_id_hashes(self) -> Int64s:
        """PostgreSQL's hash of each author."""
        hashes = np.zeros(len(self._authors), np.int64)
        hashes[self._author_of] = self._posts.author_id_hashes
        return hashes

    @cached_property
    def _by_author(self) -> tuple[Int64s, Int64s]:
        """Candidates by author, and where those of each author begin."""
        order = np.argsort(self._author_of, kind="stable")
        return order, np.searchsorted(self._author_of[order], np.arange(len(self._authors) + 1))


def _indices(hashes: Int64s, wanted: Int64s) -> tuple[Int64s, np.ndarray]:
    """The index of each wanted hash, and whether there is one."""
    if not len(hashes):
        return np.zeros(len(wanted), np.int64), np.zeros(len(wanted), np.bool_)
    order = np.argsort(hashes)
    found = order[np.minimum(np.searchsorted(hashes, wanted, sorter=order), len(order) - 1)]
    return found, hashes[found] == wanted
