"""Whose Redis it is: rows number the posts of one PostgreSQL, so two installations in one database of Redis would mix.

`wl:installation` names the owner and stays while it is one. Who finds another's name there reads and writes nothing;
only `warmline installation adopt` (or `renew`, for its own) clears such a Redis. See docs/adr/0018-installation-id.md.
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

BATCH = 1_000  # keys a round trip
SHORT_ID_LENGTH = 8  # characters of an id that a message shows


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnerHints:
    """What a Redis (or a file) that names no owner says of whose it is."""

    salt: str | None = None  # of the phase, where one was ever set
    posts: Mapping[int, str] = field(default_factory=dict)  # row → id, some of them


OwnershipCheck = Callable[[OwnerHints], bool]  # whether PostgreSQL knows what was found


def claim(client: redis.Redis, url: str, installation: str, check_owner: OwnershipCheck | None = None) -> None:
    """Make an unowned Redis this installation's.

    Args:
        client: of the Redis.
        url: its address, for messages.
        installation: PostgreSQL's id.
        vouch: asked about what is there when the owner is not named (it expired, or was evicted).

    Raises:
        ForeignInstallation: it is another's; nothing was changed.
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
    """Raises ForeignInstallation when Redis names another owner; one without a name, or asked by nobody, may pass."""
    if installation is not None and (found := owner_in(client)) not in (None, installation):
        raise foreign_error(url, found, installation)


def foreign_error(url: str, found: str | None, installation: str) -> ForeignInstallation:
    """The error that names both, and what to do."""
    whose = f"belongs to another installation ({short_id(found)})" if found else "holds posts of another installation"
    return ForeignInstallation(
        f"Redis at {address(url)} {whose}, this one is {short_id(installation)}; nothing was read or written: set"
        " WARMLINE_REDIS_URL to a database of its own, or say `warmline installation adopt`, which clears it"
    )


def short_id(installation: str | None) -> str:
    """An id as messages show it."""
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
    """Raises ForeignInstallation when the Redis at an address names another owner; for commands."""
    with redis_errors(url), connect(url) as client:
        refuse_foreign(client, url, installation)


def take_over(url: str, installation: str) -> int:
    """Clear Redis of all that is Warmline's, whoever's it was, and name the new owner; gives the keys dropped."""
    with redis_errors(url), connect(url) as client:
        # The new name first: from then on the old owner's processes are refused, and cannot fill what is being cleared.
        both = client.pipeline()
        both.set(keys.INSTALLATION, installation)
        both.delete(keys.SAFETY)
        dropped = int(both.execute()[1])
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
