"""The plain reference: everything that a publication left in Redis, written again by redis-py's own pipeline."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Any, cast

import redis

from shared.ranked_lists import keys
from shared.ranked_lists.clients import connect

PATIENCE = timedelta(seconds=60)
AT_ONCE = 500  # commands a round trip, as many as the writer sends lists
KEEP_MS = 259_200_000  # any life time will do; each key has one

Command = tuple[Any, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """The content of Redis as commands that write it."""

    commands: list[Command]
    bytes: int  # of keys and values


class BarePipeline:
    """Reads the content once, and writes it repeatedly."""

    def __init__(self, url: str) -> None:
        self._redis = connect(url, timeout=PATIENCE)

    def read(self) -> Written:
        """Every key of ours."""
        commands: list[Command] = []
        for names in _batches(self._redis.scan_iter(match=f"{keys.PREFIX}*", count=AT_ONCE)):
            pipe = self._redis.pipeline(transaction=False)
            for name in names:
                pipe.type(name)
            kinds = pipe.execute()
            pipe = self._redis.pipeline(transaction=False)
            for name, kind in zip(names, kinds, strict=True):
                _read_of(pipe, name, kind)
            for name, kind, value in zip(names, kinds, pipe.execute(), strict=True):
                commands += _writes_of(name, kind, value)
        size = sum(len(part) for command in commands for part in command[1:] if isinstance(part, bytes))
        return Written(commands=commands, bytes=size)

    def write(self, written: Written) -> None:
        """The same bytes again."""
        for some in _batches(iter(written.commands)):
            pipe = self._redis.pipeline(transaction=False)
            for command in some:
                pipe.execute_command(*command)  # type: ignore[no-untyped-call]
            pipe.execute()

    def close(self) -> None:
        self._redis.close()


def _read_of(pipe: "redis.client.Pipeline", name: bytes, kind: bytes) -> None:
    reads = {b"string": pipe.get, b"hash": pipe.hgetall, b"set": pipe.smembers}
    if kind in reads:
        reads[kind](name)
    else:
        pipe.zrange(name, 0, -1, withscores=True)


def _writes_of(name: bytes, kind: bytes, value: object) -> list[Command]:
    if kind == b"string":
        return [("SET", name, cast(bytes, value), "PX", KEEP_MS)]
    if kind == b"hash":
        fields = [part for pair in cast(dict[bytes, bytes], value).items() for part in pair]
        return [("HSET", name, *fields), ("PEXPIRE", name, KEEP_MS)]
    if kind == b"set":
        members = sorted(cast(set[bytes], value))
        batches = [("SADD", name, *members[start : start + AT_ONCE]) for start in range(0, len(members), AT_ONCE)]
        return [*batches, ("PEXPIRE", name, KEEP_MS)]
    scored = [part for member, score in cast(list[tuple[bytes, float]], value) for part in (score, member)]
    return [("ZADD", name, *scored), ("PEXPIRE", name, KEEP_MS)] if scored else []


def _batches(items: Iterator[Any]) -> Iterator[list[Any]]:
    while batch := list(islice(items, AT_ONCE)):
        yield batch
