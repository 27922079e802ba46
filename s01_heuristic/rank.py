"""Scores the candidates once, and gives each user the same order less what they must not or need not see. Pure."""

from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from shared.columns import PlaceIndex, latest_of_each, post_index
from shared.db.bulk import Events, Floats, Posts
from shared.domain import KIND_CODES, Reason
from shared.eligibility import Viewer
from shared.heuristic import REFERENCE_QUANTILE, blend, decay, popularity, recency
from shared.ranked_lists.codec import ENTRY, ROW_BITS
from shared.settings import HeuristicSettings

# numpy's view of codec.ENTRY: what is packed here for all users at once is read there one entry at a time.
ENTRY_LAYOUT = np.dtype([("packed", "<u4"), ("score", "<f2")])
assert ENTRY_LAYOUT.itemsize == ENTRY.size


@dataclass(frozen=True, slots=True, kw_only=True)
class Scores:
    """The two terms and their blend, one value per post, each in [0, 1]."""

    popularity: Floats  # (n_posts,)
    recency: Floats  # (n_posts,)
    blended: Floats  # (n_posts,)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranking:
    """All candidates, best first. A *rank* is a place in this order, 0 the best."""

    entries: npt.NDArray[np.void]  # (n_posts,) of ENTRY_LAYOUT
    index: PlaceIndex  # whose places are ranks

    def __len__(self) -> int:
        return len(self.entries)


def score_posts(posts: Posts, events: Events, settings: HeuristicSettings, now: datetime) -> Scores:
    """Popularity, recency and their blend for each post.

    Popularity is the sum over distinct users and kinds of the kind's weight, each decayed by the age of that user's
    last event of that kind, on a log scale against a high quantile of all posts. An author's own events do not count.
    """
    weights = event_weights(posts, events, settings, now)
    reference = reference_weight(weights, floor=settings.popularity_floor)
    popular = popularity(weights, reference, log1p=np.log1p)
    ages = np.maximum(now.timestamp() - posts.created_at, 0.0) / 3600.0
    recent = recency(ages, settings.half_life_hours)
    return Scores(popularity=popular, recency=recent, blended=blend(popular, recent, alpha=settings.alpha))


def event_weights(posts: Posts, events: Events, settings: HeuristicSettings, now: datetime) -> Floats:
    """The decayed weight of each post's distinct users, from 0 up; shape (n_posts,)."""
    index, known = post_index(posts, events.post_keys)
    counted = known & (events.user_keys != posts.author_keys[index]) if len(posts) else known
    index, users = index[counted], events.user_keys[counted]
    kinds, at = events.kinds[counted], events.at[counted]
    latest = latest_of_each(index, users, kinds, at=at)
    ages = np.maximum(now.timestamp() - at[latest], 0.0) / 3600.0
    kind_weights = np.array([settings.kind_weights.get(kind, 0.0) for kind in KIND_CODES])
    each = kind_weights[kinds[latest]] * decay(ages, settings.popularity_half_life_hours)
    return np.maximum(np.bincount(index[latest], weights=each, minlength=len(posts)), 0.0)


def reference_weight(weights: Floats, *, floor: float) -> float:
    """The weight that counts as fully popular: a high quantile of the posts that have any, but not below the floor."""
    positive = weights[weights > 0]
    return max(floor, float(np.quantile(positive, REFERENCE_QUANTILE))) if len(positive) else floor


def rank_posts(posts: Posts, rows: list[int], scores: Scores, *, alpha: float) -> Ranking:
    """All candidates by score, best first; equal scores by newer first, then by id."""
    by_id = np.argsort(np.array(posts.ids, dtype=object), kind="stable")
    order = by_id[np.lexsort((-posts.created_at[by_id], -scores.blended[by_id]))]
    is_popular = alpha * scores.popularity > (1 - alpha) * scores.recency
    reasons = np.where(is_popular, int(Reason.POPULAR), int(Reason.RECENT)).astype(np.uint32)
    entries = np.empty(len(posts), ENTRY_LAYOUT)
    ordered_rows = np.array(rows, np.uint32)[order]
    entries["packed"] = reasons[order] << np.uint32(ROW_BITS) | ordered_rows
    entries["score"] = scores.blended[order]
    return Ranking(
        entries=entries,
        index=PlaceIndex.of(ordered_rows.tolist(), [posts.author_ids[i] for i in order]),
    )


def entries_for(ranking: Ranking, viewer: Viewer, *, length: int) -> bytes:
    """A user's packed entries: the common order less everything withheld from, or seen by, the viewer."""
    dropped = ranking.index.withheld(viewer)
    if len(dropped) == 0:
        return ranking.entries[:length].tobytes()
    head = min(len(ranking), length + len(dropped))
    keep = np.ones(head, bool)
    keep[dropped[dropped < head]] = False
    return ranking.entries[:head][keep][:length].tobytes()
