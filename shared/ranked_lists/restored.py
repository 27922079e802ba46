"""What a Redis that came back with what it had kept earlier holds of people and posts that were erased since."""

import hashlib
from collections.abc import Collection, Iterable, Iterator
from itertools import chain
from typing import cast

import redis

from shared.ranked_lists import keys

_BATCH = 1000  # users a round trip
_OF_USERS = ("wl:list:?:", "wl:chain:?:", "wl:tail:?:", "wl:viewer:", "wl:seen:")


def forget_erased(client: redis.Redis, erased: Collection[str], rows: Iterable[int]) -> None:
    """Delete what names users whose hashes are these, and the catalogue's entries of these rows."""
    found = chain(*(_users(client, begin) for begin in _OF_USERS), _named(client)) if erased else iter(())
    gone = {user for user in found if hashlib.sha1(user, usedforsecurity=False).hexdigest() in erased}
    pipe = client.pipeline(transaction=False)
    for user in gone:
        pipe.delete(*keys.all_of(user.decode()))
        pipe.srem(keys.VIEWERS, user)
        pipe.zrem(keys.ASKED, user)
    for row in rows:
        pipe.hdel(keys.chunk(keys.chunk_of(row)), str(row))
    pipe.execute()


def _users(client: redis.Redis, begin: str) -> Iterator[bytes]:
    """Whose keys begin so."""
    for name in cast(Iterable[bytes], client.scan_iter(match=f"{begin}*", count=_BATCH)):
        yield name[len(begin) :]


def _named(client: redis.Redis) -> Iterator[bytes]:
    """Who stands in a list of users."""
    yield from cast(Iterable[bytes], client.sscan_iter(keys.VIEWERS, count=_BATCH))
    yield from cast(list[bytes], client.zrange(keys.ASKED, 0, -1))
