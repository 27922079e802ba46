"""Events that name their page: likes per view, by source and generation, in the status."""

from typing import Any

from starlette.testclient import TestClient

from tests.flow.deployment import ADMIN_TOKEN, ANN, API_KEY, COLD, Deployment, ask, ids, until_ready

BACKEND = {"Authorization": f"Bearer {API_KEY}"}
OPERATOR = {"Authorization": f"Bearer {ADMIN_TOKEN}"}


def feeds(client: TestClient) -> list[Any]:
    found: list[Any] = client.get("/admin/status", headers=OPERATOR).json()["feeds"]
    return found


def react(client: TestClient, user: str, page: dict[str, Any], *, likes: int) -> None:
    """View a whole page, and like its first posts."""
    kinds = [("view", post) for post in ids(page)] + [("like", post) for post in ids(page)[:likes]]
    events = [{"user_id": user, "post_id": post, "kind": kind, "feed_id": page["feed_id"]} for kind, post in kinds]
    assert client.post("/interactions", json=events, headers=BACKEND).json()["accepted"] == len(events)


def test_likes_per_view_stand_in_the_status_by_source(client: TestClient, ranked_deployment: Deployment) -> None:
    react(client, COLD, ask(client, COLD, limit=10), likes=5)
    react(client, "stranger", ask(client, "stranger", limit=4), likes=1)
    found = feeds(client)
    rows = [(each["source"], each["generation"], each["likes_per_view"]) for each in found]
    # A single generation has no own row.
    assert rows == [
        ("everyone", None, 0.25),
        ("heuristic", None, 0.5),
    ]


def test_generations_of_a_source_stand_below_it_to_be_compared(
    client: TestClient, ranked_deployment: Deployment
) -> None:
    react(client, COLD, ask(client, COLD, limit=10), likes=5)
    ranked_deployment.run_heuristic()
    react(client, COLD, ask(client, COLD, limit=10), likes=0)
    (old,), (new,) = ranked_deployment.sql("SELECT fence FROM warmline.runs ORDER BY fence")
    rows = [(each["generation"], each["events"]["view"], each["likes_per_view"]) for each in feeds(client)]
    assert rows == [(None, 20, 0.25), (new, 10, 0.0), (old, 10, 0.5)]


def test_a_second_page_is_recorded_with_its_position(client: TestClient, ranked_deployment: Deployment) -> None:
    first = ask(client, COLD, limit=10)
    react(client, COLD, ask(client, COLD, limit=10, cursor=first["next_cursor"]), likes=0)
    places = "SELECT DISTINCT source, position FROM warmline.interactions WHERE user_id = %s"
    assert ranked_deployment.sql(places, [(COLD,)]) == [("heuristic", 10)]


def test_another_users_or_installations_feed_id_is_not_counted(
    client: TestClient, ranked_deployment: Deployment
) -> None:
    theirs = ask(client, ANN, limit=5)["feed_id"]
    with ranked_deployment.timeline(signing_key="another-key-" + "x" * 32) as elsewhere:
        until_ready(elsewhere)
        foreign = ask(elsewhere, COLD, limit=5)["feed_id"]
    events = [
        {"user_id": COLD, "post_id": f"p{number}", "kind": "like", "feed_id": feed}
        for number, feed in enumerate((theirs, foreign), 10)
    ]
    assert client.post("/interactions", json=events, headers=BACKEND).json()["accepted"] == 2
    assert feeds(client) == []
