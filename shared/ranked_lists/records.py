"""The bytes of everything in Redis that is not a ranked list: viewers, seen posts, chains, catalogue entries. Pure."""

import struct
from array import array
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from hashlib import blake2b
from typing import NamedTuple

from msgspec import DecodeError, Struct, msgpack
from msgspec.structs import replace

from shared.domain import INITIAL_PHASE, Phase, PhaseState
from shared.eligibility import Viewer
from shared.preferences.rules import ViewerRules
from shared.ranked_lists import codec
from shared.ranked_lists.codec import RankedList, UnreadableList

NONCE_BYTES = 8
_VIEWER = struct.Struct(">QIII")  # version first and big-endian: a script in Redis compares it
_VERSION_BYTES = 8  # of a viewer
_VISITS = struct.Struct("<I")
MODE_VISIT = 1 << 16  # visits of all modes but `for_you` are counted in the upper half: each half has slots of its own
_POST = struct.Struct("<QI")
_COUNT = struct.Struct("<H")
_SAY = msgpack.Decoder(tuple[bool, bool, list[str], tuple[str, ...], list[str]])
_INVERTED = bytes(range(255, -1, -1))
_LIST_AT = NONCE_BYTES + _COUNT.size  # where a chain's list begins


class CatalogueEntry(NamedTuple):
    """What the timeline needs to know about a post."""

    post_number: int
    post_id: str
    author: int  # author hash
    cluster: int = 0  # of near-identical photos; 0: there is none


class Chain(Struct, kw_only=True, gc=False):
    """A frozen list and the ends of the pages served of it, as positions after their last post.

    `frozen` holds the prepared part: the served posts in their order, and some posts after them. `rest` is the
    remainder of the list as it was frozen, packed. Seen posts are removed from it, and new posts inserted, when a page
    comes near to it.
    """

    nonce: bytes
    frozen: RankedList
    page_ends: tuple[int, ...] = ()
    rest: bytes = b""

    def end_of_page(self, start: int) -> int | None:
        """Where the page that starts here ended when it was first served; None if it was not served yet."""
        later = [end for end in self.page_ends if end > start]
        return min(later) if later else None

    def with_end(self, position: int) -> "Chain":
        """This chain after a page that ended here."""
        ends = (*self.page_ends, position)
        return Chain(nonce=self.nonce, frozen=self.frozen, page_ends=ends, rest=self.rest)


class Tail(Struct, kw_only=True, gc=False):
    """What follows a frozen list: packed entries in their final order, unseen posts first.

    `rest` holds all other posts of the tail, packed, in the order of their lists. Which of them come next is decided
    when a page comes near to them.
    """

    unseen: int  # how many of the first entries are unseen
    entries: bytes
    rest: bytes = b""

    def __len__(self) -> int:
        return len(self.entries) // codec.ENTRY.size


class SeenRecord(Struct, kw_only=True, gc=False):
    """Posts served to a user, oldest first, and how often the user began a chain."""

    visits: int = 0  # of `for_you` in the lower 16 bits, of other modes in the upper ones
    post_numbers: Sequence[int] = ()

    @property
    def first_pages(self) -> int:
        """How often the user began a chain, in any mode."""
        return self.visits % MODE_VISIT + self.visits // MODE_VISIT


def pack_viewer(viewer: Viewer, *, version: int, own: int) -> bytes:
    """version, three counts, author hashes (u64) without the user's own, numbers of hidden and of seen posts (u32);
    then what the viewer has said of themself, if anything (MessagePack).
    """
    authors = sorted(viewer.hidden_authors - {own}) if viewer.hidden_authors else ()
    head = _VIEWER.pack(version, len(authors), len(viewer.hidden_posts), len(viewer.seen_posts))
    hidden = _u32(sorted(viewer.hidden_posts)) if viewer.hidden_posts else b""
    return b"".join((head, _u64(authors) if authors else b"", hidden, _u32(viewer.seen_posts), _pack_say(viewer)))


def unpack_viewer(value: bytes | None, *, own: int) -> Viewer:
    """Read a viewer; the user's own author hash is always among the hidden authors."""
    if not value:
        return Viewer(hidden_authors=frozenset({own}))
    start = _VIEWER.size
    if len(value) < start:
        raise UnreadableList(f"viewer: got {len(value)} bytes, expected {start} or more")
    _, n_authors, n_hidden, n_seen = _VIEWER.unpack_from(value)
    end = start + 8 * n_authors + 4 * (n_hidden + n_seen)
    if len(value) < end:
        raise UnreadableList(f"viewer: got {len(value)} bytes for {n_authors}, {n_hidden} and {n_seen} entries")
    at_seen = start + 8 * n_authors + 4 * n_hidden
    withheld = _withheld_layout(n_authors, n_hidden).unpack_from(value, start)
    viewer = Viewer(
        hidden_authors=frozenset((own, *withheld[:n_authors])),
        hidden_posts=frozenset(withheld[n_authors:]),
        seen_posts=_read("I", value[at_seen:end]),
    )
    return viewer if len(value) == end else _with_say(viewer, value[end:])


def content_of_viewer(value: bytes | None) -> bytes:
    """A viewer's value without its version; empty when there is none."""
    return value[_VERSION_BYTES:] if value else b""


def pack_post_numbers(post_numbers: Iterable[int]) -> bytes:
    """Post numbers as u32."""
    return _u32(post_numbers)


def pack_visits(visits: int) -> bytes:
    """The head of a seen record."""
    return _VISITS.pack(visits & 0xFFFFFFFF)


def unpack_seen(value: bytes | None) -> SeenRecord:
    """Read a seen record; an incomplete last number is left out."""
    if not value or len(value) < _VISITS.size:
        return SeenRecord()
    whole = len(value) - (len(value) - _VISITS.size) % 4
    return SeenRecord(visits=_VISITS.unpack_from(value)[0], post_numbers=_read("I", value[_VISITS.size : whole]))


def pack_chain(chain: Chain) -> bytes:
    """nonce, number of entries of the rest u16, the list with the rest, then each page end u16 (appended later)."""
    rest = _COUNT.pack(len(chain.rest) // codec.ENTRY.size)
    return b"".join((chain.nonce, rest, codec.encode(chain.frozen, chain.rest), _u16(chain.page_ends)))


def pack_page_end(end: int) -> bytes:
    return struct.pack("<H", end)


def unpack_chain(value: bytes | None, *, nonce: bytes) -> Chain | None:
    """Read a chain; None when the slot is empty or now holds another chain."""
    if not value or not value.startswith(nonce):
        return None
    if len(value) < _LIST_AT + codec.HEADER.size:
        raise UnreadableList(f"chain: got {len(value)} bytes, expected {_LIST_AT + codec.HEADER.size} or more")
    (n_rest,) = _COUNT.unpack_from(value, NONCE_BYTES)
    _, _, count, _, _ = codec.HEADER.unpack_from(value, _LIST_AT)
    if n_rest > count:
        raise UnreadableList(f"chain: got {n_rest} entries ahead of {count} in all")
    end = _LIST_AT + codec.HEADER.size + count * codec.ENTRY.size
    frozen, rest = codec.decode(value[_LIST_AT:end]), b""
    if n_rest:
        ready = (count - n_rest) * codec.ENTRY.size
        frozen, rest = frozen.with_entries(frozen.entries[:ready]), frozen.entries[ready:]
    return Chain(nonce=nonce, frozen=frozen, page_ends=tuple(_read("H", value[end:])), rest=rest)


def pack_tail(nonce: bytes, tail: Tail) -> bytes:
    """Without a rest: nonce, number of unseen entries u16, entries. With a rest: mark, numbers of unseen and of ready
    entries u16, ready entries, rest.

    An older version, which knows no rest, does not recognise the mark: it computes a whole tail and writes that.
    """
    if not tail.rest:
        return nonce + _COUNT.pack(tail.unseen) + tail.entries
    counts = _COUNT.pack(tail.unseen) + _COUNT.pack(len(tail))
    return b"".join((mark_of_tail(nonce), counts, tail.entries, tail.rest))


def mark_of_tail(nonce: bytes) -> bytes:
    """The first bytes of a tail with a rest: the chain's nonce with every bit inverted."""
    return nonce.translate(_INVERTED)


def unpack_tail(value: bytes | None, *, nonce: bytes) -> Tail | None:
    """Read a tail; None when there is none yet, or its format is unknown."""
    if not value or len(value) < NONCE_BYTES + _COUNT.size:
        return None
    body, (unseen,) = value[NONCE_BYTES + _COUNT.size :], _COUNT.unpack_from(value, NONCE_BYTES)
    if value.startswith(nonce):
        return None if len(body) % codec.ENTRY.size else Tail(unseen=unseen, entries=body)
    if not value.startswith(mark_of_tail(nonce)) or len(body) % codec.ENTRY.size != _COUNT.size:
        return None
    end = _COUNT.size + _COUNT.unpack_from(body)[0] * codec.ENTRY.size
    return Tail(unseen=unseen, entries=body[_COUNT.size : end], rest=body[end:])


def pack_post(entry: CatalogueEntry) -> bytes:
    """author hash u64, cluster u32, then the id."""
    return _POST.pack(entry.author, entry.cluster) + entry.post_id.encode()


def unpack_post(post_number: int, value: bytes) -> CatalogueEntry:
    author, cluster = _POST.unpack_from(value)
    return CatalogueEntry(post_number=post_number, post_id=value[_POST.size :].decode(), author=author, cluster=cluster)


def hash_of_clusters(clusters: Mapping[int, int]) -> bytes:
    """Changes when any post gets another cluster, so that copies of the catalogue are read again."""
    return blake2b(repr(sorted(clusters.items())).encode(), digest_size=8).digest()


def pack_phase(state: PhaseState) -> bytes:
    """A line that is readable in redis-cli: version, phase, rollout in per cent, salt."""
    return f"{state.version}|{state.phase}|{state.rollout_percent:g}|{state.salt}".encode()


@lru_cache(maxsize=4)  # every page reads it, and it changes once a month
def unpack_phase(value: bytes | None) -> PhaseState:
    """Read the phase; the initial one when there is none."""
    if not value:
        return INITIAL_PHASE
    try:
        version, phase, percent, salt = value.decode().split("|", 3)
        return PhaseState(version=int(version), phase=Phase(phase), rollout_percent=float(percent), salt=salt)
    except ValueError as error:
        raise UnreadableList(f"phase: got {value[:80]!r}, expected version|phase|percent|salt") from error


@lru_cache(maxsize=1024)
def _withheld_layout(n_authors: int, n_hidden: int) -> struct.Struct:
    return struct.Struct(f"={n_authors}Q{n_hidden}I")


def _pack_say(viewer: Viewer) -> bytes:
    if viewer.is_personalised and not viewer.rules:
        return b""
    rules = viewer.rules
    say = (viewer.is_personalised, rules.hides_sensitive, sorted(rules.tags), rules.words, sorted(rules.languages))
    return msgpack.encode(say)


def _with_say(viewer: Viewer, packed: bytes) -> Viewer:
    """The viewer with what they have said of themself.

    Raises:
        UnreadableList: the bytes are of another version; they must not count as if nothing had been said.
    """
    try:
        is_personalised, hides, tags, words, languages = _SAY.decode(packed)
    except DecodeError as error:
        raise UnreadableList(f"viewer: got {len(packed)} bytes after its posts that cannot be read") from error
    rules = ViewerRules(frozenset(tags), words, frozenset(languages), hides)
    return replace(viewer, rules=rules, is_personalised=is_personalised)


def _u32(numbers: Iterable[int]) -> bytes:
    return (numbers if isinstance(numbers, (array, memoryview)) else array("I", numbers)).tobytes()


def _u16(numbers: Iterable[int]) -> bytes:
    return array("H", numbers).tobytes()


def _u64(hashes: Iterable[int]) -> bytes:
    return array("Q", hashes).tobytes()


def _read(kind: str, packed: bytes) -> Sequence[int]:
    numbers = array(kind)
    numbers.frombytes(packed)
    return numbers
