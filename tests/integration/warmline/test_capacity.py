"""`warmline capacity` on real servers: before anything ran, by what a run left, and for a world that is then built."""

import pytest
import redis

from shared.db.engine import Database
from shared.db.runs import claim_run, finish_run, request_run
from shared.db.sizes import read_stored_amounts
from shared.domain import Phase
from shared.ranked_lists import keys
from shared.ranked_lists.job_store import JobStore
from shared.ranked_lists.key_sizes import MemoryUse, read_memory_use
from tests.integration.warmline.answers import Answer, Command
from tests.stores import execute, forget_everything, heuristic_run
from tests.worlds import NOW
from warmline.commands.capacity.command import check_redis

SIZES = ("--users", "10000", "--posts", "2000", "--interactions", "300000")


@pytest.fixture(autouse=True)
def nobody_else(redis_url: str) -> None:
    """What is used is the whole server's: other tests' databases of it are emptied, too."""
    with redis.Redis.from_url(redis_url) as client:
        client.flushall()


def fill(database: Database, *, users: int, posts: int, likes: int) -> None:
    """Short ids and short captions, as many teams have them: far from the UUIDs that are assumed of the unknown."""
    numbers = "FROM generate_series(1, :n) AS n"
    post = f"(n / {users} * 131 + n) % {posts}"  # each user's are different ones
    made = {
        f"INSERT INTO warmline.users (id, created_at) SELECT 'u' || n, :at {numbers}": users,
        "INSERT INTO warmline.posts (id, author_id, caption, created_at)"
        f" SELECT 'i' || n, 'u' || n, 'picture ' || n, :at {numbers}": posts,
        "INSERT INTO warmline.interactions (user_id, post_id, kind, created_at)"
        f" SELECT 'u' || 1 + n % {users}, 'i' || 1 + {post}, 'like', :at {numbers}": likes,
    }
    for statement, n in made.items():
        execute(database, statement, n=n, at=NOW)


def asked(warmline: Command, *, users: int, posts: int, likes: int) -> Answer:
    return warmline("capacity", "--users", f"{users}", "--posts", f"{posts}", "--interactions", f"{likes}", "--json")


def did(database: Database, job: str, **report: object) -> None:
    """A good run of a job, with what it reported."""
    request_run(database, job, by="a test")
    run = claim_run(database, job, worker="a test")
    assert run is not None
    finish_run(database, run, report=report)


def test_before_anything_ran_everything_counts_and_no_seconds_are_made_up(warmline: Command) -> None:
    found = warmline("capacity", *SIZES, "--json").json
    assert found["check"] == []
    assert 1e6 < found["redis"]["live_queues_at_most"] < 20e6, "of 10,000 users in each phase"
    assert found["live"]["seconds_per_list"] == {}
    assert found["redis"]["by_kind"]["lists, heuristic"] == pytest.approx(10_000 * 1_376, rel=0.05)
    assert found["seconds"] == dict.fromkeys(("heuristic", "train", "score"))
    assert set(found["how"].values()) == {"run once, then ask again"}
    assert "not known" in warmline("capacity", *SIZES).out


def test_a_world_three_times_as_large_is_predicted_to_a_fifth_and_then_built(
    warmline: Command, database: Database, writer: JobStore, fresh_redis: str
) -> None:
    small, large = {"users": 2_500, "posts": 2_500, "likes": 25_000}, {"users": 7_500, "posts": 7_500, "likes": 75_000}
    fill(database, **small)
    heuristic_run(database, writer, now=NOW)
    vacuum(database)
    found = asked(warmline, **large).json
    assert [check["what"] for check in found["check"]] == ["Redis", "PostgreSQL"]
    assert all(abs(check["off"]) <= 0.2 for check in found["check"])
    forget_everything(database)
    vacuum(database)
    with redis.Redis.from_url(fresh_redis) as client:
        client.flushdb()
    fill(database, **large)
    heuristic_run(database, writer, now=NOW)
    neucf, vectors = found["redis"]["by_kind"]["lists, neucf"], found["postgresql"]["by_kind"]["post_vectors"]
    assert found["redis"]["bytes"] - neucf == pytest.approx(read_memory_use(fresh_redis).by_keys, rel=0.2)
    assert found["postgresql"]["bytes"] - vectors == pytest.approx(read_stored_amounts(database).bytes, rel=0.2)


def vacuum(database: Database) -> None:
    """Give back what other tests left: a table's bytes are those of its rows."""
    engine = database.own.engine.execution_options(isolation_level="AUTOCOMMIT")
    with engine.connect() as connection:
        for table in ("users", "posts", "interactions", "blocks", "post_rows", "post_vectors", "runs"):
            connection.exec_driver_sql(f"VACUUM FULL warmline.{table}")


def test_live_lists_cost_what_they_have_cost_here(warmline: Command, client: redis.Redis) -> None:
    client.hset(keys.live_counts(Phase.NEUCF), mapping={"passes": 50, "cpu_seconds": 0.1})
    assert warmline("capacity", *SIZES, "--json").json["live"]["seconds_per_list"]["neucf"] >= 0.002
    assert "of processor time for each" in warmline("capacity", *SIZES).out


def test_what_it_tried_in_redis_is_gone_again(warmline: Command, client: redis.Redis) -> None:
    assert warmline("capacity", *SIZES).code == 0
    assert list(client.scan_iter("*")) == []


def test_seconds_are_those_of_the_last_run_times_what_grew(warmline: Command, database: Database) -> None:
    fill(database, users=100, posts=50, likes=200)
    stages = {"start": 4.0, "epochs": 9.0}
    did(
        database,
        "train",
        seconds=13.0,
        stages=stages,
        work={"events": 200, "posts": 50, "workers": 2},
        captions=20,
        images=1,
    )
    same, twice = (asked(warmline, users=100 * n, posts=50 * n, likes=200 * n).json for n in (1, 2))
    assert (same["seconds"]["train"], twice["seconds"]["train"]) == (13.0, 22.0)
    assert twice["stages"]["train"] == {"start": 4.0, "epochs": 18.0}
    assert (
        "took 13.0 s, each part times what it grows with; 21 captions and photos were new to it"
        in (twice["how"]["train"])
    )
    assert twice["how"]["train"].endswith("as many epochs as then, in 2 processes side by side as then")


def test_a_run_on_a_tiny_sample_predicts_nothing(warmline: Command, database: Database) -> None:
    """Once it said that a training would take 11.5 days."""
    fill(database, users=5, posts=5, likes=5)
    did(database, "train", seconds=9.0, stages={"epochs": 9.0}, work={"events": 5, "posts": 5})
    found = warmline("capacity", *SIZES, "--json").json
    assert found["seconds"]["train"] is None
    assert "says too little: run once, then ask again when there is more" in found["how"]["train"]
    assert "11.5" not in warmline("capacity", *SIZES).out


def test_a_partial_scoring_is_no_basis(warmline: Command, database: Database) -> None:
    did(database, "score", seconds=1.0, partial=True, stages={})
    assert warmline("capacity", *SIZES, "--json").json["how"]["score"] == "run once, then ask again"


def test_a_redis_that_others_use_too_is_not_compared(
    warmline: Command, database: Database, writer: JobStore, client: redis.Redis
) -> None:
    fill(database, users=50, posts=50, likes=500)
    heuristic_run(database, writer, now=NOW)
    alone = warmline("capacity", *SIZES, "--json").json["check"][0]
    client.mset({f"somebody:{number}": "x" * 10_000 for number in range(100)})
    shared = warmline("capacity", *SIZES, "--json").json["check"][0]
    assert alone["found"] > 0
    assert (shared["found"], shared["off"]) == (None, None)
    assert "not compared, for the server holds 100 other keys" in shared["note"]
    assert "not compared" in warmline("capacity", *SIZES).out


@pytest.mark.parametrize(("predicted", "says_why"), [(1_100_000, True), (1_900_000, True), (3_000_000, False)])
def test_a_small_difference_is_said_to_be_redis_own(predicted: int, *, says_why: bool) -> None:
    there = MemoryUse(bytes=2_400_000, at_start=1_000_000, clients=0, keys=10)
    assert (check_redis(predicted, there, ours=10).note is not None) is says_why


def test_events_are_foreseen_by_what_came_in_the_last_days_and_how_long_it_is_kept(
    warmline: Command, database: Database
) -> None:
    insert = """
        INSERT INTO warmline.interactions (user_id, post_id, kind, created_at)
        SELECT 'u' || n, 'i' || :days, :kind, now() - make_interval(days => :days) FROM generate_series(1, :n) AS n
        """
    execute(database, insert, kind="view", days=5, n=1000)
    execute(database, insert, kind="like", days=2, n=50)
    execute(database, insert, kind="like", days=8, n=500)  # before the last week
    views, likes = warmline("capacity", *SIZES, "--json").json["postgresql"]["events"]
    assert (views["kind"], views["kept_days"], likes["kind"], likes["kept_days"]) == ("view", 180, "like", None)
    assert views["a_day"] == pytest.approx(200, rel=0.01)
    assert views["rows"] == pytest.approx(36_000, rel=0.01)
    assert likes["rows"] == pytest.approx(3_650, rel=0.01)
    assert "200 view events a day, kept for 180 days" in warmline("capacity", *SIZES).out
