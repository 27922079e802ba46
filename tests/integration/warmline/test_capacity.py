"""`warmline capacity` on real servers: before anything ran, and checked against what a run left."""

import pytest
import redis

from benchmarks.memory.measure import measure
from shared.db.engine import Database
from shared.db.runs import claim_run, finish_run, request_run
from shared.domain import Kind
from shared.ranked_lists.publish import ListWriter
from tests.integration.warmline.answers import Command
from tests.stores import heuristic_run
from tests.worlds import NOW, Event, Post, World, write_own_tables
from warmline.capacity import CALIBRATED, EARLIER, EPOCH, WEIGHED
from warmline.capacity_model import SCORE, TRAIN

SIZES = ("--users", "10000", "--posts", "2000", "--interactions", "300000")
WORLD = World(
    users=[f"user-{n:031d}" for n in range(300)],
    posts=[Post(f"post-{n:031d}", f"user-{n:031d}", n / 2) for n in range(200)],
    events=[Event(f"user-{n % 300:031d}", f"post-{(n * 7) % 200:031d}", Kind.LIKE, 1) for n in range(600)],
)


@pytest.fixture(autouse=True)
def _in_a_hurry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("warmline.calibrating.TRIALS", 2)
    monkeypatch.setattr("warmline.calibrating.PAUSE_SECONDS", 0)


def test_before_anything_ran_everything_counts_and_there_is_nothing_to_check(warmline: Command) -> None:
    found = warmline("capacity", *SIZES, "--json").json
    assert (found["here"], found["check"], found["measured_jobs"]) == (None, [], [])
    assert (found["world"]["lists"], found["world"]["candidates"], found["world"]["events"]) == (10_000, 2_000, 300_000)
    assert found["redis"]["by_kind"]["lists, heuristic"] == pytest.approx(10_000 * 1_350, rel=0.05)
    assert all(seconds > 0 for seconds in found["seconds"].values())


def test_after_a_run_its_shares_count_and_its_prediction_is_held_against_what_is_there(
    warmline: Command, database: Database, writer: ListWriter, fresh_redis: str
) -> None:
    write_own_tables(database, WORLD)
    heuristic_run(database, writer, now=NOW)
    found = warmline("capacity", *SIZES, "--json").json
    assert (found["here"]["lists"], found["here"]["candidates"], found["here"]["events"]) == (300, 200, 600)
    assert (found["world"]["candidates"], found["world"]["events"]) == (2_000, 300_000)
    assert found["measured_jobs"] == ["heuristic"]
    assert [check["how"] for check in found["check"]] == [WEIGHED, WEIGHED, CALIBRATED]
    checks = {check["what"]: check for check in found["check"]}
    assert set(checks) == {"Redis", "PostgreSQL", "heuristic"}
    # What Redis says of itself depends on who else is connected: the keys are weighed one by one instead.
    weighed = measure(fresh_redis)
    tables = 40 * sum(weighed.count.values()) + 400_000  # entries of life times, and what Redis keeps besides keys
    assert checks["Redis"]["predicted"] == pytest.approx(weighed.total + tables, rel=0.1)
    assert all(check["found"] > 0 for check in checks.values())


def test_what_it_tried_in_redis_is_gone_again(warmline: Command, client: redis.Redis) -> None:
    assert warmline("capacity", *SIZES).code == 0
    assert list(client.scan_iter("*")) == []


def test_the_newest_run_is_predicted_from_those_before_it_too(
    warmline: Command, database: Database, writer: ListWriter
) -> None:
    write_own_tables(database, WORLD)
    reports = [heuristic_run(database, writer, now=NOW) for _ in range(3)]
    checks = warmline("capacity", *SIZES, "--json").json["check"]
    (earlier,) = [check for check in checks if check["how"] == EARLIER]
    assert earlier["found"] == reports[-1]["seconds"]
    # Nothing has grown: of each stage what the two runs before took in the middle, and that is their mean.
    before = [report["stages"] for report in reports[:2]]
    assert earlier["predicted"] == pytest.approx(sum(sum(stages.values()) for stages in before) / 2)


def test_a_training_is_predicted_part_by_part_for_the_epochs_that_it_had(
    warmline: Command, database: Database, writer: ListWriter
) -> None:
    write_own_tables(database, WORLD)
    heuristic_run(database, writer, now=NOW)
    work = {"users": 300, "posts": 200, "likes": 600, "events": 600, "epochs": 40, "validations": 4, "steps": 9}
    report = {
        "seconds": 13.0,
        "work": work | {"people": 60, "asked": 90, "examined": 500},
        "stages": {"start": 4.0, "epochs": 9.0},
    }
    request_run(database, TRAIN, by="a test")
    run = claim_run(database, TRAIN, worker="a test")
    assert run is not None
    finish_run(database, run, report=report)
    same = warmline("capacity", "--users", "300", "--posts", "200", "--interactions", "600", "--json").json
    assert same["training"] == {"epochs": 40, "seconds_per_epoch": 0.225}
    assert same["stages"]["train"]["epochs"] == 9.0
    larger = warmline("capacity", *SIZES, "--json").json
    assert larger["training"]["epochs"] == 40
    assert larger["training"]["seconds_per_epoch"] > 0.225
    assert larger["stages"]["train"]["start"] == 4.0
    assert "as many epochs as last time (40" in larger["how"]["train"]
    hows = [(check["what"], check["how"]) for check in larger["check"] if check["what"].startswith("train")]
    assert hows == [("train", CALIBRATED), (EPOCH, CALIBRATED)]


def test_a_run_that_encoded_is_checked_without_that(warmline: Command, database: Database, writer: ListWriter) -> None:
    write_own_tables(database, WORLD)
    heuristic_run(database, writer, now=NOW)
    report = {"seconds": 9.0, "lists": 300, "posts": 200, "captions": 200, "stages": {"start": 5.0, "encode": 3.0}}
    request_run(database, SCORE, by="a test")
    run = claim_run(database, SCORE, worker="a test")
    assert run is not None
    finish_run(database, run, report=report)
    found = warmline("capacity", *SIZES, "--json").json
    (check,) = [check for check in found["check"] if check["what"].startswith("score")]
    assert (check["what"], check["found"]) == ("score, encoding apart", 6.0)
    assert found["stages"]["score"]["encode"] == 30.0  # ten times the posts


def test_the_table_says_how_each_figure_was_come_by_and_how_far_off_the_last_run_was(
    warmline: Command, database: Database, writer: ListWriter
) -> None:
    write_own_tables(database, WORLD)
    heuristic_run(database, writer, now=NOW)
    shown = warmline("capacity", *SIZES).out
    assert "by your last run, each stage by what it grows with" in shown
    assert "rough: by the calibration alone" in shown
    assert "check against what is here and the last real runs" in shown
    assert CALIBRATED in shown
