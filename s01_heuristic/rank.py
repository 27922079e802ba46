"""Scores the candidates once, and gives each user the same order less what they must not or need not see. Pure."""

from array import array
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np
import numpy.typing as npt

from shared.db.bulk import Events, Floats, Int64s, Posts
from shared.domain import KIND_CODES, Kind, Reason, author_key
from shared.eligibility import Viewer
from shared.heuristic import REFERENCE_QUANTILE, blend, decay, popularity, recency
from shared.ranked_lists.codec import ENTRY, ROW_BITS
from shared.settings import HeuristicSettings

# numpy's view of codec.ENTRY: what is packed here for all users at once is read there one entry at a time.
ENTRY_LAYOUT = np.dtype([("packed", "<u4"), ("score", "<f2")])
assert ENTRY_LAYOUT.itemsize == ENTRY.size

Ranks = npt.NDArray[np.int64]


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
    rank_of_row: Mapping[int, int]
    ranks_of_author: Mapping[int, Ranks]  # author key → the ranks of the author's posts

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
        rank_of_row={int(row): rank for rank, row in enumerate(ordered_rows)},
        ranks_of_author=_ranks_by_author([author_key(posts.author_ids[i]) for i in order]),
    )


def entries_for(ranking: Ranking, viewer: Viewer, *, length: int) -> bytes:
    """A user's packed entries: the common order less everything withheld from, or seen by, the viewer."""
    dropped = withheld_ranks(ranking, viewer)
    if len(dropped) == 0:
        return ranking.entries[:length].tobytes()
    head = min(len(ranking), length + len(dropped))
    keep = np.ones(head, bool)
    keep[dropped[dropped < head]] = False
    return ranking.entries[:head][keep][:length].tobytes()


def withheld_ranks(ranking: Ranking, viewer: Viewer) -> Ranks:
    """The ranks of the posts that this viewer must not see (hidden authors and posts) or has seen."""
    parts = [ranking.ranks_of_author[key] for key in viewer.hidden_authors if key in ranking.ranks_of_author]
    rows = [*viewer.hidden_posts, *viewer.seen_posts]
    if rows:
        ranks = [ranking.rank_of_row[row] for row in rows if row in ranking.rank_of_row]
        parts.append(np.array(ranks, np.int64))
    return np.concatenate(parts) if parts else np.empty(0, np.int64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """What users did with candidates: for each user key, the rows of the posts, last touched last."""

    seen: Mapping[int, "array[int]"]  # quoted: array is generic for the type checker only
    hidden: Mapping[int, frozenset[int]]


def touched_posts(posts: Posts, rows: list[int], events: Events, *, at_most: int) -> Touched:
    """Which candidates each user has seen (any event is a proof of that) and which they hid.

    Args:
        posts: the candidates.
        rows: their rows.
        events: interactions; those on other posts are ignored.
        at_most: seen posts kept per user, the newest.
    """
    index, known = post_index(posts, events.post_keys)
    index, users, kinds, at = index[known], events.user_keys[known], events.kinds[known], events.at[known]
    latest = latest_of_each(index, users, at=at)
    by_user = latest[np.lexsort((at[latest], users[latest]))]
    row_of = np.array(rows, np.uint32)
    keys, starts = np.unique(users[by_user], return_index=True)
    slices = np.split(row_of[index[by_user]], starts[1:]) if len(keys) else []
    seen = {int(key): array("I", part[-at_most:].tobytes()) for key, part in zip(keys, slices, strict=True)}
    is_hide = kinds == KIND_CODES[Kind.HIDE]
    hidden: dict[int, set[int]] = {}
    for key, row in zip(users[is_hide].tolist(), row_of[index[is_hide]].tolist(), strict=True):
        hidden.setdefault(key, set()).add(row)
    return Touched(seen=seen, hidden={key: frozenset(hides) for key, hides in hidden.items()})


def post_index(posts: Posts, keys: Int64s) -> tuple[Int64s, npt.NDArray[np.bool_]]:
    """For each key the index of its post, and whether it is a candidate's at all; both of shape (n_keys,)."""
    if len(posts) == 0:
        return np.zeros(len(keys), np.int64), np.zeros(len(keys), bool)
    order = np.argsort(posts.keys)
    found = order[np.minimum(np.searchsorted(posts.keys, keys, sorter=order), len(posts) - 1)]
    return found, posts.keys[found] == keys


def latest_of_each(*columns: npt.NDArray[np.generic], at: Floats) -> Int64s:
    """Indices of the latest row of each distinct combination of the columns."""
    if len(at) == 0:
        return np.empty(0, np.int64)
    order = np.lexsort((at, *columns))
    changes = np.zeros(len(at) - 1, bool)
    for column in columns:
        sorted_column = column[order]
        changes |= sorted_column[1:] != sorted_column[:-1]
    latest: Int64s = order[np.append(changes, True)]
    return latest


def _ranks_by_author(keys: list[int]) -> dict[int, Ranks]:
    ranks: dict[int, list[int]] = {}
    for rank, key in enumerate(keys):
        ranks.setdefault(key, []).append(rank)
    return {key: np.array(of_author, np.int64) for key, of_author in ranks.items()}
