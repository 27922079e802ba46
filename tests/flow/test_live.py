"""Lists of the first phase follow what users do, without a run."""

import threading
from collections.abc import Mapping
from datetime import datetime, timedelta
from unittest.mock import patch

from shared.db.engine import DatabaseSnapshot
from shared.db.live_passes import Acted, acted_in_view
from shared.domain import Phase
from shared.errors import SourceError
from shared.ranked_lists import keys
from tests.flow.deployment import (
    ANN,
    COLD,
    LISTS,
    Deployment,
    ask,
    author_of,
    eventually,
    ids,
    posts_of,
    until_ready,
)
from tests.flow.live import KEY, heuristic_ranker, live, posts_in, send, until_newer, version_of


def test_a_like_replaces_the_list_within_two_seconds(either_deployment: Deployment) -> None:
    deployment = either_deployment
    with deployment.timeline() as client, live(deployment, heuristic_ranker()):
        until_ready(client)
        before, liked = version_of(deployment, ANN), ids(ask(client, ANN))[3]
        assert liked in posts_in(deployment, ANN)
        send(client, ANN, [liked])
        assert until_newer(deployment, ANN, before) < 2
        assert liked not in posts_in(deployment, ANN)
        assert liked not in ids(ask(client, ANN))


def test_a_burst_of_one_user_is_one_pass(ranked_deployment: Deployment) -> None:
    deployment = ranked_deployment
    with deployment.timeline() as client, live(deployment, heuristic_ranker()):
        until_ready(client)
        before, posts = version_of(deployment, ANN), posts_in(deployment, ANN)[:5]
        for post in posts:
            send(client, ANN, [post])
        eventually(lambda: not {*posts} & {*posts_in(deployment, ANN)}, "all five are out of the list")
        assert version_of(deployment, ANN) > before
        with deployment.redis() as redis:
            eventually(lambda: redis.xlen(keys.live(Phase.HEURISTIC)) == 0, "nobody waits")
            assert float(redis.hget(keys.live_counts(Phase.HEURISTIC), "passes") or 0) < len(posts)


def test_a_list_is_what_a_run_would_have_made(either_deployment: Deployment) -> None:
    deployment = either_deployment
    with deployment.timeline() as client, live(deployment, heuristic_ranker()):
        until_ready(client)
        for user in (ANN, COLD, "newcomer"):
            before = version_of(deployment, user)
            if user == "newcomer" and deployment.source_schema:
                continue  # no user of the view
            send(client, user, ["p20", "p33"], kind="like")
            until_newer(deployment, user, before)
    made = {user: posts_in(deployment, user) for user in (ANN, COLD)}
    deployment.run_heuristic()
    assert {user: posts_in(deployment, user) for user in (ANN, COLD)} == made
    assert all("p20" not in posts for posts in made.values())


def test_an_event_taken_back_brings_the_post_back(ranked_deployment: Deployment) -> None:
    deployment = ranked_deployment
    with deployment.timeline() as client, live(deployment, heuristic_ranker()):
        until_ready(client)
        before, post = version_of(deployment, ANN), posts_in(deployment, ANN)[0]
        send(client, ANN, [post])
        until_newer(deployment, ANN, before)
        before = version_of(deployment, ANN)
        body = [{"user_id": ANN, "post_id": post, "kind": "like"}]
        assert client.request("DELETE", "/interactions", json=body, headers=KEY).status_code == 200
        until_newer(deployment, ANN, before)
        assert posts_in(deployment, ANN)[0] == post


def test_events_in_the_teams_tables_are_followed(either_deployment: Deployment) -> None:
    deployment = either_deployment
    with live(deployment, heuristic_ranker(), live_poll_seconds=0.5):
        before, post = version_of(deployment, ANN), posts_in(deployment, ANN)[0]
        deployment.add_events(ANN, [post], kind="like")  # nobody tells the ranker
        until_newer(deployment, ANN, before)
        assert post not in posts_in(deployment, ANN)


def like_in_view(deployment: Deployment, post: str, days_ahead: int = 0) -> None:
    """In the table below the team's view."""
    deployment.sql(
        "INSERT INTO team.their_interactions (user_id, post_id, kind, created_at)"
        " VALUES (%s, %s, 'like', now() + make_interval(days => %s))",
        [(ANN, post, days_ahead)],
    )


def test_a_view_that_does_not_answer_or_fails_holds_up_no_pass(either_deployment: Deployment) -> None:
    deployment = either_deployment
    if not deployment.source_schema:
        return
    asked, answered = threading.Event(), threading.Event()

    def hang(snapshot: DatabaseSnapshot, *, since: datetime) -> Mapping[str, Acted]:
        if answered.is_set():
            return acted_in_view(snapshot, since=since)
        asked.set()
        assert answered.wait(30)
        raise SourceError("canceling statement due to statement timeout")

    with (
        patch("shared.live.view_poll.acted_in_view", hang),
        patch("shared.live.view_poll.AFTER_FAILURE", timedelta(seconds=0.1)),
        patch("shared.live.view_poll.REST", 0),
        deployment.timeline() as client,
        live(deployment, heuristic_ranker(), live_poll_seconds=0.5),
    ):
        until_ready(client)
        assert asked.wait(10)
        for post in ("p20", "p21"):  # while it hangs
            before = version_of(deployment, ANN)
            send(client, ANN, [post])
            assert until_newer(deployment, ANN, before) < 2
        before = version_of(deployment, ANN)
        answered.set()  # by a failure; then it is asked again
        like_in_view(deployment, "p22")
        until_newer(deployment, ANN, before)
        assert not {"p20", "p21", "p22"} & {*posts_in(deployment, ANN)}


def test_an_event_that_is_dated_ahead_hides_no_later_one_in_the_teams_tables(either_deployment: Deployment) -> None:
    deployment = either_deployment
    if not deployment.source_schema:
        return  # of our own events the transaction counts, not the time
    with live(deployment, heuristic_ranker(), live_poll_seconds=0.5):
        for days_ahead in (1, 0):
            before, post = version_of(deployment, ANN), posts_in(deployment, ANN)[0]
            like_in_view(deployment, post, days_ahead)
            until_newer(deployment, ANN, before)
            assert post not in posts_in(deployment, ANN)


def test_more_of_an_author_is_in_the_list_within_two_seconds_and_its_undo_too(either_deployment: Deployment) -> None:
    deployment = either_deployment
    with deployment.timeline() as client, live(deployment, heuristic_ranker()):
        until_ready(client)
        version, before = version_of(deployment, ANN), posts_in(deployment, ANN)
        said = client.post(f"/users/{ANN}/preferences", json={"more": {"author": "author7"}}, headers=KEY).json()
        assert until_newer(deployment, ANN, version) < 2
        assert len({*posts_in(deployment, ANN)[:5]} & posts_of("author7")) >= 3
        version = version_of(deployment, ANN)
        undone = client.delete(f"/users/{ANN}/preferences/{said['preference_id']}", headers=KEY)
        assert undone.status_code == 204
        assert until_newer(deployment, ANN, version) < 2
        assert posts_in(deployment, ANN) == before


def test_a_live_list_obeys_what_its_user_has_said(ranked_deployment: Deployment) -> None:
    deployment = ranked_deployment
    with deployment.timeline() as client, live(deployment, heuristic_ranker()):
        until_ready(client)
        before, (liked, muted, *_) = version_of(deployment, ANN), posts_in(deployment, ANN)
        said = client.post(f"/users/{ANN}/preferences", json={"mute": {"post": muted}}, headers=KEY)
        assert said.is_success, said.text
        send(client, ANN, [liked])
        eventually(lambda: not {liked, muted} & {*posts_in(deployment, ANN)}, "one pass or two")
        assert version_of(deployment, ANN) > before
        said = client.put(f"/users/{ANN}/preferences", json={"personalised": False}, headers=KEY)
        assert said.is_success, said.text
        before, of_other = version_of(deployment, ANN), version_of(deployment, COLD)
        send(client, ANN, posts_in(deployment, ANN)[:2])
        send(client, COLD, ["p20"])
        until_newer(deployment, COLD, of_other)
        with deployment.redis() as redis:
            eventually(lambda: redis.xlen(keys.live(Phase.HEURISTIC)) == 0, "nobody waits")
        assert version_of(deployment, ANN) == before


def test_a_new_post_joins_the_lists_of_all_without_a_run(ranked_deployment: Deployment) -> None:
    deployment = ranked_deployment
    with patch("shared.live.renew.AT_LEAST", timedelta(seconds=0.2)), live(deployment, heuristic_ranker()):
        before = {user: version_of(deployment, user) for user in (ANN, COLD)}
        deployment.add_posts(["fresh"])
        for fan in range(12):
            deployment.add_events(f"fan{fan}", ["fresh"], kind="share")
        for user in (ANN, COLD):
            until_newer(deployment, user, before[user])
            eventually(lambda user=user: "fresh" in posts_in(deployment, user), "it is there")  # type: ignore[misc]
    made = {user: posts_in(deployment, user) for user in (ANN, COLD)}
    deployment.run_heuristic()
    assert {user: posts_in(deployment, user) for user in (ANN, COLD)} == made


def test_a_block_fills_the_list_up_again(ranked_deployment: Deployment) -> None:
    deployment = ranked_deployment
    with deployment.timeline() as client, live(deployment, heuristic_ranker()):
        until_ready(client)
        before, post = version_of(deployment, ANN), posts_in(deployment, ANN)[0]
        assert client.put(f"/users/{ANN}/blocks/{author_of(post)}", headers=KEY).status_code == 204
        until_newer(deployment, ANN, before)
        found = posts_in(deployment, ANN)
        assert len(found) == LISTS["list_length"]
        assert not {author_of(each) for each in found} & {author_of(post)}
