"""`warmline installation` on real servers: whose everything is, taking it over, and a new id."""

from pathlib import Path

import pytest
import redis

from shared.db.engine import Database
from shared.db.phases import installation_id
from shared.files.snapshot_owner import LENGTH, MAGIC
from shared.neucf.model_folder import read_owner, write_owner
from shared.ranked_lists.job_store import JobStore
from tests.integration.warmline.answers import Answer, Command
from tests.stores import rows

COMMANDS_ON_REDIS = (
    ("phase", "set", "neucf"),
    ("inspect", "ann"),
    ("capacity", "--users", "1", "--posts", "1", "--interactions", "1"),
)


@pytest.fixture
def models(tmp_path: Path) -> Path:
    folder = tmp_path / "models"
    folder.mkdir()
    return folder


@pytest.fixture
def snapshot(tmp_path: Path) -> Path:
    file = tmp_path / "snapshot" / "timeline.bin"
    file.parent.mkdir()
    return file


def all_of(installation: str, writer: JobStore, models: Path, snapshot: Path) -> None:
    """Redis with a list, a model folder with a model, and a snapshot, all of one installation."""
    writer.belong_to(installation)
    writer.publish_everyone(b"x", job="heuristic", run=1)
    write_owner(models, installation)
    (models / "model-1").mkdir()
    snapshot.write_bytes(MAGIC + bytes(32) + LENGTH.pack(len(installation)) + installation.encode())


def belongs(answer: Answer) -> list[str]:
    return [answer.json[what]["belongs"] for what in ("redis", "models", "snapshot")]


def test_what_names_the_id_is_ours(
    warmline: Command, database: Database, writer: JobStore, models: Path, snapshot: Path
) -> None:
    all_of(installation_id(database), writer, models, snapshot)
    answer = warmline("installation", "show", "--json")
    assert (answer.code, belongs(answer)) == (0, ["ours"] * 3)
    assert answer.json["installation"] == installation_id(database)


def test_what_names_another_is_said_with_its_place(
    warmline: Command, writer: JobStore, models: Path, snapshot: Path
) -> None:
    all_of("another-installation", writer, models, snapshot)
    answer = warmline("installation", "show")
    lines = answer.out.splitlines()
    assert answer.code == 1
    assert [line.split()[0] for line in lines[1:]] == ["Redis", "models", "snapshot"]
    assert all("another installation's (another-)" in line for line in lines[1:])


def test_a_fresh_installation_owns_nothing_yet(warmline: Command) -> None:
    answer = warmline("installation", "show", "--json")
    assert (answer.code, belongs(answer)) == (0, ["nobody's", "not here", "not here"])


@pytest.mark.parametrize("command", COMMANDS_ON_REDIS, ids=lambda command: command[0])
def test_a_command_leaves_a_redis_of_another_alone(
    command: tuple[str, ...], warmline: Command, writer: JobStore, fresh_redis: str
) -> None:
    writer.belong_to("another")
    answer = warmline(*command)
    with redis.Redis.from_url(fresh_redis) as client:
        assert list(client.scan_iter("*")) == [b"wl:installation"]
    assert "belongs to another installation (another)" in answer.out + answer.err


def test_doctor_names_a_redis_of_another(warmline: Command, writer: JobStore) -> None:
    writer.belong_to("another")
    found = [each for each in warmline("doctor", "--json").json["findings"] if each["severity"] == "problem"]
    assert any("another installation" in str(each) for each in found)


def test_nothing_is_adopted_without_a_yes(
    warmline: Command, writer: JobStore, models: Path, snapshot: Path, fresh_redis: str
) -> None:
    all_of("another", writer, models, snapshot)
    answer = warmline("installation", "adopt")
    assert (answer.code, read_owner(models), snapshot.exists()) == (2, "another", True)
    assert ("is cleared" in answer.out, "stays" in answer.out, "--yes" in answer.err) == (True, True, True)
    with redis.Redis.from_url(fresh_redis) as client:
        assert client.get("wl:everyone") == b"x"


def test_adopting_clears_redis_keeps_models_and_is_on_record(
    warmline: Command, database: Database, writer: JobStore, models: Path, snapshot: Path, fresh_redis: str
) -> None:
    all_of("another", writer, models, snapshot)
    here = installation_id(database)
    assert warmline("installation", "adopt", "--yes", "--by", "ann").code == 0
    with redis.Redis.from_url(fresh_redis) as client:
        assert {name: client.get(name) for name in client.scan_iter("*")} == {b"wl:installation": here.encode()}
    assert (read_owner(models), (models / "model-1").is_dir(), snapshot.exists()) == (here, True, False)
    assert rows(database, "SELECT who, deed, was, became FROM warmline.audit ORDER BY id") == [
        ("ann", f"adopt {what}", "another", here) for what in ("Redis", "models", "snapshot")
    ]
    assert belongs(warmline("installation", "show", "--json")) == ["ours", "ours", "not here"]


def test_what_is_ours_is_not_adopted_again(
    warmline: Command, database: Database, writer: JobStore, models: Path, snapshot: Path, fresh_redis: str
) -> None:
    all_of(installation_id(database), writer, models, snapshot)
    assert "Nothing to adopt" in warmline("installation", "adopt", "--yes").out
    with redis.Redis.from_url(fresh_redis) as client:
        assert client.get("wl:everyone") == b"x"


def test_a_new_id_takes_redis_and_models_along(
    warmline: Command, database: Database, writer: JobStore, models: Path, snapshot: Path, fresh_redis: str
) -> None:
    before = installation_id(database)
    all_of(before, writer, models, snapshot)
    assert warmline("installation", "renew", "--yes").code == 0
    after = installation_id(database)
    assert after != before
    with redis.Redis.from_url(fresh_redis) as client:
        assert {name: client.get(name) for name in client.scan_iter("*")} == {b"wl:installation": after.encode()}
    assert (read_owner(models), (models / "model-1").is_dir(), snapshot.exists()) == (after, True, False)


def test_a_new_id_leaves_what_is_anothers(
    warmline: Command, writer: JobStore, models: Path, snapshot: Path, fresh_redis: str
) -> None:
    all_of("another", writer, models, snapshot)
    answer = warmline("installation", "renew", "--yes")
    with redis.Redis.from_url(fresh_redis) as client:
        assert (client.get("wl:installation"), client.get("wl:everyone")) == (b"another", b"x")
    assert (read_owner(models), snapshot.exists()) == ("another", True)
    assert answer.out.count("stays as it is: another installation's") == 3


def test_a_new_id_is_given_while_redis_is_away_and_says_what_is_left_to_do(
    warmline: Command, database: Database
) -> None:
    before = installation_id(database)
    answer = warmline("installation", "renew", "--yes", redis_url="redis://:topsecret@127.0.0.1:1/0")
    assert (answer.code, installation_id(database) != before) == (1, True)
    assert "warmline installation adopt" in answer.err
    assert "topsecret" not in answer.out + answer.err
