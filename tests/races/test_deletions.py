"""What was deleted stays away: beside runs, and when Redis loses its memory in the middle of one."""

from dataclasses import replace

import pytest

from shared.db.imports import merge_rows
from tests.flow.deployment import COLD, STRANGER, Deployment, ask, author_of, eventually, ids, until_ready
from tests.races.pair import (
    OPERATOR,
    accepted,
    in_background,
    pair,
    process,
    stopped_run,
    until_done_or_waiting,
)
from tests.races.stops import Proxy

READ_ROWS = r"CREATE TEMPORARY TABLE wanted_posts"  # of the run: its candidates are read, their rows are not


def _delete(deployment: Deployment, post_id: str, *, back: bool = False) -> None:
    """As the team does it in its own tables, with their say on whether it came back."""
    relation = f"{deployment.source_schema}.their_posts" if deployment.source_schema else "warmline.posts"
    deployment.sql(f"UPDATE {relation} SET deleted_at = {'NULL' if back else 'now()'} WHERE id = %s", [(post_id,)])


def test_a_deletion_of_redis_new_life_outlasts_a_run_that_loaded_in_the_old_one(ranked_deployment: Deployment) -> None:
    """The old life had given out higher numbers than the new one does when the posts are deleted."""
    deployment = ranked_deployment
    gone, victims = [f"p{number}" for number in range(60, 90)], [f"p0{number}" for number in range(10)]
    with pair(deployment, refresh_seconds=0.1) as (one, other):
        for post in gone:
            accepted(one.now("DELETE", f"/posts/{post}"))
        with stopped_run(deployment) as run:
            with deployment.redis() as client:
                client.flushall()
                eventually(lambda: bool(client.exists("wl:safety")), "deletions and blocks are back")
            until_ready(one.client)  # it has heard of the new life
            for post in victims:
                assert one.now("DELETE", f"/posts/{post}").status_code == 204
            run.finish()
        for user in (COLD, STRANGER):
            assert not {*gone, *victims}.intersection(ids(ask(other.client, user, limit=100)))


def test_a_post_deleted_again_while_a_run_has_it_back_stays_away(either_deployment: Deployment) -> None:
    """Its first deletion stands in Redis still; the run drops that one, and must not drop the second."""
    deployment, victim = either_deployment, "p00"
    _delete(deployment, victim)
    deployment.run_heuristic()
    _delete(deployment, victim, back=True)
    with pair(deployment) as (one, other), stopped_run(deployment) as run:
        assert one.now("DELETE", f"/posts/{victim}").status_code == 204
        run.finish()
        for user in (COLD, STRANGER):
            assert victim not in ids(ask(other.client, user, limit=100))


@pytest.mark.parametrize("pattern", [READ_ROWS, r"UPDATE warmline.post_rows r SET last_candidate_on"])
def test_a_run_does_not_forget_a_deletion_that_it_did_not_see(either_deployment: Deployment, pattern: str) -> None:
    """The next life of Redis learns of deletions from the posts' rows alone."""
    deployment, victim = either_deployment, "p00"
    with process(deployment) as one:
        with stopped_run(deployment, pattern, store="postgres") as run:
            assert one.now("DELETE", f"/posts/{victim}").status_code == 204
            run.finish()
        removed = deployment.sql(
            "SELECT removed_at IS NOT NULL FROM warmline.post_rows WHERE post_id = %s", [(victim,)]
        )
    assert removed == [(True,)]


def test_a_post_that_came_back_is_shown_again_after_a_run_beside_other_deletions(either_deployment: Deployment) -> None:
    """What keeps deletions must not keep them for ever."""
    deployment, back, victim = either_deployment, "p00", "p01"
    _delete(deployment, back)
    deployment.run_heuristic()
    _delete(deployment, back, back=True)
    with process(deployment) as one:
        with stopped_run(deployment) as run:
            assert one.now("DELETE", f"/posts/{victim}").status_code == 204
            run.finish()
        page = ids(ask(one.client, COLD, limit=100))
        assert (back in page, victim in page) == (True, False)


def test_a_job_that_an_operator_asks_for_beside_deletions_keeps_them(ranked_deployment: Deployment) -> None:
    """The same window, of a run that was asked for twice."""
    deployment, victims = ranked_deployment, ("p03", "p04")
    with pair(deployment) as (one, other):
        with stopped_run(deployment) as run:
            assert one.now("DELETE", f"/posts/{victims[0]}").status_code == 204
            one.client.post("/admin/jobs/heuristic", headers=OPERATOR)
            assert other.now("DELETE", f"/posts/{victims[1]}").status_code == 204
            run.finish()
        assert not set(victims).intersection(ids(ask(other.client, COLD, limit=100)))


def test_an_import_under_way_does_not_bring_back_what_was_deleted(ranked_deployment: Deployment) -> None:
    """It has left out what was deleted before, and writes what is deleted now."""
    deployment, victim = ranked_deployment, "p00"
    row = (victim, author_of(victim), "imported", None, "2026-01-01T00:00:00+00:00", *[None] * 5)
    with (
        process(deployment) as one,
        Proxy(deployment.database_url) as postgres,
        replace(deployment, database_url=postgres.url).database() as database,
        postgres.stop(r"INSERT INTO warmline.posts AS kept") as stop,
    ):
        merging = in_background(lambda: merge_rows(database, "posts", [row]))
        stop.wait()
        deleting = one.act("DELETE", f"/posts/{victim}")
        until_done_or_waiting(deployment, deleting)
        stop.go_on()
        accepted(deleting.result())
        merging.result()
    deployment.run_heuristic()
    assert deployment.sql("SELECT removed_at IS NOT NULL FROM warmline.post_rows WHERE post_id = %s", [(victim,)]) == [
        (True,)
    ]
    with process(deployment) as fresh:
        assert victim not in ids(ask(fresh.client, COLD, limit=100))


def test_a_second_deletion_that_a_run_did_not_see_is_not_forgotten_for_the_first_one_that_it_saw(
    either_deployment: Deployment,
) -> None:
    """The post was gone, and is back in the relation; its row says that it is gone still when it is deleted again."""
    deployment, victim = either_deployment, "p00"
    with process(deployment) as one:  # its own looks are over before the post comes back
        _delete(deployment, victim)
        deployment.run_heuristic()
        _delete(deployment, victim, back=True)
        with stopped_run(deployment, READ_ROWS, store="postgres") as run:
            deleting = one.act("DELETE", f"/posts/{victim}")
            until_done_or_waiting(deployment, deleting)
            run.finish()
            accepted(deleting.result())
        removed = deployment.sql(
            "SELECT removed_at IS NOT NULL FROM warmline.post_rows WHERE post_id = %s", [(victim,)]
        )
        assert removed == [(True,)]
        assert victim not in ids(ask(one.client, COLD, limit=100))


def test_a_number_of_deletions_that_ran_out_hides_no_later_one(ranked_deployment: Deployment) -> None:
    """Nobody deleted anything for so long that Redis let the number go; a process still knows how high it was."""
    with pair(ranked_deployment) as (one, other):
        for number in range(60, 70):
            assert one.now("DELETE", f"/posts/p{number}").status_code == 204
        assert "p60" not in ids(ask(other.client, COLD, limit=100))
        with ranked_deployment.redis() as client:
            client.delete("wl:deleted", "wl:deleted:number")
        assert one.now("DELETE", "/posts/p07").status_code == 204
        assert "p07" not in ids(ask(other.client, STRANGER, limit=100))
