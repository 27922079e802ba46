"""Cheap cases of what `make faults` shows at length: a job killed while it publishes, a clock set back."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from starlette.testclient import TestClient

from shared.domain import Phase
from tests.faults.kill_jobs import add_crowd, kill_publishing
from tests.flow.deployment import ANN, COLD, POSTS, SEEN_BY_ANN, Deployment, ask, ids, rest_of_chain


def test_the_heuristic_killed_while_it_publishes_leaves_whole_lists(deployment: Deployment, tmp_path: Path) -> None:
    add_crowd(deployment)
    assert kill_publishing(Phase.HEURISTIC, deployment, tmp_path, moments=3, seed=1) > 0


def test_a_clock_set_back_an_hour_neither_repeats_nor_skips_nor_brings_seen_posts_back(
    client: TestClient, ranked_deployment: Deployment
) -> None:
    first = ask(client, COLD, limit=20)
    ranked_deployment.run_heuristic(now=datetime.now(UTC) - timedelta(hours=1))
    rest = rest_of_chain([client], COLD, first, limit=20)
    assert sorted(post for page in (first, *rest) for post in ids(page)) == sorted(POSTS)
    page = ask(client, ANN, limit=80)
    assert not set(ids(page)) & set(SEEN_BY_ANN)
    ranked_deployment.run_heuristic()
    assert "degraded" not in ask(client, ANN)
