"""The order in which the timeline would serve ranked lists: their first posts, spaced. Pure.

The rule is `shared.spacing`'s own, and a list ends as in the timeline: after a user's own list comes everyone's, and
when nothing else remains, the deferred post that breaks the rules least is taken. Most lists break no rule as they are,
which is found out for all of them at once; only the others are spaced, one by one. How far a list must be read is not
known before, so the next posts are read only if the first ones do not suffice; in the end all of them are.

Reserved slots for new posts are left out: which posts take them is drawn for each user, whatever the ranker.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from shared.event_columns import Int64s
from shared.neucf.fast.top_k import NO_POST
from shared.neucf.score import best_posts
from shared.spacing.author_spacing import MOST_OF_ONE_AUTHOR, WINDOW, Spacing
from shared.spacing.deferred_posts import DeferredPosts

READ_AHEAD = 4  # times as many posts as are served are read first of a list that breaks a rule

Lists = NDArray[np.int64]  # (n_lists, length) columns of candidates, best first, NO_POST after the last one


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CandidateSpacing:
    """What decides in which order the candidates of a step can be served."""

    authors: Int64s  # (n_candidates,) a number for each author; a post without an author has one of its own
    clusters: Int64s  # (n_candidates,) of near-identical photos; 0 if unknown
    everyones_ranks: Int64s  # (n_candidates,) from 0: the place in everyone's list, which follows a user's own
    list_length: int  # posts in a user's own list


class _Post(NamedTuple):
    author: int
    cluster: int


def served_posts(
    scores: NDArray[np.float32], withheld: NDArray[np.bool_], candidates: CandidateSpacing, length: int
) -> Lists:
    """The first posts that the timeline serves of each list, in its order. -> (n_lists, length)

    Args:
        scores: (n_lists, n_candidates), finite.
        withheld: (n_lists, n_candidates), True where the post must not be shown.
        candidates: the columns.
        length: how many posts, at least 1.
    """
    served, _ = best_posts(scores, withheld, length)
    n_own = min(length, candidates.list_length)
    rows = np.flatnonzero(~keeps_the_rules(served, candidates) | ((served[:, n_own:] != NO_POST).any(axis=1)))
    if len(rows) and candidates.list_length > length:
        read, _ = best_posts(scores[rows], withheld[rows], min(READ_AHEAD * length, candidates.list_length))
        served[rows] = _spaced(read, read != NO_POST, candidates, length)
        rows = rows[served[rows, -1] == NO_POST]
    if len(rows):
        own, _ = best_posts(scores[rows], withheld[rows], candidates.list_length)
        whole = _with_everyones(own, withheld[rows], candidates)
        served[rows] = _spaced(whole, _may_be_served(whole, candidates, length), candidates, length, is_whole=True)
    return served


def keeps_the_rules(lists: Lists, candidates: CandidateSpacing) -> NDArray[np.bool_]:
    """Whether spacing would leave a list as it is. -> (n_lists,)"""
    is_post = lists != NO_POST
    authors = np.where(is_post, candidates.authors[lists], np.arange(-lists.shape[1], 0))  # none twice after the end
    clusters = np.where(is_post, candidates.clusters[lists], 0)
    before = np.zeros(lists.shape, dtype=np.int8)  # posts of the same author among those just before
    for distance in range(1, min(WINDOW, lists.shape[1])):
        before[:, distance:] += authors[:, distance:] == authors[:, :-distance]
    twins = (clusters[:, 1:] == clusters[:, :-1]) & (clusters[:, 1:] != 0)
    keeps: NDArray[np.bool_] = (before < MOST_OF_ONE_AUTHOR).all(axis=1) & ~twins.any(axis=1)
    return keeps


def _may_be_served(lists: Lists, candidates: CandidateSpacing, length: int) -> NDArray[np.bool_]:
    """Which posts of whole lists can be served at all: of those of one author and cluster, which are alike to spacing,
    as many as are served. Where few authors are left, that is a small part. (n_lists, n_posts) -> (n_lists, n_posts)"""
    _, author = np.unique(candidates.authors, return_inverse=True)
    names, cluster = np.unique(candidates.clusters, return_inverse=True)
    alike = np.where(lists != NO_POST, (author * len(names) + cluster)[lists], -1)
    order = np.argsort(alike, axis=1, kind="stable")
    ordered = np.take_along_axis(alike, order, axis=1)
    is_first = np.diff(ordered, axis=1, prepend=-2) != 0
    offsets = np.arange(lists.shape[1])
    before = offsets - np.maximum.accumulate(np.where(is_first, offsets, 0), axis=1)  # posts that are alike
    served = np.empty(lists.shape, dtype=np.bool_)
    np.put_along_axis(served, order, (before < length) & (ordered >= 0), axis=1)
    return served


def _spaced(
    lists: Lists, counted: NDArray[np.bool_], candidates: CandidateSpacing, length: int, *, is_whole: bool = False
) -> Lists:
    """The first posts of lists, of those that count; if the lists are whole, deferred ones too where nothing else
    remains. -> (n_lists, length)"""
    served = np.full((len(lists), length), NO_POST)
    for row, (columns, counts) in enumerate(zip(lists, counted, strict=True)):
        shown = columns[counts]
        authors, clusters = candidates.authors[shown].tolist(), candidates.clusters[shown].tolist()
        spacing = Spacing()
        chosen, deferred, _ = spacing.choose(authors, clusters, room=length)
        offsets = [*chosen]
        if is_whole and len(offsets) < length:
            rest = [(offset, _Post(authors[offset], clusters[offset])) for offset in deferred]
            offsets += _least_bad(spacing, rest, room=length - len(offsets))
        served[row, : len(offsets)] = shown[offsets]
    return served


def _least_bad(spacing: Spacing, rest: Sequence[tuple[int, _Post]], *, room: int) -> list[int]:
    """Offsets of deferred posts in the order in which they are served when nothing else remains."""
    deferred, offsets = DeferredPosts[_Post](), list[int]()
    deferred.extend((offset, post, b"") for offset, post in rest)
    while len(offsets) < room and (found := deferred.pop_fitting(spacing) or deferred.pop_least_bad(spacing)):
        offset, post, _ = found
        spacing.take(post)
        offsets.append(offset)
    return offsets


def _with_everyones(own: Lists, withheld: NDArray[np.bool_], candidates: CandidateSpacing) -> Lists:
    """Own lists, and after each the rest of everyone's list without what is withheld. -> (n_lists, n_candidates)"""
    n_lists, n_candidates = withheld.shape
    places = own.shape[1] + np.tile(candidates.everyones_ranks, (n_lists, 1))
    rows, offsets = np.nonzero(own != NO_POST)
    places[rows, own[rows, offsets]] = offsets
    places[withheld] = own.shape[1] + n_candidates
    order = np.argsort(places, axis=1, kind="stable")
    n_shown = n_candidates - withheld.sum(axis=1)
    return np.where(np.arange(n_candidates) < n_shown[:, None], order, NO_POST)
