"""Modes of the timeline on real servers: following, latest, explore, and tags."""

from collections.abc import Iterator

import pytest
from starlette.testclient import TestClient

from tests.flow.deployment import (
    ANN,
    API_KEY,
    AUTHORS,
    COLD,
    POSTS,
    SEEN_BY_ANN,
    STRANGER,
    Deployment,
    ask,
    ids,
    rest_of_chain,
    until_ready,
)

BACKEND = {"Authorization": f"Bearer {API_KEY}"}


def chain(client: TestClient, user: str, *, limit: int = 20, **query: str) -> list[str]:
    first = ask(client, user, limit=limit, **query)
    pages = [first, *rest_of_chain([client], user, first, limit=limit)]
    return [post for page in pages for post in ids(page)]


def test_latest_shows_the_newest_first_whether_seen_or_not(client: TestClient) -> None:
    for _ in range(2):
        page = ask(client, ANN, limit=20, mode="latest")
        assert (page["source"], ids(page)) == ("latest", list(POSTS[:20]))
    assert chain(client, ANN, mode="latest") == list(POSTS)


def test_explore_shows_everything_seen_last(client: TestClient) -> None:
    page = ask(client, COLD, limit=20, mode="explore")
    assert page["source"] == "explore"
    print(ids(page))
    again = chain(client, COLD, mode="explore")
    assert sorted(again) == sorted(POSTS)
    print(again)
    assert set(again[-20:]) == set(ids(page))
