"""A Redis that comes back with what it had kept some time ago, or whose replica takes over, lacks the acts since."""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from demo.valkey import Valkey
from tests.flow.deployment import COLD, Deployment, ask, eventually, ids, posts_of
from tests.races.pair import Process, left_of, pair, process
from tests.races.test_acknowledged import ACTS, Act


@contextmanager
def _goes_back(deployment: Deployment, server: Valkey) -> Iterator[None]:
    """What the block does is not in the Redis that comes back."""
    with deployment.redis() as client:
        client.save()
        epoch = client.get("wl:safety")
        yield
        server.kill()
        server.start()
        assert client.get("wl:safety") == epoch
        assert client.exists("wl:everyone")


@pytest.fixture
def kept_deployment(fragile_deployment: Deployment, second_valkey: Valkey) -> Iterator[Deployment]:
    """The ranked world on a Redis that has its data on disk."""
    fragile_deployment.run_heuristic()
    yield fragile_deployment
    with fragile_deployment.redis() as client:
        client.flushall()
        client.save()


@pytest.mark.parametrize("name", ACTS)
def test_an_act_holds_though_redis_went_back_to_before_it(
    kept_deployment: Deployment, second_valkey: Valkey, name: str
) -> None:
    """From the first page that is asked for, and when all is well again; nobody looks before it."""
    act = ACTS[name]
    with pair(kept_deployment) as nodes:
        with _goes_back(kept_deployment, second_valkey):
            for node in nodes:
                ask(node.client, COLD)
            assert nodes[0].now(act.method, act.path, act.body).status_code in (200, 204)
        for node in (*nodes, *nodes):
            _check(node, act)
    with process(kept_deployment, refresh_seconds=0.1) as fresh:
        eventually(lambda: "degraded" not in ask(fresh.client, COLD), "Redis has caught up")
        _check(fresh, act)


def _check(node: Process, act: Act) -> None:
    page = ask(node.client, COLD, limit=100)
    assert page["posts"]
    assert not act.withheld.intersection(ids(page)), f"{page['source']}, {page.get('degraded')}"


@pytest.mark.parametrize("first", ["a timeline", "a run"])
def test_who_was_erased_does_not_come_back_with_redis(
    kept_deployment: Deployment, second_valkey: Valkey, first: str
) -> None:
    """Whoever notices first."""
    gone, post = "fan2", "post-of-fan2"
    kept_deployment.add_posts([post], author=gone)
    kept_deployment.block(gone, "author4")
    kept_deployment.run_heuristic()
    with process(kept_deployment) as one:
        ask(one.client, gone)
        with _goes_back(kept_deployment, second_valkey):
            assert one.now("DELETE", f"/users/{gone}").status_code == 204
        assert left_of(kept_deployment, gone, [post])
    if first == "a run":
        kept_deployment.run_heuristic()
    with process(kept_deployment, refresh_seconds=0.1) as fresh:
        eventually(lambda: "degraded" not in ask(fresh.client, COLD), "Redis has caught up")
        assert post not in ids(ask(fresh.client, COLD, limit=100))
    assert left_of(kept_deployment, gone, [post]) == []


def test_a_restart_with_all_that_there_was_costs_no_list(kept_deployment: Deployment, second_valkey: Valkey) -> None:
    """Its lists, chains and seen posts are there still; what must not be shown was only read anew."""
    with process(kept_deployment, refresh_seconds=0.1) as one:
        first = ask(one.client, COLD, limit=10)
        with _goes_back(kept_deployment, second_valkey):
            pass
        eventually(lambda: "degraded" not in ask(one.client, "ann"), "Redis has caught up")
        page = ask(one.client, COLD, limit=10, cursor=first["next_cursor"])
        assert (page["source"], "degraded" in page) == ("heuristic", False)
        assert not set(ids(first)) & set(ids(page))
        assert posts_of("author3").intersection(ids(ask(one.client, COLD, limit=100)))
