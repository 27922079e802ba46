"""This process's copy of what posts say of themselves, for viewers who want posts withheld by it.

It is read from PostgreSQL when a page of such a viewer needs it, in parts: what a page did not wait for is there for
the next one. Pages of other viewers never read it. As long as there are such pages, the facts of lists that all users
share are read ahead, in the background. What rules withhold is kept by the rules alone, since many viewers have the
same ones, and is compared again only for posts that have changed.
"""

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence, Set
from contextlib import suppress
from functools import partial
from heapq import nsmallest
from sys import getsizeof
from typing import TYPE_CHECKING

from msgspec import Struct, field

from shared.db.engine import Database
from shared.db.post_facts import facts_of_numbers
from shared.errors import StoreUnavailable
from shared.preferences.rules import PostSays, ViewerRules

if TYPE_CHECKING:
    from timeline.stores.budgets import RequestBudget, Stores

VALID_SECONDS = 30.0  # as long as the newest posts (`timeline.stores.background_refresh`)
MAX_POSTS = 50_000
MAX_BYTES = 40_000_000  # of all captions and tags
MAX_RULES = 1_000  # different rules of viewers
MAX_JUDGED = 300_000  # posts that were compared with some rules, for all rules together; up to 90 bytes each
SHARED_LISTS = 4  # that are remembered for each: everyone's list with the newest posts, older ones, some of before
USED_SECONDS = 600.0  # how long facts are read ahead after the last page that needed any
PART = 250  # posts that are read at once: some 10 ms with captions of usual length
PART_AHEAD = 1_000  # the same in the background, with each check of PostgreSQL
JUDGED_AT_ONCE = 2_000  # comparisons of a word with a caption; more would hold up other requests (0.1 µs each and more)
NOTHING = PostSays()

Read = Callable[[], Mapping[int, PostSays]]


class _FactsCopy(Struct, gc=False):
    """A post's facts, and when they were read."""

    facts: PostSays
    read_at: float


class _SharedVerdict(Struct):
    """What is withheld of a list that all users share, which is the same object from page to page."""

    post_numbers: frozenset[int]
    withheld: frozenset[int]
    valid_until: float  # when the first of its facts is too old


class _Judged(Struct):
    """The posts that were compared with some rules, and those that these withhold."""

    numbers: set[int] = field(default_factory=set)
    withheld: set[int] = field(default_factory=set)
    shared: list[_SharedVerdict] = field(default_factory=list)

    def of_shared(self, post_numbers: frozenset[int], now: float) -> frozenset[int] | None:
        for known in self.shared:
            if known.post_numbers is post_numbers and now <= known.valid_until:
                return known.withheld
        return None

    def forget(self, number: int) -> None:
        self.numbers.discard(number)
        self.withheld.discard(number)
        self.shared = []


class PostFactsCopy:
    """Facts by post number; while PostgreSQL is away, those that were read before."""

    def __init__(self, *, database: Database, stores: "Stores") -> None:
        self._database, self._stores = database, stores
        self._copies: dict[int, _FactsCopy] = {}
        self._judged: OrderedDict[ViewerRules, _Judged] = OrderedDict()
        self._bytes = 0
        self._used_at = float("-inf")
        self._times_forgotten = 0
        self._under_way: dict[int, asyncio.Future[None]] = {}  # of the part that a post is read with
        self._late: set[asyncio.Future[None]] = set()  # parts that a page has given up

    async def withheld(self, rules: ViewerRules, post_numbers: Set[int], budget: "RequestBudget") -> Set[int]:
        """Those of these posts of one viewer that the rules withhold.

        Posts that PostgreSQL does not tell of in time are not withheld, if they are not known here; the budget is told.
        """
        judged = await self._compare(rules, post_numbers, budget)
        return set(filter(judged.withheld.__contains__, post_numbers))

    async def withheld_of_shared(
        self, rules: ViewerRules, post_numbers: frozenset[int], budget: "RequestBudget"
    ) -> Set[int]:
        """The same of a list that all users share, which is the same object as long as the list is."""
        known = self._judged_by(rules).of_shared(post_numbers, time.monotonic())
        if known is None:
            judged = await self._compare(rules, post_numbers, budget)
            known = post_numbers & judged.withheld
            if post_numbers <= judged.numbers and post_numbers <= self._copies.keys():
                read_at = min((self._copies[number].read_at for number in post_numbers), default=self._used_at)
                verdict = _SharedVerdict(post_numbers, known, read_at + VALID_SECONDS)
                judged.shared = [*judged.shared[1 - SHARED_LISTS :], verdict]
        return known

    async def with_tag(self, tag: str, post_numbers: Sequence[int], budget: "RequestBudget") -> list[int]:
        """Those of these posts that have a tag (folded), in their order.

        Posts that PostgreSQL does not tell of in time, and that are not known here, are left out; the budget is told.
        """
        now = self._used_at = time.monotonic()
        await self._read({number for number in post_numbers if not self._is_fresh(number, now)}, budget)
        copies = ((number, self._copies.get(number)) for number in post_numbers)
        return [number for number, copy in copies if copy is not None and tag in copy.facts.tags]

    def hides(self, rules: ViewerRules, post_number: int) -> bool:
        """Whether the rules withhold a post, as far as is known; one that is not known here counts as withheld."""
        judged, copy = self._judged_by(rules), self._copies.get(post_number)
        if post_number not in judged.numbers and copy is not None:
            self._note(judged, {post_number: copy.facts}, _withheld_of(rules, {post_number: copy.facts}))
        return post_number in judged.withheld or post_number not in judged.numbers

    async def read_ahead(
        self, post_numbers: Set[int], in_thread: Callable[[Read], Awaitable[Mapping[int, PostSays]]]
    ) -> None:
        """Read those facts that are known for longest or not at all; none if no page has needed any for a while.

        Raises:
            StoreUnavailable, SourceError: PostgreSQL does not answer.
        """
        now = time.monotonic()
        if now - self._used_at > USED_SECONDS:
            return
        old = (number for number in post_numbers if not self._is_fresh(number, now + VALID_SECONDS / 2))
        if wanted := nsmallest(PART_AHEAD, old, key=self._read_at):
            as_of = self._times_forgotten
            self._keep(wanted, await in_thread(partial(facts_of_numbers, self._database, wanted)), as_of)

    def forget(self) -> None:
        """Drop everything, also what is being read: somebody was erased, or the numbers mean other posts."""
        self._times_forgotten += 1
        self._drop()

    def _drop(self) -> None:
        self._copies.clear()
        self._judged.clear()
        self._bytes = 0

    def _keep(self, asked: Collection[int], found: Mapping[int, PostSays], as_of: int) -> None:
        """Keep facts that were read just now; a post that was not found says nothing."""
        if as_of != self._times_forgotten:
            return
        now = time.monotonic()
        if len(self._copies) + len(asked) > MAX_POSTS or self._bytes > MAX_BYTES:
            self._drop()
        for number in asked:
            facts, before = found.get(number, NOTHING), self._copies.get(number)
            if before is not None and before.facts == facts:
                before.read_at = now
                continue
            if before is not None:
                for judged in self._judged.values():
                    judged.forget(number)
            self._bytes += _bytes_of(facts) - (_bytes_of(before.facts) if before else 0)
            self._copies[number] = _FactsCopy(facts, now)

    def _judged_by(self, rules: ViewerRules) -> _Judged:
        judged = self._judged.get(rules)
        if judged is None:
            judged = self._judged[rules] = _Judged()
            if len(self._judged) > MAX_RULES:
                self._judged.popitem(last=False)
        self._judged.move_to_end(rules)
        return judged

    async def _compare(self, rules: ViewerRules, post_numbers: Set[int], budget: "RequestBudget") -> _Judged:
        now = self._used_at = time.monotonic()
        await self._read({number for number in post_numbers if not self._is_fresh(number, now)}, budget)
        judged = self._judged_by(rules)
        copies = ((number, self._copies.get(number)) for number in post_numbers - judged.numbers)
        facts = {number: copy.facts for number, copy in copies if copy is not None}
        if len(facts) * len(rules.words) <= JUDGED_AT_ONCE:
            self._note(judged, facts, _withheld_of(rules, facts))
        else:
            self._note(judged, facts, await asyncio.to_thread(_withheld_of, rules, facts))
        if facts:
            self._drop_longest_unused()
        return judged

    def _drop_longest_unused(self) -> None:
        total = sum(len(judged.numbers) for judged in self._judged.values())
        while total > MAX_JUDGED and len(self._judged) > 1:
            _, judged = self._judged.popitem(last=False)
            total -= len(judged.numbers)

    def _note(self, judged: _Judged, facts: Mapping[int, PostSays], withheld: Set[int]) -> None:
        """Note what was judged, unless it has changed meanwhile."""
        for number, judged_facts in facts.items():
            copy = self._copies.get(number)
            if copy is not None and copy.facts is judged_facts:
                judged.numbers.add(number)
                if number in withheld:
                    judged.withheld.add(number)

    async def _read(self, post_numbers: Set[int], budget: "RequestBudget") -> None:
        """Read facts part by part, as far as the budget goes; parts that others are reading are waited for."""
        missing = sorted(post_numbers - self._under_way.keys(), reverse=True)
        others = {self._under_way[number] for number in post_numbers if number in self._under_way}
        with suppress(StoreUnavailable):
            for start in range(0, len(missing), PART):
                if self._late:  # this page would wait for nothing, too
                    break
                await self._read_part(missing[start : start + PART], budget)
            else:
                await self._wait_for(others - self._late, budget)
                if not others & self._late:
                    return
        budget.note_degraded("postgresql")

    async def _read_part(self, part: Sequence[int], budget: "RequestBudget") -> None:
        loop, as_of = asyncio.get_running_loop(), self._times_forgotten
        done: asyncio.Future[None] = loop.create_future()
        has_begun = False

        def read() -> None:
            nonlocal has_begun
            has_begun = True
            found: Mapping[int, PostSays] | None = None
            try:
                found = facts_of_numbers(self._database, part)
            finally:
                with suppress(RuntimeError):  # the process ends
                    loop.call_soon_threadsafe(self._finish, part, done, found, as_of)

        self._under_way |= dict.fromkeys(part, done)
        try:
            await self._stores.database(budget, read, is_failure_if_late=False)
        finally:
            if has_begun and not done.done():
                self._late.add(done)
            else:
                self._finish(part, done, None, as_of)

    def _finish(
        self, part: Sequence[int], done: asyncio.Future[None], found: Mapping[int, PostSays] | None, as_of: int
    ) -> None:
        """Keep what was read, if anything, and let those go on who wait for it."""
        if done.done():
            return
        if found is not None:
            self._keep(part, found, as_of)
        done.set_result(None)
        self._late.discard(done)
        for number in part:
            del self._under_way[number]

    async def _wait_for(self, others: Collection[asyncio.Future[None]], budget: "RequestBudget") -> None:
        if others:
            begun, seconds = time.monotonic(), budget.seconds["postgresql"]
            _, late = await asyncio.wait(others, timeout=max(0.0, seconds))
            budget.seconds["postgresql"] = seconds - (time.monotonic() - begun)
            if late:
                raise StoreUnavailable("what posts say is read by another request, and not within the budget")

    def _read_at(self, number: int) -> float:
        copy = self._copies.get(number)
        return float("-inf") if copy is None else copy.read_at

    def _is_fresh(self, number: int, now: float) -> bool:
        return now - self._read_at(number) <= VALID_SECONDS


def _withheld_of(rules: ViewerRules, facts: Mapping[int, PostSays]) -> Set[int]:
    return {number for number, facts_of_post in facts.items() if rules.withhold(facts_of_post)}


def _bytes_of(facts: PostSays) -> int:
    return getsizeof(facts.text) + getsizeof(facts.tags) + sum(map(getsizeof, facts.tags))
