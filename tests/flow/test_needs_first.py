"""What a long run needs is tried in its first second: a training that could not save never encodes anything."""

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from s02_recsys_neucf.job import run_scoring
from s02_train_neucf.job import run_training
from shared.db.details import count_trainable
from shared.db.engine import Database
from shared.db.rights import SCORING, TRAINING, missing_rights
from shared.errors import ArtefactError, SourceError, StoreUnavailable
from shared.neucf.model_folder import bytes_needed, check_folder
from shared.neucf.size import model_bytes
from tests.faults.disks import fill, small_disk
from tests.faults.saving import make_champion
from tests.flow.camps import PEOPLE, POSTS, Camps, build_camps
from tests.flow.deployment import Deployment
from tests.stores import claimed_run, store_settings
from warmline.commands.doctor.run_rules import judge_folder, judge_own_rights
from warmline.findings import Severity


@pytest.fixture
def camps(deployment: Deployment, tmp_path: Path) -> Camps:
    return build_camps(deployment, tmp_path)


def test_a_folder_that_is_none_stops_a_training_before_it_encodes(camps: Camps) -> None:
    (camps.folder / "models").write_bytes(b"a file")
    with pytest.raises(ArtefactError, match=r"models.*: cannot be (read|written) \(.*WARMLINE_MODEL_DIR"):
        camps.train()
    assert _n_vectors(camps.deployment) == 0


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes where nobody may")
def test_a_folder_of_somebody_else_cannot_be_written(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(ArtefactError, match="cannot be written"):
        check_folder(tmp_path, lambda: 1)


def test_a_full_disk_stops_a_training_before_it_encodes_and_the_doctor_says_so(camps: Camps) -> None:
    with small_disk(camps.folder, megabytes=2) as disk:
        (camps.folder / "models").symlink_to(disk)
        with pytest.raises(ArtefactError, match="MB are free, a model wants about 5 MB; make room"):
            camps.train()
        (finding,) = judge_folder(disk, lambda: 4_000_000)
        fill(disk)
        with pytest.raises(ArtefactError, match="No space left"):
            camps.train()
    assert finding.severity is Severity.PROBLEM
    assert _n_vectors(camps.deployment) == 0


def test_trying_a_folder_leaves_nothing(tmp_path: Path) -> None:
    check_folder(tmp_path / "models", lambda: 1)
    assert list((tmp_path / "models").iterdir()) == []
    assert judge_folder(tmp_path / "models", lambda: 1) == judge_folder(tmp_path / "absent", lambda: 1) == []


def test_a_model_wants_somewhat_more_room_than_the_newest(tmp_path: Path) -> None:
    for name, size in (("model-20261101T030000-1", 9_000), ("model-20261102T030000-2", 1_000)):
        (tmp_path / name).mkdir()
        (tmp_path / name / "weights.safetensors").write_bytes(bytes(size))
    assert bytes_needed(tmp_path, lambda: 7) == 1_200


def test_a_first_model_wants_room_for_those_whom_it_will_know(tmp_path: Path) -> None:
    assert bytes_needed(tmp_path, lambda: model_bytes(users=100_000, posts=50_000)) == pytest.approx(250e6, rel=0.05)


def test_those_whom_a_model_will_know_have_liked_something_since(camps: Camps) -> None:
    with camps.deployment.database() as database, database.read() as snapshot:
        everybody = count_trainable(snapshot, since=datetime.fromtimestamp(0, UTC))
        assert count_trainable(snapshot, since=datetime.now(UTC)) == (0, 0)
    assert everybody == (2 * PEOPLE, 2 * POSTS)


def test_a_role_that_may_not_write_a_models_record_is_told_at_once(camps: Camps, role: str) -> None:
    camps.deployment.sql(f"REVOKE INSERT ON warmline.model_versions FROM {role}")
    said = _first_words(camps, role, train=True)
    assert said == (
        f"warmline.model_versions: role {role} may not INSERT; GRANT INSERT ON warmline.model_versions TO {role};"
    )
    with _as(camps.deployment, role) as database:
        (finding,) = judge_own_rights(missing_rights(database, {**SCORING, **TRAINING}))
    assert finding.got == said


def test_a_role_that_may_not_read_a_relation_is_told_at_once(camps: Camps, role: str) -> None:
    camps.deployment.sql(f"REVOKE SELECT ON warmline.blocks FROM {role}")
    for train in (True, False):
        assert _first_words(camps, role, train=train).endswith("refuses: permission denied for table blocks")


def test_a_redis_that_takes_no_writes_stops_a_scoring_before_it_encodes(camps: Camps) -> None:
    camps.deployment.run_heuristic()
    make_champion(camps.deployment, camps.folder / "models")
    with camps.deployment.redis() as redis:
        bound = redis.config_get("maxmemory")["maxmemory"]
        redis.config_set("maxmemory", 1)
        try:
            with pytest.raises(StoreUnavailable, match="maxmemory"):
                camps.score()
        finally:
            redis.config_set("maxmemory", bound)
    assert _n_vectors(camps.deployment) == 0


@pytest.fixture
def role(camps: Camps) -> Iterator[str]:
    """A role that may do everything with the schema, as long as nothing is taken from it."""
    name = f"worker_{os.getpid()}"
    camps.deployment.sql(f"CREATE ROLE {name} LOGIN PASSWORD 'worker'")
    camps.deployment.sql(f"GRANT USAGE ON SCHEMA warmline TO {name}")
    camps.deployment.sql(f"GRANT ALL ON ALL TABLES IN SCHEMA warmline TO {name}")
    camps.deployment.sql(f"GRANT ALL ON ALL SEQUENCES IN SCHEMA warmline TO {name}")
    yield name
    camps.deployment.sql(f"DROP OWNED BY {name}")
    camps.deployment.sql(f"DROP ROLE {name}")


class _as:  # noqa: N801 - reads as a word
    """Our PostgreSQL, by a role of its own."""

    def __init__(self, deployment: Deployment, role: str) -> None:
        url = urlsplit(deployment.database_url)
        host = url.netloc.rpartition("@")[2]
        self.database = Database(store_settings(url._replace(netloc=f"{role}:worker@{host}").geturl()))

    def __enter__(self) -> Database:
        return self.database

    def __exit__(self, *_: object) -> None:
        self.database.close()


def _first_words(camps: Camps, role: str, *, train: bool) -> str:
    """What a run of this role ends with, before it has encoded anything."""
    with _as(camps.deployment, role) as database, camps.deployment.writer() as writer:
        run, now = claimed_run(database, "train" if train else "score"), datetime.now(UTC)
        if train:
            with pytest.raises(SourceError) as caught:
                run_training(database, camps.train_settings(), run, now)
        else:
            make_champion(camps.deployment, camps.folder / "models")
            with pytest.raises(SourceError) as caught:
                run_scoring(database, writer, camps.score_settings(), run, now)
    assert _n_vectors(camps.deployment) == 0
    return str(caught.value)


def _n_vectors(deployment: Deployment) -> int:
    return int(deployment.sql("SELECT count(*) FROM warmline.post_vectors")[0][0])
