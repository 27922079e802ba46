"""`warmline status` on real servers: a fresh installation, one that works, and stores that are away."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

from shared.db.engine import Database
from shared.db.runs import claim_run, note_progress, record_heartbeat, request_run
from shared.db.takedown_acts import hide_post, suspend_user
from shared.domain import InteractionKind
from shared.ranked_lists.job_store import JobStore
from tests.integration.warmline.answers import Command
from tests.model_files import put_on_record
from tests.stores import execute, heuristic_run
from tests.worlds import TEN_POSTS, Event, Post, World, write_own_tables

DEAD_REDIS, DEAD_POSTGRES = "redis://127.0.0.1:1/0", "postgresql://nobody@127.0.0.1:1/nowhere"
STEERING = "\x1b]0;owned\x07\x1b[2J\x9b31m\u202e"


def wheres(answer: dict[str, list[dict[str, str]]]) -> set[str]:
    return {finding["where"] for finding in answer["attention"]}


def test_a_fresh_installation_is_told_what_to_start(warmline: Command) -> None:
    answer = warmline("status", "--json")
    assert (answer.code, wheres(answer.json)) == (1, {"phase", "timeline"})
    assert answer.json["lists"] == {"heuristic": None, "neucf": None}


def test_one_that_works_needs_nothing(warmline: Command, database: Database, writer: JobStore, tmp_path: Path) -> None:
    write_own_tables(database, TEN_POSTS)
    heuristic_run(database, writer, now=datetime.now(UTC))
    record_heartbeat(database, "timeline", worker="test")
    version = put_on_record(database, tmp_path / "models", "model-1")
    warmline("promote", str(version))
    answer = warmline("status", "--json")
    assert (answer.code, answer.json["attention"]) == (0, [])
    assert answer.json["phase"]["phase"] == "heuristic"
    assert answer.json["runs"]["heuristic"]["last"]["state"] == "done"
    assert answer.json["runs"]["score"]["waiting"]["requested_by"] == f"promotion of model {version}"
    assert answer.json["models"]["champion"]["version"] == version
    text = warmline("status").out
    assert "Nothing needs attention." in text
    assert f"champion: model {version}" in text


def test_status_and_doctor_count_the_likes_of_a_user_on_a_post_once(
    warmline: Command, database: Database, writer: JobStore
) -> None:
    now = datetime.now(UTC)
    repeated = "SELECT 'u' || n % 2, 'p' || n % 3, 'comment', now(), 'e' || n FROM generate_series(0, 11) AS n"
    execute(database, "INSERT INTO warmline.users SELECT 'u' || n FROM generate_series(0, 1) AS n")
    execute(
        database, "INSERT INTO warmline.posts (id, author_id) SELECT 'p' || n, 'u0' FROM generate_series(0, 2) AS n"
    )
    execute(database, f"INSERT INTO warmline.interactions (user_id, post_id, kind, created_at, event_id) {repeated}")
    heuristic_run(database, writer, now=now)
    (phase_2,) = [each for each in warmline("doctor", "--json").json["findings"] if each["where"] == "phase 2"]
    said = "6 {}likes, comments, saves and shares (one per user and post)"
    assert phase_2["got"].startswith(said.format(""))
    assert said.format("of 5,000 ") in warmline("status", "--json").json["readiness"]["sentence"]


def test_what_is_kept_and_what_was_removed_is_said(warmline: Command, database: Database, writer: JobStore) -> None:
    assert "nothing was looked at yet" in warmline("status").out
    now = datetime.now(UTC)
    events = (Event("ann", "p1", InteractionKind.VIEW, 200 * 24), Event("ann", "p1", InteractionKind.VIEW))
    write_own_tables(database, World(users=("ann",), posts=(Post("p1", "ben"),), events=events, now=now))
    heuristic_run(database, writer, now=now)
    since = (now - timedelta(days=180)).date()
    said = f"views since {since}, other events as long as their user; 1 event removed by the last run"
    assert said in " ".join(warmline("status").out.split())
    assert warmline("status", "--json").json["kept"]["removed"] == {"view": 1}


def test_what_is_taken_down_is_counted(warmline: Command, database: Database) -> None:
    assert "taken down" not in warmline("status").out
    for post in ("p1", "p2"):
        hide_post(database, post)
    suspend_user(database, "ann")
    assert warmline("status", "--json").json["taken_down"] == {"posts": 2, "users": 1}
    assert "2 posts hidden, 1 user suspended" in warmline("status").out


def test_a_run_under_way_shows_how_far_it_is(warmline: Command, database: Database) -> None:
    request_run(database, "train", by="test")
    run = claim_run(database, "train", worker="test")
    assert run is not None
    run.progress.plan({"training, cut 2": 1})
    run.progress.report("training, cut 2", 43, 100)
    far = run.progress.now()
    assert far is not None
    note_progress(database, run, far)
    assert "43 % (training, cut 2)" in warmline("status").out
    assert warmline("status", "--json").json["runs"]["train"]["running"]["progress"]["percent"] == 43.0


def test_a_store_that_is_away_leaves_a_gap_and_is_named(
    warmline: Command, database: Database, fresh_redis: str
) -> None:
    without_redis = warmline("status", "--json", redis_url=DEAD_REDIS)
    assert (without_redis.code, without_redis.json["lists"]) == (1, None)
    assert "Redis" in wheres(without_redis.json)
    without_postgres = warmline("status", "--json", redis_url=fresh_redis, database_url=DEAD_POSTGRES)
    assert (without_postgres.code, wheres(without_postgres.json)) == (1, {"PostgreSQL"})
    assert without_postgres.json["lists"] == {"heuristic": None, "neucf": None}


def test_what_comes_out_of_the_database_does_not_steer_the_terminal(warmline: Command, database: Database) -> None:
    warmline("phase", "set", "neucf", "--by", f"ann{STEERING}")
    for command in (("status",), ("phase", "get")):
        text = warmline(*command).out
        assert "ann\\x1b]0;owned\\x07" in text
        assert not set(STEERING) & {"\x1b", "\x07", "\x9b", "\u202e"} & set(text)
