"""Rows that nobody can mean stop no run of any job, and change no list: the four relations of a team, full of them."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from s02_train_neucf.data.load import load_training_data
from shared.content.encode_posts import build_encoders
from shared.domain import Phase
from shared.neucf.examples import examples_of
from shared.ranked_lists import codec, keys
from tests.encoders import built_once
from tests.faults.saving import make_champion
from tests.flow.camps import LIKES, PEOPLE, POSTS, Camps, build_camps, people_of
from tests.flow.deployment import Deployment

LONG_AGO = ("'4714-11-24 BC'", "'-infinity'", "NULL")
AHEAD = ("'infinity'", "'294276-12-31'", "NULL")  # of posts: one that is dated BC is an old post
TIMES = (*LONG_AGO, *AHEAD)
IDS = "(VALUES (NULL), (''), (' x'), (E'a\\nb'), (repeat('x', 200)), (repeat('x', 100000))) AS odd (id)"
AT = "now() - interval '1 day'"
BAD = {
    "users": [f"SELECT 'odd-user', {moment}::timestamptz" for moment in TIMES] + [f"SELECT id, {AT} FROM {IDS}"],
    "posts": [
        *(
            f"SELECT 'odd-{place}', 'cat-author-0', NULL, NULL, {moment}::timestamptz, NULL::timestamptz"
            for place, moment in enumerate(AHEAD)
        ),
        *(
            f"SELECT 'gone-{place}', 'cat-author-0', 'c', NULL, {AT}, {moment}::timestamptz"
            for place, moment in enumerate(each for each in TIMES if each != "NULL")
        ),
        f"SELECT id, 'cat-author-0', 'c', NULL, {AT}, NULL FROM {IDS}",
        f"SELECT 'by ' || coalesce(md5(id), ''), id, 'c', NULL, {AT}, NULL FROM {IDS}",
        "SELECT id, author_id, caption, image_url, created_at, deleted_at FROM warmline.posts WHERE id LIKE '%%-01'",
    ],
    "interactions": [
        *(f"SELECT 'cat-lover-00', 'car-00', 'like', {moment}::timestamptz" for moment in LONG_AGO),
        f"SELECT 'cat-lover-00', 'car-00', kind, {AT} FROM (VALUES (NULL), (''), ('LIKE'), ('poke')) AS odd (kind)",
        f"SELECT id, 'cat-00', 'like', {AT} FROM {IDS}",
        f"SELECT 'cat-lover-00', id, 'like', {AT} FROM {IDS}",
        "SELECT user_id, post_id, kind, created_at FROM warmline.interactions",
    ],
    "blocks": [
        *(f"SELECT 'cat-lover-00', 'nobody', {moment}::timestamptz" for moment in TIMES),
        f"SELECT id, 'cat-author-0', {AT} FROM {IDS}",
        f"SELECT 'cat-lover-00', id, {AT} FROM {IDS}",
    ],
}
COLUMNS = {
    "users": "id, created_at",
    "posts": "id, author_id, caption, image_url, created_at, deleted_at",
    "interactions": "user_id, post_id, kind, created_at",
    "blocks": "user_id, blocked_user_id, created_at",
}


@pytest.fixture
def camps(deployment: Deployment, tmp_path: Path) -> Camps:
    """The camps, over views of a team that hold nothing else."""
    world = build_camps(deployment, tmp_path)
    deployment.sql(
        "INSERT INTO warmline.users SELECT DISTINCT author_id, now() FROM warmline.posts ON CONFLICT DO NOTHING"
    )
    deployment.sql("CREATE SCHEMA team")
    make_champion(deployment, tmp_path / "models")
    return replace(world, deployment=replace(deployment, source_schema="team"))


def test_no_bad_row_stops_a_run_or_changes_a_list(camps: Camps) -> None:
    show(camps, {})
    clean = lists_of(camps)
    show(camps, BAD)
    assert lists_of(camps) == clean
    with camps.deployment.database() as database, built_once():
        data = load_training_data(database, build_encoders(camps.content()), days=730, now=datetime.now(UTC))
    likes = examples_of(data.events, data.posts)
    assert (len(data.posts.id_hashes), len(likes)) == (2 * (POSTS + 1) + 4, 2 * PEOPLE * (LIKES - 1))


def show(camps: Camps, bad: dict[str, list[str]]) -> None:
    """Make the views, with these rows beside the good ones."""
    for relation, columns in COLUMNS.items():
        good = f"SELECT {columns} FROM warmline.{relation}"
        camps.deployment.sql(f"DROP VIEW IF EXISTS team.{relation}")
        camps.deployment.sql(f"CREATE VIEW team.{relation} AS {' UNION ALL '.join([good, *bad.get(relation, [])])}")


def lists_of(camps: Camps) -> dict[tuple[Phase, str], list[int]]:
    """The posts of each person's lists after a run of either ranker, in their order."""
    camps.deployment.run_heuristic()
    camps.score()
    people = [*people_of("cat"), *people_of("car")]
    with camps.deployment.redis() as redis:
        found = {(phase, person): redis.get(keys.ranked_list(phase, person)) for phase in Phase for person in people}
    return {
        key: codec.post_numbers_of(codec.decode(value).entries) for key, value in found.items() if value is not None
    }
