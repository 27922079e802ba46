"""A worker that stood still while another one took its run over changes nothing when it goes on, whatever it was at.

The worker is stopped by what it reports: at that step its lease runs out, and another worker claims the job.
"""

import hashlib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from s02_recsys_neucf.job import JOB as SCORE
from s02_recsys_neucf.job import run_scoring
from s02_train_neucf.job import JOB as TRAIN
from s02_train_neucf.job import run_training
from s02_train_neucf.progress import SAVING
from s02_train_neucf.save import put_on_record
from shared.db.engine import Database
from shared.db.models import SavedModel, champion
from shared.db.runs import Run, claim_run, finish_run, request_run
from shared.db.tables import metadata
from shared.errors import LeaseLost
from tests.encoders import built_once
from tests.faults.saving import make_champion
from tests.flow.camps import Camps, build_camps
from tests.flow.deployment import Deployment
from tests.flow.stop_at import StopAt
from tests.stores import claimed_run


class Takeover:
    """The run of a first worker, which a second one takes over at a step; and all that stood then."""

    def __init__(self, camps: Camps, database: Database, job: str, step: str) -> None:
        self.camps, self.database, self.job = camps, database, job
        self.stop = StopAt(step, self.take_over)
        self.before: dict[str, str] = {}
        request_run(database, job, by="test")
        run = claim_run(database, job, worker="first")
        assert run is not None
        self.run = replace(run, progress=self.stop)
        self.second: Run | None = None

    def take_over(self) -> None:
        self.camps.deployment.sql(
            "UPDATE warmline.runs SET lease_until = now() - interval '3 s' WHERE state = 'running'"
        )
        request_run(self.database, self.job, by="test")
        self.second = claim_run(self.database, self.job, worker="second")
        assert self.second is not None
        self.before = everything(self.camps)

    def check(self) -> None:
        """Nothing has changed since, and the second worker's run goes on."""
        assert self.stop.was_met
        assert everything(self.camps) == self.before
        assert self.second is not None
        assert finish_run(self.database, self.second, report={})


def everything(camps: Camps) -> dict[str, str]:
    """A digest of each table, of each key of Redis, and of each file of the model folder."""
    digest = "SELECT coalesce(md5(string_agg(t::text, ' ' ORDER BY t::text)), '') FROM {} AS t"
    found = {
        table.fullname: str(camps.deployment.sql(digest.format(table.fullname))) for table in metadata.sorted_tables
    }
    with camps.deployment.redis() as redis:
        found |= {f"Redis {key!r}": str(redis.dump(key)) for key in redis.scan_iter()}
    files = (path for path in (camps.folder / "models").rglob("*") if path.is_file())
    return found | {str(path): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture
def camps(deployment: Deployment, tmp_path: Path) -> Camps:
    world = build_camps(deployment, tmp_path)
    deployment.run_heuristic()
    return world


@pytest.mark.parametrize("step", ["photos", SAVING])
def test_a_trainer_changes_nothing_once_another_has_taken_over(camps: Camps, step: str) -> None:
    with camps.deployment.database() as database:
        takeover = Takeover(camps, database, TRAIN, step)
        with built_once(), pytest.raises(LeaseLost):
            run_training(database, camps.train_settings(), takeover.run, datetime.now(UTC))
        takeover.check()
    assert camps.deployment.sql("SELECT * FROM warmline.model_versions") == []


@pytest.mark.parametrize("step", ["captions", "loading"])
def test_a_scorer_changes_nothing_once_another_has_taken_over(camps: Camps, step: str) -> None:
    make_champion(camps.deployment, camps.folder / "models")
    with camps.deployment.database() as database, camps.deployment.writer() as writer:
        takeover = Takeover(camps, database, SCORE, step)
        with built_once(), pytest.raises(LeaseLost):
            run_scoring(database, writer, camps.score_settings(), takeover.run, datetime.now(UTC))
        takeover.check()


def test_a_promotion_extends_its_runs_lease(camps: Camps) -> None:
    """The lease ran out and nobody has taken over yet: the run that promotes must not fail right after it."""
    model = SavedModel(run_id=0, folder="model-1", sha256="", accepted=True, verdict="", report={})
    with camps.deployment.database() as database:
        run = claimed_run(database, TRAIN)
        camps.deployment.sql("UPDATE warmline.runs SET lease_until = now() - interval '3 s' WHERE state = 'running'")
        version = put_on_record(database, run, model)
        request_run(database, TRAIN, by="test")
        assert claim_run(database, TRAIN, worker="second") is None
        assert finish_run(database, run, report={})
        served = champion(database)
    assert served is not None
    assert served.version == version
