"""Finds rows of one file with the same id but different content: only one of them can be kept."""

from array import array
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

# relation → the index of its id in a row, and which row is kept
IDS = {"users": 0, "posts": 0, "interactions": 4}
KEPT = {"users": "last", "posts": "last", "interactions": "first"}
SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class RepeatedIds:
    """Ids with several rows of different content."""

    count: int
    lines: Sequence[tuple[int, int]]  # of the first `SHOWN`: one row, and the first later one that differs from it


class RowsById:
    """Keeps 24 bytes of each row: hashes of its id and its content, and its line."""

    def __init__(self, relation: str) -> None:
        self._place = IDS.get(relation)
        self._ids, self._contents, self._lines = array("q"), array("q"), array("q")

    def add(self, line: int, row: Sequence[str | None]) -> None:
        """Add a good row."""
        if self._place is not None and row[self._place] is not None:
            self._ids.append(hash(row[self._place]))
            self._contents.append(hash(tuple(row)))
            self._lines.append(line)

    def repeated(self) -> RepeatedIds:
        """The ids whose rows differ; equal rows do not count."""
        ids, contents, lines = (np.array(column, np.int64) for column in (self._ids, self._contents, self._lines))
        order = np.lexsort((lines, ids))
        ids, contents, lines = ids[order], contents[order], lines[order]
        same = ids[1:] == ids[:-1]
        differs = np.flatnonzero(same & (contents[1:] != contents[:-1]))
        _, first = np.unique(ids[differs], return_index=True)
        pairs = sorted((int(lines[place]), int(lines[place + 1])) for place in differs[first])
        return RepeatedIds(count=len(pairs), lines=pairs[:SHOWN])
