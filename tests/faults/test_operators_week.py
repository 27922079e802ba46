"""An operator's week: what goes wrong, what lists are meanwhile, hour by hour, and what `warmline status` says."""

import random
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from s02_train_neucf.job import JOB as TRAIN
from s02_train_neucf.job import run_training
from s02_train_neucf.progress import SAVING
from shared.content.encoders.registry import OFFLINE_MULTILINGUAL
from shared.db.runs import claim_run, finish_run, request_run
from shared.errors import ArtefactError, LeaseLost
from tests.faults.disks import fill, small_disk
from tests.faults.scenario import Scenario
from tests.faults.week import AWAY, Week, settings_of
from tests.flow.camps import build_camps
from tests.flow.stop_at import StopAt
from tests.stores import administrator
from warmline.commands.installation import run_renew

pytestmark = pytest.mark.faults
DISK_MB = 90


@pytest.fixture
def week(scenario: Scenario, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Week]:
    """After the first night: a champion, and lists of both phases. Models lie on a disk of their own."""
    monkeypatch.chdir(tmp_path)  # where no .env lies
    with small_disk(tmp_path, megabytes=DISK_MB) as disk:
        camps = replace(build_camps(scenario.deployment, tmp_path / "media"), model_dir=disk / "models")
        scenario.deployment.sql(
            "INSERT INTO warmline.users SELECT DISTINCT author_id, now() FROM warmline.posts ON CONFLICT DO NOTHING"
        )
        week = Week(camps=camps, rng=random.Random(9))
        serve(week, monkeypatch)
        assert week.night()["promoted"]
        week.hour()
        assert week.status() == {}
        yield week


def serve(week: Week, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in settings_of(week.camps).items():
        monkeypatch.setenv(name, value)


def test_a_trainer_that_is_suspended_over_night(week: Week) -> None:
    with week.camps.deployment.database() as database:
        request_run(database, TRAIN, by="schedule")
        first = claim_run(database, TRAIN, worker="suspended")
        assert first is not None
        reports = []

        def sleep() -> None:
            """For an hour: the lease runs out, and another trainer does the night's work."""
            week.hour()
            assert "gives no sign of life any more" in week.status()["job train"]
            reports.append(week.camps.train())

        settings = week.camps.train_settings()
        with pytest.raises(LeaseLost) as lost:
            run_training(database, settings, replace(first, progress=StopAt(SAVING, sleep)), datetime.now(UTC))
        assert not finish_run(database, first, error=str(lost.value))
    models = week.camps.deployment.sql(
        "SELECT version, r.state FROM warmline.model_versions JOIN warmline.runs r ON r.id = run_id ORDER BY version"
    )
    assert [version for version, _ in models] == [1, reports[0]["model"]]
    assert week.hour()["model"] == reports[0]["model"]
    assert week.status() == {}


def test_a_postgresql_of_yesterday_with_the_redis_and_the_models_of_today(
    week: Week, scenario: Scenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    today = urlsplit(scenario.deployment.database_url)
    dump = f"{today.path[1:]}_dump"
    with administrator(scenario.deployment.database_url.replace(today.path, "/postgres")) as connection:
        connection.exec_driver_sql(f"CREATE DATABASE {dump} TEMPLATE {today.path[1:]}")
    try:
        assert week.night()["model"] == 2
        for _ in range(3):
            week.hour()
        deployment = replace(scenario.deployment, database_url=today._replace(path=f"/{dump}").geturl())
        week.camps = replace(week.camps, deployment=deployment)
        serve(week, monkeypatch)
        said = "PostgreSQL is older than its Redis"
        week.hours += 100  # so that posts have new names
        week.hour(fails=True)
        assert all(said in week.status()[where] for where in ("job heuristic", "job score"))
        assert "`warmline installation renew`" in week.status()["job score"]
        assert run_renew(yes=True, by="test") == 0
        deployment.run_heuristic()
        week.camps.score()
        week.check()
        week.hour()
        assert week.status() == {}
        assert week.night()["model"] == 2
        assert week.status() == {}
    finally:
        with administrator(scenario.deployment.database_url.replace(today.path, "/postgres")) as connection:
            connection.exec_driver_sql(f"DROP DATABASE {dump} WITH (FORCE)")


def test_a_disk_that_is_full_for_a_night(week: Week) -> None:
    filler = fill(week.camps.models)
    week.pass_time(timedelta(hours=8))
    with pytest.raises(ArtefactError, match=r"No space left|MB are free"):
        week.camps.train()
    for _ in range(3):
        week.hour()
        assert "job train" in week.status(), "the night's training failed"
    filler.unlink()
    assert week.night()["model"] == 2
    assert week.status() == {}


def test_media_that_are_away_for_six_hours(week: Week) -> None:
    known = _n_photos(week)
    media = week.camps.folder
    away = media.rename(media.with_name(AWAY))
    for _ in range(6):
        week.hour()
        assert _n_photos(week) == known, "what was derived stays"
        assert "out of reach in the last scoring run" in week.status()["photos"]
    away.rename(media)
    week.hour()
    assert _n_photos(week) > known
    assert week.status() == {}


def test_an_encoder_that_is_changed(week: Week) -> None:
    week.camps = replace(week.camps, text_encoder=OFFLINE_MULTILINGUAL)
    for _ in range(3):
        assert week.hour()["model"] == 1, "the champion goes on being served until its successor is promoted"
        assert week.status() == {}
    assert week.night()["model"] == 2
    week.hour()
    assert week.status() == {}


def _n_photos(week: Week) -> int:
    """Photos that have a vector."""
    found = "SELECT count(*) FROM warmline.post_vectors WHERE part = 'image' AND vector IS NOT NULL"
    return int(week.camps.deployment.sql(found)[0][0])
