"""What a viewer says of tags, words, languages, sensitive posts and personalisation, on real servers: obeyed from the
next page on, by every process, in both phases and every fallback, and undone as easily.
"""

from dataclasses import replace
from typing import Any

import pytest
from starlette.testclient import TestClient

from demo.valkey import Valkey
from shared.preferences.rules import PostSays
from tests.flow.deployment import (
    ANN,
    AUTHORS,
    COLD,
    POSTS,
    STRANGER,
    Deployment,
    JsonObject,
    ask,
    eventually,
    ids,
    posts_of,
    rest_of_chain,
    until_ready,
)
from tests.flow.saying import (
    BACKEND,
    OPERATOR,
    SAYS,
    SPOILED,
    describe_posts,
    say,
    shown,
    two_timelines,
    undo,
)

ALL = set(POSTS)


@pytest.fixture
def described(either_deployment: Deployment) -> Deployment:
    describe_posts(either_deployment)
    return either_deployment


@pytest.mark.parametrize("phase", ["heuristic", "neucf"])
def test_all_that_is_said_holds_on_two_processes_at_once_in_both_phases_and_is_undone_at_once(
    described: Deployment, phase: str
) -> None:
    described.publish_neucf(COLD, [f"p{number:02}" for number in range(27, 57)])
    with two_timelines(described, phase=phase) as (one, other):
        for about, withheld in SAYS.values():
            begun = ask(other, COLD, limit=10)
            said = say(one, COLD, about)
            for client in (one, other):
                page = ask(client, COLD, limit=100)
                assert (page["source"], set(ids(page)), "degraded" in page) == (phase, ALL - withheld, False)
            rest = [post for page in rest_of_chain([one, other], COLD, begun, limit=20) for post in ids(page)]
            assert not withheld & set(rest)
            undo(other, COLD, said)
            assert [shown(client, COLD) for client in (one, other)] == [ALL] * 2


def test_everything_together_also_for_a_user_without_a_list_and_after_a_run(described: Deployment) -> None:
    with two_timelines(described) as (one, other):
        withheld = set[str]()
        for about, posts in SAYS.values():
            say(one, STRANGER, about)
            withheld |= posts
        assert [shown(client, STRANGER) for client in (one, other)] == [ALL - withheld] * 2
        described.run_heuristic()
        assert [shown(client, STRANGER) for client in (one, other)] == [ALL - withheld] * 2
        assert shown(one, ANN) == ALL
        assert other.delete(f"/users/{STRANGER}/preferences", headers=BACKEND).status_code == 204
        assert [shown(client, STRANGER) for client in (one, other)] == [ALL] * 2


def test_a_post_that_no_run_has_ranked_is_withheld_too(ranked_deployment: Deployment) -> None:
    with ranked_deployment.timeline() as client:
        until_ready(client)
        say(client, STRANGER, {"mute": {"tag": "cats"}})
        say(client, STRANGER, {"sensitive": "hide"})
        for name, more in (
            ("tagged", {"tags": ["cats"]}),
            ("flagged", {"sensitive": True}),
            ("fine", {"tags": ["dogs"]}),
        ):
            body = {"author_id": AUTHORS[1], **more}
            assert client.put(f"/posts/{name}", json=body, headers=BACKEND).status_code == 204
        ranked_deployment.run_heuristic()
        eventually(lambda: "fine" in shown(client, STRANGER), "the run is known")
        assert shown(client, STRANGER) == {*POSTS, "fine"}
        assert shown(client, COLD) == {*POSTS, "fine", "tagged", "flagged"}


def test_pages_are_filled_up_from_further_down_and_never_empty_while_something_may_be_shown(
    described: Deployment,
) -> None:
    with two_timelines(described) as (one, other):
        say(one, COLD, {"mute": {"word": "caption"}})  # stands in all but those that were given another caption
        page = ask(other, COLD, limit=3)
        assert (len(ids(page)), set(ids(page)) <= SPOILED) == (3, True)
        rest = [post for page in rest_of_chain([one, other], COLD, page, limit=3) for post in ids(page)]
        assert {*ids(page), *rest} == SPOILED


def test_what_a_post_says_later_is_obeyed_in_every_list(
    ranked_deployment: Deployment, monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the latest half a minute later; here at once. Among them a post that waits for a reserved slot."""
    monkeypatch.setattr("timeline.stores.post_facts.VALID_SECONDS", 0.0)
    deployment = replace(ranked_deployment, new_post_share=0.5)
    deployment.run_heuristic()
    with deployment.timeline() as client:
        until_ready(client)
        for user in (COLD, STRANGER):
            say(client, user, {"sensitive": "hide"})
            assert shown(client, user) == ALL
        deployment.sql("UPDATE warmline.posts SET sensitive = true WHERE id IN ('p00', 'p01', 'p70')")
        for user in (COLD, STRANGER):
            eventually(lambda user=user: shown(client, user) == ALL - {"p00", "p01", "p70"}, "obeyed")  # type: ignore[misc]
        deployment.sql("UPDATE warmline.posts SET sensitive = NULL")
        for user in (COLD, STRANGER):
            eventually(lambda user=user: shown(client, user) == ALL, "shown again")  # type: ignore[misc]


def test_who_has_no_rules_waits_for_no_captions(ranked_deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> None:
    """Also not who said something else: that they are not to be profiled."""
    read: list[object] = []

    def reads(_: object, numbers: object) -> dict[int, PostSays]:
        read.append(numbers)
        return {}

    monkeypatch.setattr("timeline.stores.post_facts.facts_of_numbers", reads)
    with ranked_deployment.timeline() as client:
        until_ready(client)
        say(client, COLD, {"personalised": False})
        assert (shown(client, COLD), read) == (ALL, [])
        say(client, COLD, {"sensitive": "hide"})
        assert (shown(client, COLD), bool(read)) == (ALL, True)


# --- the answers ------------------------------------------------------------------------------------------------------


def test_what_was_said_is_listed_and_later_words_replace_earlier_ones(ranked_deployment: Deployment) -> None:
    with ranked_deployment.timeline() as client:
        until_ready(client)
        say(client, COLD, {"more": {"tag": "Café"}, "expires_at": "2999-01-01T00:00:00Z"})
        say(client, COLD, {"less": {"tag": "#CAFE\u0301"}})
        say(client, COLD, {"mute": {"author": "author7"}})
        say(client, COLD, {"languages": ["pt-BR", "pt"], "personalised": False})
        held = client.get(f"/users/{COLD}/preferences", headers=BACKEND).json()
        assert [{key: value for key, value in each.items() if "_" not in key} for each in held["preferences"]] == [
            {"less": {"tag": "#CAFE\u0301"}}, {"mute": {"author": "author7"}}
        ]  # fmt: skip
        assert (held["languages"], held["sensitive"], held["personalised"]) == (["pt"], "show", False)
        say(client, COLD, {"more": {"author": "author7"}})
        assert shown(client, COLD) == ALL, "no longer muted"
        assert client.delete(f"/users/{COLD}/preferences", headers=BACKEND).status_code == 204
        defaults = {"user_id": COLD, "preferences": [], "languages": [], "sensitive": "show", "personalised": True}
        assert client.get(f"/users/{COLD}/preferences", headers=BACKEND).json() == defaults


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"mute": {}},
        {"mute": {"tag": "a", "word": "b"}},
        {"mute": {"tag": "a"}, "more": {"tag": "b"}},
        {"mute": {"tag": " # "}},
        {"mute": {"word": " "}},
        {"mute": {"word": "x" * 65}},
        {"mute": {"word": "\0"}},
        {"mute": {"author": COLD}},
        {"mute": {"author": ""}},
        {"mute": {"animal": "cat"}},
        {"mute": {"tag": "a"}, "expires_at": 7},
    ],
)
def test_what_is_no_preference_is_refused(shared_deployment: Deployment, body: JsonObject) -> None:
    with shared_deployment.timeline() as client:
        answer = client.post(f"/users/{COLD}/preferences", json=body, headers=BACKEND)
        assert (answer.status_code, answer.headers["content-type"]) == (422, "application/problem+json")


@pytest.mark.parametrize("body", [{"languages": ["English"]}, {"sensitive": "maybe"}, {"personalised": 1}])
def test_what_is_no_setting_is_refused(shared_deployment: Deployment, body: JsonObject) -> None:
    with shared_deployment.timeline() as client:
        assert client.put(f"/users/{COLD}/preferences", json=body, headers=BACKEND).status_code == 422


def test_nobody_else_may_say_anything(shared_deployment: Deployment) -> None:
    with shared_deployment.timeline() as client:
        for method in ("GET", "PUT", "POST", "DELETE"):
            assert client.request(method, f"/users/{COLD}/preferences").status_code == 401


# --- not personalised -------------------------------------------------------------------------------------------------


def test_who_objects_is_served_what_everyone_is_from_the_next_page_on(described: Deployment) -> None:
    """With their own mutes and seen posts, in the middle of a chain too; and it is undone as easily."""
    described.publish_neucf(COLD, [f"p{number:02}" for number in range(27, 57)])
    with two_timelines(described) as (one, other):
        begun = ask(one, COLD, limit=10)
        assert begun["source"] == "heuristic"
        say(one, COLD, {"personalised": False})
        say(one, COLD, {"mute": {"author": "author7"}})
        for phase in ("heuristic", "neucf"):
            assert one.put("/admin/phase", json={"phase": phase}, headers=OPERATOR).status_code == 200
            page = ask(other, COLD, limit=5)
            assert page["source"] == "everyone"
            assert not {*ids(begun), *posts_of("author7")} & set(ids(page))
        following = ask(other, COLD, limit=10, cursor=begun["next_cursor"])
        assert following["source"] == "everyone"
        assert not set(ids(begun)) & set(ids(following)), "what was served does not come again"
        say(other, COLD, {"personalised": True})
        eventually(lambda: ask(one, COLD, limit=1)["source"] == "neucf", "the phase is known")


def test_events_of_who_objects_raise_nothing_and_no_list_is_made_for_them(described: Deployment) -> None:
    fans = [f"fan{number}" for number in range(12)]
    with described.timeline() as client:
        until_ready(client)
        likes = [{"user_id": fan, "post_id": "p70", "kind": kind} for fan in fans for kind in ("save", "share")]
        assert client.post("/interactions", json=likes, headers=BACKEND).json()["accepted"] == 24
        described.run_heuristic()
        high = _rank(described, "p70")
        for fan in fans:
            say(client, fan, {"personalised": False})
        described.run_heuristic()
        assert (high < 10, _rank(described, "p70") > 60) == (True, True), "by age alone it is nearly the last"
        with described.redis() as redis:
            assert not redis.exists(*(f"wl:list:h:{fan}" for fan in fans))
            assert redis.exists(f"wl:list:h:{COLD}")
        page = ask(client, "fan0", limit=100)
        assert "p70" in ids(page)[-40:], "what they have seen comes last"
        for fan in fans:
            say(client, fan, {"personalised": True})
        described.run_heuristic()
        assert _rank(described, "p70") == high


def _rank(deployment: Deployment, post: str) -> int:
    """The place of a post in everyone's list."""
    from shared.ranked_lists import codec

    with deployment.redis() as redis:
        value: Any = redis.get("wl:everyone")
        return codec.post_numbers_of(codec.decode(value).entries).index(deployment.rows()[post])


# --- Redis is away, refuses, comes back empty -------------------------------------------------------------------------


def _say_all(client: TestClient, user: str) -> set[str]:
    for body, _ in SAYS.values():
        say(client, user, body)
    return set().union(*(posts for _, posts in SAYS.values()))


def _is_degraded(client: TestClient) -> bool:
    return "degraded" in ask(client, "nobody", limit=100)


def test_while_redis_is_away_postgresql_decides_and_what_comes_back_empty_knows_it_first(
    fragile_deployment: Deployment, second_valkey: Valkey
) -> None:
    describe_posts(fragile_deployment)
    fragile_deployment.run_heuristic()
    with fragile_deployment.timeline() as one, fragile_deployment.timeline() as other:
        until_ready(one, other)
        begun = ask(other, COLD, limit=10)
        second_valkey.stop()
        withheld = _say_all(one, COLD)
        say(one, ANN, {"personalised": False})
        for client in (one, other):
            page = ask(client, COLD, limit=100)
            assert ("degraded" in page, set(ids(page))) == (True, ALL - withheld)
        assert not set(ids(ask(other, COLD, limit=100, cursor=begun["next_cursor"]))) & withheld
        second_valkey.start()
        eventually(lambda: not _is_degraded(one) and not _is_degraded(other), "Redis is up again")
        assert [shown(client, COLD) for client in (one, other)] == [ALL - withheld] * 2
        fragile_deployment.run_heuristic()
        eventually(lambda: ask(one, COLD, limit=1)["source"] == "heuristic", "the run is known")
        assert [ask(client, ANN, limit=1)["source"] for client in (one, other)] == ["everyone"] * 2


def test_a_redis_that_refuses_writes_hides_nothing_of_it(fragile_deployment: Deployment, second_valkey: Valkey) -> None:
    describe_posts(fragile_deployment)
    fragile_deployment.run_heuristic()
    with fragile_deployment.timeline() as one, fragile_deployment.timeline() as other:
        until_ready(one, other)
        with fragile_deployment.redis() as redis:
            redis.replicaof("127.0.0.1", "1")  # it refuses writes, and keeps what it has
            withheld = _say_all(one, COLD)
            say(one, ANN, {"personalised": False})
            assert [shown(client, COLD) for client in (one, other)] == [ALL - withheld] * 2
            assert [ask(client, ANN, limit=1)["source"] for client in (one, other)] == ["snapshot"] * 2
            redis.replicaof("NO", "ONE")


def test_without_postgresql_a_process_goes_by_what_it_has_read_and_says_so(ranked_deployment: Deployment) -> None:
    describe_posts(ranked_deployment)
    with ranked_deployment.timeline() as one, ranked_deployment.timeline() as other:
        until_ready(one, other)
        withheld = _say_all(one, COLD)
        assert shown(one, COLD) == ALL - withheld
        ranked_deployment.close_database()
        try:
            assert shown(one, COLD) == ALL - withheld
            assert ask(other, COLD, limit=100)["degraded"] == ["postgresql"], "it has read no captions yet"
            assert not shown(other, COLD) & {"p33", *posts_of("author7")}
        finally:
            ranked_deployment.open_database()
