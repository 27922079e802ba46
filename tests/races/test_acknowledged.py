"""What an answer means: after 204 (or 200) every process obeys from its next page on; 202 says that not all do yet."""

from dataclasses import dataclass

import pytest

from tests.flow.deployment import COLD, Deployment, ask, eventually, ids, posts_of
from tests.races.pair import pair, stopped_run
from tests.races.stops import At


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """A write that pages must obey: what it withholds, and a page's own state of it before."""

    method: str
    path: str
    withheld: frozenset[str]
    body: object = None


ACTS = {
    "delete": Act(method="DELETE", path="/posts/p07", withheld=frozenset({"p07"})),
    "block": Act(method="PUT", path=f"/users/{COLD}/blocks/author3", withheld=frozenset(posts_of("author3"))),
    "is blocked": Act(method="PUT", path=f"/users/author3/blocks/{COLD}", withheld=frozenset(posts_of("author3"))),
    "erase": Act(method="DELETE", path="/users/author3", withheld=frozenset(posts_of("author3"))),
    "hide": Act(
        method="POST", path="/interactions", withheld=frozenset({"p11"}),
        body=[{"user_id": COLD, "post_id": "p11", "kind": "hide"}],
    ),
}  # fmt: skip
WRITES = r"^(?!M?GET\b|Z?RANGE\b|EXISTS\b)"  # of the process that acts: all that changes Redis hangs


@pytest.mark.parametrize("name", ACTS)
def test_an_act_that_hangs_on_its_way_to_redis_is_not_called_known(ranked_deployment: Deployment, name: str) -> None:
    """Redis hangs for the process that takes the act, and answers the other one."""
    act = ACTS[name]
    with pair(ranked_deployment) as (one, other):
        with one.redis.stop(WRITES, holds_all=True) as stop:
            answer = one.act(act.method, act.path, act.body)
            stop.wait()
            response = answer.result()
            page = ask(other.client, COLD, limit=100)
        assert response.status_code in (200, 202, 204), response.text
        if response.status_code == 202:
            assert response.json()["pending"] is True
        else:
            assert not act.withheld.intersection(ids(page)), f"{response.status_code}, and another process shows it"
        seen_by_itself = ask(one.client, COLD, limit=100)
        assert not act.withheld.intersection(ids(seen_by_itself)), "the process that took the act does not obey it"


@pytest.mark.parametrize("name", ACTS)
def test_an_act_that_never_got_to_redis_gets_there(ranked_deployment: Deployment, name: str) -> None:
    """What was durable and pending is brought there by whichever process looks; here, the other one."""
    act = ACTS[name]
    with pair(ranked_deployment, refresh_seconds=0.1) as (one, other), one.redis.stop(WRITES, holds_all=True) as stop:
        answer = one.act(act.method, act.path, act.body)
        stop.wait()
        stop.lose()
        response = answer.result()
        assert response.status_code in (200, 202, 204), response.text

        def obeys() -> bool:
            page = ask(other.client, COLD, limit=100)
            return "degraded" not in page and not act.withheld.intersection(ids(page))

        eventually(obeys, "the other process obeys")


@pytest.mark.parametrize("name", ACTS)
def test_a_page_asked_for_after_the_answer_obeys(ranked_deployment: Deployment, name: str) -> None:
    """The other process has read its user before the act, and chooses after it."""
    act = ACTS[name]
    with pair(ranked_deployment) as (one, other):
        ask(other.client, COLD, limit=100)
        with other.redis.stop(r"^MGET wl:safety ", at=At.ANSWER) as stop:
            before = other.page(COLD, limit=100)
            stop.wait()
            response = one.now(act.method, act.path, act.body)
            stop.go_on()
            before.result()
        page = ask(other.client, COLD, limit=100)
        assert response.status_code in (200, 204), response.text
        assert not act.withheld.intersection(ids(page))


@pytest.mark.parametrize("order", ["block first", "unblock first"])
def test_of_a_block_and_its_taking_back_at_once_redis_has_what_postgresql_has(
    ranked_deployment: Deployment, order: str
) -> None:
    """The earlier one's write to Redis is the later one."""
    path = f"/users/{COLD}/blocks/author3"
    methods = ("PUT", "DELETE") if order == "block first" else ("DELETE", "PUT")
    with pair(ranked_deployment) as (one, other):
        if methods[0] == "DELETE":
            one.now("PUT", path)
        with one.redis.stop(r"^WRITE_VIEWERS|^(?!M?GET)\S+ .*wl:viewer:", holds_all=True) as stop:
            early = one.act(methods[0], path)
            stop.wait()
            late = other.now(methods[1], path)
            stop.go_on()
            answers = [early.result(), late]
        assert [answer.status_code for answer in answers] in ([204, 204], [202, 204])
        page = ids(ask(other.client, COLD, limit=100))
        assert bool(posts_of("author3").intersection(page)) is (methods[1] == "DELETE")


def test_a_hide_and_a_block_of_one_user_at_once_both_hold(ranked_deployment: Deployment) -> None:
    """Each reads the user anew and writes one value: neither takes the other's part out again."""
    with pair(ranked_deployment) as (one, other):
        with one.redis.stop(r"^WRITE_VIEWERS|^(?!M?GET)\S+ .*wl:viewer:", holds_all=True) as stop:
            hide = one.act("POST", "/interactions", ACTS["hide"].body)
            stop.wait()
            assert other.now("PUT", ACTS["block"].path).status_code == 204
            stop.go_on()
            hide.result()
        page = ids(ask(other.client, COLD, limit=100))
        assert not (ACTS["hide"].withheld | ACTS["block"].withheld).intersection(page)


def test_a_block_beside_a_run_that_loaded_before_it_holds(ranked_deployment: Deployment) -> None:
    with pair(ranked_deployment) as (one, other):
        with stopped_run(ranked_deployment) as run:
            assert one.now("PUT", ACTS["block"].path).status_code == 204
            assert one.now("POST", "/interactions", ACTS["hide"].body).status_code == 200
            run.finish()
        page = ids(ask(other.client, COLD, limit=100))
        assert not (ACTS["hide"].withheld | ACTS["block"].withheld).intersection(page)
