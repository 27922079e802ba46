"""The generated clients are up to date, compile and can be used against a running timeline; the example's page is."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.contract.clients import (
    BIN,
    CLIENTS,
    DOCUMENT,
    ROOT,
    differences,
    document_text,
    generate,
    generators_environment,
)
from tests.flow.deployment import ANN, API_KEY, Deployment
from tests.flow.example_app import served
from timeline.app import create_app

PAGE = ROOT / "examples" / "feed"
MOST_BYTES = 400_000  # of the built page: it is in everybody's checkout
generators = pytest.mark.generators


@pytest.fixture(scope="module")
def timeline_url(shared_deployment: Deployment) -> Iterator[str]:
    """A timeline on a port, as in production."""
    with served(create_app(shared_deployment.settings(env="production"))) as url:
        yield url


def run(*command: str | Path, folder: Path = ROOT, **variables: str) -> str:
    """A program's output; anything but exit code 0 fails the test."""
    environment = {**generators_environment(), **variables}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_the_document_is_up_to_date() -> None:
    assert DOCUMENT.read_text(encoding="utf-8") == document_text(), "clients/openapi.json is not: make clients"


def test_the_lock_files_name_no_registry() -> None:
    for folder in (CLIENTS / "typescript", PAGE):
        packages = json.loads((folder / "package-lock.json").read_text())["packages"]
        named = {package["resolved"] for package in packages.values() if "resolved" in package}
        assert named <= {"../../clients/typescript"}, folder
        assert "registry" not in (folder / ".npmrc").read_text().replace("registry-resolved", "")


@generators
def test_the_clients_are_what_would_be_generated(tmp_path: Path) -> None:
    changed = [name for committed, made in generate(tmp_path).items() for name in differences(committed, made)]
    assert changed == [], "make clients"


@generators
@pytest.mark.parametrize("folder", [CLIENTS / "typescript", PAGE], ids=["the client", "the page"])
def test_the_typescript_compiles(folder: Path) -> None:
    run(folder / "node_modules" / ".bin" / "tsc", "--noEmit", folder=folder)


@generators
def test_the_built_page_is_what_its_sources_make(tmp_path: Path) -> None:
    run(PAGE / "node_modules" / ".bin" / "vite", "build", "--outDir", tmp_path, "--emptyOutDir", folder=PAGE)
    assert differences(PAGE / "dist", tmp_path) == [], "make feed"
    assert sum(path.stat().st_size for path in tmp_path.rglob("*") if path.is_file()) < MOST_BYTES


@generators
@pytest.mark.parametrize(
    "command",
    [("node", CLIENTS / "typescript" / "smoke.ts"), (BIN / "python", CLIENTS / "python" / "smoke.py")],
    ids=["typescript", "python"],
)
def test_a_client_can_be_used(timeline_url: str, command: tuple[str | Path, ...]) -> None:
    said = run(
        *command,
        WARMLINE_TIMELINE_URL=timeline_url,
        WARMLINE_API_KEY=API_KEY,
        WARMLINE_DEMO_WARM_USER=ANN,
        PYTHONPATH=str(CLIENTS / "python"),
    )
    found = json.loads(said)
    assert found["refused"].endswith("invalid-cursor")
    assert {**found, "refused": ""} == {"posts": 5, "accepted": 1, "taken": 1, "refused": ""}
