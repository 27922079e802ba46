"""`warmline migrate` on a real PostgreSQL."""

import sqlalchemy as sa

from tests.integration.warmline.answers import Command
from tests.stores import administrator


def test_an_empty_database_gets_the_schema_and_the_answer_says_from_and_to(
    warmline: Command, fresh_database_url: str
) -> None:
    answer = warmline("migrate", database_url=fresh_database_url)
    assert (answer.code, answer.out.partition(" to revision ")[0]) == (0, "Schema warmline: from nothing")


def test_a_second_time_there_is_nothing_to_do(warmline: Command) -> None:
    answer = warmline("migrate", "--json").json
    assert answer["from"] == answer["to"]


def test_a_role_without_the_right_gets_one_line(warmline: Command, fresh_database_url: str) -> None:
    with administrator(fresh_database_url) as connection:
        connection.execute(sa.text("CREATE ROLE warmline_nobody LOGIN PASSWORD 'x'"))
    host = fresh_database_url.partition("@")[2]
    try:
        answer = warmline("migrate", database_url=f"postgresql://warmline_nobody:x@{host}")
    finally:
        with administrator(fresh_database_url) as connection:
            connection.execute(sa.text("DROP ROLE warmline_nobody"))
    assert (answer.code, len(answer.err.splitlines())) == (1, 1)
    assert "permission denied for database" in answer.err


def test_a_database_that_does_not_answer_is_named_without_its_password(warmline: Command) -> None:
    answer = warmline("migrate", database_url="postgresql://warmline:s3cret@127.0.0.1:1/app")
    assert answer.code == 1
    assert "PostgreSQL at 127.0.0.1:1/app does not answer" in answer.err
    assert "s3cret" not in answer.err
