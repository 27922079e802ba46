"""What a learned final ranker knows of a user and a listed post: one row of numbers for each. Pure.

The place in a session is not among them: a list is made before the session in which it is read.
"""

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from shared.neucf.examples import NO_AUTHOR
from shared.neucf.fast.top_k import NO_POST
from shared.neucf.sources.all_sources import SOURCES
from shared.neucf.sources.asked import NOTHING, Asked, Int64s, Scores
from shared.neucf.sources.content import latest_nearness
from shared.neucf.sources.fuse import SourceRanks
from shared.neucf.sources.learned import Learned

LOWEST = np.finfo(np.float32).min
UNKNOWN = np.float32(-2.0)  # where a source has nothing to say; cosines end at -1, other scores are not below 0

Values = NDArray[np.float32]

_OF_SOURCES = tuple(f"{source.name.replace(' ', '_')}_{what}" for source in SOURCES for what in ("rank", "score"))
_OF_POSTS = ("popularity", "popularity_slope", "age_days", "is_new_to_the_model")
_OF_PAIRS = ("author_affinity", "latest_nearness")
FEATURES = (*_OF_SOURCES, *_OF_POSTS, *_OF_PAIRS, "n_likes")


def features_of(asked: Asked, ranks: SourceRanks, lists: Int64s) -> Values:
    """The features of listed posts. -> (n_users, n, n_features), zeros where there is no post

    Args:
        asked: about these users.
        ranks: of all sources.
        lists: (n_users, n) columns of candidates, NO_POST after the last one.
    """
    columns = np.maximum(lists, 0)
    values = np.stack([*_source_values(ranks, lists), *_post_values(asked, columns), *_pair_values(asked, columns)], -1)
    values[lists == NO_POST] = 0.0
    return values


def _source_values(ranks: SourceRanks, lists: Int64s) -> list[Values]:
    found = list[Values]()
    for index, (source, scores) in enumerate(zip(ranks.sources, ranks.scores, strict=True)):
        found.append(np.log1p(ranks.rank_of(index, lists)).astype(np.float32))
        found.append(np.full(lists.shape, UNKNOWN) if scores is None else _listed(source.name, scores, lists))
    return found


def _listed(name: str, scores: Scores, lists: Int64s) -> Values:
    listed = np.take_along_axis(scores, np.maximum(lists, 0), axis=1)
    if name == Learned.name:  # only differences within a user's list mean something
        within: Values = listed - np.where(lists == NO_POST, NOTHING, listed).max(axis=1, initial=LOWEST, keepdims=True)
        return within
    return np.where(np.isneginf(listed), UNKNOWN, listed)


def _post_values(asked: Asked, columns: Int64s) -> list[Values]:
    candidates = asked.candidates
    earlier = candidates.popularity if candidates.earlier_popularity is None else candidates.earlier_popularity
    of_posts: Mapping[str, NDArray[np.generic]] = {
        "popularity": candidates.popularity,
        "popularity_slope": candidates.popularity - earlier,
        "age_days": candidates.age_days,
        "is_new_to_the_model": candidates.posts.model_rows == 0,
    }
    return [of_posts[name].astype(np.float32)[columns] for name in _OF_POSTS]


def _pair_values(asked: Asked, columns: Int64s) -> list[Values]:
    near, n_likes = latest_nearness(asked), asked.ends - asked.starts
    listed = None if near is None else np.take_along_axis(near, columns, axis=1)
    nearness = np.full(columns.shape, UNKNOWN) if listed is None else np.where(np.isneginf(listed), UNKNOWN, listed)
    counts = np.broadcast_to(np.log1p(n_likes)[:, None], columns.shape)
    return [_affinity(asked, columns), nearness.astype(np.float32), counts.astype(np.float32)]


def _affinity(asked: Asked, columns: Int64s) -> Values:
    """The share of a user's likes that are of the post's author. (n_users, n)"""
    liked_authors, authors = asked.liked_posts.authors[asked.liked], asked.candidates.posts.authors[columns]
    names, numbers = np.unique(np.r_[liked_authors, asked.candidates.posts.authors], return_inverse=True)
    users = np.repeat(np.arange(len(asked.starts)), asked.ends - asked.starts)
    liked = np.unique(users * len(names) + numbers[: len(liked_authors)], return_counts=True)
    wanted = np.arange(len(columns))[:, None] * len(names) + np.searchsorted(names, authors)
    if len(liked[0]) == 0:
        return np.zeros(columns.shape, np.float32)
    at = np.minimum(np.searchsorted(liked[0], wanted), len(liked[0]) - 1)
    counts = np.where(liked[0][at] == wanted, liked[1][at], 0)
    counts = np.where(authors == NO_AUTHOR, 0, counts)  # posts without an author are not of one author
    share: Values = (counts / np.maximum(asked.ends - asked.starts, 1)[:, None]).astype(np.float32)
    return share
