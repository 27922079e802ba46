"""Promises 2, 3, 4 and 8 in any order of events, in every mode: a timeline and a plain model of it, side by side
(hypothesis).

The model knows who wrote what, who blocked whom, what was deleted or taken down and what each reader was shown. It is
not told what lists there are: only that the small world's everyone's list holds every post, so a chain that ends has
shown them all.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, precondition, rule, run_state_machine_as_test
from starlette.testclient import TestClient

from shared.ranked_lists.keys import MODE_SLOTS
from tests.flow.deployment import (
    ADMIN_TOKEN,
    ANN,
    API_KEY,
    AUTHORS,
    COLD,
    POSTS,
    SEEN_BY_ANN,
    STRANGER,
    Deployment,
    ask,
    author_of,
    eventually,
    ids,
    state_of_app,
    until_ready,
)
from timeline.state import State

BACKEND = {"Authorization": f"Bearer {API_KEY}"}
OPERATOR = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
READERS = st.sampled_from([ANN, COLD, STRANGER, AUTHORS[0]])
MODES = st.sampled_from(["for_you", "for_you", "following", "latest", "explore"])
FOLLOWED = (AUTHORS[2], AUTHORS[5], AUTHORS[7])  # by every reader
FOLLOWS = [(user, author) for user in (ANN, COLD, STRANGER, AUTHORS[0]) for author in FOLLOWED]
WINDOW, MOST = 10, 2
MOST_POSTS = 100  # what everyone's list of the small world holds
EXAMPLES = 10


@dataclass
class Scroll:
    """A chain under way, as its reader knows it."""

    user: str
    mode: str
    seen_before: set[str]
    cursor: str | None
    source: str
    served: list[str] = field(default_factory=list)
    last: tuple[str, list[str]] | None = None  # the cursor of the newest page, and what it gave
    begun_since: int = 0  # chains of the user's other modes: each takes one of their slots


class Timelines(RuleBasedStateMachine):
    """Two processes on one world."""

    deployment: Deployment
    clients: tuple[TestClient, TestClient]
    authors: dict[str, str]  # what was added stays for the examples that follow

    def __init__(self) -> None:
        super().__init__()
        self.deleted: set[str] = set()
        self.hidden: dict[str, int] = {}  # post → runs before it was hidden
        self.suspended: dict[str, int] = {}  # author → the same
        self.runs = 0
        self.blocked: set[tuple[str, str]] = set()
        self.seen: defaultdict[str, set[str]] = defaultdict(set, {ANN: set(SEEN_BY_ANN)})
        self.scrolls: dict[tuple[str, str], Scroll] = {}  # by user and mode
        self.turn = 0
        _begin_anew(self.deployment, self.clients)

    @rule(user=READERS, mode=MODES, limit=st.integers(1, 40))
    def first_page(self, user: str, mode: str, limit: int) -> None:
        """Promise 4: what a first page shows was not seen, while anything unseen may be shown; not in `latest`."""
        page = ask(self._client(), user, limit=limit, mode=mode)
        posts, unseen = ids(page), self._eligible(user, mode) - self.seen[user]
        if mode != "latest":
            assert set(posts[: len(unseen)]) <= unseen, "a seen post came back before the unseen were shown"
        assert mode == "for_you" or page["source"] == mode
        seen_before = set() if mode == "latest" else set(self.seen[user])
        scroll = Scroll(user=user, mode=mode, seen_before=seen_before, cursor=None, source=page["source"])
        self._note_begun(scroll)
        self._take(scroll, page, limit)

    @precondition(lambda self: any(scroll.cursor for scroll in self.scrolls.values()))
    @rule(data=st.data(), limit=st.integers(1, 40))
    def next_page(self, data: st.DataObject, limit: int) -> None:
        """Promise 2: no repeat, no skip, and the chain ends in the source it began in."""
        scroll = data.draw(st.sampled_from([each for each in self.scrolls.values() if each.cursor]))
        cursor = scroll.cursor
        page = ask(self._client(), scroll.user, limit=limit, cursor=cursor)
        assert page["source"] == scroll.source
        self._take(scroll, page, limit)
        assert cursor is not None
        scroll.last = (cursor, ids(page))

    @precondition(lambda self: any(scroll.last for scroll in self.scrolls.values()))
    @rule(data=st.data())
    def repeated_page(self, data: st.DataObject) -> None:
        """A repeated cursor gives the same page, less what became ineligible."""
        scroll = data.draw(st.sampled_from([each for each in self.scrolls.values() if each.last]))
        assert scroll.last is not None
        cursor, posts = scroll.last
        again = ids(ask(self._client(), scroll.user, limit=100, cursor=cursor))
        assert again == [post for post in posts if post in self._eligible(scroll.user, scroll.mode)]

    @rule(user=READERS, author=st.sampled_from(AUTHORS))
    def block(self, user: str, author: str) -> None:
        """By the API."""
        if user != author:
            assert self._client().put(f"/users/{user}/blocks/{author}", headers=BACKEND).status_code == 204
            self.blocked.add((user, author))

    @precondition(lambda self: self.blocked)
    @rule(data=st.data())
    def unblock(self, data: st.DataObject) -> None:
        """By the API; a chain under way need not take the author in again."""
        user, author = data.draw(st.sampled_from(sorted(self.blocked)))
        assert self._client().delete(f"/users/{user}/blocks/{author}", headers=BACKEND).status_code == 204
        self.blocked.discard((user, author))
        self.scrolls = {key: scroll for key, scroll in self.scrolls.items() if scroll.user not in (user, author)}

    @precondition(lambda self: len(self.deleted) < 60)
    @rule(post=st.sampled_from(POSTS))
    def delete(self, post: str) -> None:
        """By the API."""
        assert self._client().delete(f"/posts/{post}", headers=BACKEND).status_code == 204
        self.deleted.add(post)

    @precondition(lambda self: len(self.hidden) < 30)
    @rule(post=st.sampled_from(POSTS))
    def hide(self, post: str) -> None:
        """A moderator hides it from everybody; what was deleted stays deleted."""
        status = self._client().put(f"/posts/{post}/hidden", headers=BACKEND).status_code
        assert status == (409 if post in self.deleted else 204)
        if post not in self.deleted:
            self.hidden.setdefault(post, self.runs)

    @precondition(lambda self: self.hidden)
    @rule(data=st.data())
    def show(self, data: st.DataObject) -> None:
        """At once if the lists are those from before, else after one run."""
        post = data.draw(st.sampled_from(sorted(self.hidden)))
        status = self._client().delete(f"/posts/{post}/hidden", headers=BACKEND).status_code
        assert status == (409 if post in self.deleted else 204)
        self._is_back(since=self.hidden.pop(post))

    @precondition(lambda self: len(self.suspended) < 3)
    @rule(author=st.sampled_from(AUTHORS))
    def suspend(self, author: str) -> None:
        """All their posts, also those that they publish meanwhile."""
        assert self._client().put(f"/users/{author}/suspended", headers=BACKEND).status_code == 204
        self.suspended.setdefault(author, self.runs)

    @precondition(lambda self: self.suspended)
    @rule(data=st.data())
    def reinstate(self, data: st.DataObject) -> None:
        """As `show`."""
        author = data.draw(st.sampled_from(sorted(self.suspended)))
        assert self._client().delete(f"/users/{author}/suspended", headers=BACKEND).status_code == 204
        self._is_back(since=self.suspended.pop(author))

    @rule(author=st.sampled_from(AUTHORS), count=st.integers(0, 3), liked=st.integers(0, 60))
    def publish(self, author: str, count: int, liked: int) -> None:
        """One author adds posts, others are liked, and the heuristic runs."""
        first = len(self.authors)
        posts = [f"more{number}" for number in range(first, min(MOST_POSTS, first + count))]
        self.deployment.add_posts(posts, author=author)
        self.authors.update(dict.fromkeys(posts, author))
        self.deployment.add_events("fan1", POSTS[liked : liked + 20], kind="save")
        self._run()

    @rule(user=st.sampled_from([ANN, COLD]), data=st.data())
    def publish_neucf(self, user: str, data: st.DataObject) -> None:
        """A list of the second phase, of some posts, one author's first."""
        posts = data.draw(st.permutations(POSTS))[:30]
        ((run,),) = self.deployment.sql("SELECT nextval('warmline.fences')")
        self.deployment.publish_neucf(user, sorted(posts, key=author_of), run=run)

    @rule(phase=st.sampled_from(["heuristic", "neucf"]))
    def switch(self, phase: str) -> None:
        """The operator switches phases."""
        assert self._client().put("/admin/phase", json={"phase": phase}, headers=OPERATOR).status_code == 200

    def _run(self) -> None:
        self.deployment.run_heuristic()
        self.runs += 1

    def _is_back(self, *, since: int) -> None:
        """What was taken down is shown again; a chain under way need not take it in."""
        if self.runs > since:
            self._run()
            _until_known(self.deployment, self.clients)
        self.scrolls.clear()

    def _note_begun(self, scroll: Scroll) -> None:
        """A chain of another mode takes a slot; one whose slot was taken goes on, but may skip what was seen."""
        if scroll.mode != "for_you":
            for other in [*self.scrolls.values()]:
                if other.user == scroll.user and other.mode != "for_you":
                    other.begun_since += 1
                    if other.begun_since >= MODE_SLOTS:
                        self.scrolls.pop((other.user, other.mode), None)
        self.scrolls[scroll.user, scroll.mode] = scroll

    def _client(self) -> TestClient:
        self.turn += 1
        return self.clients[self.turn % 2]

    def _eligible(self, user: str, mode: str) -> set[str]:
        pairs = {author for one, author in self.blocked if one == user}
        pairs |= {one for one, author in self.blocked if author == user}
        return {
            post
            for post, author in self.authors.items()
            if post not in self.deleted | self.hidden.keys()
            and author not in {user, *pairs, *self.suspended}
            and (mode != "following" or author in FOLLOWED)
        }

    def _take(self, scroll: Scroll, page: dict[str, Any], limit: int) -> None:
        posts, user = ids(page), scroll.user
        eligible = self._eligible(user, scroll.mode)
        assert "degraded" not in page
        assert set(posts) <= eligible, "promise 3"
        assert not set(posts) & set(scroll.served), "promise 2: a repeat"
        assert len(posts) == limit or page["next_cursor"] is None, "a page is filled up from further down"
        scroll.served += posts
        scroll.cursor = page["next_cursor"]
        self.seen[user] |= set(posts)
        self._check_spacing(scroll, eligible)
        if scroll.cursor is None:
            assert {post for post in POSTS if post in eligible} <= set(scroll.served), "promise 2: a skip"
            self.scrolls.pop((user, scroll.mode), None)

    def _check_spacing(self, scroll: Scroll, eligible: set[str]) -> None:
        """Promise 8, where it can be told: a flood is one if a post that was not seen might have come instead."""
        authors = [self.authors[post] for post in scroll.served]
        for place, post in enumerate(scroll.served):
            before = authors[max(0, place - WINDOW + 1) : place]
            if post in scroll.seen_before or before.count(authors[place]) < MOST:
                continue
            others = set(scroll.served[place + 1 :]) - scroll.seen_before
            assert all(before.count(self.authors[other]) >= MOST for other in others), "promise 8"


def test_the_promises_hold_in_any_order_of_events(ranked_deployment: Deployment) -> None:
    with ranked_deployment.timeline() as one, ranked_deployment.timeline() as other:
        until_ready(one, other)
        ranked_deployment.sql("INSERT INTO warmline.follows (user_id, author_id) VALUES (%s, %s)", FOLLOWS)
        Timelines.deployment, Timelines.clients = ranked_deployment, (one, other)
        Timelines.authors = {post: author_of(post) for post in POSTS}
        run_state_machine_as_test(
            Timelines,
            settings=settings(
                max_examples=EXAMPLES, stateful_step_count=20, deadline=None,
                suppress_health_check=list(HealthCheck),
                phases=[Phase.explicit, Phase.generate],  # a run takes a second: shrinking would take many minutes
 print_blob=False,
            ),
        )  # fmt: skip


def _begin_anew(deployment: Deployment, clients: Sequence[TestClient]) -> None:
    """Nobody blocked, nothing deleted or taken down, nothing seen: another example."""
    for client in clients:
        ask(client, "nobody")  # takes in what was deleted last
    deployment.sql("DELETE FROM warmline.blocks")
    deployment.sql("DELETE FROM warmline.takedowns")
    deployment.sql("DELETE FROM warmline.tombstones")
    deployment.sql("UPDATE warmline.posts SET deleted_at = NULL")
    deployment.sql("UPDATE warmline.post_rows SET removed_at = NULL")
    with deployment.redis() as redis:
        redis.flushdb()
    for client in clients:  # what they reload holds no posts seen by events: those come with the run
        eventually(lambda client=client: state_of_app(client).snapshot.missing == {}, "reloaded")  # type: ignore[misc]
        eventually(lambda client=client: "degraded" not in ask(client, "nobody"), "reloaded")  # type: ignore[misc]
    deployment.run_heuristic()
    _until_known(deployment, clients)


def _until_known(deployment: Deployment, clients: Sequence[TestClient]) -> None:
    """Wait until each process has the newest run's list of everyone."""
    newest = deployment.sql("SELECT max(fence) FROM warmline.runs")[0][0]
    for client in clients:
        state = state_of_app(client)
        eventually(lambda state=state: _generation(state) >= newest, "the run is known")  # type: ignore[misc]
        eventually(lambda client=client: "degraded" not in ask(client, "nobody"), "whole")  # type: ignore[misc]


def _generation(state: State) -> int:
    everyone = state.snapshot.everyone
    return everyone.generation if everyone else 0
