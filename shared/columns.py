"""Columns of posts and events: one found in the other, and the places of posts that a viewer must not see. Pure."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
import numpy.typing as npt

from shared.db.bulk import Floats, Int64s, Posts
from shared.domain import author_key
from shared.eligibility import Viewer
from shared.ranked_lists.codec import ENTRY

# numpy's view of codec.ENTRY: what is packed here for all users at once is read there one entry at a time.
ENTRY_LAYOUT = np.dtype([("packed", "<u4"), ("score", "<f2")])
assert ENTRY_LAYOUT.itemsize == ENTRY.size


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceIndex:
    """Where posts stand in some column (of candidates, or of a ranking), by row and by author."""

    place_of_row: Mapping[int, int]
    places_of_author: Mapping[int, Int64s]  # author key → places

    @classmethod
    def of(cls, rows: Sequence[int], author_ids: Sequence[str]) -> Self:
        """The index of a column whose posts have these rows and authors."""
        keys = {author: author_key(author) for author in set(author_ids)}
        places: dict[int, list[int]] = {}
        for place, author in enumerate(author_ids):
            places.setdefault(keys[author], []).append(place)
        return cls(
            place_of_row={int(row): place for place, row in enumerate(rows)},
            places_of_author={key: np.array(of_author, np.int64) for key, of_author in places.items()},
        )

    def withheld(self, viewer: Viewer) -> Int64s:
        """The places of the posts that this viewer must not see (hidden authors and posts) or has seen."""
        parts = [self.places_of_author[key] for key in viewer.hidden_authors if key in self.places_of_author]
        rows = [*viewer.hidden_posts, *viewer.seen_posts]
        if rows:
            places = [self.place_of_row[row] for row in rows if row in self.place_of_row]
            parts.append(np.array(places, np.int64))
        return np.concatenate(parts) if parts else np.empty(0, np.int64)


def post_index(posts: Posts, keys: Int64s) -> tuple[Int64s, npt.NDArray[np.bool_]]:
    """For each key the index of its post, and whether it is a candidate's at all; both of shape (n_keys,)."""
    if len(posts) == 0:
        return np.zeros(len(keys), np.int64), np.zeros(len(keys), bool)
    order = np.argsort(posts.keys)
    found = order[np.minimum(np.searchsorted(posts.keys, keys, sorter=order), len(posts) - 1)]
    return found, posts.keys[found] == keys


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
