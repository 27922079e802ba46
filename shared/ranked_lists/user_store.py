"""What the API changes for single users in Redis: posts seen by events; everything when a user is erased."""

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import cast

from shared.domain import Phase, author_hash
from shared.ranked_lists import keys, records, scripts
from shared.ranked_lists.clients import connect, redis_errors
from shared.ranked_lists.live_queue import forget_waiting
from shared.ranked_lists.ownership import refuse_foreign
from shared.ranked_lists.page_store import Lifetimes
from shared.ranked_lists.restored import execute_deletes, keys_of_posts

_BATCH = 250  # users per round trip: a millisecond or two, during which no page is answered


class UserStore:
    """Writes to the keys of single users."""

    def __init__(self, url: str, *, lifetimes: Lifetimes, timeout: timedelta) -> None:
        self._url = url
        self._redis = connect(url, timeout=timeout)
        self._lifetimes = lifetimes
        self._installation: str | None = None

    def expect(self, installation: str) -> None:
        """From now on, refuse to write to a Redis that names another owner."""
        self._installation = installation

    def mark_seen(self, post_numbers: Mapping[str, Sequence[int]]) -> None:
        """Record posts as seen by users, oldest first."""
        longest = 4 + 4 * self._lifetimes.seen_length
        keep_ms = int(self._lifetimes.seen_for.total_seconds() * 1000)
        users = sorted(post_numbers)
        with redis_errors(self._url):
            refuse_foreign(self._redis, self._url, self._installation)
            for start in range(0, len(users), _BATCH):
                batch = users[start : start + _BATCH]
                names = [keys.ERASED, *map(keys.seen, batch)]
                values = [value for user in batch for value in (user, records.pack_post_numbers(post_numbers[user]))]
                self._redis.eval(scripts.MARK_SEEN, len(names), *names, longest, keep_ms, *values)

    def notify_rankers(self, users: Sequence[str], *, at_most: int) -> int:
        """Tell the rankers that listen whose lists are out of date; returns how often there was no room.

        Args:
            users: each once, oldest first.
            at_most: users in a ranker's queue.
        """
        names = [keys.ERASED, keys.INSTALLATION, *map(keys.live, Phase)]
        with redis_errors(self._url):
            left_out = 0
            for start in range(0, len(users), _BATCH):
                args: list[str | int] = [self._installation or "", at_most, *users[start : start + _BATCH]]
                answer = cast(int, self._redis.eval(scripts.NOTIFY_RANKERS, len(names), *names, *args))
                left_out += max(0, answer)
            return left_out

    def forget_user(self, user_id: str, post_numbers: Sequence[int]) -> None:
        """Delete all keys of a user, their name as an author, their catalogue entries, and what is similar to them.

        Call it after `JobStore.note_erased`: from then on nothing of the user can come back.
        """
        with redis_errors(self._url):
            refuse_foreign(self._redis, self._url, self._installation)
            similar = keys_of_posts(self._redis, post_numbers)
            pipe = self._redis.pipeline(transaction=False)
            pipe.delete(*keys.keys_of_user(user_id), *similar)
            pipe.srem(keys.VIEWERS, user_id)
            pipe.zrem(keys.ASKED, user_id)
            author = author_hash(user_id)
            pipe.hdel(keys.author_names(author), str(author))
            for post_number in post_numbers:
                pipe.hdel(keys.chunk(keys.chunk_of(post_number)), str(post_number))
            execute_deletes(pipe)
            forget_waiting(self._redis, user_id)

    def close(self) -> None:
        self._redis.close()
