"""Recommendations in tests: a ranker that answers, in this process, and what a timeline is asked."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from starlette.testclient import TestClient

from s02_recsys_neucf.job import LiveModelLoader
from s02_recsys_neucf.recommend.index import RecommendIndex
from s02_recsys_neucf.recommend.start import PlainIndex, recommend_loop
from shared.content.settings import ContentSettings
from shared.db.runs import last_fence
from shared.ranked_lists import keys
from shared.settings import ListSettings, RetentionSettings, WindowSettings
from tests.encoders import built_once
from tests.flow.camps import Camps
from tests.flow.deployment import API_KEY, LISTS, Deployment, eventually

KEY = {"Authorization": f"Bearer {API_KEY}"}
Index = Callable[[], RecommendIndex | None]


def champions_index(camps: Camps, now: Any) -> RecommendIndex:
    """What requests are answered from after a scoring run."""
    with camps.deployment.database() as database, built_once():
        loaded = LiveModelLoader(camps.score_settings())(database, last_fence(database, "score") or 1, now)
    assert loaded is not None
    assert loaded.live.index is not None
    return loaded.live.index


def plain_index(deployment: Deployment, content: ContentSettings, now: Any) -> RecommendIndex:
    """The same where no model is promoted."""
    plain = PlainIndex(
        content=content, lists=ListSettings(**LISTS), window=WindowSettings(), retention=RetentionSettings()
    )
    with deployment.database() as database, built_once():
        plain.load(database, now)
    assert plain.current is not None
    return plain.current


@contextmanager
def recommending(deployment: Deployment, index: Index, content: ContentSettings, *, n: int = 1) -> Iterator[None]:
    """A ranker's thread that answers, or those of several; they listen when the block begins."""
    stop = threading.Event()
    answer = recommend_loop(deployment.stores(), content, index)
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
