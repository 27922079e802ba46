"""Who likes or follows which authors, as columns sorted by person, and which authors the same people like. Pure.

What one person does must not show in what another is told. So of other people only numbers from `MIN_PEOPLE` on are
used, rounded down to steps, and never more than half of those whom somebody may know: that at least five of the ten
whom I follow follow an author says of none of them that they do.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from shared.candidates.candidate_events import CandidateEvents
from shared.db.user_pairs import UserPairs
from shared.distinct import distinct
from shared.domain import KIND_CODES, POSITIVE_KINDS
from shared.event_columns import Floats, Int64s

MIN_PEOPLE = 5
_ROUND = (100, 120, 150, 200, 250, 300, 400, 500, 600, 800)
STEPS = np.array([0, 5, 10, 15, 20, 30, 40, 50, 60, 80, *(n * 10**k for k in range(3) for n in _ROUND)], np.int64)
AUTHORS_OF_ONE = 50  # of one person, those of whom they like most posts; so nobody's many likes cost much
SAMPLE = 500  # people of one author who are asked for the other authors whom they like
NEAREST = 20  # authors that are kept for each
COMPARED = 20_000  # authors for whom others are sought, those with most people: some 2 s

Bools = npt.NDArray[np.bool_]


def people_said(counts: Int64s) -> Int64s:
    """Numbers of people as they may be said: rounded down to steps, 0 below `MIN_PEOPLE`."""
    said: Int64s = STEPS[np.searchsorted(STEPS, counts, side="right") - 1]
    return said


@dataclass(frozen=True, slots=True, kw_only=True)
class Ties:
    """From each person to some others, sorted: those of person p are at the indices `starts[p]` to `starts[p + 1]`."""

    starts: Int64s  # (n_people + 1,)
    others: Int64s  # (n_ties,) indices of people
    weights: Floats  # (n_ties,)

    @classmethod
    def of(cls, keys: Int64s, weights: Floats, n_people: int) -> "Ties":
        """Ties from ascending keys, each person · n_people + other."""
        people, others = np.divmod(keys, max(1, n_people))
        return cls(starts=np.searchsorted(people, np.arange(n_people + 1)), others=others, weights=weights)

    def of_people(self, people: Int64s, *, at_most: int | None = None) -> tuple[Int64s, Int64s]:
        """The indices of all ties (or that many) of these people, and for each the index in `people` of whose it is."""
        starts, ends = self.starts[people], self.starts[people + 1]
        return ranges(starts, ends if at_most is None else np.minimum(ends, starts + at_most))

    @property
    def people(self) -> Int64s:
        """(n_ties,) whose each tie is."""
        return np.repeat(np.arange(len(self.starts) - 1), np.diff(self.starts))


@dataclass(frozen=True, slots=True, kw_only=True)
class Engagement:
    """People (as indices of `hashes`), and what ties them to authors."""

    hashes: Int64s  # (n_people,) id hashes, ascending, each once; users and authors alike
    likes: Ties  # the weight: how many of the author's posts
    follows: Ties
    counted_follows: Ties  # of people who count
    engaged: Ties  # likes and follows that count; the weight as of likes, 0 for a follow
    barred: Int64s  # keys of person and person who keep apart, ascending

    def keys_of(self, people: Int64s, others: Int64s) -> Int64s:
        """A number for each pair of people."""
        return people * len(self.hashes) + others

    def indices_of(self, id_hashes: Int64s) -> Int64s:
        """The indices of people who are among them."""
        return np.searchsorted(self.hashes, id_hashes)


def engagement_of(
    authors: Int64s, events: CandidateEvents, follows: UserPairs, counted: UserPairs, apart: UserPairs, users: Int64s
) -> Engagement:
    """What ties people to authors; between two who keep apart there is nothing.

    Args:
        authors: (n_posts,) the author of each candidate, as id hashes.
        events: on the candidates, of people who count.
        follows: all follows.
        counted: those of people who count.
        apart: pairs of whom one has blocked or muted the other, in both directions.
        users: id hashes of further people.
    """
    hashes = distinct(np.concatenate([authors, events.user_id_hashes, follows.users, follows.others, users]))
    n_people = len(hashes)
    barred = _keys(apart.where(is_among(hashes, apart.users) & is_among(hashes, apart.others)), hashes)
    likes, n_posts = _likes(np.searchsorted(hashes, authors), events, hashes)
    is_open = ~is_among(barred, likes)
    likes, n_posts = likes[is_open], n_posts[is_open]
    all_follows = _keys(follows, hashes)
    all_follows = all_follows[~is_among(barred, all_follows)]
    counted_follows = all_follows if counted is follows else _keys(counted, hashes)
    counted_follows = counted_follows[~is_among(barred, counted_follows)]
    engaged = distinct(np.concatenate([likes, counted_follows]))
    weights = np.zeros(len(engaged))
    weights[np.searchsorted(engaged, likes)] = n_posts
    return Engagement(
        hashes=hashes,
        likes=Ties.of(likes, n_posts, n_people),
        follows=Ties.of(all_follows, np.ones(len(all_follows)), n_people),
        counted_follows=Ties.of(counted_follows, np.ones(len(counted_follows)), n_people),
        engaged=Ties.of(*_most(engaged, weights, n_people), n_people),
        barred=barred,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class NearAuthors:
    """For each author others whom the same people like or follow, the nearest first."""

    ties: Ties  # the weight: nearness, in (0, 1]
    people: Int64s  # (n_ties,) at least so many like both


def near_authors(engagement: Engagement, is_suggested: Bools, *, seed: int) -> NearAuthors:
    """Compare authors by the people who are engaged with both: the cosine, with numbers of people as they may be said.

    Args:
        engagement: who is engaged with whom.
        is_suggested: (n_people,) who may be an answer.
        seed: of the sample, where an author has more people than `SAMPLE`.
    """
    engaged, n_people = engagement.engaged, len(engagement.hashes)
    order = np.argsort(engaged.others, kind="stable")
    people_of = engaged.people[order]  # author by author
    n_engaged = np.bincount(engaged.others, minlength=n_people)
    ends, n_said = np.cumsum(n_engaged), people_said(n_engaged)
    rng = np.random.default_rng(seed)
    lengths, found, nearness, people = np.zeros(n_people, np.int64), [], [], []
    compared = np.sort(np.argsort(-n_engaged, kind="stable")[:COMPARED])
    for author in compared[n_engaged[compared] >= 2 * MIN_PEOPLE].tolist():
        members = people_of[ends[author] - n_engaged[author] : ends[author]]
        share = min(1.0, SAMPLE / len(members))
        if share < 1.0:
            members = np.sort(rng.choice(members, SAMPLE, replace=False))
        ties, _ = engaged.of_people(members)
        counts = np.bincount(engaged.others[ties], minlength=n_people)
        counts[author] = 0
        others = np.flatnonzero((counts >= MIN_PEOPLE) & is_suggested)
        at_most = np.minimum(len(members), n_engaged[others]) // 2
        said = people_said(np.minimum(counts[others], at_most))
        near = said / share / np.sqrt(n_said[author] * n_said[others])
        best = np.lexsort((others, -near))[:NEAREST]
        best = best[said[best] > 0]
        lengths[author] = len(best)
        found.append(others[best])
        nearness.append(np.minimum(near[best], 1.0))
        people.append(said[best])
    empty = np.empty(0, np.int64)
    ties_of_all = Ties(
        starts=np.concatenate([[0], np.cumsum(lengths)]),
        others=np.concatenate([empty, *found]),
        weights=np.concatenate([empty, *nearness]),
    )
    return NearAuthors(ties=ties_of_all, people=np.concatenate([empty, *people]))


def ranges(starts: Int64s, ends: Int64s) -> tuple[Int64s, Int64s]:
    """All indices of some ranges, one range after another, and for each index the number of its range."""
    lengths = ends - starts
    owners = np.repeat(np.arange(len(starts)), lengths)
    before = np.cumsum(lengths) - lengths
    return np.arange(len(owners)) + (starts - before)[owners], owners


def _likes(authors: Int64s, events: CandidateEvents, hashes: Int64s) -> tuple[Int64s, Floats]:
    """Keys of person and author, ascending, and how many of the author's posts the person likes."""
    positive = np.zeros(len(KIND_CODES), np.bool_)
    positive[[KIND_CODES[kind] for kind in POSITIVE_KINDS]] = True
    counted = np.flatnonzero(positive[events.kinds] & events.by_others)
    people = np.searchsorted(hashes, events.user_id_hashes)[events.users[counted]]
    n_posts = max(1, len(authors))
    people, posts = np.divmod(distinct(people * n_posts + events.posts[counted]), n_posts)
    keys, counts = np.unique(people * len(hashes) + authors[posts], return_counts=True)
    return keys, counts.astype(np.float64)


def _keys(pairs: UserPairs, hashes: Int64s) -> Int64s:
    """Keys of pairs of different people, ascending, each once."""
    users, others = np.searchsorted(hashes, pairs.users), np.searchsorted(hashes, pairs.others)
    return distinct((users * len(hashes) + others)[users != others])


def is_among(ascending: Int64s, wanted: Int64s) -> Bools:
    if not len(ascending):
        return np.zeros(len(wanted), np.bool_)
    found: Bools = ascending[np.minimum(np.searchsorted(ascending, wanted), len(ascending) - 1)] == wanted
    return found


def _most(keys: Int64s, weights: Floats, n_people: int) -> tuple[Int64s, Floats]:
    """Of each person the authors with the highest weights."""
    people = keys // max(1, n_people)
    has_many = np.flatnonzero((np.bincount(people) > AUTHORS_OF_ONE)[people])
    order = has_many[np.lexsort((-weights[has_many], people[has_many]))]
    place = np.arange(len(order)) - np.searchsorted(people[order], people[order])
    kept = np.ones(len(keys), np.bool_)
    kept[order[place >= AUTHORS_OF_ONE]] = False
    return keys[kept], weights[kept]
