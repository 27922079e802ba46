"""`warmline promote`, `rollback` and `phase set`: what cannot be served is refused or said, before anything changes."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from shared.db.engine import Database
from shared.db.models import champion, demote_champion_in, list_models, promote_model
from shared.db.runs import recent_runs, record_heartbeat
from shared.neucf.model_files import MANIFEST, WEIGHTS
from tests.integration.warmline.answers import Command
from tests.model_files import put_on_record
from tests.stores import execute


@pytest.fixture
def model_dir(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty model folder, named by the settings."""
    folder = tmp_path / "models"
    folder.mkdir()
    monkeypatch.setenv("WARMLINE_MODEL_DIR", str(folder))
    return folder


def served(database: Database) -> int | None:
    model = champion(database)
    return model.version if model else None


def asked(database: Database) -> list[str]:
    return [run["requested_by"] for run in recent_runs(database, job="score")]


def gone(folder: Path) -> None:
    shutil.rmtree(folder)


def weights_gone(folder: Path) -> None:
    (folder / WEIGHTS).unlink()


def other_weights(folder: Path) -> None:
    (folder / WEIGHTS).write_bytes(b"others")


def half_a_manifest(folder: Path) -> None:
    (folder / MANIFEST).write_text('{"format":')


def manifest_of_another_format(folder: Path) -> None:
    (folder / MANIFEST).write_text('{"format": 2}')


DAMAGES = {
    gone: "cannot be read (No such file or directory)",
    weights_gone: "cannot be read (No such file or directory)",
    other_weights: "got SHA-256",
    half_a_manifest: "not JSON",
    manifest_of_another_format: "got format 2, expected 3",
}


def test_a_whole_model_is_promoted_and_its_lists_are_asked_for(
    warmline: Command, database: Database, model_dir: Path
) -> None:
    version = put_on_record(database, model_dir, "model-1")
    answer = warmline("promote", str(version), "--json").json
    assert (answer["champion"]["version"], answer["files_checked"], answer["warning"]) == (version, True, None)
    assert (served(database), asked(database)) == (version, [f"promotion of model {version}"])


@pytest.mark.parametrize(("damage", "says"), DAMAGES.items(), ids=[damage.__name__ for damage in DAMAGES])
def test_a_model_whose_files_are_not_whole_is_not_promoted(
    warmline: Command, database: Database, model_dir: Path, damage: Callable[[Path], None], says: str
) -> None:
    version = put_on_record(database, model_dir, "model-1")
    damage(model_dir / "model-1")
    answer = warmline("promote", str(version), "--override")
    assert (answer.code, served(database), asked(database)) == (1, None, [])
    assert f"model version {version} cannot be served, nothing was changed" in answer.err
    assert says in answer.err


def test_a_rollback_to_a_model_whose_folder_is_gone_changes_nothing(
    warmline: Command, database: Database, model_dir: Path
) -> None:
    old, new = (put_on_record(database, model_dir, name) for name in ("model-1", "model-2"))
    assert [warmline("promote", str(version)).code for version in (old, new)] == [0, 0]
    shutil.rmtree(model_dir / "model-1")
    answer = warmline("rollback")
    assert (answer.code, served(database)) == (1, new)
    assert f"model version {old} cannot be served" in answer.err


def test_where_the_model_folder_is_not_mounted_the_answer_says_that_nothing_was_checked(
    warmline: Command, database: Database, tmp_path: Path
) -> None:
    version = put_on_record(database, None, "model-1")
    elsewhere = tmp_path / "not-mounted"
    answer = warmline("promote", str(version), "--json", model_dir=str(elsewhere))
    assert (answer.code, answer.json["files_checked"], served(database)) == (0, False, version)
    assert f"no folder {elsewhere} here (WARMLINE_MODEL_DIR" in answer.json["warning"]


@pytest.mark.parametrize(("promoted", "says"), [(0, "no model was promoted yet"), (1, "is the only one ever promoted")])
def test_a_rollback_with_nothing_before_names_the_way_back_to_the_heuristic(
    warmline: Command, database: Database, model_dir: Path, promoted: int, says: str
) -> None:
    version = put_on_record(database, model_dir, "model-1")
    if promoted:
        warmline("promote", str(version))
    answer = warmline("rollback")
    assert answer.code == 1
    assert says in answer.err
    assert "`warmline phase set heuristic`" in answer.err


@pytest.mark.parametrize("back", ["rollback", "promote"])
def test_a_demoted_champion_can_be_brought_back(
    warmline: Command, database: Database, model_dir: Path, back: str
) -> None:
    version = put_on_record(database, model_dir, "model-1")
    promote_model(database, version, by="the gate")
    with database.begin() as connection:
        assert demote_champion_in(connection, version, by="the gate")
        assert not demote_champion_in(connection, version, by="the gate"), "another one may be champion by now"
    assert served(database) is None
    assert warmline(*{"rollback": ["rollback"], "promote": ["promote", str(version)]}[back]).code == 0
    assert [(model.version, model.alias) for model in list_models(database)] == [(version, "champion")]
    with database.begin() as connection:
        assert not demote_champion_in(connection, version, by="the gate"), "an operator wants it"
    assert served(database) == version


def test_after_a_demotion_phase_status_and_a_switch_say_so(
    warmline: Command, database: Database, model_dir: Path
) -> None:
    version = put_on_record(database, model_dir, "model-1")
    promote_model(database, version, by="the gate")
    warmline("phase", "set", "neucf")
    with database.begin() as connection:
        demote_champion_in(connection, version, by="the gate")
    execute(database, "UPDATE warmline.audit SET at = '2026-11-29 03:20:00+00' WHERE deed = 'demote'")
    words = f"The gate demoted model {version} on 2026-11-29 at 03:20 UTC"
    for command in (("get",), ("set", "neucf")):
        assert warmline("phase", *command, "--json").json["warning"].startswith(words)
    status = warmline("status", "--json").json
    assert next(each["got"] for each in status["attention"] if each["where"] == "phase").startswith(words)
    assert status["models"]["demotion"] == {"version": version, "at": "2026-11-29T03:20:00+00:00"}
    assert warmline("rollback").code == 0
    assert warmline("status", "--json").json["models"]["demotion"] is None


def test_a_switch_to_neucf_without_a_model_warns(warmline: Command, database: Database, model_dir: Path) -> None:
    assert "no model is promoted" in warmline("phase", "set", "neucf", "--json").json["warning"]
    warmline("promote", str(put_on_record(database, model_dir, "model-1")))
    assert "`warmline run score`" in warmline("phase", "get", "--json").json["warning"]


def test_promotion_for_a_script_holds_figures_and_not_the_whole_report(
    warmline: Command, database: Database, model_dir: Path
) -> None:
    version = put_on_record(database, model_dir, "model-1")
    report = {
        "replay": {"cuts": [{}] * 9, "systems": {"neucf": {"hr@10": {"mean": 0.25, "low": 0.2, "high": 0.3}}}},
        "checks": [{"passed": True, "found": "better than the heuristic"}],
    }
    execute(database, f"UPDATE warmline.model_versions SET report = '{json.dumps(report)}' WHERE version = {version}")
    answer = warmline("promote", str(version), "--json").json
    assert (answer["champion"]["figures"], answer["champion"]["checks"]) == ({"hr@10": 0.25}, report["checks"])
    assert "report" not in answer["champion"]


def test_promotion_says_that_nobody_is_alive_to_make_the_lists(
    warmline: Command, database: Database, model_dir: Path
) -> None:
    version = put_on_record(database, model_dir, "model-1")
    alone = warmline("promote", str(version)).out
    record_heartbeat(database, "s02_recsys_neucf", worker="here:1")
    attended = warmline("promote", str(version)).out
    assert ("No s02_recsys_neucf is alive" in alone, "alive" in attended) == (True, False)
