"""Many entries at once, as numpy columns; the same bytes as in `codec`. For jobs: the timeline does not load numpy."""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from shared.domain import Reason
from shared.ranked_lists.codec import ENTRY, MAX_POST_NUMBER, POST_NUMBER_BITS

Entries = npt.NDArray[np.void]  # of LAYOUT
Packed = npt.NDArray[np.uint32]  # a post's number and its reason

LAYOUT = np.dtype([("packed", "<u4"), ("score", "<f2")])
assert LAYOUT.itemsize == ENTRY.size
MAX_SCORE = 6e4  # float16 ends at 65,504


def pack_posts(post_numbers: Sequence[int], reasons: npt.NDArray[np.integer]) -> Packed:
    """An entry without its score. (n,) post numbers, (n,) codes of `Reason` -> (n,)"""
    return reasons.astype(np.uint32) << np.uint32(POST_NUMBER_BITS) | np.asarray(post_numbers, np.uint32)


def entries_of(posts: Packed, scores: npt.NDArray[np.floating]) -> Entries:
    """Entries of posts with their scores; both arrays have the same shape."""
    entries = np.empty(posts.shape, LAYOUT)
    entries["packed"] = posts
    entries["score"] = np.clip(scores, -MAX_SCORE, MAX_SCORE)
    return entries


def with_reason(entries: Entries, reason: Reason) -> Entries:
    """Copies of the entries with another reason."""
    changed = entries.copy()
    changed["packed"] = (entries["packed"] & np.uint32(MAX_POST_NUMBER)) | np.uint32(reason << POST_NUMBER_BITS)
    return changed


def with_reasons(posts: Packed, reasons: npt.NDArray[np.integer]) -> Packed:
    """The same posts with other reasons, codes of `Reason` in the same shape."""
    return (posts & np.uint32(MAX_POST_NUMBER)) | reasons.astype(np.uint32) << np.uint32(POST_NUMBER_BITS)


def cut(entries: Entries, lengths: npt.NDArray[np.integer]) -> list[bytes]:
    """The packed entries of each list; the lists follow each other and have these lengths."""
    packed, ends = entries.tobytes(), (np.cumsum(lengths) * ENTRY.size).tolist()
    return [packed[start:end] for start, end in zip([0, *ends], ends, strict=False)]
