"""A hide moves posts near to it down at once, in live passes and in runs; taking it back undoes it."""

from tests.flow.alike_captions import LIKE_P02, store_captions
from tests.flow.deployment import ANN, COLD, Deployment, until_ready
from tests.flow.live import KEY, heuristic_ranker, live, posts_in, send, until_newer, version_of

HIDDEN = "p02"
NEAR = ("p00", "p05")  # `p60` is beyond the list's end
OTHERS = ("fan1", "fan2")  # who hid nothing


def _without(posts: list[str], *left_out: str) -> list[str]:
    return [post for post in posts if post not in {*LIKE_P02, HIDDEN, *left_out}]


def test_near_posts_come_later_at_once_and_as_before_when_it_is_taken_back(
    either_deployment: Deployment,
) -> None:
    deployment = either_deployment
    store_captions(deployment)
    with deployment.timeline() as client, live(deployment, heuristic_ranker()):
        until_ready(client)
        before, others = posts_in(deployment, ANN), [_of_others(deployment, user) for user in OTHERS]
        version = version_of(deployment, ANN)
        send(client, ANN, [HIDDEN], kind="hide")
        until_newer(deployment, ANN, version)  # how fast: `python -m benchmarks.live`
        made = posts_in(deployment, ANN)
        # Each stands about twice as far down as without the hidden post, and nothing else has changed its order.
        shown = [post for post in before if post != HIDDEN]
        places = [(shown.index(post) + 1, made.index(post) + 1) for post in NEAR]
        assert all(1.5 <= after / place <= 2.2 for place, after in places), places
        assert _without(made)[:20] == _without(before)[:20]
        version = version_of(deployment, ANN)
        body = [{"user_id": ANN, "post_id": HIDDEN, "kind": "hide"}]
        assert client.request("DELETE", "/interactions", json=body, headers=KEY).status_code == 200
        until_newer(deployment, ANN, version)
        assert posts_in(deployment, ANN) == before
        # Their scores may be those of another second: over views, lists are made anew now and then.
        assert [_of_others(deployment, user) for user in OTHERS] == others


def test_a_run_makes_the_same_list_and_leaves_the_others_as_they_are(ranked_deployment: Deployment) -> None:
    deployment = ranked_deployment
    store_captions(deployment)
    others = [_of_others(deployment, user) for user in OTHERS]
    with deployment.timeline() as client, live(deployment, heuristic_ranker()):
        until_ready(client)
        version = version_of(deployment, COLD)
        send(client, COLD, [HIDDEN], kind="hide")
        until_newer(deployment, COLD, version)
        made = posts_in(deployment, COLD)
    deployment.run_heuristic()
    assert posts_in(deployment, COLD) == made
    assert [_of_others(deployment, user) for user in OTHERS] == others


def test_who_is_not_personalised_has_no_list_and_a_hide_makes_none(ranked_deployment: Deployment) -> None:
    deployment = ranked_deployment
    store_captions(deployment)
    with deployment.timeline() as client, live(deployment, heuristic_ranker()):
        until_ready(client)
        version = version_of(deployment, ANN)
        assert client.put(f"/users/{COLD}/preferences", json={"personalised": False}, headers=KEY).status_code == 204
        send(client, COLD, [HIDDEN], kind="hide")
        send(client, ANN, ["p20"])
        until_newer(deployment, ANN, version)
    deployment.run_heuristic()
    assert posts_in(deployment, COLD) == []


def _of_others(deployment: Deployment, user: str) -> list[str]:
    """A list without the hidden post, which counts for less with everybody."""
    return [post for post in posts_in(deployment, user) if post != HIDDEN]
