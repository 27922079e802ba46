"""Loads the data of one scoring run: the users to score, what they liked, and the vectors."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

import numpy as np
import numpy.typing as npt

from s02_recsys_neucf.score import IndicesPerUser
from shared.candidates.ranking_input import RankingInput
from shared.content.encode_posts import Encoders
from shared.content.post_features import features_of, load_columns
from shared.db.bulk import load_all_posts
from shared.db.bulk_events import EVERYTHING, KeptSince, load_all_events, load_events_of
from shared.db.engine import Database
from shared.errors import SourceError
from shared.event_columns import Events, Int64s
from shared.neucf.examples import SortedPosts, examples_of
from shared.neucf.features import PostFeatures

MAX_USERS_QUERIED = 20_000  # with more users, reading all events is cheaper than querying theirs


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ScoringData:
    """Users with enough likes, their likes, and the vectors of liked posts and of candidates."""

    users: npt.NDArray[np.int64]  # (n_users,) indices in `inputs.users`
    user_id_hashes: Int64s  # (n_users,)
    liked: IndicesPerUser  # per user, indices in `liked_id_hashes`, in the order of time
    liked_id_hashes: Int64s  # (n_liked_posts,)
    liked_features: PostFeatures
    candidate_features: PostFeatures  # in the order of `inputs.posts`
    posts: SortedPosts  # all that anyone may see

    def take(self, users: Int64s) -> "ScoringData":
        """The data of some of the users (indices in `users`), in that order."""
        return replace(
            self, users=self.users[users], user_id_hashes=self.user_id_hashes[users], liked=self.liked.take(users)
        )


def load_scoring_data(
    database: Database,
    encoders: Encoders,
    inputs: RankingInput,
    chosen: npt.NDArray[np.int64],
    *,
    history: timedelta,
    min_known: int,
    now: datetime,
    kept_since: KeptSince = EVERYTHING,
) -> ScoringData:
    """Read the likes of the chosen users, and the vectors.

    Args:
        database: ours and the team's.
        encoders: whose vectors are read.
        inputs: candidates, active users.
        chosen: indices in `inputs.users` of the users to score.
        history: age up to which likes count.
        min_known: users with fewer positives are cold: they keep the heuristic's lists.
        now: time of the run.
        kept_since: for some kinds, the time of the oldest event that counts.
    """
    ids = [inputs.users.ids[index] for index in chosen]
    with database.read() as snapshot:
        found = load_all_posts(snapshot, now=now)
        since = now - history
        if len(ids) > MAX_USERS_QUERIED:
            loaded = load_all_events(snapshot, since=since, now=now, kept_since=kept_since, with_first_times=True)
            events = loaded.counted.joined_with(loaded.silent)  # they raise nothing, and have lists
        else:
            events = load_events_of(snapshot, ids, since=since, now=now, kept_since=kept_since, with_first_times=True)
        columns = load_columns(snapshot, encoders)
    _refuse_emptied(inputs, chosen, n_posts=len(found), n_events=len(events))
    posts = SortedPosts.of(found)
    likes = likes_of(events, posts, inputs.users.id_hashes[chosen], min_known=min_known)
    liked_indices, positions = np.unique(likes.of_warm.indices, return_inverse=True)
    liked_id_hashes = posts.id_hashes[liked_indices]
    return ScoringData(
        users=chosen[likes.is_warm],
        user_id_hashes=inputs.users.id_hashes[chosen][likes.is_warm],
        liked=IndicesPerUser(likes.of_warm.starts, positions.astype(np.int64)),
        liked_id_hashes=liked_id_hashes,
        liked_features=features_of(columns, liked_id_hashes),
        candidate_features=features_of(columns, inputs.posts.id_hashes),
        posts=posts,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Likes:
    """What users liked, in the order of time, of those who liked enough."""

    is_warm: npt.NDArray[np.bool_]  # (n_users,)
    of_warm: IndicesPerUser  # of those who are, indices of posts


def likes_of(events: Events, posts: SortedPosts, user_id_hashes: Int64s, *, min_known: int) -> Likes:
    """What these users liked.

    Args:
        events: theirs, perhaps also of others.
        posts: all that anyone may see.
        user_id_hashes: (n_users,)
        min_known: users with fewer positives are cold.
    """
    examples = examples_of(events, posts)
    liked = examples[examples.order_of_likes()]
    by_user = _indices_by_user(liked.user_id_hashes, posts.indices(liked.post_id_hashes), user_id_hashes)
    is_warm = np.array([len(indices) >= min_known for indices in by_user], bool)
    warm = [indices for indices, enough in zip(by_user, is_warm, strict=True) if enough]
    return Likes(is_warm=is_warm, of_warm=IndicesPerUser.of(warm))


def _refuse_emptied(inputs: RankingInput, chosen: npt.NDArray[np.int64], *, n_posts: int, n_events: int) -> None:
    """Refuse a source that was emptied after `inputs` were read: all users would seem cold."""
    did_something = np.isin(inputs.users.id_hashes[chosen], inputs.events.user_id_hashes)
    if (len(inputs.posts) and n_posts == 0) or (did_something.any() and n_events == 0):
        raise SourceError(
            f"posts and interactions: got {n_posts:,} and {n_events:,} a moment after there were {len(inputs.posts):,}"
            f" and {len(inputs.events):,}; nothing is published. Is a view being replaced?"
        )


def _indices_by_user(user_id_hashes: Int64s, indices: Int64s, wanted: Int64s) -> Sequence[Int64s]:
    """The indices of each wanted user, in the order of `wanted`; those of a user stay in their order."""
    order = np.argsort(user_id_hashes, kind="stable")
    sorted_keys, sorted_places = user_id_hashes[order], indices[order]
    starts = np.searchsorted(sorted_keys, wanted, side="left")
    ends = np.searchsorted(sorted_keys, wanted, side="right")
    return [sorted_places[start:end] for start, end in zip(starts, ends, strict=True)]
