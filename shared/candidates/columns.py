"""Columns of posts and events: one found in the other, and the places of posts that a viewer must not see. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from shared.domain import author_hash
from shared.eligibility import Viewer
from shared.event_columns import Floats, Int64s, PostColumns
from shared.ranked_lists.records import pack_post_numbers


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PostIndex:
    """Where posts stand in some column (of candidates, or of a ranking), by row and by author."""

    sorted_post_numbers: npt.NDArray[np.uint32]  # (n_posts,) ascending
    indices: Int64s  # (n_posts,) of the posts with these rows
    indices_of_author: Mapping[int, Int64s]  # author key → places

    @classmethod
    def of(cls, post_numbers: Sequence[int], author_ids: Sequence[str]) -> Self:
        """The index of a column whose posts have these rows and authors."""
        keys = {author: author_hash(author) for author in set(author_ids)}
        of_authors: dict[int, list[int]] = {}
        for place, author in enumerate(author_ids):
            of_authors.setdefault(keys[author], []).append(place)
        column = np.array(post_numbers, np.uint32)
        order = np.argsort(column)
        return cls(
            sorted_post_numbers=column[order],
            indices=order,
            indices_of_author={key: np.array(of_author, np.int64) for key, of_author in of_authors.items()},
        )

    def indices_of(self, post_numbers: npt.NDArray[np.uint32]) -> Int64s:
        """Where the posts with these rows stand; -1 for those that are not in the column."""
        if len(self.indices) == 0:
            return np.full(len(post_numbers), -1, np.int64)
        found = np.minimum(np.searchsorted(self.sorted_post_numbers, post_numbers), len(self.indices) - 1)
        return np.where(self.sorted_post_numbers[found] == post_numbers, self.indices[found], -1)

    def withheld(self, viewer: Viewer) -> Int64s:
        """The places of the posts that this viewer must not see (hidden authors and posts) or has seen."""
        return self.withheld_from([viewer])[1]

    def withheld_from(self, viewers: Sequence[Viewer], own_author_hashes: Sequence[int] = ()) -> tuple[Int64s, Int64s]:
        """The same for many viewers at once: a column of their numbers in the sequence, and one of places beside it.

        Args:
            viewers: whose places are asked for.
            own: each viewer's own author key, where it is not among the hidden authors.
        """
        owners, parts = [], []
        for owner, viewer in enumerate(viewers):
            for key in (*viewer.hidden_authors, *own_author_hashes[owner : owner + 1]):
                indices = self.indices_of_author.get(key)
                if indices is not None:
                    owners.append(np.full(len(indices), owner))
                    parts.append(indices)
        counts = np.array([len(viewer.seen_posts) + len(viewer.hidden_posts) for viewer in viewers], np.int64)
        post_numbers = b"".join(
            pack_post_numbers(some) for viewer in viewers for some in (viewer.seen_posts, viewer.hidden_posts) if some
        )
        of_rows = self.indices_of(np.frombuffer(post_numbers, np.uint32))
        known = of_rows >= 0
        owners.append(np.repeat(np.arange(len(viewers)), counts)[known])
        parts.append(of_rows[known])
        return np.concatenate(owners), np.concatenate(parts)


def find_posts(posts: PostColumns, keys: Int64s) -> tuple[Int64s, npt.NDArray[np.bool_]]:
    """For each key the index of its post, and whether it is a candidate's at all; both of shape (n_keys,)."""
    if len(posts) == 0:
        return np.zeros(len(keys), np.int64), np.zeros(len(keys), bool)
    order = np.argsort(posts.id_hashes)
    found = order[np.minimum(np.searchsorted(posts.id_hashes, keys, sorter=order), len(posts) - 1)]
    return found, posts.id_hashes[found] == keys


def latest_of_each(*columns: npt.NDArray[np.integer[Any]], at: Floats) -> Int64s:
    """Indices of the latest row of each distinct combination of the columns, by the last column first, then upwards.

    Quick for columns of small numbers from 0 on in rows that are in the order of time; right for any.
    """
    if len(at) == 0:
        return np.empty(0, np.int64)
    if (at[1:] >= at[:-1]).all():
        packed = _packed(columns)
        if packed is not None:
            return packed
    order = np.lexsort((at, *columns))
    changes = np.zeros(len(at) - 1, bool)
    for column in columns:
        sorted_column = column[order]
        changes |= sorted_column[1:] != sorted_column[:-1]
    latest: Int64s = order[np.append(changes, True)]
    return latest


def _packed(columns: Sequence[npt.NDArray[np.integer[Any]]]) -> Int64s | None:
    """The same for rows in the order of time: combination and row as one number, sorted. None where 63 bits end."""
    n_rows = len(columns[0])
    sizes = [int(column.max()) + 1 for column in columns]
    if any(int(column.min()) < 0 for column in columns) or math.prod([*sizes, n_rows]) >= 1 << 63:
        return None
    combined = np.zeros(n_rows, np.int64)
    for column, size in zip(reversed(columns), reversed(sizes), strict=True):
        combined *= size
        combined += column
    ordered = np.sort(combined * n_rows + np.arange(n_rows))
    group, row = np.divmod(ordered, n_rows)
    latest: Int64s = row[np.append(group[1:] != group[:-1], True)]
    return latest
