"""An erasure is complete, whatever was under way beside it: writes, pages, memories of processes, runs."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo

import jwt
import pytest

from tests.flow.deployment import COLD, JWT_KEY, POSTS, Deployment, ask, eventually, state_of_app
from tests.flow.stores_template import StoresTemplate, template_of
from tests.races.pair import Process, accepted, left_of, pair, process, settle, stopped_run, until_done_or_waiting
from tests.races.stops import written
from tests.traces import make_views, traces
from timeline.stores import safety_updates

GONE, THEIR_POST = "erase-me", "a-post-to-erase"
PAGE = {"limit": 10}


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """A write of the user's, and the command of Redis with which it ends."""

    method: str
    path: str
    command: str
    body: object = None


def _event(kind: str) -> list[dict[str, str]]:
    return [{"user_id": GONE, "post_id": "p11", "kind": kind}]


SEEN, VIEWER = written(f"wl:seen:{GONE}"), written(f"wl:viewer:{GONE}")
ACTS = {
    "event": Act(method="POST", path="/interactions", body=_event("like"), command=SEEN),
    "hide": Act(method="POST", path="/interactions", body=_event("hide"), command=VIEWER),
    "unhide": Act(method="DELETE", path="/interactions", body=_event("hide"), command=VIEWER),
    "block": Act(method="PUT", path=f"/users/{GONE}/blocks/author3", command=VIEWER),
    "is blocked": Act(method="PUT", path=f"/users/author3/blocks/{GONE}", command=VIEWER),
    "unblock": Act(method="DELETE", path=f"/users/{GONE}/blocks/author3", command=VIEWER),
}


@pytest.fixture(scope="session")
def template(server_url: str, migrated_template: str, redis_url: str) -> Iterator[StoresTemplate]:
    """A ranked user with a post."""

    def live(deployment: Deployment) -> None:
        deployment.sql("INSERT INTO warmline.users (id, created_at) VALUES (%s, now())", [(GONE,)])
        deployment.add_posts([THEIR_POST], author=GONE)
        deployment.add_events(GONE, ["p40", "p41"])
        deployment.run_heuristic()

    with template_of(migrated_template, server_url, redis_url, live) as made:
        yield made


@pytest.fixture
def lived(template: StoresTemplate, server_url: str, fresh_redis: str) -> Iterator[Deployment]:
    """The same, of this test's own."""
    with template.copy(server_url, fresh_redis) as deployment:
        yield deployment


def _erase(by: Process) -> int:
    response = by.now("DELETE", f"/users/{GONE}")
    accepted(response)
    return response.status_code


@pytest.mark.parametrize("name", ACTS)
def test_no_act_under_way_brings_an_erased_user_back(lived: Deployment, name: str) -> None:
    """Its own transaction ends before the erasure's, its write to Redis comes after it."""
    with pair(lived) as (one, other):
        _erase_beside_act(one, other, ACTS[name])
    settle(lived)
    assert left_of(lived, GONE, [THEIR_POST]) == []


@pytest.mark.parametrize("name", ["event", "block"])
def test_no_act_under_way_in_the_same_process_brings_an_erased_user_back(lived: Deployment, name: str) -> None:
    with process(lived) as one:
        _erase_beside_act(one, one, ACTS[name])
    settle(lived)
    assert left_of(lived, GONE, [THEIR_POST]) == []


def _erase_beside_act(one: Process, other: Process, act: Act) -> None:
    with one.redis.stop(act.command, holds_all=True) as stop:
        answer = one.act(act.method, act.path, act.body)
        stop.wait()
        _erase(other)
        stop.go_on()
        accepted(answer.result())


@pytest.mark.parametrize("name", ["event", "hide", "block"])
def test_no_act_that_reaches_the_next_life_of_redis_brings_an_erased_user_back(lived: Deployment, name: str) -> None:
    """Redis lost its memory, and does not know who was erased before the safety data is loaded."""
    act, key = ACTS[name], f"wl:{'seen' if name == 'event' else 'viewer'}:{GONE}"
    with pair(lived) as (one, other), lived.redis() as client:
        with one.redis.stop(act.command) as stop:
            answer = one.act(act.method, act.path, act.body)
            stop.wait()
            _erase(other)
            settle(lived)
            client.flushdb()
            stop.go_on()
            accepted(answer.result())
        eventually(lambda: bool(client.exists(key, "wl:safety")), "what came late is there")
        with lived.timeline():  # which looks at Redis
            eventually(lambda: bool(client.exists("wl:safety")), "the safety data is loaded")
    assert left_of(lived, GONE, [THEIR_POST]) == []


def test_redis_becomes_safe_again_after_an_erasure_gave_up_the_runs_that_were_over(lived: Deployment) -> None:
    """The fence stands above all runs then, but Redis is not newer than PostgreSQL."""
    with process(lived) as one:
        _erase(one)
    settle(lived)
    with lived.redis() as client:
        client.delete("wl:safety")
        with lived.timeline():
            eventually(lambda: bool(client.exists("wl:safety")), "the safety data is loaded")


@pytest.mark.parametrize("is_first", [True, False], ids=["first page", "next page"])
def test_no_page_under_way_brings_an_erased_user_back(lived: Deployment, is_first: bool) -> None:
    """It was read before the erasure, and is noted after it."""
    with pair(lived) as (one, other):
        before = {} if is_first else {"cursor": ask(one.client, GONE, **PAGE)["next_cursor"]}
        with one.redis.stop(SEEN, holds_all=True) as stop:
            page = one.page(GONE, **PAGE, **before)
            stop.wait()
            _erase(other)
            stop.go_on()
            page.result()
    settle(lived)
    assert left_of(lived, GONE, [THEIR_POST]) == []


def test_no_request_for_a_list_under_way_brings_an_erased_user_back(lived: Deployment) -> None:
    """A user without a list is put down for one with their first page."""
    with lived.redis() as client:
        client.delete(f"wl:list:h:{GONE}")
    with pair(lived) as (one, other), one.redis.stop(SEEN, holds_all=True) as stop:
        page = one.page(GONE, **PAGE)
        stop.wait()
        _erase(other)
        stop.go_on()
        page.result()
    settle(lived)
    assert left_of(lived, GONE, [THEIR_POST]) == []


def test_no_process_writes_an_erased_user_back_out_of_its_memory(lived: Deployment) -> None:
    """The other process still has the chain that its user's next page asks for."""
    with pair(lived) as (one, other):
        first = ask(other.client, GONE, **PAGE)
        second = ask(other.client, GONE, **PAGE, cursor=first["next_cursor"])
        _erase(one)
        assert left_of(lived, GONE, [THEIR_POST]) == []
        ask(other.client, GONE, **PAGE, cursor=second["next_cursor"])
        assert left_of(lived, GONE, [THEIR_POST]) == []


def test_no_process_writes_an_erased_user_back_with_a_first_page(lived: Deployment) -> None:
    """Whoever asks, as whom: Redis keeps nothing under the name of an erased user."""
    with pair(lived) as (one, other):
        _erase(one)
        for by in (one, other):
            page = ask(by.client, GONE, **PAGE)
            assert page["posts"]
            if page["next_cursor"] is not None:  # nothing is kept of them, so there may be no chain to go on with
                ask(by.client, GONE, **PAGE, cursor=page["next_cursor"])
        assert left_of(lived, GONE, [THEIR_POST]) == []


@pytest.mark.parametrize("lease", ["held", "run out"])
def test_no_run_under_way_brings_an_erased_user_back(lived: Deployment, lease: str) -> None:
    """It loaded before the erasure, and publishes after it; one whose lease ran out is not waited for."""
    with process(lived) as one, stopped_run(lived) as run:
        if lease == "run out":
            lived.sql("UPDATE warmline.runs SET lease_until = now() - interval '1 s' WHERE state = 'running'")
        _erase(one)
        if lease == "run out":
            settle(lived)
        run.finish()
    settle(lived)
    assert left_of(lived, GONE, [THEIR_POST]) == []


@pytest.mark.parametrize("step", [r"(WRITE_VIEWERS|SADD) .*wl:viewer", r"WRITE_LISTS", r"SET wl:blocked|wl:blocked"])
def test_a_run_whose_lease_ran_out_writes_nothing_more_of_an_erased_user(lived: Deployment, step: str) -> None:
    """Wherever in its publication it stood still; what it wrote before that is swept."""
    lived.block(GONE, "author3")
    with process(lived) as one, stopped_run(lived, step) as run:
        lived.sql("UPDATE warmline.runs SET lease_until = now() - interval '1 s' WHERE state = 'running'")
        _erase(one)
        settle(lived)
        run.finish()
    settle(lived)
    assert left_of(lived, GONE, [THEIR_POST]) == []


def test_a_run_that_a_later_one_overtook_changes_nothing(lived: Deployment) -> None:
    """Its lease ran out while it stood still, another run did its work: catalogue, viewers and deletions are its."""
    with process(lived) as one, stopped_run(lived) as run:
        lived.sql("UPDATE warmline.runs SET lease_until = now() - interval '1 s' WHERE state = 'running'")
        accepted(one.now("PUT", f"/users/{COLD}/blocks/author3"))
        lived.run_heuristic()
        before = _dump(lived)
        run.finish()
        assert _dump(lived) == before


def _dump(deployment: Deployment) -> dict[bytes, object]:
    """All that Redis holds, less the marks of loads and of looks."""
    with deployment.redis() as client:
        names = [name for name in client.scan_iter() if not name.startswith((b"wl:loading:", b"wl:written"))]
        return {name: client.dump(name) for name in sorted(names)}


def test_the_blocks_of_an_erased_user_leave_with_them(lived: Deployment) -> None:
    """A run that loaded them publishes all blocks as one value, which nobody writes again before the next run."""
    lived.block(GONE, "author3")
    with process(lived) as one, stopped_run(lived) as run:
        _erase(one)
        run.finish()
    settle(lived)
    assert left_of(lived, GONE, [THEIR_POST]) == []


ROWS = r"SELECT r.row FROM wanted_posts"
BEFORE_ROWS = r"CREATE TEMPORARY TABLE wanted_posts|pg_advisory_xact_lock_shared"  # posts are read, their rows are not


def test_a_run_outlives_an_erasure_between_two_of_its_statements(lived: Deployment) -> None:
    """The posts that it read have other names when it reads their rows, unless the erasure waits for it."""
    with process(lived) as one, stopped_run(lived, ROWS, store="postgres") as run:
        erasing = one.act("DELETE", f"/users/{GONE}")
        until_done_or_waiting(lived, erasing)
        run.finish()
        accepted(erasing.result())
    settle(lived)
    assert left_of(lived, GONE, [THEIR_POST]) == []
    lived.run_heuristic()
    assert left_of(lived, GONE, [THEIR_POST]) == []


def test_a_page_outlives_an_erasure_between_two_of_its_statements(deployment: Deployment) -> None:
    """A reader who has seen nearly all gets older posts out of PostgreSQL."""
    deployment.sql("INSERT INTO warmline.users (id, created_at) VALUES (%s, now())", [(GONE,)])
    theirs = [f"old{number}" for number in range(40)]
    deployment.add_posts(theirs, author=GONE)
    deployment.sql("UPDATE warmline.posts SET created_at = now() - interval '20 days' WHERE author_id = %s", [(GONE,)])
    deployment.add_events(COLD, POSTS)
    deployment.run_heuristic()
    with pair(deployment) as (one, other), one.postgres.stop(ROWS) as stop:
        page = one.page(COLD, limit=100)
        stop.wait()
        erasing = other.act("DELETE", f"/users/{GONE}")
        until_done_or_waiting(deployment, erasing)
        stop.go_on()
        assert page.result()["posts"]
        accepted(erasing.result())


def test_two_who_blocked_each_other_can_be_erased_at_once(lived: Deployment) -> None:
    """Each erasure reads the other's user anew, to take the block from them."""
    other_user = "erase-me-too"
    lived.sql("INSERT INTO warmline.users (id, created_at) VALUES (%s, now())", [(other_user,)])
    lived.block(GONE, other_user)
    lived.block(other_user, GONE)
    lived.run_heuristic()
    with pair(lived) as (one, other), one.redis.stop(written(f"wl:viewer:{other_user}"), holds_all=True) as stop:
        answer = one.act("DELETE", f"/users/{GONE}")
        stop.wait()
        accepted(other.now("DELETE", f"/users/{other_user}"))
        stop.go_on()
        accepted(answer.result())
    settle(lived)
    assert left_of(lived, GONE, [THEIR_POST]) + left_of(lived, other_user) == []


def test_over_views_no_act_under_way_brings_an_erased_user_back(deployment: Deployment) -> None:
    """There the user's rows stay with the team; the tombstone hides them."""
    deployment.sql("INSERT INTO warmline.users (id, created_at) VALUES (%s, now())", [(GONE,)])
    deployment.add_posts([THEIR_POST], author=GONE)
    make_views(deployment)
    deployment = replace(deployment, source_schema="team")
    deployment.run_heuristic()
    with pair(deployment) as (one, other):
        _erase_beside_act(one, other, ACTS["block"])
    settle(deployment)
    deployment.run_heuristic()
    assert left_of(deployment, GONE, [THEIR_POST]) == []


class ClockAhead(datetime):
    """A clock that somebody set an hour ahead."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> "ClockAhead":
        return cls.fromtimestamp(time.time() + 3600, tz)


def test_a_process_whose_clock_is_ahead_hears_of_erasures(lived: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    """It keeps what it knows of a user, and forgets that as soon as any process has erased them."""
    monkeypatch.setattr(safety_updates, "datetime", ClockAhead)
    token = jwt.encode({"sub": GONE, "exp": int(time.time()) + 600}, JWT_KEY, "HS256")
    with process(lived) as one, process(lived, env="production", refresh_seconds=0.1) as other:
        page = other.client.get(f"/timeline/{GONE}", headers={"Authorization": f"Bearer {token}"})
        assert page.status_code == 200, page.text
        authorizer = state_of_app(other.client).authorizer
        assert GONE in authorizer.users()
        _erase(one)
        eventually(lambda: GONE not in authorizer.users(), "the other process has heard of it")


def test_an_answer_that_the_erasing_client_never_got_changes_nothing(lived: Deployment) -> None:
    """Its connection to Redis broke in the middle; what was durable is finished by whoever is there."""
    with process(lived) as one, one.redis.stop(rf"wl:seen:{GONE}", holds_all=True) as stop:
        answer = one.act("DELETE", f"/users/{GONE}")
        stop.wait()
        stop.lose()
        accepted(answer.result())
    settle(lived)
    assert left_of(lived, GONE, [THEIR_POST]) == []


def test_a_page_that_read_posts_before_their_erasure_gives_them_no_rows_after_it(deployment: Deployment) -> None:
    """No run is under way that the erasure could wait for: this is a reader's own work."""
    deployment.sql("INSERT INTO warmline.users (id, created_at) VALUES (%s, now())", [(GONE,)])
    theirs = [f"their-old-post-{number}" for number in range(40)]
    deployment.add_posts(theirs, author=GONE)
    deployment.sql("UPDATE warmline.posts SET created_at = now() - interval '20 days' WHERE author_id = %s", [(GONE,)])
    deployment.add_events(COLD, POSTS)
    deployment.run_heuristic()
    with pair(deployment) as (one, other), one.postgres.stop(BEFORE_ROWS) as stop:
        page = one.page(COLD, limit=100)
        stop.wait()
        erasing = other.act("DELETE", f"/users/{GONE}")
        until_done_or_waiting(deployment, erasing)
        stop.go_on()
        assert page.result()["posts"]
        accepted(erasing.result())
    settle(deployment)
    assert traces(deployment, "their-old-post") == []


def test_a_run_of_redis_last_life_whose_lease_ran_out_brings_nothing_of_an_erased_user(lived: Deployment) -> None:
    """Its fence was raised, and Redis lost that together with the rest."""
    with process(lived, refresh_seconds=0.1) as one, stopped_run(lived) as run:
        lived.sql("UPDATE warmline.runs SET lease_until = now() - interval '1 s' WHERE state = 'running'")
        _erase(one)
        settle(lived)
        with lived.redis() as client:
            client.flushall()
            eventually(lambda: bool(client.exists("wl:safety")), "deletions and blocks are back")
        run.finish()
    settle(lived)
    assert left_of(lived, GONE, [THEIR_POST]) == []
