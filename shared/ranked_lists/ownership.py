"""Which installation owns a Redis. Post numbers belong to one PostgreSQL, so two installations must never share a Redis
database.

`wl:installation` names the owner and never expires. A process that finds another owner reads and writes nothing; only
`warmline installation adopt` (or `renew`, for its own) clears such a Redis. See docs/adr/0018-installation-id.md.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import islice
from typing import cast

import redis

from shared.errors import ForeignInstallation
from shared.ranked_lists import keys, records
from shared.ranked_lists.clients import address, connect, redis_errors
from shared.ranked_lists.codec import UnreadableList

BATCH = 1_000  # keys per round trip
SHORT_ID_LENGTH = 8  # characters of an id that a message shows


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerHints:
    """What a Redis (or a file) without a named owner contains that shows who owns it."""

    salt: str | None = None  # of the phase, if one was ever set
    posts: Mapping[int, str] = field(default_factory=dict)  # post number → id, some of them


OwnershipCheck = Callable[[OwnerHints], bool]  # whether PostgreSQL recognises these


def claim(client: redis.Redis, url: str, installation: str, check_owner: OwnershipCheck | None = None) -> None:
    """Make this installation the owner of a Redis without an owner.

    Args:
        client: for this Redis.
        url: its address, for messages.
        installation: PostgreSQL's id.
        check_owner: called when there is data but no named owner (it expired, or was evicted).

    Raises:
        ForeignInstallation: another installation owns it; nothing was changed.
    """
    found = owner_in(client)
    if found is None:
        remains = _remains(client)
        if check_owner is not None and (remains.salt or remains.posts) and not check_owner(remains):
            raise foreign_error(url, None, installation)
        client.set(keys.INSTALLATION, installation, nx=True)
        found = owner_in(client)
    if found != installation:
        raise foreign_error(url, found, installation)


def refuse_foreign(client: redis.Redis, url: str, installation: str | None) -> None:
    """Raise ForeignInstallation if Redis names another owner. No owner, or no installation given, passes."""
    if installation is not None and (found := owner_in(client)) not in (None, installation):
        raise foreign_error(url, found, installation)


def foreign_error(url: str, found: str | None, installation: str) -> ForeignInstallation:
    """The error; it names both installations, and says what to do."""
    whose = f"belongs to another installation ({short_id(found)})" if found else "holds posts of another installation"
    return ForeignInstallation(
        f"Redis at {address(url)} {whose}, this one is {short_id(installation)}; nothing was read or written: set"
        " WARMLINE_REDIS_URL to a database of its own, or say `warmline installation adopt`, which clears it"
    )


def short_id(installation: str | None) -> str:
    """The part of an id that messages show."""
    return (installation or "none")[:SHORT_ID_LENGTH]


def owner_in(client: redis.Redis) -> str | None:
    """The owner that Redis names."""
    value = cast(bytes | None, client.get(keys.INSTALLATION))
    return None if value is None else value.decode(errors="replace")


def read_owner(url: str) -> str | None:
    """The owner that the Redis at an address names; for commands."""
    with redis_errors(url), connect(url) as client:
        return owner_in(client)


def refuse_foreign_at(url: str, installation: str) -> None:
    """Raise ForeignInstallation if the Redis at an address names another owner; for commands."""
    with redis_errors(url), connect(url) as client:
        refuse_foreign(client, url, installation)


def take_over(url: str, installation: str) -> int:
    """Delete all of Warmline's keys, whoever owned them, and set the new owner; returns how many keys were deleted."""
    with redis_errors(url), connect(url) as client:
        # The new owner first: from then on the old owner's processes are refused, and cannot write during the deletion.
        pipe = client.pipeline()
        pipe.set(keys.INSTALLATION, installation)
        pipe.delete(keys.SAFETY)
        dropped = int(pipe.execute()[1])
        found = cast(Iterator[bytes], client.scan_iter(match=f"{keys.PREFIX}*", count=BATCH))
        for batch in _batches(name for name in found if name != keys.INSTALLATION.encode()):
            dropped += cast(int, client.unlink(*batch))
    return dropped


def _remains(client: redis.Redis) -> OwnerHints:
    salt, phase = None, cast(bytes | None, client.get(keys.PHASE))
    if phase is not None:
        try:
            salt = records.unpack_phase(phase).salt or None
        except UnreadableList:
            salt = None
    chunk = next(cast(Iterator[bytes], client.scan_iter(match=keys.chunk_pattern(), count=BATCH)), None)
    if chunk is None:
        return OwnerHints(salt=salt)
    held = cast(Mapping[bytes, bytes], client.hgetall(chunk.decode()))
    posts = {
        int(post_number): records.unpack_post(int(post_number), value).post_id for post_number, value in held.items()
    }
    return OwnerHints(salt=salt, posts=posts)


def _batches(names: Iterator[bytes]) -> Iterator[list[bytes]]:
    while batch := list(islice(names, BATCH)):
        yield batch
