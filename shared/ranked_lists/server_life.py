"""Which life of Redis' server its data are of.

A Redis that keeps its data on disk, or a replica that takes over, may come back with what it held some time ago, its
safety epoch with it: acts that were acknowledged since are not there. So an epoch names the life of the server in which
it was declared, 16 characters behind its own 16, and in any other life Redis counts as one that lost its memory.
Where the server does not tell (INFO is not allowed), and of an epoch of before, nothing is known and nothing said.
"""

import secrets
from collections.abc import Mapping
from typing import cast

import redis
from redis.exceptions import ResponseError

_LENGTH = 16  # characters of each half
SECTION = "server"


def life_of(info: object) -> str:
    """The life that an answer to INFO names; '' when it names none, or is an error."""
    named = cast(Mapping[str, object], info).get("run_id", "") if isinstance(info, Mapping) else ""
    return str(named)[:_LENGTH]


def current_life(client: redis.Redis) -> str:
    """The life of the server behind a client."""
    try:
        return life_of(client.info(SECTION))
    except ResponseError:
        return ""


def new_epoch(life: str) -> str:
    """An epoch that nobody has declared yet."""
    return secrets.token_hex(_LENGTH // 2) + life


def is_of_another_life(epoch: bytes, life: str) -> bool:
    """Whether an epoch was declared in another life than this one."""
    declared = epoch[_LENGTH:].decode(errors="replace")
    return bool(life and declared) and declared != life
