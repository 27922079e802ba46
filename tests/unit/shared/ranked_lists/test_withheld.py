"""The copy of what is withheld, on a Redis that is two sets: own acts, acts that others undo, authors."""

import asyncio
from collections.abc import Callable
from typing import Any, cast

from shared.ranked_lists import keys
from shared.ranked_lists.catalogue import Catalogue
from shared.ranked_lists.records import CatalogueEntry
from shared.ranked_lists.withheld import WithheldPosts

EPOCH, AUTHOR, OTHER = b"epoch", 70, 80


class Sets:
    """The two sorted sets, as a client of Redis gives them; `meanwhile` happens between a request and its answer."""

    def __init__(self) -> None:
        self.members: dict[str, set[int]] = {keys.DELETED: set(), keys.SUSPENDED: set()}
        self.meanwhile: Callable[[], None] = lambda: None
        self._asked: list[str] = []

    def pipeline(self, *, transaction: bool) -> "Sets":
        assert not transaction
        self._asked = []
        return self

    def zrange(self, key: str, start: int, end: int) -> None:
        assert (start, end) == (0, -1)
        self._asked.append(key)

    async def execute(self) -> list[list[bytes]]:
        found = [[str(member).encode() for member in self.members[key]] for key in self._asked]
        self.meanwhile()
        return found


def _copy() -> tuple[Sets, Catalogue, WithheldPosts]:
    sets = Sets()
    catalogue = Catalogue(cast(Any, sets))
    return sets, catalogue, WithheldPosts(cast(Any, sets), catalogue)


def _follow(withheld: WithheldPosts, number: int, epoch: bytes = EPOCH) -> set[int]:
    asyncio.run(withheld.catch_up(epoch, number))
    return set(withheld.post_numbers)


def _post(number: int, author: int) -> CatalogueEntry:
    return CatalogueEntry(number, f"p{number}", author)


def test_an_act_holds_before_redis_knows_it_and_as_long_as_redis_has_it() -> None:
    sets, _, withheld = _copy()
    withheld.add([1])
    assert _follow(withheld, 1) == {1}
    sets.members[keys.DELETED] = {1, 2}
    assert _follow(withheld, 2) == {1, 2}
    sets.members[keys.DELETED] = {2}
    assert _follow(withheld, 3) == {2}


def test_an_act_that_was_written_and_undone_elsewhere_is_over_with_the_next_copy() -> None:
    """Redis never showed it, and its number may be the one that is known."""
    _, _, withheld = _copy()
    assert _follow(withheld, 5) == set()
    withheld.add([1], [AUTHOR])
    withheld.note_written(withheld.acts_on([1], [AUTHOR]))
    assert not withheld.is_at(EPOCH, 5)
    assert _follow(withheld, 5) == set()
    assert withheld.is_at(EPOCH, 5)


def test_a_copy_that_began_before_the_write_ends_no_act() -> None:
    sets, _, withheld = _copy()
    withheld.add([1])

    def write() -> None:
        withheld.note_written(withheld.acts())

    sets.meanwhile = write
    assert _follow(withheld, 1) == {1}
    assert not withheld.is_at(EPOCH, 1), "it is read once more"
    sets.meanwhile = lambda: None
    assert _follow(withheld, 1) == set()


def test_a_second_act_on_a_post_outlasts_the_note_that_the_first_one_was_written() -> None:
    _, _, withheld = _copy()
    withheld.add([1])
    first = withheld.acts()
    withheld.add([1])
    withheld.note_written(first)
    assert _follow(withheld, 1) == {1}
    withheld.note_written(withheld.acts())
    assert _follow(withheld, 1) == set()


def test_what_is_shown_again_here_is_shown_at_once() -> None:
    sets, catalogue, withheld = _copy()
    catalogue.add([_post(1, AUTHOR), _post(2, OTHER)])
    sets.members = {keys.DELETED: {2}, keys.SUSPENDED: {AUTHOR}}
    assert _follow(withheld, 1) == {1, 2}
    withheld.show([2])
    assert withheld.post_numbers == {1}
    withheld.show([], [AUTHOR])
    assert withheld.post_numbers == set()


def test_posts_of_a_suspended_author_are_withheld_also_those_that_the_catalogue_learns_of_later() -> None:
    sets, catalogue, withheld = _copy()
    catalogue.add([_post(1, AUTHOR), _post(2, OTHER)])
    sets.members[keys.SUSPENDED] = {AUTHOR}
    assert _follow(withheld, 1) == {1}
    catalogue.add([_post(3, AUTHOR), _post(4, OTHER)])
    assert withheld.post_numbers == {1, 3}
    sets.members[keys.SUSPENDED] = {OTHER}
    assert _follow(withheld, 2) == {2, 4}


def test_under_a_new_epoch_the_numbers_of_before_are_no_posts_of_theirs() -> None:
    sets, catalogue, withheld = _copy()
    sets.members[keys.SUSPENDED] = {AUTHOR}
    catalogue.add([_post(1, AUTHOR)])
    assert _follow(withheld, 1) == {1}
    catalogue.forget()
    assert _follow(withheld, 1, b"another") == set()
    catalogue.add([_post(9, AUTHOR)])
    assert withheld.post_numbers == {9}


def test_a_seed_holds_until_redis_has_been_read_and_own_acts_outlast_it() -> None:
    _, catalogue, withheld = _copy()
    catalogue.add([_post(7, AUTHOR)])
    withheld.seed(frozenset({1, 2}))
    withheld.add([2], [AUTHOR])
    assert withheld.post_numbers == {1, 2, 7}
    withheld.forget_seed()
    assert withheld.post_numbers == {2, 7}
    withheld.forget()
    assert withheld.post_numbers == set()
