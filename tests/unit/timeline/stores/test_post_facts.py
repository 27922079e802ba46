"""What a process knows of what posts say: read in parts, kept although a page gave up, and bounded."""

import asyncio
import threading
from collections.abc import Collection, Coroutine
from datetime import timedelta
from typing import cast

import pytest

from shared.db.engine import Database
from shared.preferences.rules import PostSays, ViewerRules, facts_of
from timeline.stores import post_facts
from timeline.stores.breaker import FAILURES, Breaker
from timeline.stores.budgets import Stores
from timeline.stores.post_facts import PART, PART_AHEAD, PostFactsCopy

NO_CATS = ViewerRules(words=("cats",))
LATE, ENOUGH = timedelta(milliseconds=5), timedelta(seconds=60)


class World:
    """Posts whose captions are known, and how they were read."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *, budget: timedelta = ENOUGH) -> None:
        self.captions: dict[int, str] = {}
        self.read: list[Collection[int]] = []
        self.may_answer = threading.Event()
        self.may_answer.set()
        self.breaker = Breaker("postgresql")
        self.stores = Stores(breakers={"postgresql": self.breaker}, budgets={"postgresql": budget})
        self.copy = PostFactsCopy(database=cast(Database, None), stores=self.stores)
        monkeypatch.setattr(post_facts, "facts_of_numbers", self._facts_of_numbers)

    def _facts_of_numbers(self, _: object, numbers: Collection[int]) -> dict[int, PostSays]:
        self.read.append(numbers)
        self.may_answer.wait(60.0)
        found = {number: self.captions[number] for number in numbers if number in self.captions}
        return {number: facts_of(text, None, None, is_sensitive=False) for number, text in found.items()}

    async def withheld(self, numbers: Collection[int]) -> tuple[set[int], list[str]]:
        budget = self.stores.new_budget()
        return {*await self.copy.withheld(NO_CATS, frozenset(numbers), budget)}, budget.degraded

    def run(self, work: Coroutine[None, None, None]) -> None:
        try:
            asyncio.run(work)
        finally:
            self.may_answer.set()
            self.stores.close()


def test_what_a_page_gave_up_is_there_for_the_next_and_opens_no_breaker(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch, budget=LATE)
    world.captions[7] = "Cats!"

    async def pages() -> None:
        world.may_answer.clear()
        for _ in range(2 * FAILURES):
            assert await world.withheld([7]) == (set(), ["postgresql"])
        assert (len(world.read), world.breaker.is_open) == (1, False), "one thread is busy, not one for each page"
        (under_way,) = world.copy._under_way.values()
        world.may_answer.set()
        await under_way
        assert await world.withheld([7]) == ({7}, [])
        assert len(world.read) == 1

    world.run(pages())


def test_many_posts_are_read_in_parts_each_of_which_is_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch)
    world.captions = dict.fromkeys(range(0, 2_000, 2), "two cats")

    async def pages() -> None:
        assert await world.withheld(range(2_000)) == ({*range(0, 2_000, 2)}, [])
        assert max(map(len, world.read)) <= PART
        assert sorted(number for part in world.read for number in part) == [*range(2_000)]

    world.run(pages())


def test_pages_at_the_same_time_read_a_post_once(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch)
    world.captions = {1: "cats", 2: "dogs"}

    async def pages() -> None:
        found = await asyncio.gather(world.withheld([1, 2]), world.withheld([1, 2]), world.withheld([1]))
        assert [*found] == [({1}, list[str]())] * 3
        assert [len(part) for part in world.read] == [2]

    world.run(pages())


def test_what_was_being_read_when_somebody_was_erased_is_not_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch, budget=LATE)
    world.captions[7] = "Cats!"

    async def pages() -> None:
        world.may_answer.clear()
        await world.withheld([7])
        (under_way,) = world.copy._under_way.values()
        world.copy.forget()
        world.may_answer.set()
        await under_way
        assert not world.copy._copies

    world.run(pages())


def test_background_reads_are_bounded_and_get_to_all_posts(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch)
    posts = frozenset(range(2 * PART_AHEAD + 1))

    async def checks() -> None:
        await world.copy.read_ahead(posts, asyncio.to_thread)
        assert not world.read, "no page needed any"
        await world.withheld([])
        for _ in range(4):
            await world.copy.read_ahead(posts, asyncio.to_thread)
        assert [*map(len, world.read)] == [PART_AHEAD, PART_AHEAD, 1]

    world.run(checks())


def test_what_a_post_of_a_shared_list_says_is_read_again_when_it_is_too_old(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch)
    world.captions = {1: "cats", 2: "dogs"}
    shared = frozenset({1, 2})

    async def pages() -> None:
        async def withheld() -> set[int]:
            return {*await world.copy.withheld_of_shared(NO_CATS, shared, world.stores.new_budget())}

        assert (await withheld(), await withheld(), len(world.read)) == ({1}, {1}, 1)
        world.captions = {1: "birds", 2: "cats"}
        for copy in world.copy._copies.values():
            copy.read_at -= post_facts.VALID_SECONDS - 1.0
        for verdict in world.copy._judged_by(NO_CATS).shared:
            verdict.valid_until -= post_facts.VALID_SECONDS - 1.0
        assert await withheld() == {1}, "still valid"
        world.copy._copies[1].read_at -= 2.0
        for verdict in world.copy._judged_by(NO_CATS).shared:
            verdict.valid_until -= 2.0
        assert await withheld() == set(), "only the first was too old"
        world.copy._copies[2].read_at -= 2.0
        (verdict,) = world.copy._judged_by(NO_CATS).shared
        assert verdict.valid_until < world.copy._copies[1].read_at + 2.0, "counted from the oldest fact"
        verdict.valid_until -= 2.0
        assert await withheld() == {2}

    world.run(pages())


def test_what_was_judged_is_bounded_over_all_rules(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch)
    monkeypatch.setattr(post_facts, "MAX_JUDGED", 100)

    async def pages() -> None:
        for index in range(20):
            rules = ViewerRules(words=(f"word{index}",))
            await world.copy.withheld(rules, frozenset(range(30)), world.stores.new_budget())
        kept = [len(judged.numbers) for judged in world.copy._judged.values()]
        assert (sum(kept), len(kept)) == (90, 3)

    world.run(pages())


def test_many_comparisons_leave_the_event_loop_free(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch)
    threads: list[bool] = []
    judge = post_facts._withheld_of

    def noting(rules: ViewerRules, facts: dict[int, PostSays]) -> object:
        threads.append(threading.current_thread() is threading.main_thread())
        return judge(rules, facts)

    monkeypatch.setattr(post_facts, "_withheld_of", noting)

    async def pages() -> None:
        many = ViewerRules(words=tuple(f"word{index}" for index in range(200)))
        for rules, numbers in ((many, range(5)), (many, range(5, 500))):
            await world.copy.withheld(rules, frozenset(numbers), world.stores.new_budget())
        assert threads == [True, False]

    world.run(pages())


def test_what_is_kept_is_bounded_in_bytes_tags_too(monkeypatch: pytest.MonkeyPatch) -> None:
    world = World(monkeypatch)
    tags = [f"{number:064}" for number in range(50)]
    tagged = facts_of("", tags, None, is_sensitive=False)
    monkeypatch.setattr(post_facts, "MAX_BYTES", 20 * sum(map(len, tags)))
    monkeypatch.setattr(post_facts, "facts_of_numbers", lambda _, numbers: dict.fromkeys(numbers, tagged))

    async def pages() -> None:
        for number in range(100):
            await world.withheld([number])
            assert len(world.copy._copies) <= 20

    world.run(pages())
