"""The data as it was at an earlier time: what could be shown to whom, and nothing that happened later. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from shared.candidates.heuristic_scores import HeuristicScores, score_posts
from shared.event_columns import Events, Floats, Int64s
from shared.neucf.examples import NO_AUTHOR, POSITIVE_CODES, Examples, SortedPosts, examples_of
from shared.settings import HeuristicSettings, WindowSettings

if TYPE_CHECKING:
    from s02_train_neucf.data.load import TrainingData

EVENTS_AHEAD = 86_400.0  # seconds by which an event may be older than its post, as in `load_ranking_input`


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class History:
    """All events and posts, sorted so that the state at any time is found quickly."""

    data: "TrainingData"
    by_time: Events
    of_user: Int64s  # (n_events,) indices in `by_time`, by user, then time
    user_id_hashes: Int64s  # (n_users,) ascending: users with an event
    user_starts: Int64s  # (n_users + 1,) where a user's events begin in `of_user`
    likes: Examples  # positive examples of the whole data, by time: the answers that the replay asks for
    liked_indices: Int64s  # (n_pairs,) index of a post that another user liked
    liked_at: Floats  # (n_pairs,) when, ascending
    newest_first: Int64s  # (n_posts,) indices, ties by id hash
    spaced_authors: Int64s  # (n_posts,) author id hashes; a post without an author has a number of its own
    clusters: Int64s  # (n_posts,) of near-identical photos, as known today; 0: unknown

    @classmethod
    def of(cls, data: "TrainingData") -> Self:
        """Sort once what all steps read."""
        events, posts = data.events, data.posts
        in_order = bool(np.all(events.at[1:] >= events.at[:-1]))
        by_time = events if in_order else events[np.argsort(events.at, kind="stable")]
        of_user = np.argsort(by_time.user_id_hashes, kind="stable")
        user_id_hashes, counts = np.unique(events.user_id_hashes, return_counts=True)
        indices, at = _first_likes(by_time, posts)
        return cls(
            data=data,
            by_time=by_time,
            of_user=of_user,
            user_id_hashes=user_id_hashes,
            user_starts=np.r_[0, np.cumsum(counts)],
            likes=examples_of(events, posts),
            liked_indices=indices,
            liked_at=at,
            newest_first=np.lexsort((posts.id_hashes, -posts.created_at)),
            spaced_authors=_spaced_authors(posts),
            clusters=data.photo_clusters.of_posts(posts.id_hashes),
        )

    def candidates(self, at: float, window: WindowSettings) -> Int64s:
        """Indices of the posts that could be shown, newest first: those of the window, or the newest `min_candidates`
        if the window has fewer (as in `shared.db.bulk.load_candidates`)."""
        created_at = self.data.posts.created_at[self.newest_first]
        existed = self.newest_first[(created_at <= at) & (self.data.deleted_at[self.newest_first] > at)]
        n_fresh = np.count_nonzero(self.data.posts.created_at[existed] >= at - window.window.total_seconds())
        return existed[: max(int(n_fresh), window.min_candidates)]

    def likes_within(self, start: float, end: float) -> Examples:
        """Likes of a period: pairs of user and post whose first event is in it. Nothing else looks into the future."""
        first, last = np.searchsorted(self.likes.at, [start, end])
        return self.likes[int(first) : int(last)]

    def heuristic(self, at: float, candidates: Int64s, settings: HeuristicSettings) -> HeuristicScores:
        """The heuristic's terms for the candidates, computed for a time."""
        ranked = self.data.posts.take(candidates)
        oldest = ranked.created_at.min(initial=at) - EVENTS_AHEAD
        first, last = np.searchsorted(self.by_time.at, [oldest, at])
        return score_posts(ranked, self.by_time[int(first) : int(last)], settings, datetime.fromtimestamp(at, UTC))

    def popularity(self, at: float, candidates: Int64s) -> NDArray[np.float64]:
        """How many users had liked each candidate before a time. -> (n_candidates,)"""
        before = self.liked_indices[: np.searchsorted(self.liked_at, at)]
        return np.bincount(before, minlength=len(self.data.posts.id_hashes))[candidates].astype(np.float64)

    def events_of(self, user_id_hashes: Int64s, before: float) -> Events:
        """The events of these users before a time; `user_id_hashes` ascend."""
        known = user_id_hashes[np.isin(user_id_hashes, self.user_id_hashes)]
        indices = np.searchsorted(self.user_id_hashes, known)
        starts = self.user_starts[indices]
        counts = self.user_starts[indices + 1] - starts
        rows = np.arange(counts.sum()) + np.repeat(starts - (np.cumsum(counts) - counts), counts)
        events = self.by_time[self.of_user[rows]]
        return events.where(events.at < before)


def _spaced_authors(posts: SortedPosts) -> Int64s:
    """The author by whom each post is spaced. -> (n_posts,)"""
    return np.where(posts.author_id_hashes != NO_AUTHOR, posts.author_id_hashes, -2 - np.arange(len(posts)))


def _first_likes(by_time: Events, posts: SortedPosts) -> tuple[Int64s, Floats]:
    index = posts.indices(by_time.post_id_hashes)
    counted = np.isin(by_time.kinds, POSITIVE_CODES) & (index >= 0)
    counted &= posts.author_id_hashes[index] != by_time.user_id_hashes if len(posts.id_hashes) else False
    likes, index = by_time.where(counted), index[counted]
    _, user = np.unique(likes.user_id_hashes, return_inverse=True)
    pairs = user * (len(posts.id_hashes) + 1) + index
    _, first = np.unique(pairs, return_index=True)  # the earliest of each pair, because they are in order of time
    first.sort()
    return index[first], likes.at[first]
