"""What a status finds to need attention: each rule on a state that is well but for one thing."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.db.models import ModelVersion
from shared.db.server import DatabaseState
from shared.domain import Phase, PhaseState
from shared.jobs.names import SERVICES, Job
from shared.ranked_lists.health import RedisHealth
from shared.ranked_lists.publication import Publication
from shared.readiness import Demotion
from warmline.commands.status.records import FromDatabase, FromRedis, JobRuns, Status
from warmline.commands.status.rules import attention, usual_pause
from warmline.findings import Severity

NOW = datetime(2026, 11, 29, 12, tzinfo=UTC)
MINUTE = timedelta(minutes=1)
MODEL = ModelVersion(
    version=3, folder="model-3", sha256="ab", state="accepted", verdict="better", report={}, created_at=NOW,
    alias="champion",
)  # fmt: skip


def run(*, ago: timedelta = MINUTE, state: str = "done", **changes: Any) -> Mapping[str, Any]:
    """A run that ended so long ago."""
    row = {
        "id": 7, "state": state, "worker": "host:1", "requested_by": "schedule", "requested_at": NOW - ago,
        "started_at": NOW - ago, "finished_at": NOW - ago, "lease_until": None, "report": {}, "error": None,
        "progress": None,
    }  # fmt: skip
    return row | changes


def jobs(**runs: list[Mapping[str, Any]]) -> dict[Job, JobRuns]:
    """Each job's runs, newest first; a good one a minute ago where nothing is said."""
    return {job: JobRuns(runs=tuple(runs.get(job.value, [run()]))) for job in Job}


def published(*, minutes_ago: float = 1) -> Publication:
    return Publication(run=1, at=NOW - minutes_ago * MINUTE, lists=10, bytes=1000, seconds=1.0)


def database(**changes: Any) -> FromDatabase:
    whole = FromDatabase(
        server=DatabaseState(version="18.6", bytes=1_000_000),
        phase=PhaseState(version=1, phase=Phase.NEUCF, rollout_percent=100, salt=""),
        changed=None,
        jobs=jobs(),
        services=tuple({"service": service} for service in (*SERVICES.values(), "timeline")),
        champion=MODEL,
        demotion=None,
        newest=MODEL,
        readiness={"sentence": "ready"},
        takedowns={"posts": 0, "users": 0},
    )
    return replace(whole, **changes)


def in_redis(**changes: Any) -> FromRedis:
    server = RedisHealth(version=(7, 2), used_bytes=10, max_bytes=100_000_000, policy="noeviction")
    whole = FromRedis(server=server, published={phase: published() for phase in Phase}, is_safe=True)
    return replace(whole, **changes)


def status(known: FromDatabase | None = None, redis: FromRedis | None = None, **changes: Any) -> Status:
    return Status(now=NOW, **{"database": known or database(), "redis": redis or in_redis(), **changes})


def found(of: Status) -> list[tuple[Severity, str]]:
    return [(each.severity, each.where) for each in attention(of)]


HEURISTIC_IN_FORCE = PhaseState(version=1, phase=Phase.HEURISTIC, rollout_percent=100, salt="")
PROBLEM, HINT = Severity.PROBLEM, Severity.HINT
OLD = {Phase.HEURISTIC: published(), Phase.NEUCF: published(minutes_ago=90)}
ONLY_HEURISTIC = {Phase.HEURISTIC: published()}
DEAD = NOW - MINUTE
DEMOTION = Demotion(version=3, at=datetime(2026, 11, 29, 3, 20, tzinfo=UTC))


def test_nothing_is_found_where_all_is_well() -> None:
    assert found(status()) == []


@pytest.mark.parametrize(
    ("of", "expected"),
    [
        (replace(status(), database=None, trouble={"postgresql": "no answer"}), [(PROBLEM, "PostgreSQL")]),
        (replace(status(), redis=None, trouble={"redis": "no answer"}), [(PROBLEM, "Redis")]),
        (status(database(jobs=jobs(score=[run(state="failed", error="weights: gone")]))), [(PROBLEM, "job score")]),
        (status(database(jobs=jobs(train=[run(state="failed", error="not ready: 5 of 5,000 likes")]))), []),
        (status(database(jobs=jobs(score=[run(), run(state="failed", error="long ago")]))), []),
        (status(database(jobs=jobs(train=[run(ago=timedelta(days=3))]))), [(HINT, "job train")]),
        (
            status(database(jobs=jobs(score=[run(state="running", finished_at=None, lease_until=DEAD)]))),
            [(HINT, "job score")],
        ),
        (status(database(jobs=jobs(score=[run(report={"away": ["cdn.test"]})]))), [(PROBLEM, "photos")]),
        (status(database(jobs=jobs(score=[run(report={"away": []}), run(report={"away": ["cdn.test"]})]))), []),
        (status(database(champion=None)), [(PROBLEM, "phase")]),
        (status(database(champion=None, demotion=DEMOTION)), [(HINT, "phase")]),
        (
            status(database(champion=None, demotion=DEMOTION, phase=HEURISTIC_IN_FORCE), in_redis(published=OLD)),
            [],
        ),
        (status(database(champion=None, phase=HEURISTIC_IN_FORCE), in_redis(published=ONLY_HEURISTIC)), []),
        (status(redis=in_redis(published=ONLY_HEURISTIC)), [(PROBLEM, "phase")]),
        (status(redis=in_redis(published=OLD)), [(PROBLEM, "neucf lists")]),
        (status(database(phase=HEURISTIC_IN_FORCE), in_redis(published=OLD)), [(HINT, "neucf lists")]),
        (status(redis=in_redis(is_safe=False)), [(PROBLEM, "Redis")]),
        (status(champions_files="weights: cannot be read"), [(PROBLEM, "model 3")]),
    ],
)  # fmt: skip
def test_what_is_wrong_is_found_and_nothing_else(of: Status, expected: list[tuple[Severity, str]]) -> None:
    assert found(of) == expected


@pytest.mark.parametrize(
    ("published", "served", "todo"),
    [
        (
            OLD,
            "Its lists are still served; the next scoring run deletes them",
            "`warmline run score` deletes its lists",
        ),
        (ONLY_HEURISTIC, "Its lists are deleted: everybody gets the heuristic's list", "nothing has to be done"),
    ],
    ids=["before the next scoring run", "after it"],
)
def test_a_demotion_says_when_and_why_what_is_served_and_what_to_do(
    published: Mapping[Phase, Publication], served: str, todo: str
) -> None:
    known = database(champion=None, demotion=DEMOTION)
    (finding,) = attention(status(known, in_redis(published=published)))
    assert finding.got.startswith("The gate demoted model 3 on 2026-11-29 at 03:20 UTC: it was not ahead any more")
    assert served in finding.got
    assert "`warmline rollback` brings it back" in finding.got
    assert "published yet" not in finding.got
    assert finding.todo.startswith(todo)


def test_a_phase_without_any_model_wants_a_training_first() -> None:
    (untrained,) = attention(status(database(champion=None, newest=None)))
    (rejected,) = attention(status(database(champion=None)))
    assert untrained.todo.startswith("train first: `warmline run train`")
    assert rejected.todo.startswith("`warmline promote` a version")


def test_a_redis_of_another_installation_is_no_redis_that_is_away() -> None:
    foreign = replace(status(), redis=None, has_foreign_redis=True, trouble={"redis": "belongs to another"})
    (said,) = attention(foreign)
    assert (said.got, said.expected) == ("belongs to another", "an owner of its own")


def test_a_redis_that_is_nearly_full_is_a_problem() -> None:
    full = RedisHealth(version=(7, 2), used_bytes=95, max_bytes=100, policy="noeviction")
    assert found(status(redis=in_redis(server=full))) == [(PROBLEM, "Redis")]


def test_a_request_that_nobody_will_do_is_a_problem_after_a_minute() -> None:
    def waiting(ago: timedelta, services: tuple[Mapping[str, Any], ...]) -> Status:
        request = run(ago=ago, state="requested", started_at=None, finished_at=None)
        return status(database(jobs=jobs(train=[request, run()]), services=services))

    only_timeline = ({"service": "timeline"},)
    assert found(waiting(2 * MINUTE, only_timeline)) == [(PROBLEM, "job train")]
    assert found(waiting(MINUTE / 2, only_timeline)) == []
    assert found(waiting(2 * MINUTE, (*only_timeline, {"service": "s02_train_neucf"}))) == []


def test_without_a_timeline_nobody_answers_the_app() -> None:
    assert found(status(database(services=()))) == [(PROBLEM, "timeline")]


def test_lists_are_late_by_the_pauses_that_were_usual_here() -> None:
    hourly = [run(ago=hours * timedelta(hours=1)) for hours in (2, 3, 4, 5)]
    known = database(jobs=jobs(heuristic=hourly), phase=HEURISTIC_IN_FORCE)
    assert usual_pause(Job.HEURISTIC, known.jobs[Job.HEURISTIC]) == timedelta(hours=1)

    def aged(hours: float) -> Status:
        lists = {Phase.HEURISTIC: published(minutes_ago=60 * hours), Phase.NEUCF: published()}
        return status(known, in_redis(published=lists))

    assert found(aged(3.9)) == []
    assert found(aged(4.1)) == [(PROBLEM, "heuristic lists")]


def test_every_finding_says_what_to_do() -> None:
    broken = status(database(jobs=jobs(score=[run(state="failed", error="x")]), champion=None), in_redis(is_safe=False))
    assert all(each.todo for each in attention(broken))
