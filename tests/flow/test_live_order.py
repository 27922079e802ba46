"""Live passes beside runs, erasures and other processes: what is older never replaces what is newer, nobody is lost."""

import threading
from collections.abc import Callable, Sequence
from contextlib import closing
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from unittest.mock import patch

import sqlalchemy as sa
from starlette.testclient import TestClient

from demo.valkey import Valkey
from s01_heuristic.job import JOB, JobSettings, run_heuristic
from s01_heuristic.live import LiveHeuristic
from shared.db.engine import DatabaseSnapshot
from shared.db.live_passes import live_pass, wait_for_live_passes
from shared.db.post_rows import assign_post_numbers
from shared.db.runs import claim_run, finish_run, request_run
from shared.domain import Phase
from shared.live.missed import MissedEvents
from shared.live.ranker import LiveLists
from shared.ranked_lists import codec, keys
from shared.ranked_lists.live_queue import LiveQueue
from shared.settings import HeuristicSettings, ListSettings, NewPostSettings, RetentionSettings, WindowSettings
from tests.flow.deployment import ANN, COLD, LISTS, Deployment, eventually, posts_of, until_ready
from tests.flow.live import KEY, heuristic_ranker, live, posts_in, send, until_newer, value_of, version_of
from tests.flow.stop_at import StopAt
from tests.traces import traces, traces_in_redis

ONE_DAY = timedelta(days=1)


def run_with(
    deployment: Deployment, then: Callable[[], object], *, at: str = "ranking", ranker: LiveHeuristic | None = None
) -> int:
    """A whole run in which something is done after it has read; returns its fence."""
    settings = JobSettings(
        window=WindowSettings(), lists=ListSettings(**LISTS), formula=HeuristicSettings(), new_posts=NewPostSettings()
    )
    stop = StopAt(at, then)
    with deployment.database() as database, deployment.writer() as writer:
        request_run(database, JOB, by="test")
        run = claim_run(database, JOB, worker="test")
        assert run is not None
        on_ranked = ranker.put if ranker is not None else lambda _: None
        running = replace(run, progress=stop)
        report = run_heuristic(database, writer, settings, running, datetime.now(UTC), on_ranked=on_ranked)
        assert finish_run(database, run, report=report)
    assert stop.was_met
    return run.fence


def queue_of(deployment: Deployment, consumer: str = "another process") -> LiveQueue:
    return LiveQueue(deployment.redis_url, Phase.HEURISTIC, consumer=consumer, keep_for=ONE_DAY)


def erase(client: TestClient, user: str) -> int:
    return client.delete(f"/users/{user}", headers=KEY).status_code


def test_a_like_in_the_middle_of_a_run_stays_out_of_the_list(ranked_deployment: Deployment) -> None:
    deployment, ranker, liked = ranked_deployment, heuristic_ranker(), "p20"

    def like() -> None:
        before = version_of(deployment, ANN)
        send(client, ANN, [liked])
        until_newer(deployment, ANN, before)
        passes.append(version_of(deployment, ANN))

    with deployment.timeline() as client, live(deployment, ranker):
        until_ready(client)
        passes: list[int] = []
        assert liked in posts_in(deployment, ANN)
        fence = run_with(deployment, like, ranker=ranker)
        assert liked not in posts_in(deployment, ANN)
        # The pass used the candidates of before the run: the user gets another one with the new ones.
        until_newer(deployment, ANN, passes[0])
        assert codec.decode(value_of(deployment, ANN)).generation == fence
        assert liked not in posts_in(deployment, ANN)
        assert codec.decode(value_of(deployment, COLD)).generation == fence


def test_a_run_of_another_process_is_noticed(ranked_deployment: Deployment) -> None:
    deployment, ranker = ranked_deployment, heuristic_ranker()
    with deployment.timeline() as client, live(deployment, ranker):
        until_ready(client)
        deployment.add_posts(["fresh"])
        fence = run_with(deployment, lambda: None)
        before = version_of(deployment, ANN)
        send(client, ANN, ["p20"])
        until_newer(deployment, ANN, before)
        eventually(lambda: codec.decode(value_of(deployment, ANN)).generation == fence, "the new candidates are used")
        assert ranker.candidates is not None
        assert "fresh" in ranker.candidates.posts.ids


def test_an_erasure_in_the_middle_of_a_run_leaves_nothing(ranked_deployment: Deployment) -> None:
    deployment, ranker = ranked_deployment, heuristic_ranker()
    answers: list[int] = []

    def act() -> None:
        before = version_of(deployment, ANN)
        send(client, ANN, ["p20"])
        until_newer(deployment, ANN, before)
        send(client, ANN, ["p21"])
        answers.append(erase(client, ANN))

    with deployment.timeline() as client, live(deployment, ranker):
        until_ready(client)
        run_with(deployment, act, ranker=ranker)
        assert answers == [202]  # the run may have loaded them
        eventually(lambda: deployment.sql("SELECT count(*) FROM warmline.erasures")[0][0] == 0, "it is complete")
        with deployment.redis() as redis:
            eventually(lambda: redis.xlen(keys.live(Phase.HEURISTIC)) == 0, "nobody waits")
        assert value_of(deployment, ANN) == b""
        assert traces(deployment, ANN) == []


def test_an_erasure_waits_for_a_pass_that_may_have_loaded_the_user(ranked_deployment: Deployment) -> None:
    deployment = ranked_deployment
    with deployment.timeline() as client, deployment.database() as database, live_pass(database):
        until_ready(client)
        assert erase(client, ANN) == 202
    with deployment.timeline() as client:
        until_ready(client)
        eventually(lambda: deployment.sql("SELECT count(*) FROM warmline.erasures")[0][0] == 0, "it is complete")
        assert erase(client, COLD) == 204


def test_an_erasure_waits_for_a_load_that_may_have_read_the_posts(ranked_deployment: Deployment) -> None:
    deployment, answers, numbered = ranked_deployment, list[int](), threading.Event()
    deployment.add_posts(["unmistakable"], author="unmistakable author")

    def assign(connection: sa.Connection, post_ids: Sequence[str], *, as_of: str) -> list[int]:
        if "unmistakable" in post_ids and not answers:
            answers.append(erase(client, "unmistakable author"))  # in the middle of the load
        numbers = assign_post_numbers(connection, post_ids, as_of=as_of)
        if answers:
            numbered.set()
        return numbers

    with (
        deployment.timeline() as client,
        patch("shared.candidates.ranking_input.assign_post_numbers", assign),
        live(deployment, heuristic_ranker()),
    ):
        until_ready(client)
        assert numbered.wait(20)
        assert answers == [202]
        eventually(lambda: deployment.sql("SELECT count(*) FROM warmline.erasures")[0][0] == 0, "it is complete")
        before = version_of(deployment, ANN)
        send(client, ANN, ["p20"])
        until_newer(deployment, ANN, before)  # so what was loaded is in use, and published
        assert traces(deployment, "unmistakable") == []


def test_what_was_erased_is_not_published_again_after_redis_lost_it(
    fragile_deployment: Deployment, second_valkey: Valkey
) -> None:
    deployment = fragile_deployment
    deployment.add_posts(["unmistakable"])
    deployment.run_heuristic()
    author = deployment.sql("SELECT author_id FROM warmline.posts WHERE id = 'unmistakable'")[0][0]
    with deployment.timeline() as client, live(deployment, heuristic_ranker()):
        until_ready(client)
        assert traces_in_redis(deployment, "unmistakable") != []
        erase(client, author)
        eventually(lambda: deployment.sql("SELECT count(*) FROM warmline.erasures")[0][0] == 0, "it is complete")
        second_valkey.restart()
        with deployment.redis() as redis:
            eventually(lambda: redis.exists(keys.CLUSTERS) == 1, "a catalogue without a run")
        assert traces_in_redis(deployment, "unmistakable") == []


def test_who_waits_for_passes_is_not_passed_by_later_ones(ranked_deployment: Deployment) -> None:
    with ranked_deployment.database() as database:
        order: list[str] = []

        def wait() -> None:
            assert wait_for_live_passes(database, within=timedelta(seconds=10))
            order.append("waited")

        def later() -> None:
            with live_pass(database):
                order.append("later pass")

        with live_pass(database):
            assert not wait_for_live_passes(database, within=timedelta(seconds=0.1))
            threads = [threading.Thread(target=wait), threading.Thread(target=later)]
            threads[0].start()
            blocked = (
                "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted"
                " AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
            )
            eventually(lambda: ranked_deployment.sql(blocked)[0][0] == 1, "it waits")
            threads[1].start()
            eventually(lambda: ranked_deployment.sql(blocked)[0][0] == 2, "the later pass waits for it")
        for thread in threads:
            thread.join()
        assert {*order} == {"waited", "later pass"}  # which thread says so first is chance


def test_users_whom_a_dead_process_took_are_taken_over(ranked_deployment: Deployment) -> None:
    deployment = ranked_deployment
    with deployment.timeline() as client, closing(queue_of(deployment)) as dead:
        until_ready(client)
        dead.open()
        before = version_of(deployment, ANN)
        send(client, ANN, ["p20"])
        with deployment.redis() as redis:
            eventually(lambda: redis.xlen(keys.live(Phase.HEURISTIC)) == 1, "the user waits")
        assert [each.user_id for each in dead.take(10)] == [ANN]  # and was killed
        with live(deployment, heuristic_ranker()):
            assert until_newer(deployment, ANN, before) < 5
            assert "p20" not in posts_in(deployment, ANN)


def test_two_processes_share_the_work(ranked_deployment: Deployment) -> None:
    deployment = ranked_deployment
    fans = [f"fan{number}" for number in range(12)]
    with deployment.timeline() as client, live(deployment, heuristic_ranker(), n=2):
        until_ready(client)
        for post in ("p40", "p41", "p42"):
            before = {fan: version_of(deployment, fan) for fan in fans}
            for fan in fans:
                send(client, fan, [post], kind="save")
            for fan in fans:
                until_newer(deployment, fan, before[fan])
                assert post not in posts_in(deployment, fan)
        with deployment.redis() as redis:
            eventually(lambda: redis.xlen(keys.live(Phase.HEURISTIC)) == 0, "nobody waits")


def test_a_redis_that_restarted_empty_loses_no_user(fragile_deployment: Deployment, second_valkey: Valkey) -> None:
    deployment = fragile_deployment
    deployment.run_heuristic()
    with deployment.timeline() as client, live(deployment, heuristic_ranker()):
        until_ready(client)
        second_valkey.restart()
        send(client, ANN, ["p20"])  # perhaps nobody could be told
        eventually(lambda: version_of(deployment, ANN) > 0, "a list without a run")
        eventually(lambda: bool(posts_in(deployment, ANN)), "it can be read")
        assert "p20" not in posts_in(deployment, ANN)
        eventually(lambda: client.get(f"/timeline/{ANN}").json().get("degraded") is None, "Redis counts as up")
        page = client.get(f"/timeline/{ANN}").json()
        assert page["source"] == "heuristic"
        assert page["posts"]


def test_a_full_queue_takes_nobody_and_nobody_is_lost(ranked_deployment: Deployment) -> None:
    deployment = ranked_deployment
    with deployment.timeline() as client, closing(queue_of(deployment)) as queue:
        until_ready(client)
        queue.open()
        others = [f"other{number}" for number in range(100)]
        assert queue.add(others, at_most=100) == 0
        assert queue.add(["late"], at_most=100) == 1
        assert [each.user_id for each in queue.take(3)] == others[:3]  # who waits longest comes first
        before = version_of(deployment, ANN)
        with deployment.redis() as redis:
            redis.delete(keys.live(Phase.HEURISTIC))
        send(client, ANN, ["p20"])  # nobody listens
        with live(deployment, heuristic_ranker()):
            until_newer(deployment, ANN, before)
            assert "p20" not in posts_in(deployment, ANN)


def test_what_was_said_while_nobody_listened_is_found_however_long_that_was(ranked_deployment: Deployment) -> None:
    deployment, taken_back = ranked_deployment, "p20"
    with deployment.timeline() as client:
        until_ready(client)
        send(client, COLD, [taken_back])
        deployment.run_heuristic()
        before = {user: version_of(deployment, user) for user in (ANN, COLD)}
        said = client.post(f"/users/{ANN}/preferences", json={"more": {"author": "author7"}}, headers=KEY)
        assert said.is_success, said.text
        body = [{"user_id": COLD, "post_id": taken_back, "kind": "like"}]
        assert client.request("DELETE", "/interactions", json=body, headers=KEY).status_code == 200
        deployment.sql("UPDATE warmline.interactions SET created_at = created_at - interval '1 hour'")
        deployment.sql("UPDATE warmline.viewer_settings SET changed_at = now() - interval '1 hour'")
        with live(deployment, heuristic_ranker()):
            for user, version in before.items():
                until_newer(deployment, user, version)
            assert len({*posts_in(deployment, ANN)[:5]} & posts_of("author7")) >= 3
            assert taken_back in posts_in(deployment, COLD)


class FailsFor(LiveHeuristic):
    """Cannot make one user's list."""

    user = ANN

    def rank(self, snapshot: DatabaseSnapshot, users: Sequence[str], *, version: int, now: datetime) -> LiveLists:
        if self.user in users:
            raise ValueError
        return super().rank(snapshot, users, version=version, now=now)


def test_a_user_whose_list_cannot_be_made_holds_up_no_search(ranked_deployment: Deployment) -> None:
    deployment, missed = ranked_deployment, MissedEvents()
    ranker = FailsFor(
        window=WindowSettings(), lists=ListSettings(**LISTS), formula=HeuristicSettings(), retention=RetentionSettings()
    )
    with (
        patch("shared.live.follow.MissedEvents", lambda: missed),
        patch("shared.live.follow.MISSED_EVERY", timedelta(seconds=0.2)),
        deployment.timeline() as client,
        live(deployment, ranker),
    ):
        until_ready(client)
        before = version_of(deployment, COLD)
        for user in (ANN, COLD):
            send(client, user, ["p20"])
        until_newer(deployment, COLD, before)
        ((xid,),) = deployment.sql("SELECT max(changed_xid) FROM warmline.interactions")
        eventually(lambda: (missed.since or 0) > xid, "the search goes on behind both")
        assert "p20" in posts_in(deployment, ANN)
