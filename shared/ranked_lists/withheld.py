"""The timeline's copy of what is withheld from every page: deleted and hidden posts, and posts of suspended authors.

It is read again when the safety number in Redis has changed; each page reads that number anyway. What an act of this
process withholds or shows again holds here at once, even before Redis knows.
"""

from collections.abc import Iterable, Mapping
from typing import cast

import redis.asyncio

from shared.ranked_lists import keys
from shared.ranked_lists.catalogue import Catalogue
from shared.ranked_lists.records import CatalogueEntry

Acts = Mapping[int, int]  # member → number of the act


class _Withheld:
    """Numbers (of posts, or hashes of authors) that Redis holds, and those that acts of this process added.

    An act counts until a copy of Redis has its number, or until a copy is made that began after the act was written:
    it may have been undone by another process since.
    """

    __slots__ = ("_acts", "_count", "_held", "_written", "all")

    def __init__(self) -> None:
        self._held: frozenset[int] = frozenset()
        self._acts: dict[int, int] = {}
        self._written: dict[int, int] = {}
        self._count = 0
        self.all: frozenset[int] = frozenset()

    def add(self, numbers: Iterable[int]) -> None:
        self._count += 1
        self._acts.update(dict.fromkeys(numbers, self._count))
        self.all = self._held.union(self._acts)

    def show(self, numbers: Iterable[int]) -> None:
        for number in (shown := {*numbers}):
            self._acts.pop(number, None)
        self._held -= shown
        self.all = self._held.union(self._acts)

    def acts(self) -> Acts:
        return dict(self._acts)

    def acts_on(self, numbers: Iterable[int]) -> Acts:
        return {number: self._acts[number] for number in numbers if number in self._acts}

    def note_written(self, acts: Acts) -> None:
        self._written.update(acts)

    def written(self) -> Acts:
        return dict(self._written)

    def take(self, held: frozenset[int], written: Acts) -> None:
        """Take a copy of Redis that was begun when `written` had been written."""
        self._held = held
        self._acts = {
            number: act for number, act in self._acts.items() if number not in held and written.get(number) != act
        }
        self._written = {number: act for number, act in self._written.items() if self._acts.get(number) == act}
        self.all = held.union(self._acts)

    def forget(self) -> None:
        self._held, self._acts, self._written, self.all = frozenset(), {}, {}, frozenset()


class WithheldPosts:
    """Posts withheld from every page, as of the newest safety number; of suspended authors, those in the catalogue."""

    def __init__(self, client: redis.asyncio.Redis, catalogue: Catalogue) -> None:
        self._redis, self._catalogue = client, catalogue
        catalogue.on_add = self._withhold_added
        self.epoch: bytes | None = None
        self._number = -1
        self._times_marked_stale = 0
        self._writes = self._writes_read = 0  # of acts of this process; those that the copy was begun after
        self._posts, self._authors = _Withheld(), _Withheld()
        self._of_suspended: frozenset[int] = frozenset()
        self.post_numbers: frozenset[int] = frozenset()

    def add(self, post_numbers: Iterable[int], authors: Iterable[int] = ()) -> None:
        """Withhold these posts, and all posts of these authors (hashes), even before Redis knows."""
        self._posts.add(post_numbers)
        self._authors.add(authors)
        self._of_suspended |= self._catalogue.posts_of(frozenset(authors))
        self._join()

    def show(self, post_numbers: Iterable[int], authors: Iterable[int] = ()) -> None:
        """Show these posts again, and those of these authors (hashes), even before Redis knows."""
        self._posts.show(post_numbers)
        self._authors.show(authors)
        self._follow_authors()

    @property
    def authors(self) -> frozenset[int]:
        """Hashes of the authors all of whose posts are withheld."""
        return self._authors.all

    def withholds(self, post_number: int, author: int) -> bool:
        """Whether a post is withheld, or all posts of its author (hash) are, also of one outside the catalogue."""
        return post_number in self.post_numbers or author in self._authors.all

    def acts(self) -> tuple[Acts, Acts]:
        """The acts of this process that no copy of Redis has shown yet, for `note_written`."""
        return self._posts.acts(), self._authors.acts()

    def acts_on(self, post_numbers: Iterable[int], authors: Iterable[int]) -> tuple[Acts, Acts]:
        """Those of them that concern these posts and authors."""
        return self._posts.acts_on(post_numbers), self._authors.acts_on(authors)

    def note_written(self, acts: tuple[Acts, Acts]) -> None:
        """Redis has these acts: from now on the next copy of it decides, which the next page makes."""
        self._posts.note_written(acts[0])
        self._authors.note_written(acts[1])
        self._writes += 1

    def seed(self, post_numbers: frozenset[int]) -> None:
        """Withhold what was withheld when this process last ran, until Redis has been read."""
        self._posts.take(post_numbers, {})
        self._join()

    def forget_seed(self) -> None:
        """Withhold only what this process withheld: the seed came from another installation."""
        self._posts.take(frozenset(), {})
        self._authors.take(frozenset(), {})
        self._follow_authors()
        self.mark_stale()

    def forget(self) -> None:
        """Withhold nothing: the numbers name other posts by now."""
        self._posts.forget()
        self._authors.forget()
        self.forget_seed()

    def mark_stale(self) -> None:
        """The next page reads what is withheld again, and checks who owns Redis."""
        self._times_marked_stale += 1
        self._number, self.epoch = -1, None

    def is_at(self, epoch: bytes, number: int) -> bool:
        """Whether this copy is as of a safety number."""
        return number == self._number and epoch == self.epoch and self._writes == self._writes_read

    async def catch_up(self, epoch: bytes, number: int) -> None:
        """Read what is withheld again if the safety number or the epoch has changed since the last page."""
        if self.is_at(epoch, number):
            return
        doubts, writes = self._times_marked_stale, self._writes
        written = self._posts.written(), self._authors.written()
        pipe = self._redis.pipeline(transaction=False)
        for key in (keys.DELETED, keys.SUSPENDED):
            pipe.zrange(key, 0, -1)
        posts, authors = (_numbers(cast(list[bytes], found)) for found in await pipe.execute())
        if epoch == self.epoch and number < self._number:
            return  # another page has read newer ones meanwhile
        self._posts.take(posts, written[0])
        before = self._authors.all
        self._authors.take(authors, written[1])
        if before != self._authors.all or epoch != self.epoch:  # under a new epoch the catalogue is another one
            self._follow_authors()
        else:
            self._join()
        self._writes_read = max(writes, self._writes_read)
        if doubts == self._times_marked_stale:  # else the owner of Redis has to be checked again
            self._number, self.epoch = number, epoch

    def _withhold_added(self, entries: Iterable[CatalogueEntry]) -> None:
        if authors := self._authors.all:
            of_suspended = [entry.post_number for entry in entries if entry.author in authors]
            if not self._of_suspended.issuperset(of_suspended):
                self._of_suspended |= frozenset(of_suspended)
                self._join()

    def _follow_authors(self) -> None:
        self._of_suspended = self._catalogue.posts_of(self._authors.all)
        self._join()

    def _join(self) -> None:
        self.post_numbers = self._posts.all | self._of_suspended


def _numbers(members: list[bytes]) -> frozenset[int]:
    return frozenset(map(int, members))
