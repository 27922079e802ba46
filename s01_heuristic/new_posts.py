"""The pool of posts for the reserved slots in everybody's chains: recent, and seen by few people so far. Pure."""

from datetime import datetime

import numpy as np

from s01_heuristic.rank import RankedCandidates
from shared.candidates.candidate_events import CandidateEvents, candidate_events_of
from shared.candidates.ranking_input import RankingInput
from shared.db.bulk import Posts
from shared.domain import Reason
from shared.event_columns import Events, Int64s
from shared.ranked_lists.codec_columns import with_reason
from shared.settings import NewPostSettings

MAX_POOL = 2_000  # 12 KB, which each timeline process reads once per run
# The pool is limited so that the slots in the active users' first 50 posts can show each of its posts to enough people:
# in a small app a few posts then reach enough people each, instead of many posts reaching hardly anybody.
FIRST_POSTS = 50
MIN_POOL = 10


def new_post_pool(
    inputs: RankingInput, ranking: RankedCandidates, settings: NewPostSettings, generation: int, now: datetime
) -> bytes:
    """Packed entries of the pool, the least seen posts first, equal ones in a seeded random order.

    Args:
        inputs: candidates, events, active users.
        ranking: all candidates with their scores.
        settings: age and number of viewers up to which a post is new.
        generation: the run's fencing number; the seed.
        now: time of the run.
    """
    viewers = count_viewers(inputs.posts, inputs.candidate_events)
    age_hours = (now.timestamp() - inputs.posts.created_at) / 3600.0
    is_new = (age_hours <= settings.new_post_hours) & (viewers < settings.new_post_viewers)
    indices = np.flatnonzero(is_new)
    shuffled = np.random.default_rng(generation).permutation(indices)
    ordered = shuffled[np.argsort(viewers[shuffled], kind="stable")]
    post_numbers = np.array(inputs.post_numbers, np.uint32)[ordered[: pool_size(len(inputs.users), settings)]]
    return with_reason(ranking.entries[ranking.index.indices_of(post_numbers)], Reason.NEW).tobytes()


def count_viewers(posts: Posts, events: Events | CandidateEvents) -> Int64s:
    """How many people except the author have seen each post; any event proves it. -> (n_posts,)"""
    events = candidate_events_of(posts, events)
    latest = events.latest_of_each_pair()
    return np.bincount(events.posts[latest[events.by_others[latest]]], minlength=len(posts))


def pool_size(n_users: int, settings: NewPostSettings) -> int:
    """How many posts a run offers to the reserved slots."""
    slots = n_users * FIRST_POSTS * settings.new_post_share
    return int(min(MAX_POOL, max(MIN_POOL, slots / (2 * settings.new_post_viewers))))
