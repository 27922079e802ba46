"""docker-compose.yml and the Dockerfiles: nothing stands open, nothing is vague, nothing is heavier than it must be."""

import re
import subprocess
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]  # the stubs are a package of their own

from shared.version import VERSION

ROOT = Path(__file__).parents[2]
TEXT = (ROOT / "docker-compose.yml").read_text(encoding="utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load(TEXT)
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DOCKERFILE, MLFLOW_DOCKERFILE = (
    (ROOT / path).read_text(encoding="utf-8") for path in ("Dockerfile", "mlflow_server/Dockerfile")
)
# Name of a stage: what it starts from, and what it does.
STAGES: dict[str, tuple[str, str]] = {
    name: (base, steps)
    for base, name, steps in re.findall(
        r"^FROM (\S+) AS (\S+)\n(.*?)(?=^FROM |\Z)", DOCKERFILE, re.MULTILINE | re.DOTALL
    )
}

OURS = ("s01_heuristic", "s02_recsys_neucf", "s02_train_neucf", "timeline", "warmline")
MLFLOW, MLFLOW_FOLDER = "mlflow", "mlflow_server"  # not our code: MLflow's own server, at pins of its own
ONE_SHOT, ROLE = "warmline", "postgres_role"
ONE_SHOTS = (ONE_SHOT, ROLE)  # that end, and that others wait for
STORES = ("postgres", "redis")
HTTP_SECRETS = ("WARMLINE_ADMIN_TOKEN", "WARMLINE_API_KEY", "WARMLINE_JWT_KEY")
# A .env of an earlier version has none: the timeline derives one from another secret.
SIGNING_KEYS = ("WARMLINE_SIGNING_KEY", "WARMLINE_SIGNING_KEY_OTHER")
SERVER_SECRETS = ("WARMLINE_POSTGRES_PASSWORD", "WARMLINE_REDIS_PASSWORD")
ROLE_SECRET = "WARMLINE_DATABASE_PASSWORD"
TORCH = ("torch", "torchvision", "timm", "transformers")
SERVICE, OUR_SERVICE, EACH_DOCKERFILE = (
    pytest.mark.parametrize("name", sorted(SERVICES)),
    pytest.mark.parametrize("name", OURS),
    pytest.mark.parametrize("dockerfile", [DOCKERFILE, MLFLOW_DOCKERFILE], ids=["ours", "mlflow"]),
)


def _uses(text: str) -> list[tuple[str, str]]:
    """Each `${NAME…}`: its name and what follows it."""
    return re.findall(r"(?<!\$)\$\{(\w+)([^}]*)\}", text)


def _image(stage: str) -> str:
    """What is done in a stage, after what is done in those that it starts from."""
    base, steps = STAGES[stage]
    return (_image(base) if base in STAGES else "") + steps


def _packages(name: str) -> str:
    """What is done in the stage that an image has its packages from."""
    (stage,) = re.findall(r"^COPY --from=(\S+) /venv /venv$", _image(name), re.MULTILINE)
    return _image(stage)


def _requirements(name: str) -> set[str]:
    """The packages that an image is asked to install: those of the project, and of the extras its stage names."""
    extras = set(re.findall(r"-r (\w+)\.txt", _packages(name))) - {"encoders"}
    named = [line for extra in extras for line in PROJECT["optional-dependencies"][extra]]
    return {re.split(r"[\[<>=~! ]", line)[0] for line in [*PROJECT["dependencies"], *named]}


def test_it_starts_the_stores_the_command_the_four_services_and_mlflow() -> None:
    assert sorted(SERVICES) == sorted((*OURS, *STORES, ROLE, MLFLOW))


@OUR_SERVICE
def test_each_of_our_services_is_built_as_the_stage_of_its_name(name: str) -> None:
    assert (SERVICES[name]["build"]["target"], SERVICES[name]["build"]["context"]) == (name, ".")
    assert name in STAGES


@SERVICE
def test_an_image_has_a_tag_that_is_pinned(name: str) -> None:
    assert re.fullmatch(r"[\w/]+:\d[\w.]*", SERVICES[name]["image"])


@OUR_SERVICE
def test_our_images_bear_the_version_of_the_project(name: str) -> None:
    assert SERVICES[name]["image"] == f"warmline/{name}:{PROJECT['version']}"


def test_the_code_knows_the_version_of_the_project() -> None:
    assert PROJECT["version"] == VERSION


def test_postgresql_keeps_its_data_where_version_18_looks_for_it() -> None:
    assert (SERVICES["postgres"]["image"], SERVICES["postgres"]["volumes"]) == (
        "postgres:18",
        ["postgres:/var/lib/postgresql"],
    )


def test_the_services_have_a_role_of_their_own_once_its_password_is_set() -> None:
    """`${A:+x}` is x where A is set, `${A:-y}` its value or y: a .env of before goes on with the superuser."""
    url = COMPOSE["x-environment"]["WARMLINE_DATABASE_URL"]
    role = f"${{{ROLE_SECRET}:+warmline_app:}}"
    password = f"${{{ROLE_SECRET}:-warmline:${{WARMLINE_POSTGRES_PASSWORD}}}}"
    assert url == f"postgresql://{role}{password}@postgres:5432/warmline"


def test_the_role_is_made_before_the_migration() -> None:
    assert SERVICES[ONE_SHOT]["depends_on"] == {ROLE: {"condition": "service_completed_successfully"}}
    assert SERVICES[ROLE]["depends_on"] == {"postgres": {"condition": "service_healthy"}}


def test_the_superusers_password_is_known_to_postgresql_and_to_what_makes_the_role_alone() -> None:
    told = [name for name, service in SERVICES.items() if "POSTGRES_PASSWORD" in str(service.get("environment", {}))]
    knowing = [name for name in told if SERVICES[name]["environment"].get("WARMLINE_POSTGRES_PASSWORD") != ""]
    assert sorted(knowing) == ["postgres", ROLE]
    assert "password" not in " ".join(SERVICES[ROLE]["command"]).lower()


def test_the_script_of_the_role_is_there() -> None:
    (config,) = COMPOSE["configs"].values()
    assert (ROOT / config["file"]).exists()


def test_redis_never_evicts_what_it_was_given() -> None:
    assert "maxmemory-policy noeviction" in SERVICES["redis"]["command"][-1]


def test_redis_gets_its_password_by_standard_input() -> None:
    script = SERVICES["redis"]["command"][-1]
    assert "requirepass $$REDISCLI_AUTH" in script.partition("<<END")[2]


def test_only_the_timeline_publishes_a_port() -> None:
    assert [name for name, service in SERVICES.items() if "ports" in service] == ["timeline"]


def test_the_port_is_open_to_this_machine_alone() -> None:
    assert [port.split(":")[0] for port in SERVICES["timeline"]["ports"]] == ["127.0.0.1"]


@SERVICE
def test_no_service_shares_the_network_or_the_processes_of_the_machine(name: str) -> None:
    assert {"network_mode", "privileged", "pid", "ipc", "cap_add", "devices"} & SERVICES[name].keys() == set()


@pytest.mark.parametrize("secret", [*HTTP_SECRETS, *SERVER_SECRETS])
def test_a_blank_secret_is_refused_wherever_it_is_used(secret: str) -> None:
    follow = [rest for name, rest in _uses(TEXT) if name == secret]
    assert follow
    assert all(rest.startswith(":?") and "make env" in rest for rest in follow)


@pytest.mark.parametrize("name", [name for name in OURS if name != "timeline"])
@pytest.mark.parametrize("secret", [*HTTP_SECRETS, *SIGNING_KEYS])
def test_the_http_secrets_are_the_timelines_alone(name: str, secret: str) -> None:
    assert SERVICES[name]["environment"][secret] == ""


@pytest.mark.parametrize("secret", SIGNING_KEYS)
def test_the_timeline_is_given_its_signing_keys(secret: str) -> None:
    assert SERVICES["timeline"]["environment"][secret] == f"${{{secret}:-}}"


@OUR_SERVICE
@pytest.mark.parametrize("secret", [*SERVER_SECRETS, ROLE_SECRET])
def test_the_servers_passwords_come_to_our_services_in_urls_only(name: str, secret: str) -> None:
    assert SERVICES[name]["environment"][secret] == ""


def test_every_variable_stands_in_the_example() -> None:
    listed = set(re.findall(r"^(WARMLINE_\w+)=", (ROOT / ".env.example").read_text(encoding="utf-8"), re.MULTILINE))
    assert set(re.findall(r"WARMLINE_[A-Z_]+", TEXT)) - listed == set()


@pytest.mark.parametrize("name", sorted(set(SERVICES) - {*ONE_SHOTS}))
def test_a_service_has_a_health_check(name: str) -> None:
    own = f'CMD ["python", "-m", "shared.jobs.healthcheck", "{name}"]'
    assert "healthcheck" in SERVICES[name] or own in _image(name)


@SERVICE
def test_a_service_has_limits(name: str) -> None:
    assert {"mem_limit", "cpus", "pids_limit"} <= SERVICES[name].keys()


@SERVICE
def test_a_service_starts_again_unless_it_is_a_single_pass(name: str) -> None:
    assert SERVICES[name]["restart"] == ("no" if name in ONE_SHOTS else "unless-stopped")


@SERVICE
def test_a_service_may_write_nothing_and_gain_nothing(name: str) -> None:
    service = SERVICES[name]
    assert (service["read_only"], service["cap_drop"], service["security_opt"]) == (
        True,
        ["ALL"],
        ["no-new-privileges:true"],
    )


@pytest.mark.parametrize("name", STORES)
def test_a_store_does_not_run_as_root(name: str) -> None:
    assert SERVICES[name]["user"] == name


@pytest.mark.parametrize("name", [name for name in OURS if name != ONE_SHOT])
def test_a_service_waits_for_the_migration_and_for_redis(name: str) -> None:
    assert SERVICES[name]["depends_on"] == {
        "warmline": {"condition": "service_completed_successfully"},
        "redis": {"condition": "service_healthy"},
    }


def test_every_named_volume_is_declared() -> None:
    mounts = [mount for service in SERVICES.values() for mount in service.get("volumes", [])]
    sources = {re.sub(r"\$\{\w+:-(\w+)\}", r"\1", mount).split(":")[0] for mount in mounts}
    assert sources == set(COMPOSE["volumes"])


@pytest.mark.parametrize(
    ("name", "mount"), [("s02_train_neucf", "models:/models"), ("s02_recsys_neucf", "models:/models:ro")]
)
def test_training_writes_the_models_and_scoring_reads_them(name: str, mount: str) -> None:
    assert mount in SERVICES[name]["volumes"]


def test_the_timelines_snapshot_outlives_its_container() -> None:
    file = SERVICES["timeline"]["environment"]["WARMLINE_SNAPSHOT_FILE"]
    assert file == "${WARMLINE_SNAPSHOT_FILE:+/snapshot/timeline.bin}", "blank in .env: none is kept"
    assert SERVICES["timeline"]["volumes"] == ["snapshot:/snapshot"]


@pytest.mark.parametrize(
    "name", [name for name in OURS if any(":/" in each for each in SERVICES[name].get("volumes", []))]
)
def test_a_service_owns_the_folders_that_it_writes_to(name: str) -> None:
    written = {mount.rpartition(":")[2] for mount in SERVICES[name]["volumes"] if not mount.endswith(":ro")}
    made = re.search(r"install -d -o warmline (.+)", _image(name))
    assert made is not None
    assert written <= set(made[1].split())


@EACH_DOCKERFILE
def test_an_image_asks_no_registry_for_a_syntax(dockerfile: str) -> None:
    assert not re.search(r"^#\s*syntax\s*=", dockerfile, re.IGNORECASE | re.MULTILINE)


@EACH_DOCKERFILE
def test_every_stage_starts_from_the_same_pinned_python(dockerfile: str) -> None:
    stages = set(re.findall(r" AS (\S+)$", dockerfile, re.MULTILINE))
    assert set(re.findall(r"^FROM (\S+)", dockerfile, re.MULTILINE)) - stages == {"python:3.11-slim-bookworm"}


@OUR_SERVICE
def test_an_image_does_not_run_as_root(name: str) -> None:
    assert re.findall(r"^USER (\S+)$", _image(name), re.MULTILINE) == ["10001"]


def test_mlflows_image_does_not_run_as_root() -> None:
    assert re.findall(r"^USER (\S+)$", MLFLOW_DOCKERFILE.rpartition("\nFROM ")[2], re.MULTILINE) == ["10001"]


@OUR_SERVICE
def test_an_image_starts_its_own_package(name: str) -> None:
    assert re.findall(r"^ENTRYPOINT (.*)$", _image(name), re.MULTILINE) == [f'["python", "-m", "{name}"]']


@OUR_SERVICE
def test_an_image_holds_its_packages_then_shared_then_its_own_code(name: str) -> None:
    """In this order: a change of code leaves the layer of the packages as it is."""
    copied = re.findall(r"^COPY --from=\S+ (\S+) (\S+)$", _image(name), re.MULTILINE)
    assert copied == [("/venv", "/venv"), ("/app/shared", "shared"), (f"/app/{name}", name)]


@OUR_SERVICE
def test_an_image_installs_at_the_pins(name: str) -> None:
    assert re.search(r"-c constraints\.txt -r \w+\.txt", _packages(name))


@EACH_DOCKERFILE
def test_no_host_of_a_registry_is_written_down(dockerfile: str) -> None:
    assert re.findall(r"https?://", dockerfile) == []


@pytest.mark.parametrize("name", ["s01_heuristic", "timeline", "warmline"])
def test_an_image_without_a_model_installs_no_torch(name: str) -> None:
    assert _requirements(name) & set(TORCH) == set()


def test_the_timeline_installs_no_numpy() -> None:
    assert "numpy" not in _requirements("timeline")


@pytest.mark.parametrize("name", ["s02_train_neucf", "s02_recsys_neucf"])
def test_a_model_image_installs_torch_and_the_encoders(name: str) -> None:
    assert set(TORCH) <= _requirements(name)
    assert "--no-deps -r encoders.txt" in _packages(name)


def test_both_model_images_share_the_layers_of_their_packages() -> None:
    assert STAGES["s02_train_neucf"][0] == STAGES["s02_recsys_neucf"][0] == "neucf"
    assert "/venv /venv" in STAGES["neucf"][1]


def test_pytorchs_index_is_an_argument_that_is_blank() -> None:
    assert 'ARG TORCH_INDEX=""' in _packages("s02_train_neucf")


@pytest.mark.parametrize(
    ("torch_index", "uv", "installed"),
    [
        ("", "exit 0", ["uv cpu"]),
        ("", "case $* in *--dry-run*) exit 2;; esac", ["pip"]),
        ("", "case $* in *--dry-run*) exit 0;; esac; exit 1", ["uv cpu", "pip"]),
        ("https://torch.example/cpu", "exit 0", ["pip --extra-index-url https://torch.example/cpu"]),
    ],
    ids=["its index answers", "its index does not answer", "uv fails", "TORCH_INDEX"],
)
def test_a_model_image_takes_the_cpu_build_unless_told_otherwise(
    tmp_path: Path, torch_index: str, uv: str, installed: list[str]
) -> None:
    """The step of the Dockerfile, run by a shell with stand-ins for pip and uv that note what they are asked for."""
    install = _packages("s02_train_neucf")
    (step,) = re.findall(r"^RUN (wanted=.*?) \\\n    && rm ", install, re.MULTILINE | re.DOTALL)
    for name, does in (("uv", uv), ("pip", "exit 0")):
        file = tmp_path / name
        file.write_text(f'#!/bin/sh\necho "{name} $*" >> {tmp_path}/calls\n{does}\n')
        file.chmod(0o755)
    environment = {"PATH": f"{tmp_path}:/usr/bin:/bin", "TORCH_INDEX": torch_index}
    subprocess.run(["/bin/sh", "-ec", step], env=environment, cwd=tmp_path, check=True, capture_output=True)
    calls = [
        call
        for call in (tmp_path / "calls").read_text().splitlines()
        if "-r train.txt -r mirror.txt -r score.txt" in call
    ]
    assert all("-c constraints.txt" in call and "/venv/bin/python" in call for call in calls)
    short = (re.findall(r"^(?:uv|pip)|(?<=--torch-backend )\S+|--extra-index-url \S+", call) for call in calls)
    assert [" ".join(words) for words in short] == installed


def test_the_build_sees_only_what_an_image_is_made_of() -> None:
    lines = (ROOT / ".dockerignore").read_text(encoding="utf-8").splitlines()
    rules = [line for line in lines if line and not line.startswith("#")]
    allowed = {rule.removeprefix("!") for rule in rules if rule.startswith("!")}
    assert rules[0] == "*"
    assert allowed == {
        "pyproject.toml", "constraints.txt", "encoders.txt",
        "shared", "s0[0-9]_*", "timeline", "warmline", MLFLOW_FOLDER,
    }  # fmt: skip


def test_mlflow_is_given_no_secret_and_no_database_of_ours() -> None:
    assert {"env_file", "environment"} & SERVICES[MLFLOW].keys() == set()
    assert SERVICES[MLFLOW]["volumes"] == ["mlflow:/mlflow"]


def test_only_training_knows_mlflow_and_does_not_wait_for_it() -> None:
    told = [name for name in OURS if "WARMLINE_MLFLOW_URI" in SERVICES[name].get("environment", {})]
    assert told == ["s02_train_neucf"]
    assert all(MLFLOW not in SERVICES[name].get("depends_on", {}) for name in OURS)


def test_every_package_of_mlflows_image_is_pinned_and_mlflow_to_the_version_of_the_mirror() -> None:
    wanted = (ROOT / MLFLOW_FOLDER / "requirements.txt").read_text(encoding="utf-8")
    lines = [line for line in wanted.splitlines() if line and not line.startswith("#")]
    assert [line for line in lines if not re.fullmatch(r"[\w.-]+==[\w.]+", line)] == []
    pins = dict(line.split("==") for line in lines)
    ours = dict(line.split("==") for line in (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines())
    assert pins["mlflow"] == pins["mlflow-skinny"] == ours["mlflow-skinny"]
    assert "--no-deps -r requirements.txt" in MLFLOW_DOCKERFILE


def test_mlflow_answers_to_its_own_names_only_and_tells_its_makers_nothing() -> None:
    start = (ROOT / MLFLOW_FOLDER / "start").read_text(encoding="utf-8")
    assert '--allowed-hosts "mlflow:$port,localhost:$port,127.0.0.1:$port"' in start
    assert "MLFLOW_DISABLE_TELEMETRY=true" in MLFLOW_DOCKERFILE
