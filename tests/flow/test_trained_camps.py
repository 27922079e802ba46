"""Two camps with a model that was trained on them: live lists move the right way, and what a run makes after a loss."""

from collections.abc import Iterator
from statistics import geometric_mean

import pytest

from shared.domain import Phase
from tests.flow.camps import PEOPLE, Camps, people_of, posts_of
from tests.flow.conftest import TrainedCamps
from tests.flow.deployment import ADMIN_TOKEN, ask, eventually, ids, until_ready
from tests.flow.live import KEY, heuristic_ranker, live, neucf_ranker, posts_in, send, until_newer, version_of

NEUCF, CAT_LOVER = Phase.NEUCF, people_of("cat")[1]
PAGE, LEAST_CARS = 10, 3  # three of the user's twelve likes are of cars: at least as large a share of the page


@pytest.fixture
def camps(server_url: str, fresh_redis: str, trained_camps: TrainedCamps) -> Iterator[Camps]:
    with trained_camps.copy(server_url, fresh_redis) as world:
        yield world


def _cars(posts: list[str]) -> int:
    return sum(post.startswith("car") for post in posts)


def test_three_likes_of_the_other_camp_shift_the_next_page(camps: Camps) -> None:
    deployment = camps.deployment
    with deployment.timeline() as client, live(deployment, neucf_ranker(camps)):
        until_ready(client)
        headers = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
        assert client.put("/admin/phase", json={"phase": "neucf"}, headers=headers).status_code == 200
        eventually(lambda: ask(client, CAT_LOVER, limit=1)["source"] == "neucf", "the phase is known")
        before, version = ids(ask(client, CAT_LOVER, limit=PAGE)), version_of(deployment, CAT_LOVER, NEUCF)
        send(client, CAT_LOVER, posts_of("car")[:3])
        assert until_newer(deployment, CAT_LOVER, version, NEUCF) < 2
        after = ids(ask(client, CAT_LOVER, limit=PAGE))
        assert (_cars(before), _cars(after) >= LEAST_CARS) == (0, True), after


def test_a_hide_lowers_near_posts_in_both_phases_at_once(camps: Camps) -> None:
    deployment, user = camps.deployment, people_of("cat")[2]
    with_both = {*posts_in(deployment, user)}
    frogs = [post for post in posts_in(deployment, user, NEUCF) if post in with_both and post.startswith("cat")][:5]
    deployment.sql("UPDATE warmline.posts SET caption = 'a green frog in a pond' WHERE id = ANY(%s)", [(frogs,)])
    hidden, *near = frogs
    with (
        deployment.timeline() as client,
        live(deployment, neucf_ranker(camps)),  # encodes the new captions
        live(deployment, heuristic_ranker()),
    ):
        until_ready(client)
        for posts, kind in (([camps.cold["car"]], "save"), ([hidden], "hide")):
            places, versions = _places(camps, user, near), [version_of(deployment, user, phase) for phase in Phase]
            send(client, user, posts, kind=kind)
            for phase, version in zip(Phase, versions, strict=True):
                assert until_newer(deployment, user, version, phase) < 2
        for before, after in zip(places, _places(camps, user, near), strict=True):
            assert before * 1.4 < after < before * 2.1, "further down, at most twice as far"
        body = [{"user_id": user, "post_id": hidden, "kind": "hide"}]
        versions = [version_of(deployment, user, phase) for phase in Phase]
        assert client.request("DELETE", "/interactions", json=body, headers=KEY).status_code == 200
        for phase, version in zip(Phase, versions, strict=True):
            until_newer(deployment, user, version, phase)
        assert _places(camps, user, near) == places


def test_after_redis_lost_its_memory_the_next_run_scores_everybody(camps: Camps) -> None:
    assert camps.score()["partial"] is True
    with camps.deployment.redis() as client:
        client.flushall()
    again = camps.score()
    assert (again["partial"], again["lists"]) == (False, 2 * PEOPLE)


def _places(camps: Camps, user: str, posts: list[str]) -> list[float]:
    """The geometric mean of the places of these posts in the list of each phase; one not listed stands after it."""
    found = []
    for phase in Phase:
        listed = posts_in(camps.deployment, user, phase)
        places = [listed.index(post) + 1 if post in listed else len(listed) + 1 for post in posts]
        found.append(geometric_mean(places))
    return found
