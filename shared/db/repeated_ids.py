"""Posts that are in several rows of a view: one row is used, the others are left out and counted.

A join may repeat a few rows. If it repeats many, the view is wrong as a whole, and is refused.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from shared.errors import SourceError

MAX_REPEATED = 0.1  # of the rows
FEW_ROWS = 5  # may be repeated in any case


def rows_to_keep(
    hashes: npt.NDArray[np.int64], relation: str, *, order: Sequence[npt.NDArray[np.generic]]
) -> npt.NDArray[np.intp] | None:
    """Indices of one row for each hash, ascending; None if no hash is repeated, which is nearly always so.

    Args:
        hashes: the id hash of each row.
        relation: for the message.
        order: columns, the first one first: of the rows with the same hash, the one with the lowest values is kept.

    Raises:
        SourceError: too many rows are repeated.
    """
    if np.diff(np.sort(hashes)).all():  # numpy 2.4's `unique` uses a hash table, which takes ten times as long
        return None
    by_hash = np.lexsort((*reversed(order), hashes))
    is_first = np.append(True, np.diff(hashes[by_hash]) != 0)
    n_repeated = int((~is_first).sum())
    if n_repeated > max(FEW_ROWS, MAX_REPEATED * len(hashes)):
        raise SourceError(
            f"{relation}.id: {n_repeated:,} of {len(hashes):,} rows repeat an id, expected one row for each: a join in"
            " the view multiplies rows; `warmline doctor` names some"
        )
    return np.sort(by_hash[is_first])
