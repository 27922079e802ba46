"""The windows that `make races` tries, each at random places: the ten of the audit, then further ones.

A window is a function of a setup; it returns how often it tried and what it found. What it found is never luck: an
answer was there, and then something contradicted it.
"""

import urllib.request
from collections.abc import Callable
from concurrent.futures import Future
from contextlib import suppress
from dataclasses import dataclass, field

from shared.db.imports import merge_rows
from shared.errors import LeaseLost
from tests.flow.deployment import ADMIN_TOKEN, AUTHORS, Deployment, eventually
from tests.races.any_order import AnyOrder, try_any_order
from tests.races.pair import pair
from tests.races.setup import Answer, Node, RaceSetup, posts_of
from tests.races.stops import written

LIMIT = 10
EVENTS = ("view", "like", "save", "share")
RUN_STEPS = [
    written("wl:posts:[0-9]+"), written("wl:deleted"), written("wl:viewer:[^ ]+"), written("wl:list:h:[^ ]+"),
    written("wl:blocked"), written("wl:everyone"), written("wl:new"), written("wl:safety"), "^ZRANGE wl:deleted",
]  # fmt: skip


@dataclass(slots=True)
class WindowResult:
    """What became of a window's tries."""

    tries: int = 0
    faults: list[str] = field(default_factory=list)

    def must(self, is_so: bool, what: str) -> None:
        """Count a try that holds or not."""
        self.tries += 1
        if not is_so:
            self.faults.append(what)


Window = Callable[[RaceSetup], WindowResult]
WINDOWS: dict[str, Window] = {}


def window(name: str) -> Callable[[Window], Window]:
    def put(action: Window) -> Window:
        WINDOWS[name] = action
        return action

    return put


# -- the ten ---------------------------------------------------------------------------------------------------------


@window("1 a run of Redis' last life")
def last_life(setup: RaceSetup) -> WindowResult:
    """A run loads, Redis loses its memory, posts are deleted in its next life, the run publishes."""
    victims, reader = setup.ranked_posts(12), setup.new_users(1)
    one = setup.any_node()
    for post in victims[:2]:
        setup.delete(post)
    with setup.stopped_run(setup.rng.choice(RUN_STEPS[:2])) as run:
        with setup.deployment.redis() as client:
            client.flushdb()
            eventually(lambda: bool(client.exists("wl:safety")), "deletions and blocks are back")
        for post in victims[2:]:
            setup.delete(post, one)
        run.finish()
    tried = WindowResult(tries=len(victims), faults=setup.check_pages(reader))
    setup.run()
    tried.faults += setup.check_pages(reader)
    return tried


@window("2 deleted, back, deleted beside a run")
def deleted_again(setup: RaceSetup) -> WindowResult:
    victims, reader = setup.ranked_posts(8), setup.new_users(1)
    for way in ("now()", "NULL"):
        rows = [(post,) for post in victims]
        setup.sql_of_app(f"UPDATE {{}}.posts SET deleted_at = {way} WHERE id = %s", rows)
        if way == "now()":
            setup.run()
    with setup.stopped_run(setup.rng.choice([*RUN_STEPS[:1] * 5, *RUN_STEPS])) as run:
        acts = [setup.pool.submit(setup.delete, post) for post in victims]
        setup.done_or_waiting(acts)
        run.finish()
        for act in acts:
            act.result()
    return WindowResult(tries=len(victims), faults=setup.check_removed(victims) + setup.check_pages(reader))


@window("3 acts beside the erasure of their user")
def acts_beside_erasure(setup: RaceSetup) -> WindowResult:
    users = setup.new_users(8)
    acts: list[Future[Answer]] = []
    for user in users:
        path, post = f"/users/{user}/blocks/{setup.rng.choice(AUTHORS)}", f"p{setup.rng.randrange(90):02}"
        events = [{"user_id": user, "post_id": post, "kind": kind} for kind in ("view", "like", "hide")]
        wanted: list[tuple[str, str, object]] = [
            ("POST", "/interactions", events), ("PUT", path, None), ("DELETE", path, None),
            ("DELETE", f"/users/{user}", None), ("DELETE", "/interactions", events[2:]),
        ]  # fmt: skip
        setup.rng.shuffle(wanted)
        acts += [setup.begin(setup.any_node(), *each) for each in wanted]
        acts.append(setup.pool.submit(_first_page, setup.any_node(), user))
    answers = [act.result() for act in acts]
    setup.settle()
    faults = setup.check_erased(users)
    faults += [f"an act was answered {answer.status}" for answer in answers if answer.status >= 500]
    return WindowResult(tries=len(users), faults=faults)


def _first_page(node: Node, user: str) -> Answer:
    return node.ask("GET", f"/timeline/{user}?limit={LIMIT}")


@window("4 pages out of a process's memory")
def memory(setup: RaceSetup) -> WindowResult:
    users = setup.new_users(6)
    cursors = {}
    one = setup.any_node()
    for user in users:
        first = one.page(user, limit=LIMIT)
        cursors[user] = one.page(user, limit=LIMIT, cursor=first["next_cursor"])["next_cursor"]
    erasing = [setup.pool.submit(setup.erase, user, setup.other(one)) for user in users]
    pages = [setup.pool.submit(one.page, user, limit=LIMIT, cursor=cursors[user]) for user in users]
    for act in erasing:
        act.result()
    for user, page in zip(users, pages, strict=True):
        following = page.result()["next_cursor"]
        if following is not None:
            one.page(user, limit=LIMIT, cursor=following)
    setup.settle()
    return WindowResult(tries=len(users), faults=setup.check_erased(users))


@window("5 a run whose lease was over")
def lost_lease(setup: RaceSetup) -> WindowResult:
    users = setup.new_users(5)
    posts = setup.new_posts(5, users)
    setup.sql_of_app(
        "INSERT INTO {}.blocks (user_id, blocked_user_id, created_at) VALUES (%s, %s, now())",
        [(user, setup.rng.choice(AUTHORS)) for user in users],
    )
    setup.run()
    with setup.stopped_run(setup.rng.choice(RUN_STEPS)) as run:
        setup.lose_lease()
        for user in users:
            setup.erase(user)
        setup.settle()
        run.finish()
    setup.settle()
    faults = setup.check_erased(users)
    with setup.deployment.redis() as client:
        held = b"".join(b"".join(client.hvals(name)) for name in client.scan_iter("wl:posts:*"))
    faults += [f"{post} of an erased user is in the catalogue" for post in posts if post.encode() in held]
    return WindowResult(tries=len(users), faults=faults)


@window("6 batches that overlap, and acts beside them")
def deadlocks(setup: RaceSetup) -> WindowResult:
    user, posts = setup.new_users(1)[0], [f"p{number:02}" for number in range(90)]
    events = [{"user_id": user, "post_id": post, "kind": kind} for post in posts for kind in EVENTS]
    setup.any_node().ask("POST", "/interactions", events)
    acts = []
    for number in range(12):
        batch = events.copy()
        setup.rng.shuffle(batch)
        acts.append(setup.begin(setup.any_node(), "POST" if number % 3 == 0 else "DELETE", "/interactions", batch))
    acts += [setup.pool.submit(setup.block, user, author) for author in AUTHORS[:4]]
    tried = WindowResult()
    for act in acts:
        answer = act.result()
        tried.must(answer.is_durable, f"a batch or block was answered {answer.status}")
    return tried


@window("7 two first pages at once")
def first_pages(setup: RaceSetup) -> WindowResult:
    tried = WindowResult()
    for user in setup.new_users(5):
        one, other = setup.rng.sample(setup.nodes, 2)
        both = [setup.pool.submit(node.page, user, limit=LIMIT) for node in (one, other)]
        for first in [each.result() for each in both]:
            cursor = first["next_cursor"]
            pages = [node.page(user, limit=LIMIT, cursor=cursor) for node in (other, one, other)]
            if any("degraded" in page for page in [first, *pages]):
                continue
            tried.must(len({tuple(posts_of(page)) for page in pages}) == 1, "a repeated cursor gave another page")
            tried.must(not set(posts_of(first)) & set(posts_of(pages[0])), "a page repeated its chain's first one")
    return tried


@window("8 a page's note that was lost")
def lost_note(setup: RaceSetup) -> WindowResult:
    tried = WindowResult()
    for user in setup.new_users(5):
        served: list[str] = []
        cursor, lost_at = None, setup.rng.randrange(3)
        for number in range(5):
            node = setup.nodes[number % 2]
            if number == lost_at:
                half = setup.rng.choice([written(f"wl:seen:{user}"), rf"^MGET .*wl:viewer:{user}\b"])
                with node.redis.stop(half) as stop:
                    asked = setup.pool.submit(node.page, user, limit=LIMIT, cursor=cursor)
                    stop.wait()
                    stop.lose()
                    page = asked.result()
            else:
                page = node.page(user, limit=LIMIT, cursor=cursor)
            # One that could not read its chain, in a process that never had it, knows of nothing that came before.
            repeats = set(served) & set(posts_of(page)) if number != lost_at else set()
            tried.must(not repeats, f"page {number} repeats {sorted(repeats)[:3]}, page {lost_at} was lost")
            served += posts_of(page)
            cursor = page["next_cursor"]
            if cursor is None:
                break
    return tried


@window("9 Redis hangs for the process that acts")
def hanging(setup: RaceSetup) -> WindowResult:
    victims, reader = setup.ranked_posts(6), setup.new_users(1)
    one = setup.any_node()
    tried = WindowResult()
    with one.redis.stop(r"^(?!M?GET\b|Z?RANGE\b|EXISTS\b)", holds_all=True) as stop:
        acts = [setup.pool.submit(setup.delete, post, one) for post in victims]
        acts.append(setup.pool.submit(setup.block, reader[0], setup.rng.choice(AUTHORS), one))
        stop.wait()
        for act in acts:
            answer = act.result()
            tried.must(answer.is_durable, f"an act was answered {answer.status}")
            tried.faults += setup.check_pages(reader, nodes=[setup.other(one)])
        if setup.rng.random() < 0.5:
            stop.lose()
    tried.faults += setup.check_pages(reader)
    setup.settle()
    setup.oracle.deleted |= set(victims)
    tried.faults += setup.check_pages(reader)
    return tried


@window("10 deletions beside a run")
def beside_run(setup: RaceSetup) -> WindowResult:
    victims, users = setup.ranked_posts(10), setup.new_users(2)
    with setup.random_run() as run:
        acts = [setup.pool.submit(setup.delete, post) for post in victims]
        acts += [setup.pool.submit(setup.block, user, setup.rng.choice(AUTHORS)) for user in users]
        acts += [setup.pool.submit(setup.hide, user, f"p{setup.rng.randrange(90):02}") for user in users]
        setup.done_or_waiting(acts)
        faults = setup.check_pages(users)
        run.finish()
        for act in acts:
            act.result()
    return WindowResult(tries=len(acts), faults=faults + setup.check_pages(users) + setup.check_removed(victims))


# -- further ones ----------------------------------------------------------------------------------------------------


@window("11 clients that hang up")
def hung_up(setup: RaceSetup) -> WindowResult:
    """What PostgreSQL has, every process obeys once all is settled; what it has not, none does."""
    victims, reader = setup.ranked_posts(6), setup.new_users(1)[0]
    author = setup.rng.choice(AUTHORS)
    for post in victims:
        setup.any_node().hang_up("DELETE", f"/posts/{post}")
    setup.any_node().hang_up("PUT", f"/users/{reader}/blocks/{author}")
    for node in setup.nodes:
        node.page(reader)
    # The connections are gone, the acts may still begin: what is there when a later act is through was first.
    for node in setup.nodes:
        for _ in range(4):
            node.ask("PUT", f"/users/{author}/blocks/{setup.rng.choice(setup.new_users(1))}")
    setup.settle()
    gone = setup.deployment.sql(
        "SELECT post_id FROM warmline.post_rows WHERE removed_at IS NOT NULL AND post_id = ANY(%s)", [(victims,)]
    )
    setup.oracle.deleted.update(post for (post,) in gone)
    if setup.deployment.sql("SELECT 1 FROM warmline.blocks WHERE user_id = %s", [(reader,)]):
        setup.oracle.blocks.add((reader, author))
    return WindowResult(tries=len(victims) + 1, faults=setup.check_pages([reader]))


@window("12 hides beside the first rows of posts")
def hides_beside_rows(setup: RaceSetup) -> WindowResult:
    """A post that no run has met yet has no row; a hide of it must hold when it gets one."""
    posts, users = setup.new_posts(6), setup.new_users(3)
    with setup.random_run() as run:
        acts = [setup.pool.submit(setup.hide, user, post) for user in users for post in posts[:3]]
        setup.done_or_waiting(acts)
        run.finish()
        for act in acts:
            act.result()
    setup.settle()
    setup.run()
    return WindowResult(tries=len(acts), faults=setup.check_pages(users))


@window("13 two erasures of people who blocked each other")
def two_erasures(setup: RaceSetup) -> WindowResult:
    users = setup.new_users(6)
    pairs = list(zip(users[::2], users[1::2], strict=True))
    for one, other in pairs:
        setup.block(one, other)
        setup.block(other, one)
    acts = [setup.pool.submit(setup.erase, user) for user in users]
    answers = [act.result() for act in acts]
    setup.settle()
    faults = setup.check_erased(users)
    faults += [f"an erasure was answered {answer.status}" for answer in answers if not answer.is_durable]
    return WindowResult(tries=len(users), faults=faults)


@window("14 block and unblock beside a run")
def unblocks(setup: RaceSetup) -> WindowResult:
    """At the end Redis says what PostgreSQL says."""
    users, tried = setup.new_users(4), WindowResult()
    pairs = [(user, setup.rng.choice(AUTHORS)) for user in users]
    for user, author in pairs[:2]:
        setup.any_node().ask("PUT", f"/users/{user}/blocks/{author}")
    with setup.random_run() as run:
        acts = []
        for user, author in pairs:
            methods = ["PUT", "DELETE"] if setup.rng.random() < 0.5 else ["DELETE", "PUT"]
            acts += [setup.begin(setup.any_node(), method, f"/users/{user}/blocks/{author}") for method in methods]
        setup.done_or_waiting(acts)
        run.finish()
        for act in acts:
            act.result()
    setup.settle()
    for user, author in pairs:
        stands = bool(setup.deployment.sql("SELECT 1 FROM warmline.blocks WHERE user_id = %s", [(user,)]))
        for node in setup.nodes:
            shown = {post for page in node.chain(user)[:3] for post in posts_of(page)}
            theirs = {post for post, by in setup.oracle.author_of.items() if by == author}
            tried.must(bool(shown & theirs) is not stands, f"{user}: the block {'stands' if stands else 'is gone'}")
    return tried


@window("15 phase switches beside pages")
def switches(setup: RaceSetup) -> WindowResult:
    """A chain ends in the phase it began in, and repeats nothing."""
    tried, users = WindowResult(), setup.new_users(6)
    walks = [setup.pool.submit(setup.any_node().chain, user, limit=15) for user in users]
    for number in range(6):
        _switch(setup, "neucf" if number % 2 else "heuristic")
    for walk in walks:
        pages = walk.result()
        served = [post for page in pages for post in posts_of(page)]
        tried.must(len(served) == len(set(served)), "a chain repeats a post while the phase is switched")
        sources = {page["source"] for page in pages if "degraded" not in page}
        tried.must(len(sources) <= 1, f"a chain has the sources {sources}")
    _switch(setup, "heuristic")
    return tried


def _switch(setup: RaceSetup, phase: str) -> None:
    node = setup.any_node()
    request = urllib.request.Request(
        f"http://127.0.0.1:{node.port}/admin/phase", method="PUT", data=f'{{"phase": "{phase}"}}'.encode(),
        headers={"Authorization": f"Bearer {ADMIN_TOKEN}", "Content-Type": "application/json"},
    )  # fmt: skip
    with urllib.request.urlopen(request, timeout=30) as answer:
        assert answer.status == 200


@window("16 posts written and deleted at once")
def rewritten(setup: RaceSetup) -> WindowResult:
    posts, reader = setup.ranked_posts(8), setup.new_users(1)
    if setup.has_views:
        return WindowResult()
    acts, deletes = [], []
    for post in posts:
        body = {"author_id": setup.oracle.author_of[post], "caption": "again"}
        deletes.append(setup.pool.submit(setup.delete, post))
        acts.append(setup.begin(setup.any_node(), "PUT", f"/posts/{post}", body))
    answers = [act.result() for act in [*acts, *deletes]]
    setup.run()
    faults = [f"a write or deletion was answered {answer.status}" for answer in answers if answer.status >= 500]
    return WindowResult(tries=len(posts), faults=faults + setup.check_pages(reader) + setup.check_removed(posts))


@window("17 an import beside deletions and a run")
def imports(setup: RaceSetup) -> WindowResult:
    """The app's file still has the posts that its users delete meanwhile."""
    if setup.has_views:
        return WindowResult()
    posts, reader = setup.ranked_posts(8), setup.new_users(1)
    at = "2026-01-01T00:00:00+00:00"
    rows = [(post, setup.oracle.author_of[post], "imported", None, at, *[None] * 4) for post in posts]
    with setup.random_run() as run, setup.deployment.database() as database:
        acts = [setup.pool.submit(setup.delete, post) for post in posts]
        merging = setup.pool.submit(merge_rows, database, "posts", rows)
        setup.done_or_waiting([*acts, merging])
        run.finish()
        for act in acts:
            act.result()
        merging.result()
    faults = setup.check_pages(reader) + setup.check_removed(posts)
    setup.run()
    return WindowResult(tries=len(posts), faults=faults + setup.check_pages(reader) + setup.check_removed(posts))


@window("18 one cursor on two processes at once")
def same_cursor(setup: RaceSetup) -> WindowResult:
    tried = WindowResult()
    for user in setup.new_users(5):
        cursor = setup.any_node().page(user, limit=LIMIT)["next_cursor"]
        both = [setup.pool.submit(node.page, user, limit=LIMIT, cursor=cursor) for node in (*setup.nodes, *setup.nodes)]
        pages = [each.result() for each in both]
        again = setup.any_node().page(user, limit=LIMIT, cursor=cursor)
        if not any("degraded" in page for page in [*pages, again]):
            given = {tuple(posts_of(page)) for page in [*pages, again]}
            tried.must(len(given) == 1, f"one cursor gave {len(given)} pages")
    return tried


@window("19 Redis loses its memory beside erasures")
def flushed_erasures(setup: RaceSetup) -> WindowResult:
    users = setup.new_users(5)
    for user in users:
        setup.any_node().page(user, limit=LIMIT)
        setup.block(user, setup.rng.choice(AUTHORS))
    acts = [setup.pool.submit(setup.erase, user) for user in users]
    late = [
        setup.begin(setup.any_node(), "POST", "/interactions", [{"user_id": user, "post_id": "p01", "kind": "like"}])
        for user in users
    ]
    with setup.deployment.redis() as client:
        client.flushdb()
        for act in [*acts, *late]:
            act.result()
        eventually(lambda: bool(client.exists("wl:safety")), "deletions and blocks are back")
    setup.settle()
    faults = setup.check_erased(users)
    setup.run()
    return WindowResult(tries=len(users), faults=faults + setup.check_erased(users))


@window("20 acts while Redis loses its memory")
def flushed_acts(setup: RaceSetup) -> WindowResult:
    victims, users = setup.ranked_posts(8), setup.new_users(2)
    with setup.deployment.redis() as client:
        acts = [setup.pool.submit(setup.delete, post) for post in victims]
        acts += [setup.pool.submit(setup.block, user, setup.rng.choice(AUTHORS)) for user in users]
        for _ in range(setup.rng.randrange(1, 4)):
            client.flushdb()
        for act in acts:
            act.result()
        faults = setup.check_pages(users)
        eventually(lambda: bool(client.exists("wl:safety")), "deletions and blocks are back")
    faults += setup.check_pages(users)
    setup.settle()
    setup.run()
    return WindowResult(tries=len(acts), faults=faults + setup.check_pages(users))


@window("21 lists of phase 2 beside deletions and erasures")
def second_phase(setup: RaceSetup) -> WindowResult:
    """A scorer loaded before, and publishes after; what a page shows is decided when it is asked for."""
    victims, users = setup.ranked_posts(8), setup.new_users(3)
    gone = users[2]
    _switch(setup, "neucf")
    try:
        rows = setup.deployment.rows()
        acts = [setup.pool.submit(setup.delete, post) for post in victims]
        acts.append(setup.pool.submit(setup.block, users[0], setup.rng.choice(AUTHORS)))
        acts.append(setup.pool.submit(setup.erase, gone))
        for user in users:
            with suppress(LeaseLost):  # an erasure gave up the runs of before it
                _publish_neucf(setup.deployment, user, [post for post in (*victims, "p01", "p02") if post in rows])
        for act in acts:
            act.result()
        faults = setup.check_pages(users[:2])
        setup.settle()
        faults += setup.check_erased([gone])
    finally:
        _switch(setup, "heuristic")
    return WindowResult(tries=len(acts), faults=faults)


def _publish_neucf(deployment: Deployment, user: str, posts: list[str]) -> None:
    ((run,),) = deployment.sql("SELECT nextval('warmline.fences')")
    deployment.publish_neucf(user, posts, run=run)


@window("22 everything at once beside a run")
def everything(setup: RaceSetup) -> WindowResult:
    """Slow stores, both processes, all acts."""
    posts, users = setup.ranked_posts(10), setup.new_users(6)
    for node in setup.nodes:
        node.redis.slow_down(0.2, seconds=0.02, rng=setup.rng)
        node.postgres.slow_down(0.1, seconds=0.02, rng=setup.rng)
    try:
        with setup.random_run() as run:
            acts: list[Future[Answer]] = [setup.pool.submit(setup.delete, post) for post in posts[:5]]
            for user in users[:4]:
                acts.append(setup.pool.submit(setup.hide, user, setup.rng.choice(posts)))
                acts.append(setup.pool.submit(setup.block, user, setup.rng.choice(AUTHORS)))
            acts += [setup.pool.submit(setup.erase, user) for user in users[4:]]
            walks = [setup.pool.submit(setup.any_node().chain, user, limit=30) for user in users]
            setup.done_or_waiting(acts)
            faults = setup.check_pages(users[:2], pages=1)
            run.finish()
            for act in acts:
                act.result()
            for walk in walks:
                walk.result()
    finally:
        for node in setup.nodes:
            node.redis.slow_down(0, seconds=0, rng=setup.rng)
            node.postgres.slow_down(0, seconds=0, rng=setup.rng)
    faults += setup.check_pages(users[:4])
    setup.settle()
    return WindowResult(tries=len(acts), faults=faults + setup.check_erased(users[4:]) + setup.check_removed(posts[:5]))


@window("23 scoring runs beside deletions and erasures")
def scoring(setup: RaceSetup) -> WindowResult:
    """The scorer's run stands still at any of its commands."""
    if setup.has_views:
        return WindowResult()
    victims, users = setup.ranked_posts(6), setup.new_users(3)
    gone = users[2]
    setup.deployment.add_events(gone, ["p05", "p06"], kind="like")
    with setup.stopped_scoring() as run:
        acts = [setup.pool.submit(setup.delete, post) for post in victims]
        acts += [setup.pool.submit(setup.block, user, setup.rng.choice(AUTHORS)) for user in users[:2]]
        acts += [setup.pool.submit(setup.hide, user, victims[0]) for user in users[:2]]
        acts.append(setup.pool.submit(setup.erase, gone))
        if setup.rng.random() < 0.5:
            setup.lose_lease()
        setup.done_or_waiting(acts)
        run.finish()
        for act in acts:
            act.result()
    _switch(setup, "neucf")
    faults = setup.check_removed(victims) + setup.check_pages(users[:2])
    _switch(setup, "heuristic")
    setup.settle()
    return WindowResult(tries=len(acts), faults=faults + setup.check_erased([gone]))


@window("24 any order of acts, pages, runs and stops")
def any_order(setup: RaceSetup) -> WindowResult:
    """The stateful test, beside the two processes that are there already."""
    if setup.has_views:
        return WindowResult()
    with pair(setup.deployment, refresh_seconds=0.1) as nodes:
        before = AnyOrder.steps
        try_any_order(setup.deployment, nodes, examples=4, steps=25, seed=setup.rng.randrange(1 << 30))
    return WindowResult(tries=AnyOrder.steps - before)
