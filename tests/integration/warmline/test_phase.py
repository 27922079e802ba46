"""`warmline phase` on real servers."""

import pytest
import redis

from shared.db.engine import Database
from shared.db.phases import read_phase
from shared.domain import Phase
from shared.ranked_lists import keys
from tests.integration.warmline.answers import Command

DEAD = "redis://127.0.0.1:1/0"


def test_heuristic_is_in_force_before_any_change(warmline: Command) -> None:
    answer = warmline("phase", "get", "--json").json
    assert (answer["phase"], answer["version"], answer["changes"]) == ("heuristic", 0, [])


def test_a_switch_reaches_both_stores(warmline: Command, database: Database, fresh_redis: str) -> None:
    assert warmline("phase", "set", "neucf", "--rollout-percent", "25").code == 0
    assert read_phase(database).phase is Phase.NEUCF
    with redis.Redis.from_url(fresh_redis) as client:
        value = client.get(keys.PHASE)
    assert isinstance(value, bytes)
    assert value.split(b"|")[1:3] == [b"neucf", b"25"]


def test_the_rollout_is_100_unless_said(warmline: Command, database: Database) -> None:
    warmline("phase", "set", "neucf")
    assert read_phase(database).rollout_percent == 100


def test_the_audit_names_who_switched(warmline: Command) -> None:
    warmline("phase", "set", "neucf", "--by", "ann [on call]")
    answer = warmline("phase", "get")
    assert "ann [on call]" in answer.out


def test_the_switch_is_written_while_redis_is_down_and_says_so(warmline: Command, database: Database) -> None:
    answer = warmline("phase", "set", "neucf", redis_url=DEAD)
    assert (answer.code, read_phase(database).phase) == (0, Phase.NEUCF)
    assert "it reaches Redis through the timeline" in answer.out


def test_get_says_when_redis_is_behind(warmline: Command, fresh_redis: str) -> None:
    warmline("phase", "set", "neucf", redis_url=DEAD)
    assert "has version 0" in warmline("phase", "get", redis_url=fresh_redis).out


def test_a_phase_without_lists_is_switched_to_with_a_hint(warmline: Command) -> None:
    assert "No neucf lists have been published yet" in warmline("phase", "set", "neucf").out


@pytest.mark.parametrize("percent", ["nan", "inf", "-1", "100.5"])
def test_a_rollout_outside_0_to_100_is_refused(warmline: Command, database: Database, percent: str) -> None:
    assert warmline("phase", "set", "neucf", f"--rollout-percent={percent}").code == 2
    assert read_phase(database).version == 0


def test_a_redis_of_another_installation_is_named_so_and_its_lists_are_not_believed(
    warmline: Command, database: Database, fresh_redis: str
) -> None:
    with redis.Redis.from_url(fresh_redis) as client:
        client.set(keys.INSTALLATION, "another")
    answer = warmline("phase", "set", "neucf")
    assert (answer.code, read_phase(database).phase) == (0, Phase.NEUCF)
    assert "belongs to another installation (another)" in answer.out
    assert "the timelines obey it once Redis is this installation's" in answer.out
    assert "Redis' return" not in answer.out
