"""What lists weigh in this Redis and how quickly it takes them, tried with lists of nobody that are then deleted."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from shared.domain import Phase, Reason, Source
from shared.eligibility import Viewer
from shared.ranked_lists import codec, keys, records
from shared.ranked_lists.clients import connect, redis_errors
from shared.ranked_lists.codec import RankedList, encode, pack_entry
from shared.ranked_lists.publish import ListWriter
from shared.ranked_lists.records import CatalogueEntry, Chain

JOB = "capacity"  # whose fence is taken
LISTS = 2_000
KEEP_FOR = timedelta(seconds=60)  # should we be killed before we have tidied up
EXPIRY_BYTES = (
    40  # an entry in the table of life times, and a share of both tables' buckets; MEMORY USAGE leaves it out
)
UUID = "00000000-0000-4000-8000-{:012d}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """Bytes of one of each, key and everything around it included; and the time of a list."""

    list: float
    viewer: float  # who blocked nobody and has seen nothing
    viewer_post: float  # each post more that a user has seen
    catalogue_post: float
    chain: float
    seconds_per_list: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Used:
    """What Redis says of itself."""

    bytes: int  # used_memory
    at_start: int  # of which it used so many before it held anything
    clients: int  # and so many for those who are connected now

    @property
    def by_keys(self) -> int:
        """What is left for the keys and the tables that find them."""
        return self.bytes - self.at_start - self.clients


def weigh(url: str, *, list_length: int) -> Weights:
    """Write lists of nobody, look, and delete them."""
    with redis_errors(url), _tidied(url) as client:
        value = _list_of(list_length)
        writer = ListWriter(url, keep_for=KEEP_FOR)
        try:
            seconds = _publish(writer, value)
        finally:
            writer.close()
        few, many = (_weigh_value(client, keys.viewer(_nobody(0)), _viewer(seen)) for seen in (0, 400))
        chain = records.pack_chain(Chain(nonce=bytes(records.NONCE_BYTES), frozen=codec.decode(value)))
        return Weights(
            list=_usage(client, keys.ranked_list(Phase.HEURISTIC, _nobody(0))) + EXPIRY_BYTES,
            viewer=few + EXPIRY_BYTES,
            viewer_post=(many - few) / 400,
            catalogue_post=_weigh_catalogue(client),
            chain=_weigh_value(client, keys.chain(_nobody(0), 0), chain) + EXPIRY_BYTES,
            seconds_per_list=seconds / LISTS,
        )


def used(url: str) -> Used:
    """What Redis holds at this moment, whoever's it is."""
    client = connect(url)
    try:
        with redis_errors(url):
            memory = client.info("memory")
    finally:
        client.close()
    return Used(
        bytes=int(memory["used_memory"]),
        at_start=int(memory["used_memory_startup"]),
        clients=int(memory.get("mem_clients_normal", 0)),
    )


@contextmanager
def _tidied(url: str) -> Iterator[Any]:
    client = connect(url)
    try:
        yield client
    finally:
        names = [keys.ranked_list(Phase.HEURISTIC, _nobody(number)) for number in range(LISTS)]
        client.unlink(
            *names, keys.fence(JOB), keys.viewer(_nobody(0)), keys.chain(_nobody(0), 0), f"{keys.PREFIX}{JOB}"
        )
        client.close()


def _publish(writer: ListWriter, value: bytes) -> float:
    begun = time.perf_counter()
    writer.publish_lists(((_nobody(number), value) for number in range(LISTS)), phase=Phase.HEURISTIC, job=JOB, run=1)
    return time.perf_counter() - begun


def _list_of(length: int) -> bytes:
    entries = b"".join(pack_entry(row, Reason.POPULAR, 0.5) for row in range(1, length + 1))
    return encode(RankedList(source=Source.HEURISTIC, generation=1, generated_at=datetime.now(UTC), entries=entries))


def _viewer(seen: int) -> bytes:
    return records.pack_viewer(Viewer(seen_posts=range(seen)), version=1, own=0)


def _weigh_value(client: Any, name: str, value: bytes) -> float:
    client.set(name, value, px=KEEP_FOR)
    return _usage(client, name)


def _weigh_catalogue(client: Any) -> float:
    name, n_posts = f"{keys.PREFIX}{JOB}", 1 << keys.CHUNK_BITS
    entries = [CatalogueEntry(row=row, post_id=UUID.format(row), author=1 << 60) for row in range(n_posts)]
    client.hset(name, mapping={str(entry.row): records.pack_post(entry) for entry in entries})
    client.expire(name, KEEP_FOR)
    return _usage(client, name) / n_posts


def _usage(client: Any, name: str) -> float:
    return float(client.memory_usage(name, samples=0) or 0)


def _nobody(number: int) -> str:
    """As long as a UUID; no app's user, for a UUID's version is never 0."""
    return f"00000000-0000-0000-0000-{number:012d}"
