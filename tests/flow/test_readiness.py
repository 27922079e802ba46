"""The meter of phase 2 over HTTP: it reads what runs have counted, and counts nothing itself."""

from typing import Any

from starlette.testclient import TestClient

from tests.flow.deployment import ADMIN_TOKEN, Deployment


def meter(client: TestClient) -> dict[str, Any]:
    answer = client.get("/admin/status", headers={"Authorization": f"Bearer {ADMIN_TOKEN}"}).json()["readiness"]
    assert isinstance(answer, dict)
    return answer


def test_before_the_first_run_it_says_so(deployment: Deployment) -> None:
    with deployment.timeline() as client:
        assert meter(client)["sentence"] == "not known yet: the next heuristic run counts"


def test_after_a_heuristic_run_it_shows_what_that_counted(client: TestClient, ranked_deployment: Deployment) -> None:
    found = meter(client)
    ((events,),) = ranked_deployment.sql("SELECT count(*) FROM warmline.interactions")
    ((warm,),) = ranked_deployment.sql(
        "SELECT count(*) FROM (SELECT FROM warmline.interactions WHERE kind = 'like' GROUP BY user_id"
        " HAVING count(DISTINCT post_id) >= 3) AS warm"
    )
    assert (found["events"], found["warm_users"], found["posts"]) == (events, warm, 90)
    assert found["sentence"].startswith(f"not ready: {warm} of 100 users have three likes")
    assert found["counted"]["by"] == "heuristic"
    assert found["candidates_with_vectors"] == {"image": 0.0, "caption": 0.0}


def test_shares_are_those_of_candidates_with_a_vector_and_a_failure_is_none(ranked_deployment: Deployment) -> None:
    ranked_deployment.sql(
        "INSERT INTO warmline.post_vectors (post_id, part, source_hash, encoder, vector)"
        " VALUES (%s, %s, 'h', %s, 'xx')",
        [
            *((f"p{number:02}", "image", "e") for number in range(9)),
            ("p00", "image", "another"),
            ("p00", "caption", "e"),
            ("no-candidate", "image", "e"),
        ],
    )
    ranked_deployment.sql(
        "INSERT INTO warmline.encoding_failures (post_id, part, source_hash, failure)"
        " VALUES ('p80', 'image', 'h', 'empty: got 0 bytes')"
    )
    ranked_deployment.run_heuristic()
    with ranked_deployment.timeline() as client:
        assert meter(client)["candidates_with_vectors"] == {"image": 0.1, "caption": round(1 / 90, 4)}


def test_asking_counts_nothing(client: TestClient, ranked_deployment: Deployment) -> None:
    """It answers as before when there is nothing left to count."""
    for relation in ("interactions", "posts", "users", "post_vectors"):
        ranked_deployment.sql(f"ALTER TABLE warmline.{relation} RENAME TO gone_{relation}")
    assert meter(client)["posts"] == 90
