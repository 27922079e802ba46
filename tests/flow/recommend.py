"""Recommendations in tests: a ranker that answers, in this process, and what a timeline is asked."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from typing import Any

from starlette.testclient import TestClient

from s02_recsys_neucf.job import LiveModelLoader
from s02_recsys_neucf.recommend.held import HeldIndex
from s02_recsys_neucf.recommend.index import RecommendIndex
from s02_recsys_neucf.recommend.start import recommend_loop
from s02_recsys_neucf.similar.runs import publish_content_neighbours
from s02_recsys_neucf.similar.similar_posts import SimilarPosts
from shared.content.settings import ContentSettings
from shared.db.runs import last_fence
from shared.ranked_lists import keys
from shared.run_progress import ignore_progress
from tests.encoders import built_once
from tests.flow.camps import Camps
from tests.flow.deployment import API_KEY, Deployment, eventually

KEY = {"Authorization": f"Bearer {API_KEY}"}


def champions_index(camps: Camps, now: datetime) -> RecommendIndex:
    """What requests are answered from after a scoring run."""
    held = HeldIndex()
    with camps.deployment.database() as database, built_once():
        assert LiveModelLoader(camps.score_settings(), held=held)(database, last_fence(database, "score") or 1, now)
    assert held.current is not None
    return held.current


def plain_index(camps: Camps, now: datetime) -> RecommendIndex:
    """The same where no model is promoted."""
    held, settings = HeldIndex(), camps.score_settings()
    with camps.deployment.database() as database, camps.deployment.writer() as writer, built_once():
        publish_content_neighbours(database, writer, settings, SimilarPosts(), now, ignore_progress, held.put_plain)
    assert held.current is not None
    return held.current


@contextmanager
def recommending(deployment: Deployment, held: HeldIndex, content: ContentSettings, *, n: int = 1) -> Iterator[None]:
    """A ranker's thread that answers, or those of several; they listen when the block begins."""
    stop = threading.Event()
    answer = recommend_loop(deployment.stores(), content, held)
    threads = [threading.Thread(target=answer, args=(stop,)) for _ in range(n)]
    with built_once():
        for thread in threads:
            thread.start()
        try:
            with deployment.redis() as redis:
                eventually(lambda: redis.exists(keys.RECOMMENDERS) == 1, "a ranker listens")
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join()
    with deployment.redis() as redis:
        redis.delete(keys.RECOMMENDERS)


def ask(client: TestClient, **body: Any) -> dict[str, Any]:
    """An answer."""
    response = client.post("/recommendations", json=body, headers=KEY)
    assert response.status_code == 200, response.text
    answer: dict[str, Any] = response.json()
    return answer


def ids_of(answer: dict[str, Any]) -> list[str]:
    return [post["id"] for post in answer["posts"]]
