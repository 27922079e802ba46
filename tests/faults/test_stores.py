"""Redis and PostgreSQL absent, killed, hung and starved while people read: every page is answered, in time, and right.

every answer   200, posts that may be shown, no repeat in a chain, none skipped, two posts of an author in ten
every fault    p99 ≤ 300 ms, max ≤ 1 s, and whole again within 5 s of the server's return
"""

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from tests.faults.disks import fill, small_disk
from tests.faults.scenario import HUNG_SECONDS, READERS, RECOVERY_SECONDS, Scenario, judge, wait
from tests.traffic import traffic

pytestmark = pytest.mark.faults


def test_redis_absent_at_start(scenario: Scenario) -> None:
    assert scenario.servers.valkey is not None
    scenario.servers.valkey.stop()
    with scenario.timeline(), traffic(scenario.port, READERS, scenario.truth()) as findings:
        wait(4)
        scenario.servers.valkey.start()
        assert scenario.until_whole() < RECOVERY_SECONDS
        wait(1)
    judge(findings, "redis absent at start")


def test_redis_killed_in_traffic_and_back_empty(scenario: Scenario) -> None:
    assert scenario.servers.valkey is not None
    with scenario.timeline():
        scenario.until_ready()
        with traffic(scenario.port, READERS, scenario.truth()) as findings:
            wait(2)
            scenario.servers.valkey.kill()
            wait(3)
            scenario.servers.valkey.start()
            assert scenario.until_whole() < RECOVERY_SECONDS
            wait(2)
    judge(findings, "redis killed, back empty")


def test_redis_hung_and_released(scenario: Scenario) -> None:
    assert scenario.servers.valkey is not None
    with scenario.timeline():
        scenario.until_ready()
        with traffic(scenario.port, READERS, scenario.truth()) as findings:
            wait(2)
            scenario.servers.valkey.pause()
            wait(HUNG_SECONDS)
            scenario.servers.valkey.resume()
            assert scenario.until_whole() < RECOVERY_SECONDS
            wait(2)
    judge(findings, "redis hung")


def test_a_delete_while_redis_hangs_holds_at_once_and_after_it(scenario: Scenario) -> None:
    assert scenario.servers.valkey is not None
    truth = scenario.truth()
    with scenario.timeline():
        scenario.until_ready()
        with traffic(scenario.port, READERS, truth) as findings:
            scenario.servers.valkey.pause()
            try:
                wait(1)
                for post in ("p07", "p33"):
                    truth.under_way |= {post}
                    # Durable; Redis learns of it when it goes on.
                    assert scenario.write("DELETE", f"/posts/{post}") == 202
                    truth.deleted[post] = time.monotonic()
                wait(2)
            finally:
                scenario.servers.valkey.resume()
            wait(3)
    judge(findings, "delete while redis hangs")


def test_redis_out_of_memory(scenario: Scenario) -> None:
    with scenario.timeline(), scenario.deployment.redis() as redis:
        scenario.until_ready()
        with traffic(scenario.port, READERS, scenario.truth()) as findings:
            wait(2)
            redis.config_set("maxmemory", 1)
            wait(4)
            redis.config_set("maxmemory", 0)
            assert scenario.until_whole() < RECOVERY_SECONDS
            wait(1)
    judge(findings, "redis out of memory")


def test_postgresql_absent_at_start(scenario: Scenario) -> None:
    assert scenario.servers.postgres is not None
    truth = scenario.truth()
    scenario.servers.postgres.stop()
    with scenario.timeline(), traffic(scenario.port, READERS, truth) as findings:
        wait(4)
        scenario.servers.postgres.start()
        assert scenario.until_ready() < RECOVERY_SECONDS
        wait(1)
    judge(findings, "postgresql absent at start")


def test_postgresql_killed_in_traffic(scenario: Scenario) -> None:
    assert scenario.servers.postgres is not None
    with scenario.timeline():
        scenario.until_ready()
        with traffic(scenario.port, READERS, scenario.truth()) as findings:
            wait(2)
            scenario.servers.postgres.kill()
            wait(3)
            scenario.servers.postgres.start()
            assert scenario.until_ready() < RECOVERY_SECONDS
            wait(1)
    judge(findings, "postgresql killed")


def test_postgresql_hung(scenario: Scenario) -> None:
    with scenario.timeline():
        scenario.until_ready()
        with traffic(scenario.port, READERS, scenario.truth()) as findings:
            wait(1)
            with scenario.hung_postgresql():
                wait(HUNG_SECONDS)
                assert "postgresql" in (scenario.missing() or {})
            assert scenario.until_ready() < RECOVERY_SECONDS
            wait(1)
    judge(findings, "postgresql hung")


def test_postgresql_hung_costs_writers_and_operators_a_503_and_readers_nothing(scenario: Scenario) -> None:
    with scenario.timeline():
        scenario.until_ready()
        with traffic(scenario.port, READERS, scenario.truth()) as findings:
            with scenario.hung_postgresql(), ThreadPoolExecutor(12) as clients:
                asked = [clients.submit(scenario.write, "PUT", f"/users/user{number}") for number in range(8)]
                asked += [clients.submit(scenario.operate, "GET", "/admin/status") for _ in range(4)]
                assert [each.result() for each in asked] == [503] * len(asked)
            assert scenario.until_ready() < RECOVERY_SECONDS
            assert scenario.write("PUT", "/users/user0") == 204
            wait(1)
    judge(findings, "postgresql hung, writers and operators ask")


def test_both_hung(scenario: Scenario) -> None:
    assert scenario.servers.valkey is not None
    with scenario.timeline():
        scenario.until_ready()
        with traffic(scenario.port, READERS, scenario.truth()) as findings:
            wait(1)
            scenario.servers.valkey.pause()
            with scenario.hung_postgresql():
                wait(HUNG_SECONDS)
            scenario.servers.valkey.resume()
            assert scenario.until_whole() < RECOVERY_SECONDS
    judge(findings, "both hung")


def test_both_down_from_the_start_with_a_snapshot_on_disk(scenario: Scenario) -> None:
    assert scenario.servers.valkey is not None
    assert scenario.servers.postgres is not None
    truth = scenario.truth()
    with scenario.timeline():
        scenario.until_ready()
        assert scenario.write("DELETE", "/posts/p07") == 204
        assert scenario.write("PUT", "/users/cold/blocks/author3") == 204
        scenario.deployment.run_heuristic()  # publishes the blocks as one value
        wait(3)
    scenario.servers.valkey.stop()
    scenario.servers.postgres.stop()
    truth.deleted["p07"] = truth.blocked["cold", "author3"] = 0.0
    with scenario.timeline(), traffic(scenario.port, READERS, truth) as findings:
        wait(3)
        scenario.servers.postgres.start()
        scenario.servers.valkey.start()
        assert scenario.until_whole() < RECOVERY_SECONDS
    assert findings.sources.get("snapshot", 0) > 50
    judge(findings, "both down from the start")


def test_a_full_disk_under_the_snapshot(scenario: Scenario, tmp_path: Path) -> None:
    with small_disk(tmp_path) as place:
        file, filler = place / "timeline.bin", fill(place)
        with scenario.timeline(snapshot_file=file):
            scenario.until_ready()
            truth = scenario.truth()
            with traffic(scenario.port, READERS, truth) as findings:
                wait(3)
                truth.under_way |= {"p07"}
                assert scenario.write("DELETE", "/posts/p07") == 204
                truth.deleted["p07"] = time.monotonic()
                wait(1)
            assert not file.exists()
            filler.unlink()
        assert file.stat().st_size > 1000  # saved at its end, now that there is room
    judge(findings, "a full disk under the snapshot")
