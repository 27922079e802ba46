"""Whom users may want to follow, and why: authors whose posts they like, and those whom people like them like. Pure."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from s01_heuristic.engagement import Bools, Engagement, NearAuthors, is_among, near_authors, people_said
from shared.distinct import distinct
from shared.event_columns import Floats, Int64s
from shared.ranked_lists.suggestions import ENTRY, MAX_NUMBER, AuthorReason

LENGTH = 20  # authors of one user
POPULAR = 100  # authors for everybody
BEST_POSTS = 3  # of an author, by which they are popular
FOLLOWED = 100  # of one user who are looked at, and of each of those
LIKED = 30  # authors whom one user likes, whose nearest ones are looked at
# With two liked posts, and with ten people who are followed, half of the score is reached.
HALF_POSTS, HALF_PEOPLE = 2.0, 10.0

LAYOUT = np.dtype([("author", "<u8"), ("reason", "u1"), ("number", "<u2"), ("score", "<f2")])
assert LAYOUT.itemsize == ENTRY.size


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggested:
    """Authors for some users, as columns; user by user, the best first."""

    owners: Int64s  # (n,) index of the user
    authors: Int64s  # (n,) indices of people
    reasons: Int64s  # (n,) codes of `AuthorReason`
    numbers: Int64s  # (n,) posts or people, see `SuggestedAuthor`
    scores: Floats  # (n,) in [0, 1]

    def packed(self, author_hashes: npt.NDArray[np.uint64], n_users: int) -> list[bytes]:
        """The entries of each user, for `pack_suggestions`; (n_people,) `author_hash` of people."""
        entries = np.empty(len(self.authors), LAYOUT)
        entries["author"], entries["reason"] = author_hashes[self.authors], self.reasons
        entries["number"], entries["score"] = np.minimum(self.numbers, MAX_NUMBER), self.scores
        value, ends = entries.tobytes(), np.searchsorted(self.owners, np.arange(n_users + 1)) * ENTRY.size
        return [value[start:end] for start, end in zip(ends[:-1].tolist(), ends[1:].tolist(), strict=True)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Suggester:
    """What one run suggests authors by."""

    engagement: Engagement
    near: NearAuthors
    is_suggested: Bools  # (n_people,) authors of eligible posts
    left_out: Int64s  # keys of user and author whom they follow or keep apart from, ascending

    @classmethod
    def of(cls, engagement: Engagement, is_suggested: Bools, *, seed: int) -> "Suggester":
        """Compare the authors with one another first; `seed` is that of `near_authors`."""
        near = near_authors(engagement, is_suggested, seed=seed)
        followed = engagement.keys_of(engagement.follows.people, engagement.follows.others)
        left_out = distinct(np.concatenate([engagement.barred, followed]))
        return cls(engagement=engagement, near=near, is_suggested=is_suggested, left_out=left_out)

    def suggest(self, users: Int64s) -> Suggested:
        """Authors for these users (indices of people): none whom they follow, or keep apart from.

        The score joins what speaks for an author, 1 - ∏(1 - part): n liked posts, n / (n + 2); the nearness of all
        authors with whom the user is engaged, 1 - exp(-sum); n of those whom they follow, n / (n + 10).
        """
        liked, n_posts = self._liked(users)
        alike, nearness, like_both = self._alike(users)
        followed, n_followed = self._followed(users)
        keys = distinct(np.concatenate([liked, alike, followed]))
        owners, authors = np.divmod(keys, max(1, len(self.engagement.hashes)))
        n_posts, nearness, like_both, n_followed = (
            _at(keys, *found)
            for found in ((liked, n_posts), (alike, nearness), (alike, like_both), (followed, n_followed))
        )
        by_likes, by_near = n_posts / (n_posts + HALF_POSTS), 1.0 - np.exp(-nearness)
        by_follows = n_followed / (n_followed + HALF_PEOPLE)
        scores = 1.0 - (1.0 - by_likes) * (1.0 - by_near) * (1.0 - by_follows)
        reasons = np.select(
            [n_posts > 0, by_follows > by_near],
            [AuthorReason.LIKED_POSTS, AuthorReason.FOLLOWED_BY_FOLLOWED],
            AuthorReason.LIKED_ALIKE,
        )
        numbers = np.select([n_posts > 0, by_follows > by_near], [n_posts, n_followed], like_both)
        kept = np.flatnonzero((scores > 0) & self._may_suggest(users[owners], authors))
        kept = kept[np.lexsort((authors[kept], -scores[kept], owners[kept]))]
        place = np.arange(len(kept)) - np.searchsorted(owners[kept], owners[kept])
        kept = kept[place < LENGTH]
        return Suggested(
            owners=owners[kept],
            authors=authors[kept],
            reasons=reasons[kept],
            numbers=numbers[kept],
            scores=scores[kept],
        )

    def _may_suggest(self, users: Int64s, authors: Int64s) -> Bools:
        is_left_out = is_among(self.left_out, self.engagement.keys_of(users, authors))
        may: Bools = self.is_suggested[authors] & (users != authors) & ~is_left_out
        return may

    def _liked(self, users: Int64s) -> tuple[Int64s, Int64s]:
        """Keys, ascending, and how many posts of the author the user likes."""
        likes = self.engagement.likes
        ties, owners = likes.of_people(users)
        return self.engagement.keys_of(owners, likes.others[ties]), likes.weights[ties].astype(np.int64)

    def _alike(self, users: Int64s) -> tuple[Int64s, Floats, Int64s]:
        """Keys, ascending, the sum of nearness, and how many people at least are engaged with both."""
        engaged, near = self.engagement.engaged, self.near.ties
        own, owners = engaged.of_people(users, at_most=LIKED)
        ties, which = near.of_people(engaged.others[own])
        keys = self.engagement.keys_of(owners[which], near.others[ties])
        order = np.argsort(keys)
        keys, starts = keys[order], np.flatnonzero(np.diff(keys[order], prepend=-1))
        if not len(keys):
            return keys, near.weights[ties], self.near.people[ties]
        nearness = np.add.reduceat(near.weights[ties][order], starts)
        return keys[starts], nearness, np.maximum.reduceat(self.near.people[ties][order], starts)

    def _followed(self, users: Int64s) -> tuple[Int64s, Int64s]:
        """Keys, ascending, and how many of those whom the user follows follow the author, as it may be said."""
        follows, counted = self.engagement.follows, self.engagement.counted_follows
        own, owners = follows.of_people(users, at_most=FOLLOWED)
        ties, which = counted.of_people(follows.others[own], at_most=FOLLOWED)
        keys = np.sort(self.engagement.keys_of(owners[which], counted.others[ties]))
        starts = np.flatnonzero(np.diff(keys, prepend=-1))
        counts, keys = np.diff(starts, append=len(keys)), keys[starts]
        n_followed = np.bincount(owners, minlength=len(users))
        said = people_said(np.minimum(counts, n_followed[keys // max(1, len(self.engagement.hashes))] // 2))
        return keys[said > 0], said[said > 0]


def _at(keys: Int64s, some: Int64s, values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The values of some of the keys, and zeros for the others; all keys ascend."""
    found = np.zeros(len(keys), values.dtype)
    found[np.searchsorted(keys, some)] = values
    return found


def popular_authors(authors: Int64s, scores: Floats, engagement: Engagement) -> Suggested:
    """The authors of the best posts, for everybody.

    Args:
        authors: (n_posts,) the author of each candidate, as indices of people.
        scores: (n_posts,) of the candidates, in [0, 1].
        engagement: tells how many people like or follow an author.
    """
    order = np.lexsort((-scores, authors))
    place = np.arange(len(order)) - np.searchsorted(authors[order], authors[order])
    best = order[place < BEST_POSTS]
    means = np.bincount(authors[best], weights=scores[best], minlength=len(engagement.hashes)) / BEST_POSTS
    found = distinct(authors)
    chosen = found[np.lexsort((found, -means[found]))][:POPULAR]
    people = np.bincount(engagement.engaged.others, minlength=len(engagement.hashes))[chosen]
    return Suggested(
        owners=np.zeros(len(chosen), np.int64), authors=chosen, reasons=np.full(len(chosen), AuthorReason.POPULAR),
        numbers=people_said(people), scores=means[chosen],
    )  # fmt: skip
