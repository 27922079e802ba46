"""The bytes of a ranked list: a header, then 6 bytes a post. Pure.

    header   format u8 · source u8 · count u16 · generation u32 · generated at u32 (seconds since 1970, UTC)
    version  u64, in format 2 only: a user's list; of two, the higher one stays (docs/adr/0040-live-lists.md)
    entry    post number and reason u32 (reason in the upper 4 bits, number in the lower 28) · score float16

All little-endian. A user's list of 200 posts takes 1,220 bytes, which Redis keeps in a block of 1,280. A separate byte
for the reason would need the next block size, 1,536. 28 bits hold 268 million posts. Another kind of entry (for example
with the post that a reason names) gets another format number.

Format 1 has no version: everyone's list, chains, and users' lists of earlier releases, which lose against any version.
"""

import struct
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import lru_cache

from msgspec import Struct

from shared.domain import SOURCES_BY_CODE, Reason, Source

FORMAT, VERSIONED = 1, 2
HEADER = struct.Struct("<BBHII")
VERSION = struct.Struct("<Q")
ENTRY = struct.Struct("<Ie")
_SCORE = struct.Struct("<e")
_TOP = 3  # the byte of an entry that holds the reason and the highest bits of the post number
_WITHOUT_REASON = bytes(byte & 0x0F for byte in range(256))
_REASON_ONLY = bytes(byte >> 4 for byte in range(256))
POST_NUMBER_BITS = 28
MAX_POST_NUMBER = (1 << POST_NUMBER_BITS) - 1
_SOURCE_CODES = {source: code for code, source in enumerate(SOURCES_BY_CODE)}
# An unknown code is read as the first one.
REASONS = [dict(enumerate(reason.code for reason in Reason)).get(code, "popular") for code in range(16)]


class UnreadableList(ValueError):
    """Bytes that are not a ranked list of this format. The reader treats such a list as absent."""


class RankedList(Struct, kw_only=True, gc=False):
    """One ranked list; `entries` are its packed entries, best first."""

    source: Source
    generation: int
    generated_at: datetime
    entries: bytes

    def __len__(self) -> int:
        return len(self.entries) // ENTRY.size

    def with_entries(self, entries: bytes) -> "RankedList":
        """The same list with other entries."""
        return RankedList(
            source=self.source, generation=self.generation, generated_at=self.generated_at, entries=entries
        )


def encode(ranked: RankedList, rest: bytes = b"") -> bytes:
    """The value for Redis; `rest` are further entries, after those of the list."""
    count = (len(ranked.entries) + len(rest)) // ENTRY.size
    stamp = int(ranked.generated_at.timestamp())
    return HEADER.pack(FORMAT, _SOURCE_CODES[ranked.source], count, ranked.generation, stamp) + ranked.entries + rest


def encode_lists(head: RankedList, entries: Iterable[bytes], *, version: int) -> list[bytes]:
    """The values of many users' lists that differ only in their entries.

    Args:
        head: all else of the lists.
        entries: of each list.
        version: from PostgreSQL, taken before the data of these lists were read.
    """
    stamp, heads, values = int(head.generated_at.timestamp()), dict[int, bytes](), []
    for own in entries:
        size = len(own)
        if size not in heads:
            count = size // ENTRY.size
            header = HEADER.pack(VERSIONED, _SOURCE_CODES[head.source], count, head.generation, stamp)
            heads[size] = header + VERSION.pack(version)
        values.append(heads[size] + own)
    return values


def withdrawn_list(source: Source, at: datetime, *, version: int) -> bytes:
    """The value of a user who has no list as of a version; readers take it for no list. No run has generation 0."""
    return HEADER.pack(VERSIONED, _SOURCE_CODES[source], 0, 0, int(at.timestamp())) + VERSION.pack(version)


def version_of(value: bytes | None) -> int:
    """The version of a user's list, perhaps from its first bytes only; 0 if it has none, or there is no list."""
    if not value or value[0] != VERSIONED or len(value) < HEADER.size + VERSION.size:
        return 0
    version: int
    (version,) = VERSION.unpack_from(value, HEADER.size)
    return version


def decode(value: bytes) -> RankedList:
    """Read a list.

    Raises:
        UnreadableList: another format, the length does not match the header, or the list was withdrawn.
    """
    if len(value) < HEADER.size:
        raise UnreadableList(f"ranked list: got {len(value)} bytes, expected {HEADER.size} or more")
    number, source, count, generation, stamp = HEADER.unpack_from(value)
    if number not in (FORMAT, VERSIONED) or source >= len(SOURCES_BY_CODE):
        raise UnreadableList(f"ranked list: got format {number}, source {source}, expected {FORMAT} or {VERSIONED}")
    entries = value[HEADER.size + (VERSION.size if number == VERSIONED else 0) :]
    if len(entries) != count * ENTRY.size:
        raise UnreadableList(f"ranked list: got {len(entries)} bytes for {count} entries")
    if number == VERSIONED and not generation:
        raise UnreadableList("ranked list: withdrawn")
    return RankedList(
        source=SOURCES_BY_CODE[source], generation=generation, generated_at=_time_of(stamp), entries=entries
    )


def pack_entry(post_number: int, reason: Reason, score: float) -> bytes:
    """One entry."""
    return ENTRY.pack(reason << POST_NUMBER_BITS | post_number, score)


def with_reason(entry: bytes, reason: Reason) -> bytes:
    """The entry with another reason."""
    packed, score = ENTRY.unpack(entry)
    return ENTRY.pack(reason << POST_NUMBER_BITS | packed & MAX_POST_NUMBER, score)


def entry_at(entries: bytes, position: int) -> tuple[int, str, float]:
    """Post number, reason and score of the entry at a position."""
    packed, score = ENTRY.unpack_from(entries, position * ENTRY.size)
    return packed & MAX_POST_NUMBER, REASONS[packed >> POST_NUMBER_BITS], score


def marks_of(entries: bytes) -> tuple[bytes, ...]:
    """The part of each entry after the post number: 3 bytes, which `reason_of` and `score_of` read."""
    return _marks_layout(len(entries) // ENTRY.size).unpack(entries)


def reason_of(mark: bytes) -> str:
    """The reason's code in an entry's mark."""
    return REASONS[_REASON_ONLY[mark[0]]]


def count_reason(marks: Iterable[bytes], reason: Reason) -> int:
    """How many entries have this reason; `marks` as `marks_of` gives them."""
    return b"".join(marks)[:: ENTRY.size - _TOP].translate(_REASON_ONLY).count(reason)


def score_of(mark: bytes) -> float:
    """The score in an entry's mark."""
    score: float
    (score,) = _SCORE.unpack_from(mark, 1)
    return score


def post_numbers_of(entries: bytes) -> list[int]:
    """The post numbers of packed entries, in order."""
    size = ENTRY.size
    bare = bytearray(entries)
    # All at once: takes a third of the time of masking one by one.
    bare[_TOP::size] = bare[_TOP::size].translate(_WITHOUT_REASON)
    return list(_numbers_layout(len(entries) // size).unpack(bare))


def split(entries: bytes) -> tuple[bytes, ...]:
    """Each packed entry."""
    return _split_layout(len(entries) // ENTRY.size).unpack(entries)


def length_of(entries: bytes) -> int:
    """How many entries there are."""
    return len(entries) // ENTRY.size


def pick(entries: bytes, positions: Iterable[int]) -> bytes:
    """The packed entries at these positions, in this order."""
    size = ENTRY.size
    return b"".join([entries[position * size : position * size + size] for position in positions])


def part(entries: bytes, start: int, end: int | None = None) -> bytes:
    """The packed entries from `start` up to, but not including, `end`."""
    return entries[start * ENTRY.size : None if end is None else end * ENTRY.size]


def without(entries: bytes, positions: Iterable[int]) -> bytes:
    """The packed entries without those at these positions, which ascend. Cheap when few are removed."""
    kept, start = [], 0
    for position in positions:
        kept.append(part(entries, start, position))
        start = position + 1
    kept.append(part(entries, start))
    return b"".join(kept)


@lru_cache(maxsize=64)  # most lists come from the last few runs
def _time_of(stamp: int) -> datetime:
    return datetime.fromtimestamp(stamp, UTC)


@lru_cache(maxsize=256)
def _split_layout(count: int) -> struct.Struct:
    return struct.Struct(f"{ENTRY.size}s" * count)


@lru_cache(maxsize=256)
def _marks_layout(count: int) -> struct.Struct:
    return struct.Struct(f"{_TOP}x{ENTRY.size - _TOP}s" * count)


@lru_cache(maxsize=256)
def _numbers_layout(count: int) -> struct.Struct:
    """Entries without their scores."""
    return struct.Struct("<" + "I2x" * count)
