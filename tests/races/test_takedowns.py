"""Takedowns beside runs that loaded before them, and acts on one post that reach Redis in the wrong order."""

import pytest

from tests.flow.deployment import COLD, STRANGER, Deployment, ask, eventually, ids, posts_of, state_of_app
from tests.races.pair import Process, accepted, pair, process, run_job, stopped_run
from tests.races.stops import written
from tests.races.test_deletions import READ_ROWS

HIDDEN, SUSPENDED = "/posts/p03/hidden", "/users/author7/suspended"
DOWN = posts_of("author7") | {"p03"}


def _shown(node: Process) -> set[str]:
    return {post for user in (COLD, STRANGER) for post in ids(ask(node.client, user, limit=100))}


@pytest.mark.parametrize("loses_memory", [False, True], ids=["", "Redis loses its memory"])
def test_a_run_that_loaded_before_a_takedown_does_not_undo_it(
    either_deployment: Deployment, loses_memory: bool
) -> None:
    with pair(either_deployment, refresh_seconds=0.1) as (one, other), stopped_run(either_deployment) as run:
        accepted(*(one.now("PUT", path) for path in (HIDDEN, SUSPENDED)))
        if loses_memory:
            with either_deployment.redis() as client:
                client.flushall()
                eventually(lambda: bool(client.exists("wl:safety")), "what is withheld is back")
        run.finish()
        assert not DOWN & _shown(other)


def test_posts_that_only_a_run_under_way_has_read_are_withheld_too(either_deployment: Deployment) -> None:
    """They have no numbers yet, and get them from the run."""
    deployment = either_deployment
    relation = f"{deployment.source_schema}.their_posts" if deployment.source_schema else "warmline.posts"
    with process(deployment, refresh_seconds=0.1) as one:  # it numbers the newest posts when it starts
        deployment.sql(
            f"INSERT INTO {relation} (id, author_id, caption, created_at) VALUES (%s, %s, '', now())",
            [("fresh", "author1"), ("theirs", "author7")],
        )
        with stopped_run(deployment, READ_ROWS, store="postgres") as run:
            accepted(*(one.now("PUT", path) for path in ("/posts/fresh/hidden", SUSPENDED)))
            run.finish()
        ((newest,),) = deployment.sql("SELECT max(fence) FROM warmline.runs")
        eventually(lambda: _generation(one) == newest, "the process has the run's list of everyone")
        assert not {"fresh", "theirs", *posts_of("author7")} & _shown(one)


def _generation(node: Process) -> int:
    everyone = state_of_app(node.client).snapshot.everyone
    return everyone.generation if everyone else 0


def test_a_run_that_loaded_during_a_takedown_holds_it_up_to_the_next_run(either_deployment: Deployment) -> None:
    with pair(either_deployment, refresh_seconds=0.1) as (one, other):
        accepted(*(one.now("PUT", path) for path in (HIDDEN, SUSPENDED)))
        with stopped_run(either_deployment) as run:
            accepted(*(other.now("DELETE", path) for path in (HIDDEN, SUSPENDED)))
            run.finish()
        run_job(either_deployment)
        eventually(lambda: _shown(one) >= DOWN, "both are back after one run")


@pytest.mark.parametrize(("path", "key"), [(HIDDEN, "wl:deleted"), (SUSPENDED, "wl:suspended")])
def test_of_two_acts_that_reach_redis_in_the_wrong_order_the_later_one_counts(
    ranked_deployment: Deployment, path: str, key: str
) -> None:
    """To withhold wins at once; what is shown again is so after a run at the latest."""
    posts = {"p03"} if path == HIDDEN else posts_of("author7")
    with pair(ranked_deployment) as (one, other):
        accepted(one.now("PUT", path))
        with one.redis.stop(written(key)) as stop:
            late = one.act("DELETE", path)
            stop.wait()
            accepted(other.now("PUT", path))
            stop.go_on()
            accepted(late.result())
        assert not posts & _shown(one)
        assert not posts & _shown(other)
        accepted(other.now("DELETE", path))
        with one.redis.stop(written(key)) as stop:
            late = one.act("PUT", path)
            stop.wait()
            accepted(other.now("DELETE", path))
            stop.go_on()
            accepted(late.result())
        run_job(ranked_deployment)
        assert posts <= _shown(one) & _shown(other)
