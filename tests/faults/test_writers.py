"""Jobs killed while they publish, run twice at once, late, or by a clock that was set back: lists are old or new."""

import os
import random
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta

import pytest

from s01_heuristic.job import JobSettings, run_heuristic
from shared.db.runs import claim_run, request_run
from shared.domain import Phase
from shared.errors import LeaseLost
from shared.ranked_lists import codec, keys
from tests.faults.scene import READERS, ROOT, Scene, wait
from tests.faults.writing import USERS
from tests.traffic import traffic

pytestmark = pytest.mark.faults
MOMENTS = 20


def test_the_heuristic_killed_at_random_moments_leaves_whole_lists(scene: Scene) -> None:
    rng, killed = random.Random(4), 0
    environment = os.environ | {
        "WARMLINE_DATABASE_URL": scene.house.database_url, "WARMLINE_REDIS_URL": scene.house.redis_url,
        "WARMLINE_LIST_LENGTH": "30", "WARMLINE_EVERYONE_LENGTH": "100", "PYTHONPATH": str(ROOT),
    }  # fmt: skip
    command = [sys.executable, "-m", "s01_heuristic", "--once"]
    begun = time.monotonic()
    subprocess.run(command, env=environment, cwd=scene.folder, capture_output=True, check=True)
    whole_run = time.monotonic() - begun
    with scene.timeline():
        scene.until_ready()
        with traffic(scene.port, READERS, scene.truth(), pause=0.05) as findings:
            for _ in range(MOMENTS):
                process = subprocess.Popen(command, env=environment, cwd=scene.folder, stderr=subprocess.DEVNULL)
                time.sleep(whole_run * rng.uniform(0.5, 1.0))  # before, nothing but imports
                killed += process.poll() is None
                process.kill()
                process.wait()
                scene.house.sql("UPDATE warmline.runs SET lease_until = now() - interval '1 s' WHERE state = 'running'")
                _check_lists(scene, Phase.HEURISTIC, ("ann", "cold"))
    print(f"heuristic killed {killed} of {MOMENTS} times while at work: {findings}")  # noqa: T201
    assert killed >= MOMENTS // 2
    assert findings.violations == []


def test_the_scorer_killed_at_random_moments_leaves_whole_lists(scene: Scene) -> None:
    rng = random.Random(5)
    rows = list(scene.house.rows().values())[:30]
    generations = set()
    for moment in range(MOMENTS):
        command = [sys.executable, "-m", "tests.faults.writing", scene.house.redis_url, str(1000 * (moment + 1))]
        process = subprocess.Popen([*command, *map(str, rows)], cwd=ROOT, stdout=subprocess.PIPE)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(rng.uniform(0, 0.3))
        process.kill()
        process.communicate()
        generations |= _check_lists(scene, Phase.NEUCF, USERS)
    assert len(generations) > 5


def test_a_writer_that_lost_its_lease_changes_nothing(scene: Scene) -> None:
    settings = scene.house.settings()
    job = JobSettings(
        window=settings.window, lists=settings.lists, formula=settings.formula, new_posts=settings.new_posts
    )
    with scene.house.database() as database, scene.house.writer() as writer:
        request_run(database, "heuristic", by="test")
        late = claim_run(database, "heuristic", worker="late")
        assert late is not None
        scene.house.sql("UPDATE warmline.runs SET lease_until = now() - interval '1 s' WHERE state = 'running'")
        scene.house.run_heuristic()
        with scene.house.redis() as redis:
            before = redis.get(keys.EVERYONE)
            with pytest.raises(LeaseLost):
                run_heuristic(database, writer, job, late, datetime.now(UTC))
            assert redis.get(keys.EVERYONE) == before


def test_two_runs_of_one_job_are_never_claimed_at_once(scene: Scene) -> None:
    with scene.house.database() as database:
        request_run(database, "heuristic", by="test")
        assert claim_run(database, "heuristic", worker="one") is not None
        request_run(database, "heuristic", by="test")
        assert claim_run(database, "heuristic", worker="other") is None


def test_a_clock_set_back_an_hour_changes_no_promise(scene: Scene) -> None:
    with scene.timeline():
        scene.until_ready()
        with traffic(scene.port, READERS, scene.truth()) as findings:
            wait(1)
            _run_at(scene, datetime.now(UTC) - timedelta(hours=1))
            wait(1)
            _run_at(scene, datetime.now(UTC))
            wait(2)
    assert findings.violations == []
    assert findings.degraded == 0


def _run_at(scene: Scene, now: datetime) -> None:
    settings = scene.house.settings()
    job = JobSettings(
        window=settings.window, lists=settings.lists, formula=settings.formula, new_posts=settings.new_posts
    )
    with scene.house.database() as database, scene.house.writer() as writer:
        request_run(database, "heuristic", by="test")
        run = claim_run(database, "heuristic", worker="test")
        assert run is not None
        run_heuristic(database, writer, job, run, now)
        scene.house.sql("UPDATE warmline.runs SET state = 'done' WHERE state = 'running'")


def _check_lists(scene: Scene, phase: Phase, users: tuple[str, ...]) -> set[int]:
    """Every list that is there is whole and of one generation; gives the generations met."""
    generations = set()
    with scene.house.redis() as redis:
        for value in redis.mget([keys.ranked_list(phase, user) for user in users]):
            if value is None:
                continue
            ranked = codec.decode(value)
            rows = codec.rows_of(ranked.entries)
            assert len(set(rows)) == len(rows) == 30
            generations.add(ranked.generation)
    return generations
