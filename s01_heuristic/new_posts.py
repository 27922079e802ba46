"""Which posts the reserved slots of everybody's chains are for: young, and seen by few people yet. Pure."""

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

MAX_POOL = 2_000  # 12 KB, which each timeline process reads once a run
# A pool is no larger than the active users' first 50 posts can show each of its posts to as many as are wanted;
# in a small app some posts at a time then reach enough people, instead of all of them hardly any.
FIRST_POSTS = 50
MIN_POOL = 10


def new_post_pool(
    inputs: RankingInput, ranking: RankedCandidates, settings: NewPostSettings, generation: int, now: datetime
) -> bytes:
    """Packed entries of the pool, those that the fewest people have seen first, in seeded order among equals.

    Args:
        world: candidates, events, active users.
        ranking: all candidates, whose scores the entries carry.
        settings: up to which age and how many viewers a post is new.
        generation: the run's fencing number, the seed.
        now: of the run.
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
    """How many people but the author have met each post; any event is a proof of that. -> (n_posts,)"""
    candidate_events = candidate_events_of(posts, events)
    each = candidate_events.latest_of_each_pair()
    return np.bincount(candidate_events.posts[each[candidate_events.by_others[each]]], minlength=len(posts))


def pool_size(n_users: int, settings: NewPostSettings) -> int:
    """How many posts a run offers to the reserved slots."""
    slots = n_users * FIRST_POSTS * settings.new_post_share
    return int(min(MAX_POOL, max(MIN_POOL, slots / (2 * settings.new_post_viewers))))
