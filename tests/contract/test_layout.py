"""The layout of the code: imports without circles and not too deep, and nothing that only tests or benchmarks reach."""

import re
from collections.abc import Set
from pathlib import Path

import grimp
import pytest

from tests.contract.layout import AIMS, PACKAGES, PRODUCT, build_graph, read_package

ROOT = Path(__file__).parents[2]
# Where the product begins: commands that people and images start, and processes that services start for themselves.
STARTED = {
    "demo.__main__",
    "demo.child",  # the demo's own processes, by file
    "demo.env_file",  # `make env`
    "demo.feed.__main__",  # by the demo, as a process of its own
    "demo.install_packages",  # the Makefile
    "s01_heuristic.__main__",
    "s02_recsys_neucf.__main__",
    "s02_train_neucf.__main__",
    "s02_train_neucf.mlflow_writer",  # by `mirror`
    "shared.content.photos.decode_process",  # by `decoders`
    "shared.jobs.healthcheck",  # by the images
    "timeline.__main__",
    "warmline.__main__",
}
BY_ALEMBIC = "shared.db.migrations"  # found by their folder
PAGES = ("ARCHITECTURE.md", "CONTRIBUTING.md")
PATH = re.compile(
    r"`((?:shared|timeline|s0[12]_\w+|warmline|demo|benchmarks|tests|docs)/[\w/.-]*|[\w.-]+\.(?:toml|yml|md|txt))`"
)


@pytest.mark.parametrize("name", PACKAGES)
def test_imports_form_no_circle_and_are_no_deeper_than_the_aim(name: str) -> None:
    assert read_package(name).problems == []


def test_each_aim_is_of_a_package() -> None:
    assert set(AIMS) <= set(PACKAGES)


def test_every_module_is_reached_from_where_the_product_begins() -> None:
    graph = build_graph(*PRODUCT)
    modules = {each for each in graph.modules if not each.startswith(BY_ALEMBIC) and not graph.find_children(each)}
    assert modules - _reached(graph, STARTED) == set()


def test_every_path_of_the_pages_for_maintainers_is_there() -> None:
    for page in PAGES:
        paths = PATH.findall((ROOT / page).read_text(encoding="utf-8"))
        assert len(paths) > 10, page
        assert [path for path in paths if not (ROOT / path).exists()] == [], page


def _reached(graph: grimp.ImportGraph, start: Set[str]) -> set[str]:
    reached = set(start)
    for module in start:
        reached |= graph.find_upstream_modules(module)
    return reached
