"""Cleans a Redis that lost its memory: it may hold older data, or late writes, about erased users and posts.

A part of `shared.operations.safety.reload_safety`, which loads what Redis lacks then. A value of another type under one
of our keys (somebody's SET) is such a loss, too.
"""

import hashlib
import re
import struct
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import suppress
from itertools import islice
from typing import TypeVar, cast

import redis
from redis.exceptions import ResponseError

from shared.ranked_lists import keys, records
from shared.ranked_lists.codec import UnreadableList
from shared.ranked_lists.suggestions import unpack_name

_BATCH = 1000  # users or posts per round trip
_OF_A_USER = re.compile(rb"wl:(?:(?:list|chain|tail):.|viewer|seen|suggested):(.*)", re.DOTALL)

# What commands of ours could not even replace if it were of another type. With the first ones acts are lost.
_TYPES_OF_SAFETY = {keys.DELETED: b"zset", keys.SUSPENDED: b"zset", keys.ERASED: b"zset", keys.VIEWERS: b"set"}
_TYPES = {**_TYPES_OF_SAFETY, keys.BLOCKED: b"string", keys.ASKED: b"zset"}

ItemT = TypeVar("ItemT")


def drop_wrong_types(client: redis.Redis) -> None:
    """Delete values of another type than ours, and if acts were lost with one, the safety epoch: then it is loaded."""
    pipe = client.pipeline(transaction=False)
    for name in _TYPES:
        pipe.type(name)
    found = dict(zip(_TYPES, pipe.execute(), strict=True))
    if wrong := [name for name, kind in found.items() if kind not in (_TYPES[name], b"none")]:
        client.delete(*([] if _TYPES_OF_SAFETY.keys().isdisjoint(wrong) else [keys.SAFETY]), *wrong)


def forget_erased(client: redis.Redis, erased: Collection[str], post_numbers: Iterable[int]) -> None:
    """Delete all keys of users with these hashes, and the catalogue entries of these posts."""
    users = {user for user in _users(client) if _hash(user) in erased} if erased else set[bytes]()
    for batch in _batches(users):
        pipe = client.pipeline(transaction=False)
        pipe.delete(*(key for user in batch for key in keys.keys_of_user(user.decode())))
        pipe.srem(keys.VIEWERS, *batch)
        pipe.zrem(keys.ASKED, *batch)
        execute_deletes(pipe)
    _forget_names(client, erased)
    for posts in _batches(post_numbers):
        similar = keys_of_posts(client, posts)
        pipe = client.pipeline(transaction=False)
        if similar:
            pipe.delete(*similar)
        for post_number in posts:
            pipe.hdel(keys.chunk(keys.chunk_of(post_number)), str(post_number))
        execute_deletes(pipe)


def _forget_names(client: redis.Redis, erased: Collection[str]) -> None:
    """Delete the names of suggested authors who were erased."""
    for chunk in map(keys.author_names, range(keys.NAME_CHUNKS if erased else 0)):
        for field, value in _fields(client, chunk):
            with suppress(UnreadableList, UnicodeDecodeError):
                if _hash(unpack_name(value).author_id.encode()) in erased:
                    client.hdel(chunk, field)


def _fields(client: redis.Redis, name: str) -> Iterable[tuple[str, bytes]]:
    try:
        return cast(dict[str, bytes], client.hgetall(name)).items()
    except ResponseError:  # of another type, so none of ours
        return ()


def keys_of_posts(client: redis.Redis, post_numbers: Sequence[int]) -> list[str]:
    """The keys of single posts, for those of these posts that the catalogue in Redis knows."""
    pipe = client.pipeline(transaction=False)
    for post_number in post_numbers:
        pipe.hget(keys.chunk(keys.chunk_of(post_number)), str(post_number))
    known = [value for value in pipe.execute(raise_on_error=False) if isinstance(value, bytes)]
    names = []
    for value in known:
        with suppress(ValueError, struct.error):  # not our bytes
            names.append(keys.similar(records.unpack_post(0, value).post_id))
    return names


def execute_deletes(pipe: "redis.client.Pipeline") -> None:
    """Execute deletes of members. A value of another type has none of ours: that is no failure."""
    for answer in pipe.execute(raise_on_error=False):
        if isinstance(answer, ResponseError) and not str(answer).startswith("WRONGTYPE"):
            raise answer


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
