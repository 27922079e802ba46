"""Gives posts of authors whom a user follows places in the user's list. Pure.

The ranker's order stays; where it has too few posts of followed authors, their newest posts are moved up or put in.
So both phases, runs and live passes mean the same by a share, and scores need not be compared.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import numpy.typing as npt

from shared.candidates.asked_for import AskedFor, Bools
from shared.domain import Reason
from shared.eligibility import Viewer
from shared.event_columns import Floats, Int64s
from shared.ranked_lists.codec import MAX_POST_NUMBER, POST_NUMBER_BITS
from shared.ranked_lists.codec_columns import LAYOUT, Entries

# To the age of a post in hours, before it is multiplied: of the posts of one hour, each author's newest comes first.
FRESH_HOURS = 1.0
_ROUNDING = 1e-9  # 0.1 * 30 may be a little below 3
Numbers = npt.NDArray[np.uint32]


def mixed(ranked: Sequence[int], followed: Sequence[int], *, share: float, length: int) -> tuple[list[int], set[int]]:
    """A list of posts in which followed authors have their share, and the posts that got their place by it.

    Of the first n posts, at least the whole part of n · share are of followed authors, as far as there are any. Posts
    that the ranker has put first count: where there are enough of them, nothing changes.

    Args:
        ranked: posts, best first, each once.
        followed: all posts of followed authors that the list may hold, in the order in which they are put in.
        share: of the places, between 0 and 1.
        length: of the new list.
    """
    is_followed, rank_of = set(followed), {post: rank for rank, post in enumerate(ranked)}
    listed: list[int] = []
    put_in: set[int] = set()
    behind = ahead = n_followed = 0  # behind: of `ranked`; ahead: of `followed`
    for wanted, place in enumerate(_reserved_places(share, length), 1):
        while len(listed) < place and behind < len(ranked):
            until = behind + place - len(listed)
            part = [post for post in ranked[behind:until] if post not in put_in]
            behind = min(until, len(ranked))
            listed += part
            n_followed += len(is_followed.intersection(part))
        if len(listed) < place:
            break
        if n_followed < wanted:
            while ahead < len(followed) and rank_of.get(followed[ahead], behind) < behind:
                ahead += 1  # it has a place by its rank
            if ahead < len(followed):
                put_in.add(followed[ahead])
                listed.append(followed[ahead])
                ahead += 1
                n_followed += 1
    rest = [post for post in ranked[behind:] if post not in put_in]
    return listed + rest[: length - len(listed)], put_in


@lru_cache(maxsize=16)
def _reserved_places(share: float, length: int) -> tuple[int, ...]:
    """The places, from 0, by which there should be one more post of a followed author than before."""
    needed = [int(place * share + _ROUNDING) for place in range(length + 1)]
    return tuple(place for place in range(length) if needed[place + 1] > needed[place])


def newest_of_authors(age_hours: Floats, authors: Int64s) -> Int64s:
    """The order in which posts of followed authors are put in. (n_posts,), (n_posts,) -> (n_posts,) indices

    Newest first; the second post of an author counts as twice as old as it is, the third as three times, so that no
    author takes all places.
    """
    if not len(authors):
        return np.zeros(0, np.int64)
    by_author = np.lexsort((age_hours, authors))
    of_author = authors[by_author]
    starts = np.flatnonzero(np.append(True, of_author[1:] != of_author[:-1]))
    nth = np.arange(len(authors)) - np.repeat(starts, np.diff(np.append(starts, len(authors))))
    weighted = np.empty(len(authors))
    weighted[by_author] = (np.maximum(age_hours[by_author], 0.0) + FRESH_HOURS) * (nth + 1)
    order: Int64s = np.argsort(weighted, kind="stable")
    return order


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FollowedPosts:
    """Candidates of a run by the authors whom users follow."""

    share: float  # of the places of a list
    post_numbers: Numbers  # (n_posts,)
    age_hours: Floats  # (n_posts,)
    author_hashes: Sequence[int]  # of each author of a candidate, as viewers hold them
    posts_of: Callable[[int], Int64s]  # author (index) -> candidates
    authors_of: Callable[[str], Sequence[int]]  # user -> the authors (indices) whom they follow
    viewer_of: Callable[[str], Viewer]  # with the user themselves among the hidden authors

    def listed(
        self,
        user_id: str,
        ranked: bytes,
        *,
        length: int,
        asked: AskedFor | None,
        entries_of: Callable[[Numbers], Entries] | None = None,
    ) -> bytes:
        """A user's list of this length in which the authors whom they follow have their share.

        Args:
            user_id: who.
            ranked: the packed entries of their list as it would be otherwise.
            length: of the list.
            asked: what users have said; a post that it withholds, or of which less was asked, is not put in.
            entries_of: the entries of posts as the ranker scores them. None: a post that its list did not reach gets
                the score of the list's last one, which is no lower than its own.
        """
        authors = self.authors_of(user_id) if ranked else ()
        candidates = self._eligible(user_id, authors, asked) if len(authors) else ()
        if not len(candidates):
            return ranked
        entries: Entries = np.frombuffer(ranked, LAYOUT)
        numbers = entries["packed"] & np.uint32(MAX_POST_NUMBER)
        followed = self.post_numbers[candidates]
        listed, put_in = mixed(numbers.tolist(), followed.tolist(), share=self.share, length=length)
        if not put_in:
            return ranked
        is_put_in = np.array([post in put_in for post in listed], np.bool_)
        return self._entries(entries, numbers, np.array(listed, np.uint32), is_put_in, entries_of).tobytes()

    def _eligible(self, user_id: str, authors: Sequence[int], asked: AskedFor | None) -> Int64s:
        """The candidates that may be put into a user's list, in the order in which they are."""
        viewer = self.viewer_of(user_id)
        shown = [author for author in authors if self.author_hashes[author] not in viewer.hidden_authors]
        parts = [self.posts_of(author) for author in shown]
        found = np.concatenate([np.zeros(0, np.int64), *parts])
        by = np.repeat(np.arange(len(parts)), [len(part) for part in parts]).astype(np.int64)
        withheld = {*viewer.seen_posts, *viewer.hidden_posts}
        kept = np.array([number not in withheld for number in self.post_numbers[found].tolist()], np.bool_)
        if asked is not None and asked.has(user_id):
            kept &= ~asked.refused(user_id, found)
        found, by = found[kept], by[kept]
        return found[newest_of_authors(self.age_hours[found], by)]

    @staticmethod
    def _entries(
        entries: Entries,
        numbers: Numbers,
        listed: Numbers,
        put_in: Bools,
        entries_of: Callable[[Numbers], Entries] | None,
    ) -> Entries:
        """The entries of the new list."""
        order = np.argsort(numbers)
        places = np.minimum(np.searchsorted(numbers, listed, sorter=order), len(order) - 1)
        found = order[places]
        made = entries[found].copy()
        is_new = numbers[found] != listed
        if entries_of is not None:
            made["score"][is_new] = entries_of(listed[is_new])["score"]
        else:
            made["score"][is_new] = entries["score"][-1]
        reasons = np.where(put_in, np.uint32(Reason.FOLLOWING), made["packed"] >> np.uint32(POST_NUMBER_BITS))
        made["packed"] = reasons.astype(np.uint32) << np.uint32(POST_NUMBER_BITS) | listed
        return made
