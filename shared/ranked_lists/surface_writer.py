"""What the heuristic job writes for surfaces beside the timeline: onboarding, and authors to follow."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from itertools import islice
from typing import TypeVar, cast

from shared.ranked_lists import keys, scripts
from shared.ranked_lists.clients import redis_errors
from shared.ranked_lists.codec import UnreadableList
from shared.ranked_lists.fenced_writer import Argument, FencedWriter
from shared.ranked_lists.onboarding import Onboarding, pack_onboarding, unpack_onboarding

USERS_AT_ONCE = 1_000  # some 300 kB per script call
CHUNKS_AT_ONCE = 64  # the same of 100,000 authors

ItemT = TypeVar("ItemT")


class SurfaceWriter(FencedWriter):
    """Writes under the fence of a run; see `for_run`."""

    def held_onboarding(self) -> Onboarding | None:
        """What an earlier run published; None if there is nothing, or it is unreadable."""
        with redis_errors(self._url):
            (held,) = cast(list[bytes | None], self._redis.mget([keys.ONBOARDING]))
        with suppress(UnreadableList):
            return unpack_onboarding(held) if held else None
        return None

    def publish_onboarding(self, onboarding: Onboarding) -> int:
        """Replace it, or let the same one live longer; returns its bytes."""
        return self._publish(keys.ONBOARDING, pack_onboarding(onboarding))

    def publish_popular_authors(self, value: bytes) -> int:
        """Replace the authors who are suggested to everybody (`pack_suggestions`); returns their bytes."""
        return self._publish(keys.POPULAR_AUTHORS, value)

    def publish_author_names(self, names: Mapping[int, bytes]) -> None:
        """Replace who suggested authors are (hash -> `pack_name`); those of earlier runs are not known any more.

        Must come before the suggestions that name them.
        """
        chunks: dict[str, list[Argument]] = {keys.author_names(number): [] for number in range(keys.NAME_CHUNKS)}
        for author, name in names.items():
            chunks[keys.author_names(author)] += (author, name)
        with redis_errors(self._url):
            for batch in _batches(chunks.items(), CHUNKS_AT_ONCE):
                args: list[Argument] = [self._keep_ms]
                for _, fields in batch:
                    args += (len(fields), *fields)
                self.run_fenced(scripts.REPLACE_HASHES, [name for name, _ in batch], args)

    def publish_suggestions(self, suggestions: Iterable[tuple[str, bytes]]) -> int:
        """Replace the suggestions of these users (`pack_suggestions`; b"": there are none); returns their bytes."""
        size = 0
        with redis_errors(self._url):
            for batch in _batches(suggestions, USERS_AT_ONCE):
                names = [keys.ERASED, *(keys.suggested(user) for user, _ in batch)]
                self.run_fenced(scripts.WRITE_OF_USERS, names, [self._keep_ms, *(value for _, value in batch)])
                size += sum(len(value) for _, value in batch)
        return size

    def drop_suggestions(self, users: Iterable[str]) -> None:
        """Delete the suggestions of these users."""
        self.publish_suggestions((user, b"") for user in users)

    def _publish(self, name: str, value: bytes) -> int:
        with redis_errors(self._url):
            self.run_fenced(scripts.WRITE_VALUE, [name], [self._keep_ms, value])
        return len(value)


def _batches(items: Iterable[ItemT], size: int) -> Iterator[list[ItemT]]:
    iterator = iter(items)
    while batch := list(islice(iterator, size)):
        yield batch
