"""The past as it was: what could be shown to whom at a moment, and nothing that happened later. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from shared.candidates.heuristic_scores import HeuristicScores, score_posts
from shared.event_columns import Events, Floats, Int64s
from shared.neucf.examples import POSITIVE_CODES, Examples, SortedPosts, examples_of
from shared.settings import HeuristicSettings, WindowSettings

if TYPE_CHECKING:
    from s02_train_neucf.data.load import TrainingData

EVENTS_AHEAD = (
    86_400.0  # seconds by which an event may be older than its post, as in shared.candidates.ranking_input.load_world
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class History:
    """Everything that happened, ordered so that any moment's view of it is quickly cut out."""

    data: "TrainingData"
    by_time: Events
    of_user: Int64s  # (n_events,) places in `by_time`, by user, then time
    user_id_hashes: Int64s  # (n_users,) ascending: everybody with an event …
    user_starts: Int64s  # (n_users + 1,) … and where theirs begin in `of_user`
    likes: Examples  # positive examples as they stand in the end, by time: what people went on to like
    liked_indices: Int64s  # (n_pairs,) a post that somebody else came to like …
    liked_at: Floats  # (n_pairs,) … at this time, ascending
    newest_first: Int64s  # (n_posts,) places, ties by key

    @classmethod
    def of(cls, data: "TrainingData") -> Self:
        """Sort once what every step reads."""
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
        )

    def candidates(self, at: float, window: WindowSettings) -> Int64s:
        """Places of the posts that could be shown, newest first: those of the window, or as many of the newest as asked
        for where they are too few (as `shared.db.bulk.load_candidates` has it)."""
        created_at = self.data.posts.created_at[self.newest_first]
        stood = self.newest_first[(created_at <= at) & (self.data.deleted_at[self.newest_first] > at)]
        n_fresh = np.count_nonzero(self.data.posts.created_at[stood] >= at - window.window.total_seconds())
        return stood[: max(int(n_fresh), window.min_candidates)]

    def likes_within(self, start: float, end: float) -> Examples:
        """What people went on to like: pairs of user and post whose first event lies in a time. The only look ahead."""
        first, last = np.searchsorted(self.likes.at, [start, end])
        return self.likes[int(first) : int(last)]

    def heuristic(self, at: float, candidates: Int64s, settings: HeuristicSettings) -> HeuristicScores:
        """The heuristic's terms for the candidates, recomputed as of a moment."""
        ranked = self.data.posts.take(candidates)
        oldest = ranked.created_at.min(initial=at) - EVENTS_AHEAD
        first, last = np.searchsorted(self.by_time.at, [oldest, at])
        return score_posts(ranked, self.by_time[int(first) : int(last)], settings, datetime.fromtimestamp(at, UTC))

    def popularity(self, at: float, candidates: Int64s) -> NDArray[np.float64]:
        """How many people had liked each candidate before a moment. -> (n_candidates,)"""
        before = self.liked_indices[: np.searchsorted(self.liked_at, at)]
        return np.bincount(before, minlength=len(self.data.posts.id_hashes))[candidates].astype(np.float64)

    def events_of(self, user_id_hashes: Int64s, before: float) -> Events:
        """Some users' events before a moment; `user_id_hashes` ascend."""
        known = user_id_hashes[np.isin(user_id_hashes, self.user_id_hashes)]
        indices = np.searchsorted(self.user_id_hashes, known)
        starts = self.user_starts[indices]
        counts = self.user_starts[indices + 1] - starts
        rows = np.arange(counts.sum()) + np.repeat(starts - (np.cumsum(counts) - counts), counts)
        mine = self.by_time[self.of_user[rows]]
        return mine.where(mine.at < before)


def _first_likes(by_time: Events, posts: SortedPosts) -> tuple[Int64s, Floats]:
    place = posts.indices(by_time.post_id_hashes)
    counted = np.isin(by_time.kinds, POSITIVE_CODES) & (place >= 0)
    counted &= posts.author_id_hashes[place] != by_time.user_id_hashes if len(posts.id_hashes) else False
    likes, place = by_time.where(counted), place[counted]
    _, user = np.unique(likes.user_id_hashes, return_inverse=True)
    pairs = user * (len(posts.id_hashes) + 1) + place
    _, first = np.unique(pairs, return_index=True)  # the earliest of each: they are in order of time
    first.sort()
    return place[first], likes.at[first]
