"""docs/reference/observability.md lists every metric and every log event, and nothing else; compared with the code."""

import re
from pathlib import Path

from shared.ranked_lists.recommend_queue import NoAnswer
from timeline.counters import STORES, RecommendCounters, RequestCounters
from timeline.metrics import JOBS, OTHER, STATUSES, UNCOUNTED, Metrics

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "reference" / "observability.md").read_text(encoding="utf-8")
METRICS, EVENTS = PAGE.split("## Log events")
SERVICES = ("shared", "s01_heuristic", "s02_train_neucf", "s02_recsys_neucf", "timeline", "warmline")
EVENT = re.compile(r'(?:log_event|log_trouble|stage)\(\s*"([a-z_0-9]+\.[a-z_0-9.]+)"')


def _rows(page: str) -> list[str]:
    return [line for line in page.splitlines() if line.startswith("| `")]


def _first_column(page: str) -> set[str]:
    return {name for row in _rows(page) for name in re.findall(r"`([^`]+)`", row.split("|")[1])}


def test_every_metric_is_listed_with_its_type_and_labels() -> None:
    listed = {}
    for row in _rows(METRICS):
        name, kind, labels = (cell.strip() for cell in row.split("|")[1:4])
        listed[name.strip("`")] = (kind, "" if labels == "–" else labels)
    known = {}
    for collector in Metrics().registry._collector_to_names:
        if isinstance(collector, RequestCounters | RecommendCounters):
            families = [(family.name, family.type, family._labelnames) for family in collector.collect()]  # type: ignore[attr-defined]
        else:
            families = [(collector._name, collector._type, collector._labelnames)]  # type: ignore[attr-defined]
        for name, kind, names in families:
            known[name + ("_total" if kind == "counter" else "")] = (kind, ", ".join(names))
    assert listed == known


def test_every_value_of_a_label_is_listed() -> None:
    assert {f"`{value}`" for value in (*STATUSES, OTHER, *STORES, *JOBS, *UNCOUNTED, *NoAnswer)} <= set(
        re.findall(r"`[^`]+`", METRICS)
    )


def test_every_log_event_is_listed_and_no_other() -> None:
    sources = [path.read_text(encoding="utf-8") for service in SERVICES for path in (ROOT / service).rglob("*.py")]
    assert _first_column(EVENTS) == {name for source in sources for name in EVENT.findall(source)}
