"""`warmline doctor` on a team's own tables, through views and a role that may only read; each test spoils one thing."""

import contextlib
import hashlib
import os
import pty
import re
import subprocess
import sys
import uuid
from pathlib import Path

import pytest
import sqlalchemy as sa

from shared.db.engine import Database
from tests.integration.warmline.answers import Command
from tests.integration.warmline.teams import Team, found
from tests.stores import administrator

ROOT = Path(__file__).parents[3]


def test_a_world_without_a_fault_has_no_problem(doctor: Command) -> None:
    answer = doctor("--json")
    assert (answer.code, found(answer, "problem")) == (0, {})


def test_the_only_hints_on_a_small_app_are_that_it_is_small_and_that_nothing_runs_yet(doctor: Command) -> None:
    hints = found(doctor("--json"), "hint")
    assert hints.pop("database role").endswith("is a superuser")  # that of the tests makes databases
    assert set(hints) == {"phase 2", "job heuristic", "posts.image_url"}


def test_five_posts_are_shown_without_a_question_where_nobody_can_answer(doctor: Command) -> None:
    answer = doctor()
    assert answer.code == 0
    assert len(re.findall(r"^  \S+  post \d+  https://x/", answer.out, re.MULTILINE)) == 5
    assert "strangers" not in answer.out


def test_deleted_posts_are_not_among_the_five(doctor: Command, team: Team) -> None:
    team.do("UPDATE app.posts SET deleted_at = now() WHERE content NOT IN ('post 1', 'post 2')")
    assert {post["caption"] for post in doctor("--json").json["sample_posts"]} <= {"post 1", "post 2"}


def test_a_relation_that_is_missing_is_named(doctor: Command, team: Team) -> None:
    team.do("DROP VIEW feed.blocks")
    answer = doctor("--json")
    assert (answer.code, found(answer, "problem")) == (1, {"feed.blocks": "got no such relation"})


def test_a_column_of_a_wrong_type_is_named_with_what_to_write(doctor: Command, team: Team) -> None:
    team.do("DROP VIEW feed.users; CREATE VIEW feed.users AS SELECT id, created_at::timestamp FROM app.users")
    team.do(f"GRANT SELECT ON feed.users TO {team.role}")
    answer = doctor("--json")
    assert found(answer, "problem") == {
        "feed.users.id": "got uuid",
        "feed.users.created_at": "got timestamp without time zone",
    }
    assert "write id::text" in answer.out


def test_a_view_that_may_not_be_read_gets_its_grant(doctor: Command, team: Team) -> None:
    team.do(f"REVOKE SELECT ON feed.posts FROM {team.role}")
    answer = doctor("--json")
    assert found(answer, "problem") == {"feed.posts": f"role {team.role} may not read it"}
    assert f"GRANT SELECT ON feed.posts TO {team.role}" in answer.out


def test_a_role_that_may_write_is_a_hint(doctor: Command, team: Team) -> None:
    team.do(f"GRANT DELETE ON feed.users TO {team.role}")
    assert found(doctor("--json"), "hint")["feed.users"] == f"role {team.role} may write"


def test_deleted_at_the_wrong_way_round_is_found_by_what_people_do(doctor: Command, team: Team) -> None:
    team.do("UPDATE app.posts SET deleted_at = CASE WHEN deleted_at IS NULL THEN created_at END")
    assert found(doctor("--json"), "problem")["posts.deleted_at"] == "90% of 100 newest posts are deleted"


def test_activity_on_deleted_posts_is_found(doctor: Command, team: Team) -> None:
    team.do("UPDATE app.posts SET deleted_at = now() - interval '1 day' WHERE content < 'post 30'")
    assert (
        "recent events came over an hour after their post was deleted"
        in found(doctor("--json"), "problem")["posts.deleted_at"]
    )


def test_a_lost_time_zone_shows_as_times_ahead(doctor: Command, team: Team) -> None:
    team.do("UPDATE app.posts SET created_at = created_at + interval '9 hours'")
    answer = doctor("--json")
    assert found(answer, "problem")["posts.created_at"] == "8 of 100 newest rows are dated more than 5 minutes ahead"


def test_events_of_unknown_users_are_counted_and_named(doctor: Command, team: Team) -> None:
    team.do("DELETE FROM app.users WHERE id = md5('u20')::uuid")
    (hint,) = [each for each in doctor("--json").json["findings"] if each["where"] == "interactions.user_id"]
    assert hint["got"] == "1 of 20 ids are not in users"
    assert hint["examples"] == [str(uuid.UUID(hashlib.md5(b"u20").hexdigest()))]


def test_ids_written_in_two_ways_are_a_problem(doctor: Command, team: Team) -> None:
    view = "SELECT user_id::text AS user_id, upper(post_id::text) AS post_id, 'like' AS kind, created_at FROM app.likes"
    team.do(f"CREATE OR REPLACE VIEW feed.interactions AS {view}")
    assert "interactions.post_id" in found(doctor("--json"), "problem")


def test_a_join_that_doubles_posts_is_a_problem(doctor: Command, team: Team) -> None:
    view = """SELECT p.id::text AS id, p.user_id::text AS author_id, content AS caption, image AS image_url,
              p.created_at, deleted_at FROM app.posts p JOIN app.likes l ON l.post_id = p.id"""
    team.do(f"CREATE OR REPLACE VIEW feed.posts AS {view}")
    assert found(doctor("--json"), "problem")["posts.id"] == "30 ids stand in more than one row"


def test_kinds_that_warmline_does_not_know_are_counted(doctor: Command, team: Team) -> None:
    view = "SELECT user_id::text AS user_id, post_id::text AS post_id, 'fave' AS kind, created_at FROM app.likes"
    team.do(f"CREATE OR REPLACE VIEW feed.interactions AS {view}")
    assert found(doctor("--json"), "problem")["interactions.kind"] == "fave 600"


def test_an_index_that_a_cast_makes_useless_is_found_through_the_view(doctor: Command, team: Team) -> None:
    team.do(
        "INSERT INTO app.users SELECT md5('v' || n)::uuid, now() FROM generate_series(1, 20000) n; ANALYZE app.users"
    )
    answer = doctor("--json")
    assert "app.users (about 20,020 rows) is read whole" in found(answer, "hint")["users.id"]
    assert "CREATE INDEX CONCURRENTLY ON app.users (((id)::text));" in answer.out


def test_the_index_that_the_doctor_writes_down_cures_it(doctor: Command, team: Team) -> None:
    team.do(
        "INSERT INTO app.users SELECT md5('v' || n)::uuid, now() FROM generate_series(1, 20000) n; ANALYZE app.users"
    )
    cures = [each["todo"] for each in doctor("--json").json["findings"] if each["todo"].startswith("CREATE INDEX")]
    for cure in cures:
        team.do(cure)
    assert not set(found(doctor("--json"), "hint")) & {"users.id", "users.created_at"}


def test_a_question_that_takes_too_long_is_given_up(
    doctor: Command, team: Team, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("warmline.commands.doctor.command.STATEMENT_SECONDS", 0.3)
    slow = (
        "SELECT user_id::text AS user_id, other_id::text AS blocked_user_id, created_at FROM app.blocked, pg_sleep(9)"
    )
    team.do(f"CREATE OR REPLACE VIEW feed.blocks AS {slow}")
    assert "so this was not checked" in found(doctor("--json"), "hint")["blocks"]


def test_an_own_database_that_was_not_migrated_is_a_problem(warmline: Command, fresh_database_url: str) -> None:
    answer = warmline("doctor", "--json", database_url=fresh_database_url)
    assert (answer.code, list(found(answer, "problem"))) == (1, ["schema warmline"])


def test_empty_own_tables_have_no_problem(warmline: Command, database: Database) -> None:
    answer = warmline("doctor", "--json")
    assert (answer.code, found(answer, "problem")) == (0, {})


def test_a_redis_that_does_not_answer_is_one_problem_among_the_findings(warmline: Command) -> None:
    answer = warmline("doctor", "--json", redis_url="redis://127.0.0.1:1/0")
    assert (answer.code, list(found(answer, "problem"))) == (1, ["Redis"])


def test_a_postgresql_that_does_not_answer_is_said_once_and_not_to_be_migrated(warmline: Command) -> None:
    answer = warmline("doctor", "--json", database_url="postgresql://warmline@127.0.0.1:1/app")
    problems = [each for each in answer.json["findings"] if each["severity"] == "problem"]
    assert [(each["where"], each["todo"]) for each in problems] == [("PostgreSQL", "see to what it says there")]


def test_a_source_that_does_not_answer_is_a_problem_not_a_traceback(warmline: Command) -> None:
    answer = warmline("doctor", source_url="postgresql://reader:s3cret@127.0.0.1:1/app", source_schema="feed")
    assert answer.code == 1
    assert "PostgreSQL at 127.0.0.1:1/app does not answer" in answer.out
    assert "s3cret" not in answer.out + answer.err


def test_the_doctor_needs_no_right_to_write(warmline: Command, migrated_url: str) -> None:
    name = migrated_url.rpartition("/")[2]
    with administrator(migrated_url) as connection:
        connection.execute(sa.text(f"ALTER DATABASE {name} SET default_transaction_read_only = on"))
    try:
        assert warmline("doctor", "--json").code == 0
    finally:
        with administrator(migrated_url) as connection:
            connection.execute(sa.text("SET default_transaction_read_only = off"))
            connection.execute(sa.text(f"ALTER DATABASE {name} RESET default_transaction_read_only"))


def at_a_terminal(*arguments: str, answer: bytes) -> tuple[int, str]:
    """Exit code and screen of the command at a real terminal, where somebody types an answer."""
    ours, theirs = pty.openpty()
    command = [sys.executable, "-m", "warmline", *arguments]
    # Here the tests' settings stand in the environment, but not the checkout among the places of modules.
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "TERM": "xterm", "COLUMNS": "200"}
    process = subprocess.Popen(command, stdin=theirs, stdout=theirs, stderr=theirs, env=environment)
    os.close(theirs)
    os.write(ours, answer)
    screen = b""
    with contextlib.suppress(OSError):  # Linux' way to say that the other end is closed
        while block := os.read(ours, 4096):
            screen += block
    os.close(ours)
    return process.wait(), screen.decode()


@pytest.mark.parametrize(("answer", "code"), [(b"y\n", 0), (b"n\n", 1)])
def test_at_a_terminal_the_operator_is_asked_and_a_no_is_a_problem(
    warmline: Command, team: Team, monkeypatch: pytest.MonkeyPatch, answer: bytes, code: int
) -> None:
    monkeypatch.setenv("WARMLINE_SOURCE_URL", team.reader_url)
    monkeypatch.setenv("WARMLINE_SOURCE_SCHEMA", "feed")
    ended, screen = at_a_terminal("doctor", answer=answer)
    assert "May strangers see every one of these posts?" in screen
    assert ended == code


def test_yes_asks_nothing(warmline: Command, team: Team, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("WARMLINE_SOURCE_URL", team.reader_url)
    monkeypatch.setenv("WARMLINE_SOURCE_SCHEMA", "feed")
    assert at_a_terminal("doctor", "--yes", answer=b"n\n")[0] == 0
