"""Every type that a column may have by mistake: what the doctor says to write is written, and it is content."""

import re
from typing import Any

import pytest

from tests.integration.warmline.answers import Command
from tests.integration.warmline.teams import Team

COLUMNS = {
    "users": ("id", "created_at"),
    "posts": ("id", "author_id", "caption", "image_url", "created_at", "deleted_at"),
    "interactions": ("user_id", "post_id", "kind", "created_at"),
    "blocks": ("user_id", "blocked_user_id", "created_at"),
}
EPOCH = "extract(epoch FROM created_at)"
NAIVE = "created_at AT TIME ZONE 'UTC'"
GONE = "CASE WHEN deleted_at IS NULL THEN 0 ELSE extract(epoch FROM deleted_at) END::bigint"
# Views that go wrong: relation.column → what stands in the column's place; None: the column is absent.
WRONG: dict[str, dict[str, str | None]] = {
    "a modern ORM": {
        "users.id": "id::uuid",
        "users.created_at": NAIVE,
        "posts.id": "id::uuid",
        "posts.author_id": "author_id::uuid",
        "posts.caption": "ARRAY['first', 'second']",
        "posts.image_url": "ARRAY[image_url, 'other.jpg']",
        "posts.created_at": f"{EPOCH}::bigint",
        "posts.deleted_at": "deleted_at IS NOT NULL",
        "interactions.user_id": "user_id::uuid",
        "interactions.post_id": "post_id::uuid",
        "interactions.kind": "kind::app.kind",
        "interactions.created_at": f"({EPOCH} * 1000)::bigint",
        "blocks.created_at": "created_at::date",
    },
    "documents and numbers": {
        "users.id": "id::char(36)",
        "users.created_at": f"{EPOCH}::float8",
        "posts.author_id": "author_id::app.name",
        "posts.caption": "convert_to(caption, 'UTF8')",
        "posts.image_url": "jsonb_build_object('width', 5, 'url', image_url)",
        "posts.created_at": "created_at::text",
        "posts.deleted_at": GONE,
        "interactions.kind": "1",
        "interactions.created_at": f"({NAIVE})::text",
        "blocks.created_at": f"{EPOCH} * 1000000",
    },
    "other documents": {
        "posts.caption": "to_json(caption)",
        "posts.image_url": "jsonb_build_array(jsonb_build_object('src', image_url))",
        "posts.created_at": f"{EPOCH}::int",
        "posts.deleted_at": "deleted_at AT TIME ZONE 'UTC'",
        "interactions.kind": "true",
    },
    "a list of links": {"posts.image_url": "to_jsonb(ARRAY[image_url])", "posts.deleted_at": "deleted_at::date"},
    "columns that are not there": {
        "posts.caption": None,
        "posts.image_url": None,
        "posts.deleted_at": None,
        "interactions.kind": None,
        "blocks.created_at": None,
    },
}


def view(schema: str, relation: str, source: str, written: dict[str, str | None]) -> str:
    """A view over another, some of whose columns are written anew or left out."""
    columns = {column: written.get(f"{relation}.{column}", column) for column in COLUMNS[relation]}
    chosen = ", ".join(f"{as_what} AS {column}" for column, as_what in columns.items() if as_what is not None)
    return f"CREATE VIEW {schema}.{relation} AS SELECT {chosen} FROM {source}.{relation};"


@pytest.fixture
def wrong(request: pytest.FixtureRequest, team: Team) -> dict[str, str | None]:
    """The views of one of `WRONG` in place of those without a fault, which now are in the schema `right`."""
    written = WRONG[request.param]
    views = "".join(view("feed", relation, "good", written) for relation in COLUMNS)
    team.do(
        "CREATE TYPE app.kind AS ENUM ('like', 'view'); CREATE DOMAIN app.name AS text;"
        "CREATE SCHEMA good;" + "".join(f"ALTER VIEW feed.{relation} SET SCHEMA good;" for relation in COLUMNS) + views
    )
    return written


@pytest.mark.parametrize("wrong", list(WRONG), indirect=True)
def test_what_the_doctor_says_to_write_makes_it_content(
    doctor: Command, team: Team, wrong: dict[str, str | None]
) -> None:
    cures = _cures(doctor("--json").json["findings"])
    assert cures.keys() == wrong.keys()
    team.do("ALTER SCHEMA feed RENAME TO bad; CREATE SCHEMA feed;" + f"GRANT USAGE ON SCHEMA feed TO {team.role};")
    team.do("".join(view("feed", relation, "bad", dict(cures)) for relation in COLUMNS))
    team.do(f"GRANT SELECT ON ALL TABLES IN SCHEMA feed TO {team.role}")
    answer = doctor("--json")
    assert [each for each in answer.json["findings"] if each["severity"] == "problem"] == []
    assert answer.code == 0


@pytest.mark.parametrize("wrong", ["a modern ORM", "documents and numbers", "other documents"], indirect=True)
def test_times_that_were_cured_are_the_times_that_were_meant(
    doctor: Command, team: Team, wrong: dict[str, str | None]
) -> None:
    cures = _cures(doctor("--json").json["findings"])
    for relation in COLUMNS:
        time = cures.get(f"{relation}.created_at")
        if time is not None:
            team.do(
                f"""
                DO $$ BEGIN
                    ASSERT (SELECT max(abs(extract(epoch FROM cured.at - g.at))) <= 86400 FROM
                        (SELECT row_number() OVER () AS n, {time} AS at FROM feed.{relation}) AS cured
                        JOIN (SELECT row_number() OVER () AS n, created_at AS at FROM good.{relation}) AS g USING (n));
                END $$
                """
            )


def _cures(findings: list[dict[str, Any]]) -> dict[str, str | None]:
    """Out of the findings that are problems: relation.column → what to write there."""
    cures: dict[str, str | None] = {}
    for each in findings:
        if each["severity"] != "problem":
            continue
        _, relation, column = each["where"].split(".")
        found = re.match(rf"write (.+) AS {column}\b", each["todo"])
        assert found, each
        cures[f"{relation}.{column}"] = found[1]
    return cures
