"""Follows on real servers: written by the API, refused where they mean nothing, gone with an erasure."""

from starlette.testclient import TestClient

from tests.flow.deployment import ANN, API_KEY, COLD, Deployment, until_ready

BACKEND = {"Authorization": f"Bearer {API_KEY}"}


def follow(client: TestClient, user: str, author: str, *, method: str = "PUT") -> tuple[int, str]:
    """The status, and the problem's type where there is one."""
    answer = client.request(method, f"/users/{user}/follows/{author}", headers=BACKEND)
    return answer.status_code, answer.json()["type"].rpartition(":")[2] if answer.content else ""


def test_follows_are_written_taken_back_and_refused(ranked_deployment: Deployment) -> None:
    with ranked_deployment.timeline() as client:
        until_ready(client)
        assert [follow(client, COLD, "author7") for _ in range(2)] == [(204, "")] * 2
        assert ranked_deployment.sql("SELECT user_id, author_id FROM warmline.follows") == [(COLD, "author7")]
        assert [follow(client, COLD, "author7", method="DELETE") for _ in range(2)] == [(204, "")] * 2
        assert ranked_deployment.sql("SELECT 1 FROM warmline.follows") == []
        assert follow(client, COLD, COLD) == (422, "self-follow")
        ranked_deployment.sql(
            "INSERT INTO warmline.follows (user_id, author_id) SELECT %s, 'a' || n FROM generate_series(1, 5000) n",
            [(ANN,)],
        )
        assert follow(client, ANN, "author7") == (409, "too-many-follows")
        assert client.delete(f"/users/{ANN}", headers=BACKEND).status_code in (202, 204)
        assert follow(client, COLD, ANN) == (409, "user-erased")
        assert ranked_deployment.sql("SELECT 1 FROM warmline.follows") == []
