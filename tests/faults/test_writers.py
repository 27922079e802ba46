"""Jobs killed while they publish, run twice at once, late, or by a clock that was set back: lists are old or new."""

from datetime import UTC, datetime, timedelta

import pytest

from s01_heuristic.job import JobSettings, run_heuristic
from shared.db.runs import claim_run, request_run
from shared.domain import Phase
from shared.errors import LeaseLost
from shared.ranked_lists import keys
from tests.faults.kill_jobs import CROWD, add_crowd, kill_publishing
from tests.faults.saving import make_champion
from tests.faults.scenario import READERS, Scenario, judge, wait
from tests.traffic import traffic

pytestmark = pytest.mark.faults
MOMENTS = 20


def test_the_heuristic_killed_at_random_moments_of_publishing_leaves_whole_lists(scenario: Scenario) -> None:
    add_crowd(scenario.deployment)
    with scenario.timeline():
        scenario.until_ready()
        with traffic(scenario.port, (*READERS, *CROWD[:9]), scenario.truth(), pause=0.05) as findings:
            killed = kill_publishing(Phase.HEURISTIC, scenario.deployment, scenario.folder, moments=MOMENTS, seed=4)
    judge(findings, f"heuristic killed {killed} of {MOMENTS} times while it published")
    assert killed >= MOMENTS // 2


def test_the_scorer_killed_at_random_moments_of_publishing_leaves_whole_lists(scenario: Scenario) -> None:
    add_crowd(scenario.deployment)
    make_champion(scenario.deployment, scenario.folder)
    scenario.deployment.run_heuristic()
    with scenario.timeline():
        scenario.until_ready()
        scenario.switch(Phase.NEUCF)
        with traffic(scenario.port, (*READERS, *CROWD[:9]), scenario.truth(), pause=0.05) as findings:
            killed = kill_publishing(Phase.NEUCF, scenario.deployment, scenario.folder, moments=MOMENTS, seed=5)
    judge(findings, f"scorer killed {killed} of {MOMENTS} times while it published")
    assert killed >= MOMENTS // 2
    assert findings.sources["neucf"] > 100


def test_a_writer_that_lost_its_lease_changes_nothing(scenario: Scenario) -> None:
    settings = scenario.deployment.settings()
    job = JobSettings(
        window=settings.window, lists=settings.lists, formula=settings.formula, new_posts=settings.new_posts
    )
    with scenario.deployment.database() as database, scenario.deployment.writer() as writer:
        request_run(database, "heuristic", by="test")
        late = claim_run(database, "heuristic", worker="late")
        assert late is not None
        scenario.deployment.sql("UPDATE warmline.runs SET lease_until = now() - interval '1 s' WHERE state = 'running'")
        scenario.deployment.run_heuristic()
        with scenario.deployment.redis() as redis:
            before = redis.get(keys.EVERYONE)
            with pytest.raises(LeaseLost):
                run_heuristic(database, writer, job, late, datetime.now(UTC))
            assert redis.get(keys.EVERYONE) == before


def test_two_runs_of_one_job_are_never_claimed_at_once(scenario: Scenario) -> None:
    with scenario.deployment.database() as database:
        request_run(database, "heuristic", by="test")
        assert claim_run(database, "heuristic", worker="one") is not None
        request_run(database, "heuristic", by="test")
        assert claim_run(database, "heuristic", worker="other") is None


def test_a_clock_set_back_an_hour_changes_no_promise(scenario: Scenario) -> None:
    with scenario.timeline():
        scenario.until_ready()
        with traffic(scenario.port, READERS, scenario.truth()) as findings:
            wait(1)
            scenario.deployment.run_heuristic(now=datetime.now(UTC) - timedelta(hours=1))
            wait(1)
            scenario.deployment.run_heuristic()
            wait(2)
    judge(findings, "a clock set back an hour")
    assert findings.degraded == 0
