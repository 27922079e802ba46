"""Lists of the first phase follow what users do, without a run."""

from shared.domain import Phase
from shared.ranked_lists import keys
from tests.flow.deployment import ANN, COLD, Deployment, ask, eventually, ids, until_ready
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


def test_a_live_list_obeys_what_its_user_has_said(ranked_deployment: Deployment) -> None:
    deployment = ranked_deployment
    with deployment.timeline() as client, live(deployment, heuristic_ranker()):
        until_ready(client)
        before, (liked, muted, *_) = version_of(deployment, ANN), posts_in(deployment, ANN)
        said = client.post(f"/users/{ANN}/preferences", json={"mute": {"post": muted}}, headers=KEY)
        assert said.is_success, said.text
        send(client, ANN, [liked])
        until_newer(deployment, ANN, before)
        assert not {liked, muted} & {*posts_in(deployment, ANN)}
        said = client.put(f"/users/{ANN}/preferences", json={"personalised": False}, headers=KEY)
        assert said.is_success, said.text
        before, of_other = version_of(deployment, ANN), version_of(deployment, COLD)
        send(client, ANN, posts_in(deployment, ANN)[:2])
        send(client, COLD, ["p20"])
        until_newer(deployment, COLD, of_other)
        with deployment.redis() as redis:
            eventually(lambda: redis.xlen(keys.live(Phase.HEURISTIC)) == 0, "nobody waits")
        assert version_of(deployment, ANN) == before
