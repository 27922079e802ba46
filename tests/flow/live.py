"""Live lists in tests: the loops of the rankers in this process, and what they write."""

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

from starlette.testclient import TestClient

from s01_heuristic.live import LiveHeuristic
from s02_recsys_neucf.job import LiveModelLoader
from s02_recsys_neucf.live import LiveNeuCF
from shared.domain import Phase
from shared.live.ranker import LiveRanker
from shared.live.settings import LiveSettings
from shared.live.start import follow
from shared.ranked_lists import codec, keys
from shared.settings import HeuristicSettings, ListSettings, RetentionSettings, WindowSettings
from tests.encoders import built_once
from tests.flow.camps import Camps
from tests.flow.deployment import API_KEY, LISTS, Deployment, eventually

KEY = {"Authorization": f"Bearer {API_KEY}"}


def heuristic_ranker() -> LiveHeuristic:
    """Phase 1's, with the settings of the tests."""
    lists = ListSettings(**LISTS)
    return LiveHeuristic(
        window=WindowSettings(), lists=lists, formula=HeuristicSettings(), retention=RetentionSettings()
    )


def neucf_ranker(camps: Camps) -> LiveNeuCF:
    """Phase 2's, with the settings of the camps' scoring runs."""
    settings = camps.score_settings()
    return LiveNeuCF(
        lists=settings.lists,
        history=settings.score.history,
        retention=settings.retention,
        load=LiveModelLoader(settings),
    )


@contextmanager
def live(deployment: Deployment, ranker: LiveRanker, *, n: int = 1, **settings: Any) -> Iterator[None]:
    """The loop of a ranker, or several, as its service runs it; listening when the block begins."""
    lists, stop = ListSettings(**LISTS), threading.Event()
    arguments = (deployment.stores(), lists, LiveSettings(**settings), ranker, stop)
    threads = [threading.Thread(target=follow, args=arguments) for _ in range(n)]
    with built_once():
        for thread in threads:
            thread.start()
        try:
            with deployment.redis() as redis:
                eventually(lambda: redis.exists(keys.live(ranker.phase)) == 1, "the ranker listens")
            yield
        finally:
            stop.set()
            for thread in threads:
                thread.join()


def value_of(deployment: Deployment, user: str, phase: Phase = Phase.HEURISTIC) -> bytes:
    """A user's list as Redis holds it; empty if there is none."""
    with deployment.redis() as redis:
        value = redis.get(keys.ranked_list(phase, user))
    assert value is None or isinstance(value, bytes)
    return value or b""


def version_of(deployment: Deployment, user: str, phase: Phase = Phase.HEURISTIC) -> int:
    """The version of a user's list."""
    return codec.version_of(value_of(deployment, user, phase))


def posts_in(deployment: Deployment, user: str, phase: Phase = Phase.HEURISTIC) -> list[str]:
    """The posts of a user's list, best first; none if it was withdrawn."""
    try:
        ranked = codec.decode(value_of(deployment, user, phase))
    except codec.UnreadableList:
        return []
    id_of = {row: post for post, row in deployment.rows().items()}
    return [id_of[number] for number in codec.post_numbers_of(ranked.entries)]


def send(client: TestClient, user: str, posts: Sequence[str], kind: str = "like") -> None:
    """Events of now, by the API."""
    events = [{"user_id": user, "post_id": post, "kind": kind} for post in posts]
    answer = client.post("/interactions", json=events, headers=KEY)
    assert answer.json()["accepted"] == len(posts), answer.text


def until_newer(deployment: Deployment, user: str, than: int, phase: Phase = Phase.HEURISTIC) -> float:
    """Wait for a list of a higher version; returns the seconds."""
    return eventually(lambda: version_of(deployment, user, phase) > than, "a newer list")
