"""Counts the bytes of every key of ours in Redis (`MEMORY USAGE`: key, value and what Redis needs around them)."""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import cast

from shared.ranked_lists import keys
from shared.ranked_lists.clients import connect

LISTS = ("list, heuristic", "list, neucf")
CATALOGUE = "catalogue"
KINDS = {  # by the beginning of the key's name; the first that fits counts
    "wl:list:h:": LISTS[0],
    "wl:list:n:": LISTS[1],
    "wl:viewer:": "blocks, seen elsewhere",
    "wl:seen:": "served",
    "wl:chain:": "chains",
    "wl:tail:": "tails",
    "wl:request:": "requests",
    "wl:posts:": CATALOGUE,
    "wl:similar:": "similar posts",
    "wl:author:": "posts by author",
    "wl:follow:": "followed authors",
    "wl:tags": "lists of tags",
    "wl:suggested:": "suggested authors",
    "wl:names:": "names of authors",
    keys.PREFIX: "shared by all",
}
TIMEOUT = timedelta(seconds=60)
BATCH = 1000  # keys a round trip


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """The keys in Redis at one time, by kind."""

    count: Mapping[str, int]
    size: Mapping[str, int]  # bytes
    posts: int  # in the catalogue
    without_end: int  # keys that never expire, besides the one that names the owner
    used: int  # bytes that Redis itself says it uses, its own included

    @property
    def total(self) -> int:
        return sum(self.size.values())

    def per_key(self, kind: str) -> float:
        """Mean bytes of a key of this kind, 0 without any."""
        return self.size[kind] / self.count[kind] if self.count[kind] else 0.0


def measure(url: str) -> Held:
    """Measure every key."""
    count, size, posts, without_end = Counter[str](), Counter[str](), 0, 0
    client = connect(url, timeout=TIMEOUT)
    try:
        for names in _batches(client.scan_iter(count=BATCH)):
            pipe = client.pipeline(transaction=False)
            for name in names:
                pipe.memory_usage(name, samples=0)
                pipe.pttl(name)
                if kind_of(name) == CATALOGUE:
                    pipe.hlen(name)
            answers = iter(pipe.execute())
            for name in names:
                kind = kind_of(name)
                count[kind] += 1
                size[kind] += int(next(answers) or 0)  # a key that expired meanwhile
                without_end += next(answers) == -1 and name != keys.INSTALLATION.encode()
                posts += int(next(answers)) if kind == CATALOGUE else 0
        used = int(cast(Mapping[str, int], client.info("memory"))["used_memory"])
    finally:
        client.close()
    return Held(count=count, size=size, posts=posts, without_end=without_end, used=used)


def kind_of(name: bytes) -> str:
    """The kind of a key."""
    return next((kind for prefix, kind in KINDS.items() if name.startswith(prefix.encode())), "not ours")


def _batches(names: Iterator[bytes]) -> Iterator[list[bytes]]:
    batch: list[bytes] = []
    for name in dict.fromkeys(names):  # a scan may give a key twice
        batch.append(name)
        if len(batch) == BATCH:
            yield batch
            batch = []
    yield batch
