"""Similar posts in tests: published as the ranker publishes them, and asked for."""

from collections.abc import Sequence
from typing import Any

from starlette.testclient import TestClient

from shared.domain import Reason, author_hash
from shared.ranked_lists.codec import pack_entry
from shared.ranked_lists.neighbours import Neighbours, pack_neighbours
from tests.flow.deployment import API_KEY, Deployment, JsonObject, author_of

BACKEND = {"Authorization": f"Bearer {API_KEY}"}


def publish_similar(deployment: Deployment, post_id: str, similar: Sequence[str], author: str = "") -> None:
    """Publish these posts of the small world as similar to one of it."""
    numbers = deployment.rows()
    entries = b"".join(
        pack_entry(numbers[each], Reason.SIMILAR_PHOTO, 9.0 - 0.1 * place) for place, each in enumerate(similar)
    )
    value = Neighbours(post_number=numbers[post_id], author=author_hash(author or author_of(post_id)), entries=entries)
    with deployment.writer() as writer:
        writer.publish_neighbours([(post_id, pack_neighbours(value))])


def similar_to(client: TestClient, post_id: str, **query: Any) -> JsonObject:
    """The answer to the backend; anything but 200 fails the test."""
    response = client.get(f"/posts/{post_id}/similar", params=query, headers=BACKEND)
    assert response.status_code == 200, response.text
    answer = response.json()
    assert isinstance(answer, dict)
    return answer


def is_unknown(client: TestClient, post_id: str, headers: dict[str, str] | None = None, **query: Any) -> bool:
    """Whether the answer is that of a post which does not exist, to the byte."""
    headers = BACKEND if headers is None else headers
    answers = [
        client.get(f"/posts/{each}/similar", params=query, headers=headers) for each in (post_id, "nobody-wrote-this")
    ]
    assert answers[1].status_code == 404
    return (answers[0].status_code, answers[0].text) == (answers[1].status_code, answers[1].text)
