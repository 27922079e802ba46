"""Posts that stand in several rows of a view: one of them counts, the others are left out and counted.

A join may multiply a few rows; where it multiplies many, the view says something else than it means to, and is refused.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from shared.errors import SourceError

MOST_REPEATED = 0.1  # of the rows: more is the view's fault as a whole
FEW_ROWS = 5  # that may be repeated in any case


def rows_to_keep(
    keys: npt.NDArray[np.int64], relation: str, *, order: Sequence[npt.NDArray[np.generic]]
) -> npt.NDArray[np.intp] | None:
    """Places of one row for each key, ascending; None where no key stands twice, which is nearly always so.

    Args:
        keys: one for each row.
        relation: for the message.
        order: columns, the first deciding first: of the rows of one key that with the lowest values stays.

    Raises:
        SourceError: too many rows are repeated.
    """
    if np.diff(np.sort(keys)).all():  # numpy 2.4's `unique` hashes, which takes ten times as long
        return None
    by_key = np.lexsort((*reversed(order), keys))
    is_first = np.append(True, np.diff(keys[by_key]) != 0)
    n_repeated = int((~is_first).sum())
    if n_repeated > max(FEW_ROWS, MOST_REPEATED * len(keys)):
        raise SourceError(
            f"{relation}.id: {n_repeated:,} of {len(keys):,} rows repeat an id, expected one row for each: a join in"
            " the view multiplies rows; `warmline doctor` names some"
        )
    return np.sort(by_key[is_first])
