"""Finds posts in columns of posts: by hash, by number, and those that a viewer must not see. Pure."""

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
    """Indices of posts in a column (the candidates, or a ranking), by post number and by author."""

    sorted_post_numbers: npt.NDArray[np.uint32]  # (n_posts,) ascending
    indices: Int64s  # (n_posts,) index of the post with each of these numbers
    indices_of_author: Mapping[int, Int64s]  # author hash → indices

    @classmethod
    def of(cls, post_numbers: Sequence[int], author_ids: Sequence[str]) -> Self:
        """The index of a column whose posts have these numbers and authors."""
        hashes = {author: author_hash(author) for author in set(author_ids)}
        of_authors: dict[int, list[int]] = {}
        for index, author in enumerate(author_ids):
            of_authors.setdefault(hashes[author], []).append(index)
        column = np.array(post_numbers, np.uint32)
        order = np.argsort(column)
        return cls(
            sorted_post_numbers=column[order],
            indices=order,
            indices_of_author={author: np.array(indices, np.int64) for author, indices in of_authors.items()},
        )

    def indices_of(self, post_numbers: npt.NDArray[np.uint32]) -> Int64s:
        """The indices of posts with these numbers; -1 for a post that is not in the column."""
        if len(self.indices) == 0:
            return np.full(len(post_numbers), -1, np.int64)
        found = np.minimum(np.searchsorted(self.sorted_post_numbers, post_numbers), len(self.indices) - 1)
        return np.where(self.sorted_post_numbers[found] == post_numbers, self.indices[found], -1)

    def withheld(self, viewer: Viewer) -> Int64s:
        """The indices of the posts that this viewer must not see (hidden authors and posts) or has seen."""
        return self.withheld_from([viewer])[1]

    def withheld_from(self, viewers: Sequence[Viewer], own_author_hashes: Sequence[int] = ()) -> tuple[Int64s, Int64s]:
        """The same for many viewers at once: two columns, the index of a viewer and that of a post withheld from them.

        Args:
            viewers: whose posts are asked for.
            own_author_hashes: of each viewer, where `hidden_authors` does not have it.
        """
        owners, parts = [], []
        for owner, viewer in enumerate(viewers):
            for author in (*viewer.hidden_authors, *own_author_hashes[owner : owner + 1]):
                indices = self.indices_of_author.get(author)
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


def find_posts(posts: PostColumns, hashes: Int64s) -> tuple[Int64s, npt.NDArray[np.bool_]]:
    """For each post id hash the index of its post, and whether there is one. -> (n_hashes,), (n_hashes,)"""
    return find_hashes(posts.id_hashes, hashes)


def find_hashes(of_posts: Int64s, hashes: Int64s) -> tuple[Int64s, npt.NDArray[np.bool_]]:
    """The same, in a column of post id hashes."""
    if len(of_posts) == 0:
        return np.zeros(len(hashes), np.int64), np.zeros(len(hashes), bool)
    order = np.argsort(of_posts)
    found = order[np.minimum(np.searchsorted(of_posts, hashes, sorter=order), len(of_posts) - 1)]
    return found, of_posts[found] == hashes


def latest_of_each(*columns: npt.NDArray[np.integer[Any]], at: Floats) -> Int64s:
    """Indices of the latest row of each distinct combination, sorted by the last column, then the one before it.

    Fast for columns of small numbers from 0 up whose rows are in order of time; correct for any.
    """
    if len(at) == 0:
        return np.empty(0, np.int64)
    if (at[1:] >= at[:-1]).all():
        packed = _latest_packed(columns)
        if packed is not None:
            return packed
    order = np.lexsort((at, *columns))
    changes = np.zeros(len(at) - 1, bool)
    for column in columns:
        sorted_column = column[order]
        changes |= sorted_column[1:] != sorted_column[:-1]
    latest: Int64s = order[np.append(changes, True)]
    return latest


def _latest_packed(columns: Sequence[npt.NDArray[np.integer[Any]]]) -> Int64s | None:
    """The same for rows in order of time: combination and row as one number, sorted. None where 63 bits are too few."""
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
