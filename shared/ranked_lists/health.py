"""How the Redis server is configured, for `warmline doctor`."""

from dataclasses import dataclass
from typing import Any, cast

from redis.exceptions import NoPermissionError

from shared.ranked_lists.clients import connect, redis_errors


@dataclass(frozen=True, slots=True, kw_only=True)
class RedisHealth:
    """From INFO: managed servers forbid CONFIG, but not INFO."""

    version: tuple[int, ...]
    used_bytes: int
    max_bytes: int  # 0: no bound
    policy: str  # what it does at that bound

    @property
    def evicts(self) -> bool:
        """Whether it may delete keys that have not expired."""
        return self.max_bytes > 0 and self.policy != "noeviction"


def read_health(url: str) -> RedisHealth | None:
    """Read INFO; None if Redis answers but its ACL denies INFO to our user.

    Raises:
        StoreUnavailable: it does not answer, or refuses our credentials.
    """
    with redis_errors(url), connect(url) as client:
        try:
            info = cast(dict[str, Any], client.info("server")) | cast(dict[str, Any], client.info("memory"))
        except NoPermissionError:
            return None
    parts = str(info.get("redis_version", "0")).split(".")
    return RedisHealth(
        version=tuple(int(part) for part in parts if part.isdecimal()),
        used_bytes=int(info.get("used_memory", 0)),
        max_bytes=int(info.get("maxmemory", 0)),
        policy=str(info.get("maxmemory_policy", "noeviction")),
    )
