"""In which life of the Redis server the safety data were loaded. A *life* is from one start of the server to the next;
INFO names it as run_id.

A Redis that keeps its data on disk, or a replica that takes over, may come back with older data and the safety epoch of
that time: acts that were acknowledged since are missing. So an epoch contains the life in which it was declared: 16
characters after its own 16. In any other life, Redis counts as one that lost its memory. If the server does not say its
life (INFO is not allowed), or the epoch is of an earlier version, this is not checked.

What Redis lacks then is loaded by `shared.operations.safety.reload_safety`.
"""

import secrets
from collections.abc import Mapping
from typing import cast

import redis
from redis.exceptions import ResponseError

_LENGTH = 16  # characters of each half
SECTION = "server"


def life_of(info: object) -> str:
    """The life in an answer to INFO; '' if there is none, or the answer is an error."""
    named = cast(Mapping[str, object], info).get("run_id", "") if isinstance(info, Mapping) else ""
    return str(named)[:_LENGTH]


def current_life(client: redis.Redis) -> str:
    """The life of the server that a client is connected to."""
    try:
        return life_of(client.info(SECTION))
    except ResponseError:
        return ""


def new_epoch(life: str) -> str:
    """A new random epoch of this life."""
    return secrets.token_hex(_LENGTH // 2) + life


def is_of_another_life(epoch: bytes, life: str) -> bool:
    """Whether an epoch was declared in another life than this one."""
    declared = epoch[_LENGTH:].decode(errors="replace")
    return bool(life and declared) and declared != life
