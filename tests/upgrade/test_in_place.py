"""New processes on the stores that an older version left: all of it goes on, in our own tables and over views.

Readers are in the middle of chains whose cursors the older process signed; posts are deleted, people blocked, hidden
from, erased, one of them not to the end. See `make_stores.py` for how that was made.
"""

from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from starlette.testclient import TestClient

from shared.db.tombstones import buried
from tests.flow.deployment import ANN, COLD, POSTS, STRANGER, ask, author_of, eventually, ids, posts_of, until_ready
from tests.races.pair import BACKEND, OPERATOR, left_of, whole_chain
from tests.traces import traces
from tests.upgrade.conftest import Upgraded


@contextmanager
def _timelines(upgraded: Upgraded) -> Iterator[tuple[TestClient, TestClient]]:
    """Two processes that have looked at both stores."""
    deployment = upgraded.deployment
    with deployment.timeline() as one, deployment.timeline() as other:
        until_ready(one, other)
        yield one, other


def _generation(upgraded: Upgraded) -> int:
    with upgraded.deployment.redis() as client:
        published = client.get("wl:published:heuristic")
    assert isinstance(published, bytes)
    return int(published.split(b"|")[0])


def _flush(upgraded: Upgraded) -> None:
    """Redis loses its memory, and gets back what is withheld."""
    with upgraded.deployment.redis() as client:
        client.flushdb()
        eventually(lambda: bool(client.exists("wl:safety")), "deletions and blocks are back")


@pytest.mark.parametrize("beside", ["nothing", "a run", "a switch of the phase"])
def test_open_chains_go_on_to_their_ends_without_a_repeat(upgraded: Upgraded, beside: str) -> None:
    with _timelines(upgraded) as clients:
        for number, chain in enumerate(upgraded.chains):
            user = chain["user"]
            page = ask(clients[number % 2], user, limit=chain["limit"], cursor=chain["cursors"][-1])
            assert (page["source"], "degraded" in page) == (chain["source"], False)
            if beside == "a run":
                upgraded.deployment.run_heuristic()
            elif beside == "a switch of the phase":
                phase = {"phase": ["heuristic", "neucf"][number % 2]}
                assert clients[0].put("/admin/phase", json=phase, headers=OPERATOR).status_code == 200
            rest = [post for each in whole_chain(clients[1 - number % 2], user, page) for post in each]
            served = [post for each in chain["pages"] for post in each]
            shown = [*served, *rest]
            assert len(shown) == len(set(shown)), "a post came twice"
            withheld = upgraded.withheld_from(user)
            assert not withheld.intersection(rest)
            assert set(shown) - withheld == {post for post in POSTS if author_of(post) != user} - withheld


def test_a_repeated_cursor_gives_the_page_that_it_gave(upgraded: Upgraded) -> None:
    """Less what became ineligible since, whichever process is asked."""
    repeated = 0
    with _timelines(upgraded) as clients:
        for chain in upgraded.chains:
            for cursor, posts in zip(chain["cursors"], chain["pages"][1:], strict=False):
                wanted = [post for post in posts if post not in upgraded.withheld_from(chain["user"])]
                for client in clients:
                    page = ask(client, chain["user"], limit=chain["limit"], cursor=cursor)
                    assert ids(page) == wanted
                repeated += 1
    assert repeated >= 4


def test_first_pages_come_from_the_lists_of_before_without_what_is_withheld_or_was_seen(upgraded: Upgraded) -> None:
    sources = {"fan0": "neucf", "fan1": "neucf", ANN: "heuristic", COLD: "heuristic", STRANGER: "everyone"}
    with _timelines(upgraded) as clients:
        for chain in upgraded.chains:
            user = chain["user"]
            seen = {post for page in chain["pages"] for post in page}
            for client in clients:
                page = ask(client, user, limit=15)
                assert page["source"] == sources.get(user, "heuristic")
                assert len(ids(page)) == 15
                assert "degraded" not in page
                assert not (upgraded.withheld_from(user) | seen).intersection(ids(page))
                seen.update(ids(page))


@pytest.mark.parametrize("loses_memory", [False, True], ids=["", "Redis loses its memory"])
def test_what_is_withheld_stays_away_through_the_next_run(upgraded: Upgraded, loses_memory: bool) -> None:
    """From every page to the end of every chain; the run publishes, and its lists are served."""
    users = [*dict.fromkeys(chain["user"] for chain in upgraded.chains)]
    before = _generation(upgraded)
    with _timelines(upgraded) as clients:
        if loses_memory:
            _flush(upgraded)
        upgraded.deployment.run_heuristic()
        assert _generation(upgraded) > before
        for number, user in enumerate(users):
            first = ask(clients[number % 2], user, limit=20)
            assert "degraded" not in first
            shown = [post for page in whole_chain(clients[1 - number % 2], user, first) for post in page]
            withheld = upgraded.withheld_from(user)
            assert set(shown) == {post for post in POSTS if author_of(post) != user} - withheld


def test_acts_of_before_can_be_taken_back_and_new_ones_hold(upgraded: Upgraded) -> None:
    """What Redis has of them carries numbers of the series before."""
    with _timelines(upgraded) as (one, other):
        unblocked = one.delete(f"/users/{ANN}/blocks/author3", headers=BACKEND)
        unhidden = one.request(
            "DELETE", "/interactions", json=[{"user_id": ANN, "post_id": "p50", "kind": "hide"}], headers=BACKEND
        )
        deleted = one.delete("/posts/p88", headers=BACKEND)
        assert (unblocked.status_code, unhidden.status_code, deleted.status_code) == (204, 200, 204)
        for _ in range(2):
            shown = {post for page in whole_chain(other, ANN, ask(other, ANN, limit=100), limit=100) for post in page}
            back = {"p50", *posts_of("author3")} - set(upgraded.facts["deleted"])
            assert back <= shown
            assert not {"p88", *upgraded.facts["deleted"]} & shown
            upgraded.deployment.run_heuristic()


def test_a_deletion_of_before_is_no_takedown_that_could_be_undone(upgraded: Upgraded) -> None:
    deployment, posts = upgraded.deployment, sorted(upgraded.facts["deleted"])
    with deployment.database() as database, database.begin() as connection:
        by_api = buried(connection, "posts", posts)
    assert by_api, "the older version made tombstones"
    with _timelines(upgraded) as (one, other):
        for method in ("PUT", "DELETE", "DELETE"):
            answers = {
                post: one.request(method, f"/posts/{post}/hidden", headers=BACKEND).status_code for post in posts
            }
            assert {post for post, status in answers.items() if status == 409} == by_api
        for path in ("/posts/p40/hidden", "/users/author5/suspended"):
            assert one.put(path, headers=BACKEND).status_code == 204
        down = {*posts, "p40", *posts_of("author5")}
        for _ in range(2):
            shown = {post for page in whole_chain(other, COLD, ask(other, COLD, limit=100), limit=100) for post in page}
            assert not down & shown
            deployment.run_heuristic()
        for path in ("/posts/p40/hidden", "/users/author5/suspended"):
            assert one.delete(path, headers=BACKEND).status_code == 204
        deployment.run_heuristic()
        shown = {post for page in whole_chain(other, COLD, ask(other, COLD, limit=100), limit=100) for post in page}
        assert (down & shown, shown & set(posts)) == ({"p40", *posts_of("author5")} - set(posts), set())


def test_a_post_that_the_team_brings_back_is_shown_again(upgraded: Upgraded) -> None:
    """Its deletion stands in Redis under a number of before."""
    deployment = upgraded.deployment
    relation = "team.their_posts" if deployment.source_schema else "warmline.posts"
    deployment.sql(f"UPDATE {relation} SET deleted_at = NULL WHERE id = 'p62'")
    deployment.run_heuristic()
    with _timelines(upgraded) as (one, _):
        shown = {post for page in whole_chain(one, COLD, ask(one, COLD, limit=100), limit=100) for post in page}
    assert "p62" in shown
    assert not {"p60", "p61"} & shown


def test_who_was_erased_stays_away(upgraded: Upgraded) -> None:
    """One erasure was waiting for a run of the older scorer; its lease runs out, and the new processes finish it.

    Whoever goes on to ask as them brings nothing back, also when Redis loses its memory.
    """
    deployment, (_, late) = upgraded.deployment, upgraded.facts["erased"]
    deployment.sql("UPDATE warmline.runs SET lease_until = now() - interval '1 s' WHERE state = 'running'")
    with _timelines(upgraded) as (one, other):
        eventually(lambda: not deployment.sql("SELECT 1 FROM warmline.erasures"), "the erasure is settled")
        deployment.run_heuristic()
        theirs = ("team",) if deployment.source_schema else ()
        for user in upgraded.facts["erased"]:
            assert left_of(deployment, user, [f"post-of-{user}"]) == []
            assert traces(deployment, user, team_schemas=theirs) == []
        for loses_memory in (False, True):
            if loses_memory:
                _flush(upgraded)
                until_ready(one, other)
            for process in (one, other):
                assert ids(ask(process, late, limit=10))
            assert left_of(deployment, late) == []


def test_what_viewers_say_from_now_on_holds_on_what_is_there(upgraded: Upgraded) -> None:
    """A mute of an author, a muted word, no personalisation: at once, through a run, and undone."""
    users, deployment = (COLD, "fan1"), upgraded.deployment
    with _timelines(upgraded) as (one, other):
        before = {user: _all_of(other, user) for user in users}
        for user in users:
            assert one.put(f"/users/{user}/mutes/author5", headers=BACKEND).status_code == 204
            said = one.post(f"/users/{user}/preferences", json={"mute": {"word": "p44"}}, headers=BACKEND)
            assert said.status_code == 201
            chosen = one.put(f"/users/{user}/preferences", json={"personalised": False}, headers=BACKEND)
            assert chosen.status_code == 204
        for _ in range(2):
            for user in users:
                assert ask(other, user, limit=1)["source"] == "everyone"
                assert _all_of(other, user) == before[user] - {"p44", *posts_of("author5")}
            deployment.run_heuristic()
        for user in users:
            for path in ("mutes/author5", "preferences"):
                assert other.delete(f"/users/{user}/{path}", headers=BACKEND).status_code == 204
            assert _all_of(one, user) == before[user]


def test_follows_begin_with_the_upgrade_and_go_with_an_erasure(upgraded: Upgraded) -> None:
    deployment = upgraded.deployment
    with _timelines(upgraded) as (one, other):
        before = _all_of(other, COLD)
        for path in (f"{COLD}/follows/author5", f"author5/follows/{COLD}", f"fan1/follows/{ANN}"):
            assert one.put(f"/users/{path}", headers=BACKEND).status_code == 204
        deployment.run_heuristic()
        assert _all_of(other, COLD) == before
        assert one.delete(f"/users/{COLD}", headers=BACKEND).status_code in (202, 204)
        assert deployment.sql("SELECT user_id FROM warmline.follows") == [("fan1",)]


def test_a_post_may_have_several_photos_after_the_upgrade(upgraded: Upgraded) -> None:
    deployment = upgraded.deployment
    assert deployment.sql("SELECT DISTINCT image_urls FROM warmline.posts") in ([], [(None,)])
    with _timelines(upgraded) as (one, _):
        body = {"author_id": author_of("p70"), "image_url": "a.jpg", "image_urls": ["b.jpg", "c.jpg"]}
        answer = one.put("/posts/p70", json=body, headers=BACKEND)
        assert answer.status_code == (409 if deployment.source_schema else 204)
    deployment.run_heuristic()
    photos = deployment.sql("SELECT image_urls FROM warmline.posts WHERE image_urls IS NOT NULL")
    assert photos == ([] if deployment.source_schema else [(["b.jpg", "c.jpg"],)])


def _all_of(client: TestClient, user: str) -> set[str]:
    return {post for page in whole_chain(client, user, ask(client, user, limit=100), limit=100) for post in page}
