"""Reads a data set from one .npz file strictly: a wrong array is refused, never guessed.

| key | what |
|---|---|
| `train` (n, 2), `test` (m, 2) | user, item: whole numbers, not negative; users may be any numbers |
| `val` (v, 2) | optional; chooses the number of epochs, else a part of `train` does |
| `test_negatives` (m, k) | optional; each test item is then ranked against its row alone (protocol `ncf_sampled`) |
| `train_time` (n,), `item_time` (n_items,) | optional; seconds, or places in a user's order |
| `image` (n_items, width) and any other two-dimensional array of numbers | optional content, row i is item i |

With `train_time`, and at most one pair of each user in `val` and in `test`, these are each user's last two events: then
`val` is known when `test` is asked (protocol `last_out_in_order`). Times whose gaps within each user are all alike are
taken for places; `popular-7-days` then has nothing to count.
"""

import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from benchmarks.errors import DataMalformed, DataMissing
from benchmarks.quality.content import slots_of
from benchmarks.quality.data import Columns

Array = NDArray[np.generic]
Int64s = NDArray[np.int64]

PAIRS = ("train", "val", "test")
NO_CONTENT = (*PAIRS, "test_negatives", "val_negatives")  # two-dimensional, and not one row an item
LARGEST_KEY = 2**62  # so that sums with keys stay within int64


def read_npz(path: Path, *, name: str) -> Columns:
    """Read and check a file.

    Raises:
        DataMissing: there is no such file.
        DataMalformed: it is no .npz, or an array is missing or not as the format says.
    """
    arrays = _arrays(path)
    pairs = {key: _pairs(arrays, key, path) for key in PAIRS if key in arrays or key != "val"}
    negatives = _negatives(arrays, len(pairs["test"]), path)
    post_id_hashes = _post_keys([*(each[:, 1] for each in pairs.values()), *([] if negatives is None else [negatives])])
    content = {key: array for key, array in arrays.items() if array.ndim == 2 and key not in NO_CONTENT}
    per_item = {**content, **({"item_time": arrays["item_time"]} if "item_time" in arrays else {})}
    if per_item:
        post_id_hashes = np.arange(_rows_of(per_item, int(post_id_hashes[-1]), path))
    features, slots = slots_of({key: _floats(array, key, path) for key, array in content.items()})
    return Columns(
        name=name,
        train=pairs["train"],
        test=pairs["test"],
        val=pairs.get("val"),
        test_negatives=negatives,
        train_at=_times(arrays, "train_time", len(pairs["train"]), path),
        last_out=_is_last_out(pairs) and "train_time" in arrays,
        post_id_hashes=post_id_hashes,
        created_at=_times(arrays, "item_time", len(post_id_hashes), path),
        features=features,
        slots=slots,
    )


def _is_last_out(pairs: Mapping[str, Int64s]) -> bool:
    """Whether val and test hold at most one event of each user, as where the last two were held back."""
    return "val" in pairs and all(len(np.unique(pairs[key][:, 0])) == len(pairs[key]) > 0 for key in ("val", "test"))


def _arrays(path: Path) -> dict[str, Array]:
    try:
        with path.open("rb") as file:
            archive = np.load(file, allow_pickle=False)
            if not isinstance(archive, np.lib.npyio.NpzFile):
                raise DataMalformed(f"{path.name}: got a single array, expected a .npz with train and test")
            return {key: archive[key] for key in archive.files}
    except FileNotFoundError:
        raise DataMissing(f"{path}: no such file; name a .npz with the arrays train and test") from None
    except (OSError, EOFError, ValueError, TypeError, zipfile.BadZipFile, zlib.error) as error:
        raise DataMalformed(f"{path.name}: not readable as .npz of plain numbers ({error}); write it again") from error


def _pairs(arrays: Mapping[str, Array], key: str, path: Path) -> Int64s:
    if key not in arrays:
        raise DataMalformed(f"{path.name}: got {', '.join(sorted(arrays)) or 'nothing'}, expected also {key} (n, 2)")
    array = arrays[key]
    if array.ndim != 2 or array.shape[1] != 2:
        raise DataMalformed(f"{path.name}, {key}: got shape {array.shape}, expected (n, 2) with user and item")
    if len(array) == 0 and key != "val":
        raise DataMalformed(f"{path.name}, {key}: got no rows, expected at least one pair of user and item")
    return _keys(array, key, path)


def _negatives(arrays: Mapping[str, Array], n_test: int, path: Path) -> Int64s | None:
    array = arrays.get("test_negatives")
    if array is None:
        return None
    if array.ndim != 2 or len(array) != n_test or array.shape[1] == 0:
        raise DataMalformed(
            f"{path.name}, test_negatives: got shape {array.shape}, expected ({n_test}, k): a row for each row of test"
        )
    return _keys(array, "test_negatives", path)


def _keys(array: Array, key: str, path: Path) -> Int64s:
    if array.dtype.kind not in "iu":
        raise DataMalformed(f"{path.name}, {key}: got dtype {array.dtype}, expected whole numbers such as int64")
    if array.size and (array.min() < 0 or array.max() > LARGEST_KEY):
        raise DataMalformed(
            f"{path.name}, {key}: got ids from {array.min()} to {array.max()}, expected 0 to {LARGEST_KEY}"
        )
    return array.astype(np.int64)


def _post_keys(columns: list[Int64s]) -> Int64s:
    return np.unique(np.concatenate([column.ravel() for column in columns]))


def _rows_of(per_item: Mapping[str, Array], largest: int, path: Path) -> int:
    """The number of items, on which all arrays with one row an item must agree."""
    first, *_ = per_item
    n_items = len(per_item[first])
    for key, array in per_item.items():
        if len(array) != n_items:
            raise DataMalformed(
                f"{path.name}, {key}: got {len(array)} rows, expected {n_items} as in {first}: one row an item"
            )
        if len(array) <= largest:
            raise DataMalformed(
                f"{path.name}, {key}: got {len(array)} rows, expected at least {largest + 1}: item ids go to {largest}"
            )
    return n_items


def _floats(array: Array, key: str, path: Path) -> NDArray[np.float16] | NDArray[np.float32]:
    if array.dtype.kind not in "fiub":
        raise DataMalformed(f"{path.name}, {key}: got dtype {array.dtype}, expected numbers such as float32")
    if array.shape[1] == 0:
        raise DataMalformed(f"{path.name}, {key}: got width 0, expected at least one number an item")
    floats = array if array.dtype == np.float16 else array.astype(np.float32)
    bad = int((~np.isfinite(floats).all(axis=1)).sum())
    if bad:
        raise DataMalformed(
            f"{path.name}, {key}: {bad} of {len(array)} rows hold NaN or infinity, expected finite numbers; "
            "write a missing vector as zeros"
        )
    return floats  # type: ignore[return-value]


def _times(arrays: Mapping[str, Array], key: str, n: int, path: Path) -> NDArray[np.float64] | None:
    array = arrays.get(key)
    if array is None:
        return None
    if array.shape != (n,) or array.dtype.kind not in "fiu":
        raise DataMalformed(f"{path.name}, {key}: got {array.dtype} of shape {array.shape}, expected seconds ({n},)")
    seconds = array.astype(np.float64)
    if not np.isfinite(seconds).all():
        raise DataMalformed(f"{path.name}, {key}: holds NaN or infinity, expected seconds")
    return seconds
