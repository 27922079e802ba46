"""Content as a source: how near a photo or a caption is to those of a user's liked posts."""

import numpy as np
from numpy.typing import NDArray

from shared.domain import Reason
from shared.neucf.sources.asked import NOTHING, Asked, AskedCandidates, KnownPosts, Scores, Units

LATEST = 5  # likes that count most
FRESH_DAYS = 2.0  # age up to which a post is fresh


class PhotoNearness:
    """The mean cosine of a photo with those of all likes."""

    name = "photo nearness"

    def scores(self, asked: Asked) -> Scores | None:
        """(n_users, n_candidates)"""
        posts = asked.candidates.posts
        return _nearness(asked, posts.photos, asked.liked_posts.photos, posts.has_photo)

    def reasons(self, candidates: AskedCandidates) -> NDArray[np.int64]:
        """(n_candidates,)"""
        return np.full(len(candidates), int(Reason.SIMILAR_PHOTO))


class CaptionNearness:
    """The mean cosine of a caption with those of all likes."""

    name = "caption nearness"

    def scores(self, asked: Asked) -> Scores | None:
        """(n_users, n_candidates)"""
        posts = asked.candidates.posts
        return _nearness(asked, posts.captions, asked.liked_posts.captions, posts.has_caption)

    def reasons(self, candidates: AskedCandidates) -> NDArray[np.int64]:
        """(n_candidates,)"""
        return np.full(len(candidates), int(Reason.SIMILAR_CAPTION))


class FreshInTopics:
    """New posts near to what a user liked last, by photo where there is one, else by caption."""

    name = "fresh in your topics"

    def scores(self, asked: Asked) -> Scores | None:
        """(n_users, n_candidates); NOTHING for posts that are not fresh"""
        is_fresh = asked.candidates.age_days <= FRESH_DAYS
        near = latest_nearness(asked)
        return None if near is None else np.where(is_fresh, near, NOTHING)

    def reasons(self, candidates: AskedCandidates) -> NDArray[np.int64]:
        """(n_candidates,)"""
        return np.where(_by_photo(candidates.posts), int(Reason.SIMILAR_PHOTO), int(Reason.SIMILAR_CAPTION))


def latest_nearness(asked: Asked) -> Scores | None:
    """The mean cosine with the latest likes, by photo where the candidate has one, else by caption.

    -> (n_users, n_candidates), NOTHING for posts with neither; None: the model compares neither
    """
    posts, liked = asked.candidates.posts, asked.liked_posts
    by_photo = _nearness(asked, posts.photos, liked.photos, posts.has_photo, latest=LATEST)
    by_caption = _nearness(asked, posts.captions, liked.captions, posts.has_caption, latest=LATEST)
    if by_photo is None or by_caption is None:
        return by_caption if by_photo is None else by_photo
    return np.where(_by_photo(posts), by_photo, by_caption)


def _by_photo(posts: KnownPosts) -> NDArray[np.bool_]:
    return posts.has_photo & (posts.photos is not None)


def _nearness(
    asked: Asked, units: Units | None, liked_units: Units | None, known: NDArray[np.bool_], latest: int | None = None
) -> Scores | None:
    """The mean cosine with a user's likes, or with the latest ones. (n_users, n_candidates)"""
    if units is None or liked_units is None:
        return None
    near = mean_units(asked, liked_units, latest) @ units.T
    return np.where(known, near, NOTHING)


def mean_units(asked: Asked, liked_units: Units, latest: int | None = None) -> Units:
    """The mean of the vectors of a user's likes, or of the latest ones; zeros for nobody's. -> (n_users, width)"""
    starts, ends = asked.starts, asked.ends
    first = starts if latest is None else np.maximum(starts, ends - latest)
    counts = ends - first
    taken = np.repeat(first - np.cumsum(np.r_[0, counts[:-1]]), counts) + np.arange(counts.sum())
    total = np.zeros((len(starts), liked_units.shape[1]), np.float32)
    np.add.at(total, np.repeat(np.arange(len(starts)), counts), liked_units[asked.liked[taken]])
    return total / np.maximum(counts, 1)[:, None].astype(np.float32)
