"""Cleans a Redis that lost its memory: it may hold older data, or late writes, about erased users and posts.

A part of `shared.operations.safety.reload_safety`, which loads what Redis lacks then.
"""

import hashlib
import re
from collections.abc import Collection, Iterable, Iterator
from itertools import islice
from typing import TypeVar, cast

import redis

from shared.ranked_lists import keys

_BATCH = 1000  # users or posts per round trip
_OF_A_USER = re.compile(rb"wl:(?:(?:list|chain|tail):.|viewer|seen):(.*)", re.DOTALL)

ItemT = TypeVar("ItemT")


def forget_erased(client: redis.Redis, erased: Collection[str], post_numbers: Iterable[int]) -> None:
    """Delete all keys of users with these hashes, and the catalogue entries of these posts."""
    users = {user for user in _users(client) if _hash(user) in erased} if erased else set[bytes]()
    for batch in _batches(users):
        pipe = client.pipeline(transaction=False)
        pipe.delete(*(key for user in batch for key in keys.keys_of_user(user.decode())))
        pipe.srem(keys.VIEWERS, *batch)
        pipe.zrem(keys.ASKED, *batch)
        pipe.execute()
    for posts in _batches(post_numbers):
        pipe = client.pipeline(transaction=False)
        for post_number in posts:
            pipe.hdel(keys.chunk(keys.chunk_of(post_number)), str(post_number))
        pipe.execute()


def _users(client: redis.Redis) -> Iterator[bytes]:
    """Users who have a key of their own, or are in one of the sets of users."""
    for name in cast(Iterable[bytes], client.scan_iter(match=f"{keys.PREFIX}*", count=_BATCH)):
        if named := _OF_A_USER.fullmatch(name):
            yield named[1]
    yield from cast(Iterable[bytes], client.sscan_iter(keys.VIEWERS, count=_BATCH))
    yield from cast(list[bytes], client.zrange(keys.ASKED, 0, -1))


def _hash(user: bytes) -> str:
    return hashlib.sha1(user, usedforsecurity=False).hexdigest()


def _batches(items: Iterable[ItemT]) -> Iterator[list[ItemT]]:
    iterator = iter(items)
    while batch := list(islice(iterator, _BATCH)):
        yield batch
