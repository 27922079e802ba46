"""Rankers are killed while they follow what users do, and Redis restarts empty: no user is lost, recovery takes 5 s."""

import http.client
import json
import os
import random
import subprocess
import sys
import time

import pytest

from shared.domain import Phase
from shared.ranked_lists import codec, keys
from tests.faults.scenario import FANS, RECOVERY_SECONDS, ROOT, Scenario
from tests.flow.deployment import API_KEY, POSTS
from tests.flow.live import posts_in

pytestmark = pytest.mark.faults

MOMENTS, SEED = 20, 31
HEADERS = {"Authorization": f"Bearer {API_KEY}", "Content-Type": "application/json"}


def ranker(scenario: Scenario) -> "subprocess.Popen[bytes]":
    """A process of the heuristic service that has nothing to run for a day."""
    environment = os.environ | {
        "WARMLINE_DATABASE_URL": scenario.deployment.database_url, "WARMLINE_REDIS_URL": scenario.deployment.redis_url,
        "WARMLINE_HEURISTIC_EVERY_MINUTES": "1440", "WARMLINE_LIST_LENGTH": "30", "PYTHONPATH": str(ROOT),
        "WARMLINE_EVERYONE_LENGTH": "100", "WARMLINE_SEEN_LENGTH": "100",
    }  # fmt: skip
    with (scenario.folder / "ranker.log").open("ab") as log:
        return subprocess.Popen([sys.executable, "-m", "s01_heuristic"], env=environment, stderr=log)


def send(port: int, user: str, post: str) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        event = {"user_id": user, "post_id": post, "kind": "save"}
        connection.request("POST", "/interactions", json.dumps([event]), HEADERS)
        assert json.load(connection.getresponse())["accepted"] == 1
    finally:
        connection.close()


def wait_for_ranker(scenario: Scenario) -> None:
    with scenario.deployment.redis() as redis:
        until = time.monotonic() + 60
        while time.monotonic() < until:
            if redis.exists(keys.live(Phase.HEURISTIC)):
                return
            time.sleep(0.1)
    raise AssertionError("no ranker listens")


def test_no_user_is_lost(scenario: Scenario) -> None:
    moments, saved = random.Random(SEED), dict[str, set[str]]()
    valkey = scenario.servers.valkey
    assert valkey is not None
    with scenario.timeline():
        scenario.until_ready()
        rankers = [ranker(scenario), ranker(scenario)]
        try:
            wait_for_ranker(scenario)
            for moment in range(MOMENTS):
                for user in moments.sample(FANS, 6):
                    post = moments.choice([post for post in POSTS if post not in saved.get(user, ())])
                    send(scenario.port, user, post)
                    saved.setdefault(user, set()).add(post)
                time.sleep(moments.uniform(0.0, 0.4))
                if moment == MOMENTS // 2:
                    valkey.restart()
                victim = rankers.pop(0)
                victim.kill()
                victim.wait()
                rankers.append(ranker(scenario))
            wait_for_ranker(scenario)
            last_like = time.monotonic()
            while missing := lists_that_lack(scenario, saved):
                assert time.monotonic() < last_like + 2 * RECOVERY_SECONDS, missing
                time.sleep(0.1)
            with scenario.deployment.redis() as redis:
                assert redis.xlen(keys.live(Phase.HEURISTIC)) < MOMENTS * 6
        finally:
            for process in rankers:
                process.kill()
                process.wait()


def lists_that_lack(scenario: Scenario, saved: dict[str, set[str]]) -> dict[str, set[str]]:
    """Users whose list has a post that they saved, or who have none."""
    found = dict[str, set[str]]()
    for user, posts in saved.items():
        with scenario.deployment.redis() as redis:
            value = redis.get(keys.ranked_list(Phase.HEURISTIC, user))
        wrong = set(posts_in(scenario.deployment, user)) & posts
        if not isinstance(value, bytes) or not codec.version_of(value) or wrong:
            found[user] = wrong
    return found
