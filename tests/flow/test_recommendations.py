"""Recommendations for people without an account, end to end: a timeline asks, a ranker answers through Redis."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from starlette.testclient import TestClient

from s02_recsys_neucf.recommend.held import HeldIndex
from tests.faults.saving import make_champion
from tests.flow.camps import CAMPS, Camps, build_camps, posts_of
from tests.flow.deployment import Deployment, eventually, until_ready
from tests.flow.recommend import KEY, ask, champions_index, ids_of, plain_index, recommending

PATIENT = {"recommend_budget_ms": 10_000}  # the machine may be busy
LIKED = posts_of("cat")[5:10]
VIEWER = "newcomer"


@pytest.fixture(scope="module")
def camps(shared_deployment: Deployment, tmp_path_factory: pytest.TempPathFactory) -> Camps:
    """Two camps with vectors, and an untrained champion; `shared_deployment` is this module's own."""
    world = build_camps(shared_deployment, tmp_path_factory.mktemp("camps"))
    shared_deployment.run_heuristic()
    make_champion(shared_deployment, world.models)
    world.score()
    return world


@pytest.fixture(scope="module")
def held(camps: Camps) -> HeldIndex:
    """What the rankers answer from."""
    made = HeldIndex()
    made.current = plain_index(camps, datetime.now(UTC))
    return made


@pytest.fixture(scope="module")
def client(camps: Camps, held: HeldIndex) -> Iterator[TestClient]:
    """A timeline whose requests are answered without a champion, by two rankers."""
    with (
        recommending(camps.deployment, held, camps.content(), n=2),
        camps.deployment.timeline(**PATIENT) as client,
    ):
        until_ready(client)
        yield client


def camp_share(answer: dict[str, Any], camp: str) -> float:
    ids = ids_of(answer)
    return sum(post_id.startswith(camp) for post_id in ids) / len(ids)


@pytest.mark.parametrize("source", ["content", "together", "hybrid"])
@pytest.mark.parametrize("camp", CAMPS)
def test_posts_of_the_liked_camp_are_recommended(client: TestClient, source: str, camp: str) -> None:
    liked = posts_of(camp)[:5]
    answer = ask(client, liked=liked, source=source, limit=15)
    assert (answer["source"], answer.get("degraded")) == (source, None)
    assert camp_share(answer, camp) >= 0.9
    assert not set(liked) & set(ids_of(answer))
    assert len(set(ids_of(answer))) == 15


def test_a_cold_post_is_recommended_by_its_content(client: TestClient) -> None:
    assert "cat-cold" in ids_of(ask(client, liked=LIKED, source="hybrid", limit=30))


def test_without_a_champion_neucf_is_answered_by_what_there_is(client: TestClient) -> None:
    answer = ask(client, liked=LIKED, source="neucf", limit=10)
    assert answer["source"] == "hybrid"
    assert {post["reason"] for post in answer["posts"]} <= {"liked_together", "similar_photo", "similar_caption"}


def test_the_champion_answers_where_there_is_one(
    client: TestClient, camps: Camps, held: HeldIndex, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(held, "current", champions_index(camps, datetime.now(UTC)))
    eventually(lambda: ask(client, liked=LIKED, source="neucf")["source"] == "neucf", "both rankers use it")
    answer = ask(client, liked=LIKED, disliked=posts_of("car")[:2], source="neucf", limit=20)
    assert (answer["source"], answer.get("degraded")) == ("neucf", None)
    assert len(ids_of(answer)) == 20
    again = ask(client, liked=LIKED[::-1], disliked=posts_of("car")[:2], source="neucf", limit=20)
    assert again["posts"] != answer["posts"]  # the order of likes counts


def test_a_text_finds_posts_whose_captions_are_like_it(client: TestClient) -> None:
    eventually(lambda: "degraded" not in ask(client, text="an engine"), "the encoder is built")
    for text, camp in (("a kitten that drinks milk", "cat"), ("racing car with a fast engine", "car")):
        answer = ask(client, text=text, limit=8)
        assert answer["source"] == "content"
        assert camp_share(answer, camp) >= 0.9
    both = ask(client, text="a fast sports car", liked=LIKED, source="content", limit=20)
    assert 0 < camp_share(both, "cat") < 1


def test_an_author_has_two_posts_in_ten(client: TestClient, camps: Camps) -> None:
    author_of: dict[str, str] = dict(camps.deployment.sql("SELECT id, author_id FROM warmline.posts"))
    authors = [author_of[post_id] for post_id in ids_of(ask(client, liked=LIKED, limit=10))]
    assert max(map(authors.count, authors)) <= 2


def test_excluded_and_disliked_posts_do_not_appear(client: TestClient) -> None:
    first = ids_of(ask(client, liked=LIKED, limit=10))
    second = ids_of(ask(client, liked=LIKED, disliked=first[:2], exclude=first[2:], limit=20))
    assert len(second) == 20
    assert not set(first) & set(second)


def test_a_post_that_is_liked_and_disliked_counts_as_disliked(client: TestClient) -> None:
    one = ask(client, liked=[*LIKED, "car-03"], disliked=["car-03"], limit=10)
    assert one == ask(client, liked=LIKED, disliked=["car-03"], limit=10)


@pytest.mark.parametrize("body", [{}, {"disliked": ["cat-00"]}, {"text": "  "}, {"source": "neucf"}], ids=str)
def test_who_likes_nothing_gets_everyones_list(client: TestClient, body: dict[str, Any]) -> None:
    answer = ask(client, **body)
    assert (answer["source"], answer.get("degraded")) == ("everyone", None)
    assert len(ids_of(answer)) == 20
    assert "cat-00" not in ids_of(answer) or "disliked" not in body


# --- who may see what -------------------------------------------------------------------------------------------------

Act = Callable[[TestClient, str], object]


def _put(path: str) -> Act:
    return lambda client, method: client.request(method, path, headers=KEY).raise_for_status()


HIDES_SENSITIVE = {"sensitive": "hide"}


def _say(client: TestClient, method: str) -> None:
    path = f"/users/{VIEWER}/preferences"
    if method == "PUT":
        client.put(path, json=HIDES_SENSITIVE, headers=KEY).raise_for_status()
    else:
        client.delete(path, headers=KEY).raise_for_status()


ACTS: dict[str, tuple[Act, Sequence[str], bool]] = {  # the act and its undoing, posts concerned, by a viewer's rules
    "hidden": (_put("/posts/car-07/hidden"), ["car-07"], False),
    "suspended author": (_put("/users/car-author-3/suspended"), ["car-03", "car-08", "car-13"], False),
    "blocked": (_put(f"/users/{VIEWER}/blocks/car-author-3"), ["car-03", "car-08", "car-13"], True),
    "blocking": (_put(f"/users/car-author-3/blocks/{VIEWER}"), ["car-03", "car-08", "car-13"], True),
    "muted": (_put(f"/users/{VIEWER}/mutes/car-author-3"), ["car-03", "car-08", "car-13"], True),
    "sensitive": (_say, ["car-05"], True),
}


@contextmanager
def changed(client: TestClient, deployment: Deployment, act: Act, posts: Sequence[str]) -> Iterator[None]:
    deployment.sql("UPDATE warmline.posts SET sensitive = true WHERE id = 'car-05'")
    act(client, "PUT")
    eventually(lambda: "degraded" not in ask(client), "Redis has the act, also on a busy machine")
    try:
        yield
    finally:
        act(client, "DELETE")


@pytest.mark.parametrize("name", ACTS)
def test_what_the_caller_may_not_see_is_as_if_it_did_not_exist(client: TestClient, camps: Camps, name: str) -> None:
    act, posts, is_of_viewer = ACTS[name]
    who = {"user_id": VIEWER} if is_of_viewer else {}
    near = [post_id for post_id in posts_of("car") if post_id not in posts][:4]
    assert set(posts) & set(ids_of(ask(client, liked=near, source="content", limit=60, **who)))
    with changed(client, camps.deployment, act, posts):
        for kind in ("liked", "disliked"):
            named = {"liked": LIKED, kind: [*LIKED, *posts] if kind == "liked" else posts}
            unknown = {"liked": LIKED, kind: [*LIKED, "no-such"] if kind == "liked" else ["no-such"]}
            for source in ("content", "together", "hybrid"):
                answer = ask(client, **named, source=source, limit=40, **who)
                assert answer == ask(client, **unknown, source=source, limit=40, **who)
                assert "degraded" not in answer
        assert ask(client, liked=posts, **who) == ask(client, liked=["no-such"], **who)
        shown = ids_of(ask(client, liked=near, source="content", limit=60, **who))
        assert len(shown) > 40
        assert not set(posts) & set(shown)
        if is_of_viewer:  # nobody else is concerned
            assert set(posts) & set(ids_of(ask(client, liked=near, source="content", limit=60)))


def test_deleted_posts_and_posts_to_come_are_as_if_they_did_not_exist(client: TestClient, camps: Camps) -> None:
    later = datetime.now(UTC) + timedelta(hours=1)
    camps.deployment.sql(
        "INSERT INTO warmline.posts (id, author_id, caption, created_at) VALUES ('to-come', 'car-author-1', 'a', %s)",
        [(later,)],
    )
    client.delete("/posts/car-29", headers=KEY).raise_for_status()
    expected = ask(client, liked=[*LIKED, "no-such"], limit=30)
    assert expected["source"] == "hybrid"
    for post_id in ("to-come", "car-29"):
        assert ask(client, liked=[*LIKED, post_id], limit=30) == expected
        assert ask(client, liked=LIKED, disliked=[post_id], limit=30) == expected
    assert not {"to-come", "car-29"} & set(ids_of(ask(client, liked=posts_of("car")[:5], limit=60)))


def test_a_viewers_own_posts_are_not_recommended(client: TestClient) -> None:
    own = {f"cat-{number:02}" for number in range(1, 30, 5)}
    assert own & set(ids_of(ask(client, liked=LIKED, source="content", limit=20)))
    assert not own & set(ids_of(ask(client, liked=LIKED, source="content", limit=50, user_id="cat-author-1")))


def test_who_wants_nothing_personal_gets_everyones_list(client: TestClient) -> None:
    client.put(f"/users/{VIEWER}/preferences", json={"personalised": False}, headers=KEY).raise_for_status()
    assert ask(client, liked=LIKED, user_id=VIEWER)["source"] == "everyone"
    client.delete(f"/users/{VIEWER}/preferences", headers=KEY).raise_for_status()
    assert ask(client, liked=LIKED, user_id=VIEWER)["source"] == "hybrid"


# --- what stays -------------------------------------------------------------------------------------------------------


def test_nothing_is_stored(client: TestClient, camps: Camps) -> None:
    deployment = camps.deployment
    tables = [
        name
        for (name,) in deployment.sql("SELECT table_name FROM information_schema.tables WHERE table_schema='warmline'")
        if name not in ("heartbeats", "services")
    ]

    def rows() -> dict[str, Any]:
        return {
            name: deployment.sql(
                f"SELECT count(*), md5(string_agg(t::text, '|' ORDER BY t::text)) FROM warmline.{name} t"
            )
            for name in tables
        }

    with deployment.redis() as redis:

        def lasting() -> dict[bytes, bytes]:
            return {name: redis.dump(name) for name in redis.keys("*") if b"wl:recommend" not in name}

        before = rows(), lasting()
        for source in ("content", "together", "neucf", "hybrid"):
            ask(client, liked=LIKED, disliked=["car-01"], text="a kitten", source=source, user_id=VIEWER)
        ask(client, liked=LIKED)
        for name in redis.keys("wl:recommend*"):
            assert 0 < redis.pttl(name) <= 10_000, name
        after = rows(), lasting()
    assert after[0] == before[0]
    changed_keys = {name for name in before[1].keys() | after[1].keys() if before[1].get(name) != after[1].get(name)}
    assert changed_keys <= {b"wl:written"}  # that Redis takes writes


def test_without_a_ranker_published_neighbours_are_shown(camps: Camps, client: TestClient) -> None:
    gone, near = "cat-12", posts_of("cat")[20:23]
    with camps.deployment.timeline(recommend_budget_ms=20) as other:  # less than a ranker needs
        until_ready(other)
        for who in ({}, {"user_id": VIEWER}):
            answer = ask(other, liked=near, limit=10, **who)
            assert (answer["source"], answer["degraded"]) == ("content", ["ranker"])
            assert camp_share(answer, "cat") >= 0.9
            assert not set(near) & set(ids_of(answer))
        other.put(f"/posts/{gone}/hidden", headers=KEY).raise_for_status()
        try:
            expected = ask(other, liked=[*near, "no-such"], limit=30)
            assert ask(other, liked=[*near, gone], limit=30) == expected
            assert gone not in ids_of(expected)
            assert ask(other, liked=[gone]) == ask(other, liked=["no-such"])
        finally:
            other.delete(f"/posts/{gone}/hidden", headers=KEY).raise_for_status()
        camps.deployment.close_database()
        try:
            answer = ask(other, liked=near, limit=10)
            assert answer["source"] == "content"
            assert "postgresql" in answer["degraded"]
            assert camp_share(answer, "cat") >= 0.9
        finally:
            camps.deployment.open_database()


# --- rate and load ----------------------------------------------------------------------------------------------------


def test_many_at_once_are_all_answered_within_the_queue(client: TestClient) -> None:
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(lambda n: ask(client, liked=posts_of("cat")[n : n + 3], limit=10), range(24)))
    assert all(camp_share(answer, "cat") >= 0.9 for answer in answers if "degraded" not in answer)
    assert sum("degraded" not in answer for answer in answers) >= 20


def test_too_many_are_refused_with_a_time_to_wait(camps: Camps) -> None:
    with camps.deployment.timeline(recommend_per_minute=12) as client:
        until_ready(client)
        answers = [client.post("/recommendations", json={}, headers=KEY) for _ in range(6)]
        refused = [answer for answer in answers if answer.status_code == 429]
        assert refused
        assert refused[0].json()["type"] == "urn:warmline:problem:too-many-requests"
        assert 1 <= int(refused[0].headers["Retry-After"]) <= 10
        assert client.get("/timeline/newcomer").status_code == 200  # pages are not bounded by it
        assert "warmline_recommendations_refused_total" in client.get("/metrics").text


def test_metrics_tell_who_answered(client: TestClient) -> None:
    def count(line: str) -> float:
        found = [each for each in client.get("/metrics").text.splitlines() if each.startswith(line + " ")]
        return float(found[0].rpartition(" ")[2])

    hybrid, asked = 'warmline_recommendations_total{source="hybrid"}', "warmline_recommendations_asked_total"
    seconds = "warmline_recommendation_seconds_count"
    before = [count(name) for name in (hybrid, asked, seconds)]
    ask(client, liked=LIKED)
    ask(client)
    assert [count(hybrid) - before[0], count(asked) - before[1], count(seconds) - before[2]] == [1, 1, 2]
