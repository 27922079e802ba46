"""Two processes, runs and a Redis that loses its data, stopped at random points: a state machine of hypothesis.

The model knows what was acknowledged, and nothing of how it is kept. An act that stands still has not been answered:
its effect may hold or not. What was answered must hold on every page that is asked for later.
"""

import itertools
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, ClassVar

import httpx2
import hypothesis
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test

from shared.domain import author_hash
from shared.ranked_lists.keys import CHAIN_SLOTS
from tests.flow.deployment import AUTHORS, POSTS, Deployment, JsonObject, ask, author_of, eventually, ids
from tests.races.pair import Process, StoppedRun, left_of, run_job, settle, stopped_run
from tests.races.stops import Stop, written

NODES = st.sampled_from([0, 1])
READERS = st.sampled_from([0, 1, 2])
NUMBERS: Iterator[int] = itertools.count()
NEW_POSTS = 12
# Where a run may stand still: at the beginning of each part of its publication.
RUN_STEPS = [
    written(key)
    for key in ("wl:posts:[0-9]+", "wl:deleted", "wl:viewer:[^ ]+", "wl:list:h:[^ ]+", "wl:blocked", "wl:everyone")
]
# What an act does to Redis; pages and looks of the same process go on.
WRITES = r"^(?!M?GET\b|Z?RANGE\b|EXISTS\b|BEGIN_CHAIN|END_PAGE|KEEP_TAIL|SET wl:written|Z\w+ wl:asked)"


@dataclass
class Scroll:
    """A chain as its reader knows it."""

    cursor: str | None
    served: list[str] = field(default_factory=list)
    last: tuple[str, list[str]] | None = None  # the newest cursor that was used, and what it gave
    begun_since: int = 0  # chains of the same user, each of which takes a slot


@dataclass
class Standing:
    """A stopped write, and what is known once it is answered."""

    answer: "Future[httpx2.Response]"
    stop: Stop
    block: AbstractContextManager[Stop]
    learn: Callable[[], None]


class AnyOrder(RuleBasedStateMachine):
    """Acts, pages, runs, flushes and stops in any order."""

    deployment: Deployment
    nodes: tuple[Process, Process]
    steps = 0  # pages, of all examples
    author_of: ClassVar = {post: author_of(post) for post in POSTS}  # and of the new posts of all examples: they stay

    def __init__(self) -> None:
        super().__init__()
        example = next(NUMBERS)
        self.readers = [f"reader-{example}-{number}" for number in range(3)]
        self.mortals = [f"mortal-{example}-{number}" for number in range(3)]
        self.posts = [f"new-{example}-{number}" for number in range(NEW_POSTS)]
        authors = [*self.mortals, *AUTHORS]
        self.author_of.update((post, authors[number % len(authors)]) for number, post in enumerate(self.posts))
        now = datetime.now(UTC)
        self.deployment.sql("INSERT INTO warmline.users (id, created_at) VALUES (%s, %s)",
                       [(user, now) for user in (*self.readers, *self.mortals)])  # fmt: skip
        self.deployment.sql("INSERT INTO warmline.posts (id, author_id, created_at) VALUES (%s, %s, %s)",
                       [(post, self.author_of[post], now) for post in self.posts])  # fmt: skip
        run_job(self.deployment)
        self.deleted: set[str] = set()
        self.erased: set[str] = set()
        self.asked_to_erase: set[str] = set()
        self.blocks: set[tuple[str, str]] = set()
        self.hidden: set[tuple[str, str]] = set()
        self.taken_down: dict[str, set[str]] = {}  # path of the takedown → posts that it withholds
        self.doubtful: set[str] = set()  # posts whose state is being changed
        self.scrolls: dict[str, Scroll] = {}
        self.mortal_cursors: dict[str, str] = {}
        self.standing: list[Standing] = []
        self.run_block: AbstractContextManager[StoppedRun] | None = None
        self.stopped: StoppedRun | None = None

    # -- pages -----------------------------------------------------------------------------------------------------

    @rule(node=NODES, reader=READERS, limit=st.integers(1, 40))
    def first_page(self, node: int, reader: int, limit: int) -> None:
        user = self.readers[reader]
        page = self._page(node, user, limit=limit)
        self.scrolls[user] = Scroll(cursor=page["next_cursor"], served=ids(page))

    @precondition(lambda self: any(scroll.cursor for scroll in self.scrolls.values()))
    @rule(node=NODES, data=st.data(), limit=st.integers(1, 40))
    def next_page(self, node: int, data: st.DataObject, limit: int) -> None:
        """No post comes twice in a chain."""
        user, scroll = self._scrolling(data)
        assert scroll.cursor is not None
        page = self._page(node, user, limit=limit, cursor=scroll.cursor)
        self._take(scroll, page)

    @precondition(lambda self: any(scroll.cursor for scroll in self.scrolls.values()))
    @rule(node=NODES, data=st.data())
    def page_whose_note_is_lost(self, node: int, data: st.DataObject) -> None:
        """The page says so, and later pages repeat none of its posts."""
        user, scroll = self._scrolling(data)
        assert scroll.cursor is not None
        with self.nodes[node].redis.stop(written(f"wl:seen:{user}"), holds_all=True) as stop:
            stop.lose()
            page = self._page(node, user, limit=10, cursor=scroll.cursor)
            assert not stop.is_reached or "degraded" in page
        self._take(scroll, page)
        scroll.last = None

    @precondition(lambda self: any(scroll.last for scroll in self.scrolls.values()))
    @rule(node=NODES, data=st.data())
    def repeated_page(self, node: int, data: st.DataObject) -> None:
        """The same page, without posts that became ineligible."""
        users = sorted(user for user, scroll in self.scrolls.items() if scroll.last)
        user = data.draw(st.sampled_from(users))
        scroll = self.scrolls[user]
        assert scroll.last is not None
        cursor, posts = scroll.last
        page = self._page(node, user, limit=100, cursor=cursor)
        if "degraded" not in page:
            self._must_be_the_same(user, page, posts)

    # -- acts ------------------------------------------------------------------------------------------------------

    @rule(node=NODES, number=st.integers(0, NEW_POSTS - 1), stands=st.booleans())
    def delete(self, node: int, number: int, stands: bool) -> None:
        post = self.posts[number]
        self._act(node, "DELETE", f"/posts/{post}", None, lambda: self.deleted.add(post), {post}, stands=stands)

    @rule(node=NODES, reader=READERS, author=st.sampled_from(AUTHORS), stands=st.booleans())
    def block(self, node: int, reader: int, author: str, stands: bool) -> None:
        user = self.readers[reader]
        theirs = {post for post, by in self.author_of.items() if by == author}
        path = f"/users/{user}/blocks/{author}"
        self._act(node, "PUT", path, None, lambda: self.blocks.add((user, author)), theirs, stands=stands)

    @precondition(lambda self: self.blocks and not self.standing)
    @rule(node=NODES, data=st.data())
    def unblock(self, node: int, data: st.DataObject) -> None:
        """Pending writes of the block have been answered."""
        user, author = data.draw(st.sampled_from(sorted(self.blocks)))
        self.blocks.discard((user, author))
        self.nodes[node].now("DELETE", f"/users/{user}/blocks/{author}")
        self.doubtful |= {post for post, by in self.author_of.items() if by == author}

    @rule(node=NODES, number=st.integers(0, NEW_POSTS - 1), stands=st.booleans())
    def hide_from_all(self, node: int, number: int, stands: bool) -> None:
        post = self.posts[number]
        self._take_down(node, f"/posts/{post}/hidden", {post}, stands=stands)

    @rule(node=NODES, author=st.sampled_from(AUTHORS), stands=st.booleans())
    def suspend(self, node: int, author: str, stands: bool) -> None:
        theirs = {post for post, by in self.author_of.items() if by == author}
        self._take_down(node, f"/users/{author}/suspended", theirs, stands=stands)

    @precondition(lambda self: self.taken_down and not self.standing)
    @rule(node=NODES, data=st.data())
    def bring_back(self, node: int, data: st.DataObject) -> None:
        """Pending writes of the takedown have been answered."""
        path = data.draw(st.sampled_from(sorted(self.taken_down)))
        self.doubtful |= self.taken_down.pop(path)
        assert self.nodes[node].now("DELETE", path).status_code in (202, 204, 409)

    @rule(node=NODES, reader=READERS, post=st.sampled_from(POSTS), stands=st.booleans())
    def hide(self, node: int, reader: int, post: str, stands: bool) -> None:
        user = self.readers[reader]
        body = [{"user_id": user, "post_id": post, "kind": "hide"}]
        self._act(node, "POST", "/interactions", body, lambda: self.hidden.add((user, post)), {post}, stands=stands)

    @precondition(lambda self: len(self.asked_to_erase) < len(self.mortals))
    @rule(node=NODES, stands=st.booleans())
    def erase(self, node: int, stands: bool) -> None:
        user = self.mortals[len(self.asked_to_erase)]
        self.asked_to_erase.add(user)
        theirs = {post for post, by in self.author_of.items() if by == user}
        self._act(node, "DELETE", f"/users/{user}", None, lambda: self.erased.add(user), theirs, stands=stands)

    @rule(node=NODES, mortal=READERS)
    def page_of_a_mortal(self, node: int, mortal: int) -> None:
        """A user who may be erased scrolls on, before and after the erasure."""
        user = self.mortals[mortal]
        query = {"cursor": self.mortal_cursors[user]} if user in self.mortal_cursors else {}
        cursor = ask(self.nodes[node].client, user, limit=5, **query)["next_cursor"]
        self.mortal_cursors.pop(user, None)
        if cursor is not None:
            self.mortal_cursors[user] = cursor

    @rule(node=NODES, mortal=READERS, kind=st.sampled_from(["like", "hide", "block"]), stands=st.booleans())
    def act_of_a_mortal(self, node: int, mortal: int, kind: str, stands: bool) -> None:
        """It may end after its user's erasure, or be refused."""
        user = self.mortals[mortal]
        if kind == "block":
            wanted: tuple[str, str, object] = ("PUT", f"/users/{user}/blocks/{AUTHORS[mortal]}", None)
        else:
            wanted = ("POST", "/interactions", [{"user_id": user, "post_id": "p03", "kind": kind}])
        self._act(node, *wanted, lambda: None, set(), stands=stands)

    @rule(reader=READERS, limit=st.integers(1, 20))
    def two_first_pages(self, reader: int, limit: int) -> None:
        """Concurrently on two processes: each begins a chain that both can continue."""
        user = self.readers[reader]
        with self.nodes[0].redis.stop(written(f"wl:seen:{user}")) as stop:
            waiting = self.nodes[0].page(user, limit=limit)
            eventually(lambda: stop.is_reached or waiting.done(), "one page stands still")
            other = self._page(1, user, limit=limit)
            stop.go_on()
            pages = [waiting.result(), other]
        for page in pages:
            scroll = self.scrolls[user] = Scroll(cursor=page["next_cursor"], served=ids(page))
            cursor = scroll.cursor
            if cursor is None or "degraded" in page:
                continue
            once, again = (self._page(node, user, limit=limit, cursor=cursor) for node in (1, 0))
            if "degraded" not in once and "degraded" not in again:
                self._must_be_the_same(user, again, ids(once))
            self._take(scroll, once)

    @precondition(lambda self: self.standing)
    @rule()
    def act_is_answered(self) -> None:
        """A write is answered although Redis still hangs for its process."""
        standing = self.standing[0]
        self._learn(standing.answer.result(), standing.learn)
        for node in (0, 1):
            for user in self.readers:
                self._page(node, user, limit=100)

    @precondition(lambda self: self.standing)
    @rule(is_lost=st.booleans())
    def let_act_go_on(self, is_lost: bool) -> None:
        """A stopped write continues, or its connection breaks; it is answered in both cases."""
        self._finish(self.standing.pop(0), is_lost=is_lost)

    # -- the rest of the world ---------------------------------------------------------------------------------------

    @precondition(lambda self: self.stopped is None)
    @rule(step=st.sampled_from(RUN_STEPS))
    def begin_run(self, step: str) -> None:
        """A run loads, and is stopped in its publication."""
        self.run_block = stopped_run(self.deployment, step)
        self.stopped = self.run_block.__enter__()

    @precondition(lambda self: self.stopped is not None)
    @rule(is_late=st.booleans())
    def finish_run(self, is_late: bool) -> None:
        """The run continues, perhaps after its lease has expired."""
        if is_late:
            self.deployment.sql("UPDATE warmline.runs SET lease_until = now() - interval '1 s' WHERE state = 'running'")
        self._end_run()

    @precondition(lambda self: self.stopped is None)
    @rule()
    def run(self) -> None:
        run_job(self.deployment)

    @rule()
    def flush(self) -> None:
        """Redis loses its data, including chains and seen posts; the processes restore what is withheld."""
        with self.deployment.redis() as client:
            client.flushdb()
        self.scrolls.clear()

    def teardown(self) -> None:
        """Nothing is stopped any more; then nothing is left of erased users, and all deletions are recorded."""
        try:
            while self.standing:
                self._finish(self.standing.pop(0), is_lost=False)
        finally:
            self._end_run()
        settle(self.deployment)
        with self.deployment.redis() as client:
            eventually(lambda: bool(client.exists("wl:safety")), "Redis is safe to read")
        left = [place for user in self.asked_to_erase for place in left_of(self.deployment, user)]
        assert left == [], f"left of who was erased: {left}"
        query = "SELECT post_id FROM warmline.post_rows WHERE removed_at IS NULL AND post_id = ANY(%s)"
        assert self.deployment.sql(query, [(sorted(self.deleted),)]) == []
        self.doubtful.clear()
        run_job(self.deployment)
        self._only_what_is_down_is_withheld()
        for node in (0, 1):
            for user in self.readers:
                self._page(node, user, limit=100)
        for author in AUTHORS:  # they are the next example's, too
            assert self.nodes[0].now("DELETE", f"/users/{author}/suspended").status_code in (202, 204)

    def _only_what_is_down_is_withheld(self) -> None:
        """One run after everything: nothing that was brought back is left in Redis."""
        is_down = "EXISTS (SELECT FROM warmline.takedowns WHERE relation = %s AND id = %s)"
        with self.deployment.redis() as client:
            held = {int(number) for number in client.zrange("wl:deleted", 0, -1)}
            suspended = {int(author) for author in client.zrange("wl:suspended", 0, -1)}
        for post, number in self.deployment.sql("SELECT post_id, row FROM warmline.post_rows"):
            if post in self.posts and number in held and self.author_of[post] not in self.asked_to_erase:
                query = f"SELECT deleted_at IS NOT NULL OR {is_down} FROM warmline.posts WHERE id = %s"
                assert self.deployment.sql(query, [("posts", post, post)]) == [(True,)], f"{post} is withheld"
        for author in AUTHORS:
            assert self.deployment.sql(f"SELECT {is_down}", [("users", author)]) == [
                (author_hash(author) in suspended,)
            ]

    # -- what the rules share ----------------------------------------------------------------------------------------

    def _page(self, node: int, user: str, **query: Any) -> JsonObject:
        """A page, which must not show posts whose removal was acknowledged before the request."""
        AnyOrder.steps += 1
        forbidden = self._forbidden(user)
        page = ask(self.nodes[node].client, user, **query)
        if "cursor" not in query:
            self._count_chain(user)
        assert not forbidden.intersection(ids(page)), "what was acknowledged does not hold"
        return page

    def _count_chain(self, user: str) -> None:
        """A chain that has lost its slot begins again, with the longest unseen posts if all were seen."""
        if scroll := self.scrolls.get(user):
            scroll.begun_since += 1
            if scroll.begun_since >= CHAIN_SLOTS:
                del self.scrolls[user]

    def _must_be_the_same(self, user: str, page: JsonObject, before: list[str]) -> None:
        """A repeated page, without posts that became ineligible; a process may already know of stopped writes."""
        away = self._forbidden(user) | self.doubtful
        found, wanted = ([post for post in each if post not in away] for each in (ids(page), before))
        assert found == wanted, f"a repeated cursor gave {found}, and before {wanted}"

    def _forbidden(self, user: str) -> set[str]:
        away = {user, *self.erased, *(author for one, author in self.blocks if one == user)}
        hidden = {post for one, post in self.hidden if one == user}
        down = {post for posts in self.taken_down.values() for post in posts}
        return self.deleted | hidden | down | {post for post, author in self.author_of.items() if author in away}

    def _take_down(self, node: int, path: str, posts: set[str], *, stands: bool) -> None:
        self._act(node, "PUT", path, None, lambda: self.taken_down.setdefault(path, posts), posts, stands=stands)

    def _scrolling(self, data: st.DataObject) -> tuple[str, Scroll]:
        user = data.draw(st.sampled_from(sorted(user for user, scroll in self.scrolls.items() if scroll.cursor)))
        return user, self.scrolls[user]

    def _take(self, scroll: Scroll, page: JsonObject) -> None:
        assert scroll.cursor is not None
        twice = [(post, scroll.served.index(post), at) for at, post in enumerate(ids(page)) if post in scroll.served]
        assert not twice, f"came twice in a chain: {twice}, after {len(scroll.served)} posts, {page.get('degraded')}"
        scroll.last = (scroll.cursor, ids(page)) if "degraded" not in page else None
        scroll.served += ids(page)
        scroll.cursor = page["next_cursor"]

    def _act(
        self, node: int, method: str, path: str, body: object, learn: Callable[[], Any], doubtful: set[str], *,
        stands: bool,
    ) -> None:  # fmt: skip
        self.doubtful |= doubtful
        if not stands or self.standing:
            self._learn(self.nodes[node].now(method, path, body), learn)
            return
        block = self.nodes[node].redis.stop(WRITES)  # what is tried again goes through, and this comes late
        stop = block.__enter__()
        answer = self.nodes[node].act(method, path, body)
        eventually(lambda: stop.is_reached or answer.done(), "the act stands still, or is answered")
        self.standing.append(Standing(answer=answer, stop=stop, block=block, learn=learn))

    def _finish(self, standing: Standing, *, is_lost: bool) -> None:
        if is_lost:
            standing.stop.lose()
            response = standing.answer.result()
        standing.block.__exit__(None, None, None)
        if not is_lost:
            response = standing.answer.result()
        self._learn(response, standing.learn)

    @staticmethod
    def _learn(response: httpx2.Response, learn: Callable[[], Any]) -> None:
        assert response.status_code in (200, 202, 204, 409), response.text
        if response.status_code in (200, 204):
            learn()

    def _end_run(self) -> None:
        if self.stopped is not None and self.run_block is not None:
            stopped, block, self.stopped, self.run_block = self.stopped, self.run_block, None, None
            stopped.finish()
            block.__exit__(None, None, None)


def try_any_order(
    deployment: Deployment, nodes: tuple[Process, Process], *, examples: int, steps: int, seed: int | None = None
) -> None:
    """Try many examples of many steps; raises what contradicted the model."""
    AnyOrder.deployment, AnyOrder.nodes = deployment, nodes
    machine = AnyOrder if seed is None else hypothesis.seed(seed)(AnyOrder)
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples, stateful_step_count=steps, deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=[Phase.explicit, Phase.generate],  # an example takes a second: shrinking would take many minutes
            print_blob=False, database=None,
        ),
    )  # fmt: skip
