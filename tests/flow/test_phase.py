"""The phase switch on real servers: written to PostgreSQL first, reconciled with Redis, monotone over a rollout."""

from starlette.testclient import TestClient

from demo.valkey import Valkey
from shared.domain import Phase, PhaseState
from shared.ranked_lists.records import pack_phase, unpack_phase
from tests.flow.deployment import ADMIN_TOKEN, ANN, POSTS, Deployment, JsonObject, ask, eventually, until_ready

OPERATOR = {"Authorization": f"Bearer {ADMIN_TOKEN}"}


def _put(client: TestClient, **change: object) -> JsonObject:
    response = client.put("/admin/phase", json=change, headers=OPERATOR)
    assert response.status_code == 200, response.text
    answer = response.json()
    assert isinstance(answer, dict)
    return answer


def _in_redis(deployment: Deployment) -> PhaseState:
    with deployment.redis() as redis:
        value = redis.get("wl:phase")
    assert value is None or isinstance(value, bytes)
    return unpack_phase(value)


def test_before_any_change_the_phase_is_heuristic(client: TestClient) -> None:
    answer = client.get("/admin/phase", headers=OPERATOR).json()
    assert answer == {"phase": "heuristic", "rollout_percent": 100.0, "version": 0}


def test_each_change_has_a_higher_version(client: TestClient) -> None:
    versions = [_put(client, phase="neucf", rollout_percent=percent)["version"] for percent in (10, 20, 30)]
    assert versions == sorted(set(versions))


def test_rollout_defaults_to_everybody(client: TestClient) -> None:
    assert _put(client, phase="neucf")["rollout_percent"] == 100


def test_a_change_is_read_back(client: TestClient) -> None:
    changed = _put(client, phase="neucf", rollout_percent=12.5)
    assert client.get("/admin/phase", headers=OPERATOR).json() == changed


def test_thirty_per_cent_of_ten_thousand_users_are_in(client: TestClient, ranked_deployment: Deployment) -> None:
    _put(client, phase="neucf", rollout_percent=30)
    state = _in_redis(ranked_deployment)
    inside = sum(state.phase_of(f"user-{number}") is Phase.NEUCF for number in range(10_000))
    assert 2_800 <= inside <= 3_200


def test_raising_the_rollout_takes_nobody_out(client: TestClient, ranked_deployment: Deployment) -> None:
    inside: set[str] = set()
    for percent in (0, 1, 10, 30, 70, 100):
        _put(client, phase="neucf", rollout_percent=percent)
        state = _in_redis(ranked_deployment)
        now_inside = {user for user in map(str, range(1000)) if state.phase_of(user) is Phase.NEUCF}
        assert inside <= now_inside
        inside = now_inside
    assert len(inside) == 1000


def test_a_rollout_of_nought_lets_nobody_in(client: TestClient, ranked_deployment: Deployment) -> None:
    ranked_deployment.publish_neucf(ANN, POSTS[:30])
    _put(client, phase="neucf", rollout_percent=0)
    assert ask(client, ANN)["source"] == "heuristic"


def test_rollout_means_nothing_for_the_heuristic(client: TestClient, ranked_deployment: Deployment) -> None:
    ranked_deployment.publish_neucf(ANN, POSTS[:30])
    _put(client, phase="heuristic", rollout_percent=100)
    assert ask(client, ANN)["source"] == "heuristic"


def test_the_page_of_a_user_follows_the_rollout(client: TestClient, ranked_deployment: Deployment) -> None:
    users = [f"fan{number}" for number in range(12)]
    for user in users:
        ranked_deployment.publish_neucf(user, POSTS[:30])
    _put(client, phase="neucf", rollout_percent=50)
    state = _in_redis(ranked_deployment)
    expected = {user: str(state.phase_of(user)) for user in users}
    assert {user: ask(client, user)["source"] for user in users} == expected
    assert set(expected.values()) == {"heuristic", "neucf"} or len(set(expected.values())) == 1


def test_the_phase_survives_a_flush(client: TestClient, ranked_deployment: Deployment) -> None:
    version = _put(client, phase="neucf")["version"]
    ranked_deployment.redis().flushall()
    eventually(lambda: _in_redis(ranked_deployment).version == version, "the phase is in Redis again")


def test_the_phase_is_in_force_while_redis_is_flushed(ranked_deployment: Deployment) -> None:
    with ranked_deployment.timeline() as client:
        until_ready(client)
        _put(client, phase="neucf")
        ranked_deployment.publish_neucf(ANN, POSTS[:30], run=2)
        ranked_deployment.redis().delete("wl:phase")
        assert ask(client, ANN)["source"] == "neucf"


def test_a_change_while_redis_is_down_is_kept_and_reaches_it_later(
    fragile_deployment: Deployment, second_valkey: Valkey
) -> None:
    with fragile_deployment.timeline() as client:
        eventually(lambda: "redis" not in client.get("/readyz").json()["missing"], "Redis is up")
        second_valkey.stop()
        version = _put(client, phase="neucf", rollout_percent=40)["version"]
        second_valkey.start()
        eventually(lambda: _in_redis(fragile_deployment).version == version, "the phase is in Redis")
        assert _in_redis(fragile_deployment).rollout_percent == 40


def test_a_change_with_postgresql_gone_is_refused_and_changes_nothing(
    client: TestClient, ranked_deployment: Deployment
) -> None:
    ranked_deployment.close_database()
    response = client.put("/admin/phase", json={"phase": "neucf"}, headers=OPERATOR)
    assert (response.status_code, response.headers["retry-after"]) == (503, "5")
    assert _in_redis(ranked_deployment).phase is Phase.HEURISTIC


def test_a_phase_that_another_process_wrote_to_postgresql_reaches_redis(
    client: TestClient, ranked_deployment: Deployment
) -> None:
    ranked_deployment.sql(
        "INSERT INTO warmline.phase_changes (phase, rollout_percent, changed_by) VALUES ('neucf', 100, 'psql')"
    )
    eventually(lambda: _in_redis(ranked_deployment).phase is Phase.NEUCF, "reconciled")


def test_of_two_versions_the_higher_one_stays_in_redis(client: TestClient, ranked_deployment: Deployment) -> None:
    newer = PhaseState(version=1_000, phase=Phase.NEUCF, rollout_percent=100, salt="s")
    ranked_deployment.redis().set("wl:phase", pack_phase(newer))
    _put(client, phase="heuristic")
    assert _in_redis(ranked_deployment) == newer


def test_of_two_versions_the_higher_one_decides_a_page(client: TestClient, ranked_deployment: Deployment) -> None:
    ranked_deployment.publish_neucf(ANN, POSTS[:30])
    newer = PhaseState(version=1_000, phase=Phase.NEUCF, rollout_percent=100, salt="s")
    ranked_deployment.redis().set("wl:phase", pack_phase(newer))
    assert ask(client, ANN)["source"] == "neucf"


def test_the_change_is_on_record_with_who_and_what(client: TestClient) -> None:
    _put(client, phase="neucf", rollout_percent=25)
    change = client.get("/admin/status", headers=OPERATOR).json()["phase_changes"][0]
    assert (change["phase"], change["rollout_percent"], change["changed_by"]) == ("neucf", 25, "admin token")


def test_status_tells_the_age_and_size_of_the_lists(client: TestClient, ranked_deployment: Deployment) -> None:
    ranked_deployment.run_heuristic()
    lists = client.get("/admin/status", headers=OPERATOR).json()["lists"]
    assert lists["neucf"] is None
    assert lists["heuristic"]["lists"] == 24
    assert 0 <= lists["heuristic"]["age_seconds"] < 60


def test_status_answers_while_redis_is_down(fragile_deployment: Deployment, second_valkey: Valkey) -> None:
    with fragile_deployment.timeline() as client:
        second_valkey.stop()
        assert client.get("/admin/status", headers=OPERATOR).status_code == 200


def test_status_says_that_postgresql_is_down(client: TestClient, ranked_deployment: Deployment) -> None:
    ranked_deployment.close_database()
    assert client.get("/admin/status", headers=OPERATOR).status_code == 503
