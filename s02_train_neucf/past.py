"""The past as it was: what could be shown to whom at a moment, and nothing that happened later. Pure."""

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Self

import numpy as np
from numpy.typing import NDArray

from s02_train_neucf.load import TrainingData
from shared.db.bulk import Events as EventColumns
from shared.db.bulk import Posts as PostColumns
from shared.heuristic_scores import Scores, score_posts
from shared.neucf.examples import POSITIVE_CODES, Events, Examples, Int64s, Posts, Seconds, examples_of
from shared.settings import HeuristicSettings, WindowSettings

EVENTS_AHEAD = 86_400.0  # seconds by which an event may be older than its post, as in shared.world.load_world


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Past:
    """Everything that happened, ordered so that any moment's view of it is quickly cut out."""

    data: TrainingData
    by_time: Events
    of_user: Int64s  # (n_events,) places in `by_time`, by user, then time
    user_keys: Int64s  # (n_users,) ascending: everybody with an event …
    user_starts: Int64s  # (n_users + 1,) … and where theirs begin in `of_user`
    likes: Examples  # positive examples as they stand in the end, by time: what people went on to like
    liked_places: Int64s  # (n_pairs,) a post that somebody else came to like …
    liked_at: Seconds  # (n_pairs,) … at this time, ascending
    newest_first: Int64s  # (n_posts,) places, ties by key

    @classmethod
    def of(cls, data: TrainingData) -> Self:
        """Sort once what every step reads."""
        events, posts = data.events, data.posts
        in_order = bool(np.all(events.at[1:] >= events.at[:-1]))
        by_time = events if in_order else _ordered(events, np.argsort(events.at, kind="stable"))
        of_user = np.argsort(by_time.user_key, kind="stable")
        user_keys, counts = np.unique(events.user_key, return_counts=True)
        places, at = _first_likes(by_time, posts)
        return cls(
            data=data,
            by_time=by_time,
            of_user=of_user,
            user_keys=user_keys,
            user_starts=np.r_[0, np.cumsum(counts)],
            likes=examples_of(events, posts),
            liked_places=places,
            liked_at=at,
            newest_first=np.lexsort((posts.post_key, -posts.created_at)),
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

    def heuristic(self, at: float, candidates: Int64s, settings: HeuristicSettings) -> Scores:
        """The heuristic's terms for the candidates, recomputed as of a moment."""
        posts = self.data.posts
        columns = PostColumns(
            ids=[""] * len(candidates),  # nothing reads them here
            author_ids=[""] * len(candidates),
            keys=posts.post_key[candidates],
            author_keys=posts.author_key[candidates],
            created_at=posts.created_at[candidates],
        )
        oldest = columns.created_at.min(initial=at) - EVENTS_AHEAD
        first, last = np.searchsorted(self.by_time.at, [oldest, at])
        known = EventColumns(
            user_keys=self.by_time.user_key[first:last],
            post_keys=self.by_time.post_key[first:last],
            kinds=self.by_time.kind[first:last],
            at=self.by_time.at[first:last],
        )
        return score_posts(columns, known, settings, datetime.fromtimestamp(at, UTC))

    def popularity(self, at: float, candidates: Int64s) -> NDArray[np.float64]:
        """How many people had liked each candidate before a moment. -> (n_candidates,)"""
        before = self.liked_places[: np.searchsorted(self.liked_at, at)]
        return np.bincount(before, minlength=len(self.data.posts.post_key))[candidates].astype(np.float64)

    def events_of(self, user_keys: Int64s, before: float) -> Events:
        """Some users' events before a moment; `user_keys` ascend."""
        known = user_keys[np.isin(user_keys, self.user_keys)]
        places = np.searchsorted(self.user_keys, known)
        starts = self.user_starts[places]
        counts = self.user_starts[places + 1] - starts
        rows = np.arange(counts.sum()) + np.repeat(starts - (np.cumsum(counts) - counts), counts)
        mine = _ordered(self.by_time, self.of_user[rows])
        return mine.where(mine.at < before)


def _first_likes(by_time: Events, posts: Posts) -> tuple[Int64s, Seconds]:
    place = posts.places(by_time.post_key)
    counted = np.isin(by_time.kind, POSITIVE_CODES) & (place >= 0)
    counted &= posts.author_key[place] != by_time.user_key if len(posts.post_key) else False
    likes, place = by_time.where(counted), place[counted]
    _, user = np.unique(likes.user_key, return_inverse=True)
    pairs = user * (len(posts.post_key) + 1) + place
    _, first = np.unique(pairs, return_index=True)  # the earliest of each: they are in order of time
    first.sort()
    return place[first], likes.at[first]


def _ordered(events: Events, order: Int64s) -> Events:
    return Events(
        user_key=events.user_key[order],
        post_key=events.post_key[order],
        kind=events.kind[order],
        at=events.at[order],
    )
