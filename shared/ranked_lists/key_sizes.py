"""How many bytes Redis' keys take: the existing ones by kind, and single ones, measured with probe keys."""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.domain import Phase, Reason, Source
from shared.eligibility import Viewer
from shared.ranked_lists import codec, keys, records
from shared.ranked_lists.clients import connect, redis_errors
from shared.ranked_lists.codec import RankedList, encode_lists, pack_entry
from shared.ranked_lists.neighbours import MOST, Neighbours, pack_neighbours
from shared.ranked_lists.records import CatalogueEntry, Chain

JOB = "capacity"  # in the name of a probe key
KEEP_FOR = timedelta(seconds=60)  # probe keys expire even if this process is killed before it deletes them
# What MEMORY USAGE leaves out: a key's entry in the expiry table, and its share of the buckets of both hash tables,
# which are half to quite full. 55 to 70 were measured.
TABLE_BYTES = 64
MAX_KEYS = 50_000  # that are measured; SCAN returns keys in the order of their hashes, so any part is a random sample
SCAN_BATCH = 1_000
UUID = "00000000-0000-4000-8000-{:012d}"
# All other keys are shared by all users.
KINDS = (
    "list:h", "list:n", "viewer", "posts", "similar", "author", "seen", "chain", "tail", "request", "follow",
    "suggested", "names",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class KeySizes:
    """Bytes of one of each, including the key and its share of the tables."""

    list: float
    viewer: float  # of a user who blocked nobody and has seen nothing
    viewer_post: float  # for each post that a user has seen
    catalogue_post: float
    chain: float
    similar: float  # the similar posts of a post


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyUsage:
    """The keys of one kind: how many, and their bytes including their share of the tables."""

    count: int
    bytes: float


@dataclass(frozen=True, slots=True, kw_only=True)
class MemoryUse:
    """What Redis reports about its memory."""

    bytes: int  # used_memory
    at_start: int  # of these, used before it held any key
    clients: int  # of these, used by the present connections
    keys: int  # in all its databases, of all applications

    @property
    def by_keys(self) -> int:
        """The rest: keys and their hash tables."""
        return self.bytes - self.at_start - self.clients


def measure_key_usage(url: str) -> Mapping[str, KeyUsage]:
    """Our keys by kind (and `shared`); of very many keys, extrapolated from a sample."""
    counts: Counter[str] = Counter()
    sizes: Counter[str] = Counter()
    with redis_errors(url), connect(url) as client:
        measured, total = 0, int(client.dbsize())
        for names in _names(client):
            pipe = client.pipeline(transaction=False)
            for name in names:
                pipe.memory_usage(name, samples=0 if _kind_of(name) == "shared" else 5)
            for name, size in zip(names, pipe.execute(), strict=True):
                counts[_kind_of(name)] += 1
                sizes[_kind_of(name)] += int(size or 0) + TABLE_BYTES
            measured += len(names)
            if measured >= MAX_KEYS:
                break
    times = max(1.0, total / measured) if measured >= MAX_KEYS else 1.0
    return {
        kind: KeyUsage(count=round(count * _scale(kind, times)), bytes=sizes[kind] * _scale(kind, times))
        for kind, count in counts.items()
    }


def measure_key_sizes(url: str, *, list_length: int) -> KeySizes:
    """Write one of each, measure, and delete them."""
    with redis_errors(url), _probe_client(url) as client:
        value = _list_of(list_length)
        few, many = (_weigh_value(client, keys.viewer(PROBE_USER), _viewer(seen)) for seen in (0, 400))
        chain = records.pack_chain(Chain(nonce=bytes(records.NONCE_BYTES), frozen=codec.decode(value)))
        return KeySizes(
            list=_weigh_value(client, keys.ranked_list(Phase.HEURISTIC, PROBE_USER), value) + TABLE_BYTES,
            viewer=few + TABLE_BYTES,
            viewer_post=(many - few) / 400,
            catalogue_post=_weigh_catalogue(client),
            chain=_weigh_value(client, keys.chain(PROBE_USER, 0), chain) + TABLE_BYTES,
            similar=_weigh_value(client, keys.similar(PROBE_USER), _similar()) + TABLE_BYTES,
        )


def read_memory_use(url: str) -> MemoryUse:
    """What Redis holds now, of all applications."""
    with redis_errors(url), connect(url) as client:
        memory: Any = client.info("memory")
        keyspace: Any = client.info("keyspace")
    return MemoryUse(
        bytes=int(memory["used_memory"]),
        at_start=int(memory["used_memory_startup"]),
        clients=int(memory.get("mem_clients_normal", 0)),
        keys=sum(int(each["keys"]) for each in keyspace.values()),
    )


def _scale(kind: str, times: float) -> float:
    return 1.0 if kind == "shared" else times  # shared keys exist once each


def _names(client: Any) -> Iterator[list[bytes]]:
    cursor = 0
    while True:
        cursor, names = client.scan(cursor, match=f"{keys.PREFIX}*", count=SCAN_BATCH)
        yield names
        if cursor == 0:
            return


def _kind_of(name: bytes) -> str:
    parts = name.decode(errors="replace").split(":")
    kind = ":".join(parts[1:3]) if parts[1] == "list" else parts[1]
    return kind if kind in KINDS else "shared"


@contextmanager
def _probe_client(url: str) -> Iterator[Any]:
    client = connect(url)
    try:
        yield client
    finally:
        list_, viewer, chain = (
            keys.ranked_list(Phase.HEURISTIC, PROBE_USER),
            keys.viewer(PROBE_USER),
            keys.chain(PROBE_USER, 0),
        )
        client.unlink(list_, viewer, chain, keys.similar(PROBE_USER), f"{keys.PREFIX}{JOB}")
        client.close()


def _list_of(length: int) -> bytes:
    entries = b"".join(pack_entry(post_number, Reason.POPULAR, 0.5) for post_number in range(1, length + 1))
    head = RankedList(source=Source.HEURISTIC, generation=1, generated_at=datetime.now(UTC), entries=entries)
    (value,) = encode_lists(head, [entries], version=1)
    return value


def _similar() -> bytes:
    entries = b"".join(pack_entry(post_number, Reason.SIMILAR_PHOTO, 0.5) for post_number in range(1, MOST + 1))
    return pack_neighbours(Neighbours(post_number=1, author=1, entries=entries))


def _viewer(seen: int) -> bytes:
    return records.pack_viewer(Viewer(seen_posts=range(seen)), version=1, own=0)


def _weigh_value(client: Any, name: str, value: bytes) -> float:
    client.set(name, value, px=KEEP_FOR)
    return _usage(client, name)


def _weigh_catalogue(client: Any) -> float:
    name, n_posts = f"{keys.PREFIX}{JOB}", 1 << keys.CHUNK_BITS
    entries = [
        CatalogueEntry(post_number=post_number, post_id=UUID.format(post_number), author=1 << 60)
        for post_number in range(n_posts)
    ]
    client.hset(name, mapping={str(entry.post_number): records.pack_post(entry) for entry in entries})
    client.expire(name, KEEP_FOR)
    return _usage(client, name) / n_posts


def _usage(client: Any, name: str) -> float:
    return float(client.memory_usage(name, samples=0) or 0)


PROBE_USER = "00000000-0000-0000-0000-000000000000"  # as long as a UUID; no app's user, for a UUID's version is never 0
