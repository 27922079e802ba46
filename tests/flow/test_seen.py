"""Promise 4 on real servers: what was served does not come back until nothing unseen is left."""

from starlette.testclient import TestClient

from shared.ranked_lists import keys
from shared.ranked_lists.records import unpack_seen
from tests.flow.deployment import ANN, COLD, POSTS, SEEN_BY_ANN, STRANGER, Deployment, ask, eventually, ids, until_ready


def test_served_posts_do_not_come_back_on_the_next_first_pages(client: TestClient) -> None:
    served = [post for _ in range(9) for post in ids(ask(client, COLD, limit=10))]
    assert sorted(served) == list(POSTS)


def test_posts_served_by_everyones_list_do_not_come_back_either(client: TestClient) -> None:
    served = [post for _ in range(9) for post in ids(ask(client, STRANGER, limit=10))]
    assert sorted(served) == list(POSTS)


def test_when_nothing_unseen_is_left_the_longest_unseen_come_first(client: TestClient) -> None:
    served = [post for _ in range(9) for post in ids(ask(client, COLD, limit=10))]
    assert ids(ask(client, COLD, limit=10)) == served[:10]


def test_a_page_is_filled_with_unseen_posts_before_any_seen_one(client: TestClient) -> None:
    served = [post for _ in range(5) for post in ids(ask(client, COLD, limit=17))]
    page = ids(ask(client, COLD, limit=17))
    assert set(page[:5]) == set(POSTS) - set(served)
    assert page[5:] == served[:12]


def test_a_user_who_has_seen_everything_still_gets_full_pages(client: TestClient) -> None:
    for _ in range(3):
        ask(client, COLD, limit=90)
    assert len(ids(ask(client, COLD, limit=90))) == 90


def test_posts_seen_by_events_come_after_all_others(client: TestClient) -> None:
    assert ids(ask(client, ANN, limit=90))[85:] == list(SEEN_BY_ANN)


def test_events_on_everything_leave_full_pages(client: TestClient, ranked_deployment: Deployment) -> None:
    ranked_deployment.add_events(ANN, POSTS)
    ranked_deployment.run_heuristic()
    assert len(ids(ask(client, ANN, limit=50))) == 50


def test_what_one_process_served_the_other_does_not_serve_again(ranked_deployment: Deployment) -> None:
    with ranked_deployment.timeline() as one, ranked_deployment.timeline() as other:
        until_ready(one, other)
        assert not set(ids(ask(one, COLD))) & set(ids(ask(other, COLD)))


def test_pages_served_before_any_run_count_as_seen_after_it(deployment: Deployment) -> None:
    with deployment.timeline() as client:
        eventually(lambda: client.get("/readyz").json()["missing"].keys() == {"lists"}, "both stores are up")
        before = ids(ask(client, COLD))
        deployment.run_heuristic()
        until_ready(client)
        assert not set(before) & set(ids(ask(client, COLD)))


def test_what_is_remembered_is_bounded_and_the_newest_are_kept(ranked_deployment: Deployment) -> None:
    bound = 100
    with ranked_deployment.timeline() as client:
        until_ready(client)
        served = [post for _ in range(3) for post in ids(ask(client, COLD, limit=90))]
        value = ranked_deployment.redis().get("wl:seen:cold")
    assert isinstance(value, bytes)
    rows = ranked_deployment.rows()
    assert list(unpack_seen(value).post_numbers) == [rows[post] for post in served[-bound:]]


def test_what_is_remembered_has_an_end(client: TestClient, ranked_deployment: Deployment) -> None:
    ask(client, COLD)
    assert 0 < ranked_deployment.redis().pttl("wl:seen:cold") <= 30 * 24 * 3_600_000


def test_every_key_in_redis_but_the_phase_and_the_owner_has_an_end(
    client: TestClient, ranked_deployment: Deployment
) -> None:
    first = ask(client, COLD, limit=40)
    ask(client, COLD, limit=40, cursor=first["next_cursor"])
    with ranked_deployment.redis() as redis:
        endless = [key for key in redis.scan_iter() if redis.ttl(key) == -1]
    assert endless == [keys.INSTALLATION.encode()]
