"""The end of a heuristic run: what is removed, how the next run continues, and that lists never depend on it."""

from datetime import datetime, timedelta
from typing import Any

import pytest

from s01_heuristic import housekeeping
from s01_heuristic.housekeeping import keep_house
from s01_heuristic.job import JobSettings
from shared.db import retention
from shared.db.engine import Database
from shared.db.runs import for_run
from shared.domain import InteractionKind
from shared.errors import LeaseLost, SourceError
from shared.ranked_lists.job_store import JobStore
from shared.run_progress import ignore_progress
from shared.settings import RetentionSettings
from tests.stores import Held, claimed_run, execute, heuristic_run, rows, scalar
from tests.worlds import NOW, Event, Post, World, job_settings, write_own_tables

VIEW, LIKE = InteractionKind.VIEW, InteractionKind.LIKE
DAY = 24
OLD = World(
    users=("ann", "ben"),
    posts=(Post("p1", "ben", 400 * DAY), Post("p2", "ben", 1)),
    events=(
        *(Event("ann", "p1", VIEW, days * DAY) for days in (320, 310, 300, 181)),
        Event("ann", "p1", LIKE, 320 * DAY),
        Event("ann", "p1", VIEW, 179 * DAY),
    ),
)
DAYS = "SELECT kind, extract(day FROM :now - created_at)::int FROM warmline.interactions ORDER BY 2 DESC, 1"


def _run(database: Database, writer: JobStore, *, days_later: float = 0) -> dict[str, Any]:
    report = heuristic_run(database, writer, now=NOW + timedelta(days=days_later))
    found: dict[str, Any] = report["housekeeping"]
    return found


def test_a_run_removes_what_is_too_old_and_reports_it(database: Database, writer: JobStore) -> None:
    write_own_tables(database, OLD)
    report = _run(database, writer)
    assert (report["removed"], report["behind"]) == ({"view": 4}, False)
    assert report["kept_since"] == {"view": (NOW - timedelta(days=180)).isoformat()}
    assert rows(database, DAYS, now=NOW) == [("like", 320), ("view", 179)]


def test_the_next_run_removes_what_has_become_too_old_since(database: Database, writer: JobStore) -> None:
    write_own_tables(database, OLD)
    _run(database, writer)
    assert _run(database, writer, days_later=0.9)["removed"] == {"view": 0}
    assert _run(database, writer, days_later=1.1)["removed"] == {"view": 1}


def test_older_events_that_came_by_an_import_go_within_a_day(database: Database, writer: JobStore) -> None:
    write_own_tables(database, World(users=("ann", "ben"), posts=(Post("p2", "ben", 1),)))
    _run(database, writer)
    write_own_tables(database, World(events=OLD.events))
    assert _run(database, writer, days_later=0.5)["removed"] == {"view": 0}  # its walk begins where the last one ended
    assert _run(database, writer, days_later=1.6)["removed"] == {"view": 5}


def test_a_run_without_time_leaves_the_rest_to_the_next(
    database: Database, writer: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(retention, "ROWS_AT_ONCE", 2)
    monkeypatch.setattr(housekeeping, "ROWS_AT_ONCE", 2)
    monkeypatch.setattr(housekeeping, "_turns", lambda _: iter([None]))
    write_own_tables(database, OLD)
    first = _run(database, writer)
    assert (first["removed"], first["behind"]) == ({"view": 2}, True)
    assert first["kept_since"] == {"view": (NOW - timedelta(days=310)).isoformat()}
    second = _run(database, writer, days_later=0.01)
    assert (second["removed"], second["behind"]) == ({"view": 2}, True)
    third = _run(database, writer, days_later=0.02)
    assert (third["removed"], third["behind"]) == ({"view": 0}, False)


def test_kinds_that_are_left_out_are_kept(database: Database, writer: JobStore) -> None:
    write_own_tables(database, OLD)
    keep_house(database, RetentionSettings(keep_days={}), NOW, ignore_progress, job="heuristic")
    assert scalar(database, "SELECT count(*) FROM warmline.interactions") == len(OLD.events)
    keep_house(database, RetentionSettings(keep_days={LIKE: 200}), NOW, ignore_progress, job="heuristic")
    assert scalar(database, "SELECT count(*) FROM warmline.interactions WHERE kind = 'like'") == 0
    assert scalar(database, "SELECT count(*) FROM warmline.interactions WHERE kind = 'view'") == 5


def test_a_failure_is_reported_and_the_lists_are_published(
    database: Database, writer: JobStore, held: Held, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse(*_: object, **__: object) -> None:
        raise SourceError("interactions: role app may not DELETE")

    write_own_tables(database, OLD)
    _run(database, writer)
    monkeypatch.setattr(housekeeping, "remove_old_events", refuse)
    report = _run(database, writer, days_later=0.1)
    assert report["failed"] == "interactions: role app may not DELETE"
    assert report["kept_since"] == {"view": (NOW - timedelta(days=180)).isoformat()}  # where the next run continues
    assert held.posts_of(held.list_of("ann")) == ["p2"]


def test_a_job_whose_run_was_taken_over_removes_nothing(database: Database) -> None:
    write_own_tables(database, OLD)
    late = for_run(database, claimed_run(database, worker="late"))
    execute(database, "UPDATE warmline.runs SET lease_until = now() - interval '3 s'")
    claimed_run(database, worker="other")
    with pytest.raises(LeaseLost):
        keep_house(late, RetentionSettings(), NOW, ignore_progress, job="heuristic")
    assert scalar(database, "SELECT count(*) FROM warmline.interactions") == len(OLD.events)


def test_captions_of_posts_deleted_long_ago_go_once_a_day(database: Database, writer: JobStore) -> None:
    write_own_tables(database, OLD)
    _run(database, writer)
    execute(database, "UPDATE warmline.posts SET deleted_at = :at WHERE id = 'p1'", at=NOW - timedelta(days=100))
    assert _run(database, writer, days_later=0.5)["posts_cleared"] == 0
    assert _run(database, writer, days_later=1.1)["posts_cleared"] == 1
    assert scalar(database, "SELECT caption FROM warmline.posts WHERE id = 'p1'") == ""


def test_what_was_seen_within_the_kept_days_does_not_come_back(
    database: Database, writer: JobStore, held: Held
) -> None:
    """A small app's window holds all its posts: one that was seen 179 days ago stays seen, one of 181 days is new."""
    posts = (Post("seen", "ben", 300 * DAY), Post("forgotten", "ben", 300 * DAY))
    events = (Event("ann", "seen", VIEW, 179 * DAY), Event("ann", "forgotten", VIEW, 181 * DAY))
    write_own_tables(database, World(users=("ann", "ben"), posts=posts, events=events))
    execute(database, "UPDATE warmline.users SET created_at = now()")
    for days_later in (0, 0.1):  # before and after the removal
        heuristic_run(database, writer, now=_later(days_later))
        assert held.posts_of(held.list_of("ann")) == ["forgotten"]


def test_popularity_looks_no_further_back_than_events_are_kept(
    database: Database, writer: JobStore, held: Held
) -> None:
    settings = job_settings(heuristic={"kind_weights": {VIEW: 1.0}, "popularity_half_life_hours": 87_600})
    events = (Event("ben", "p1", VIEW, 179 * DAY), Event("ben", "p2", VIEW, 181 * DAY))
    posts = (Post("p1", "dan", 300 * DAY), Post("p2", "dan", 300 * DAY))
    write_own_tables(database, World(users=("ann", "ben", "dan"), posts=posts, events=events))
    heuristic_run(database, writer, settings)
    (first, *_), (second, *__) = (held.entries_of(held.everyone())[index] for index in (0, 1))
    scores = {post: score for post, _, score in held.entries_of(held.everyone())}
    assert (first, second) == ("p1", "p2")
    assert scores["p1"] > scores["p2"]


def _later(days: float) -> datetime:
    return NOW + timedelta(days=days)


def test_the_setting_reaches_the_run(database: Database, writer: JobStore) -> None:
    write_own_tables(database, OLD)
    paper = job_settings()
    settings = JobSettings(
        window=paper.window, lists=paper.lists, formula=paper.formula, new_posts=paper.new_posts,
        retention=RetentionSettings(keep_days={VIEW: 305}),
    )  # fmt: skip
    assert heuristic_run(database, writer, settings)["housekeeping"]["removed"] == {"view": 2}
