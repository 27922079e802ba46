"""The heuristic's terms for columns of posts and events: phase 1 ranks by them, models are compared with them. Pure."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from shared.candidates.candidate_events import CandidateEvents, candidate_events_of
from shared.candidates.columns import latest_of_each
from shared.domain import KIND_CODES
from shared.event_columns import Events, Floats, PostColumns
from shared.heuristic import REFERENCE_QUANTILE, blend, decay, popularity, recency
from shared.settings import HeuristicSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class HeuristicScores:
    """The two terms and their blend, one value per post, each in [0, 1]."""

    popularity: Floats  # (n_posts,)
    recency: Floats  # (n_posts,)
    blended: Floats  # (n_posts,)


def score_posts(
    posts: PostColumns, events: Events | CandidateEvents, settings: HeuristicSettings, now: datetime
) -> HeuristicScores:
    """Popularity, recency and their blend for each post.

    Popularity is the sum over distinct users and kinds of the kind's weight, each decayed by the age of that user's
    last event of that kind, on a log scale against a high quantile of all posts. An author's own events do not count.
    """
    weights = event_weights(posts, events, settings, now)
    reference = reference_weight(weights, floor=settings.popularity_floor)
    popular = popularity(weights, reference, log1p=np.log1p)
    ages = np.maximum(now.timestamp() - posts.created_at, 0.0) / 3600.0
    recent = recency(ages, settings.half_life_hours)
    return HeuristicScores(popularity=popular, recency=recent, blended=blend(popular, recent, alpha=settings.alpha))


def is_popular(scores: HeuristicScores, *, alpha: float) -> npt.NDArray[np.bool_]:
    """Whether popularity counts more than recency in a post's score. -> (n_posts,)"""
    popular: npt.NDArray[np.bool_] = alpha * scores.popularity > (1 - alpha) * scores.recency
    return popular


def event_weights(
    posts: PostColumns, events: Events | CandidateEvents, settings: HeuristicSettings, now: datetime
) -> Floats:
    """The decayed weight of each post's distinct users, from 0 up; shape (n_posts,)."""
    events = candidate_events_of(posts, events)
    counted = np.flatnonzero(events.by_others)
    index, kinds, at = events.posts[counted], events.kinds[counted], events.at[counted]
    latest = latest_of_each(index, events.users[counted], kinds, at=at)
    ages = np.maximum(now.timestamp() - at[latest], 0.0) / 3600.0
    kind_weights = np.array([settings.kind_weights.get(kind, 0.0) for kind in KIND_CODES])
    weights = kind_weights[kinds[latest]] * decay(ages, settings.popularity_half_life_hours)
    return np.maximum(np.bincount(index[latest], weights=weights, minlength=len(posts)), 0.0)


def reference_weight(weights: Floats, *, floor: float) -> float:
    """The weight that counts as fully popular: a high quantile of the posts that have any, but not below the floor."""
    positive = weights[weights > 0]
    return max(floor, float(np.quantile(positive, REFERENCE_QUANTILE))) if len(positive) else floor
