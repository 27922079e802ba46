"""How long recommendations of a running installation take, beside first pages of its timeline."""

import http.client
import json
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import numpy as np

from benchmarks.errors import BenchmarkRefused, DataMissing
from benchmarks.figures import Result, Row
from benchmarks.recommendations.strangers import LIKES
from shared.domain import RecommendBy

EACH = 150  # requests of each kind
PAUSE = 0.06  # seconds between two, so that the default rate is kept
HEADERS = {"Content-Type": "application/json"}
URL, KEY = "WARMLINE_TIMELINE_URL", "WARMLINE_API_KEY"


@dataclass(slots=True)
class Asked:
    """What came of one kind of request."""

    seconds: list[float] = field(default_factory=list)
    degraded: int = 0


def measure(env_file: Path, seed: int) -> Result:
    """Ask in turn: pages of strangers, and recommendations by each source.

    Raises:
        DataMissing: the file names no timeline.
        BenchmarkRefused: an answer is not 200.
    """
    given = _read(env_file)
    parts, random = urlsplit(given[URL]), np.random.default_rng(seed)
    connection = http.client.HTTPConnection(parts.hostname or "", parts.port, timeout=30)
    headers = {**HEADERS, "Authorization": f"Bearer {given[KEY]}"}

    def ask(path: str, body: Mapping[str, object]) -> dict[str, object]:
        connection.request("POST", path, json.dumps(body), headers)
        answer = connection.getresponse()
        content = answer.read()
        if answer.status != 200:
            raise BenchmarkRefused(f"{path}: got {answer.status}, expected 200: {content[:200]!r}")
        found: dict[str, object] = json.loads(content)
        return found

    pool = _posts(ask("/recommendations", {"limit": 100}))
    found = {name: Asked() for name in ("first page", *RecommendBy)}
    for number in range(EACH):
        for name, asked in found.items():
            liked = random.choice(pool, LIKES, replace=False).tolist()
            page = {"user_id": f"stranger-{seed}-{number}"}
            send: tuple[str, Mapping[str, object]] = (
                ("/timeline", page) if name == "first page" else ("/recommendations", {"liked": liked, "source": name})
            )
            begun = time.perf_counter()
            answer = ask(*send)
            asked.seconds.append(time.perf_counter() - begun)
            asked.degraded += "degraded" in answer
            time.sleep(PAUSE)
    rows = [row for name, asked in found.items() for row in _rows(name, asked, found["first page"])]
    return Result(
        title=f"{EACH} requests of each kind, one at a time", ratio="to a first page", rows=rows,
        notes={"degraded": ", ".join(f"{name} {asked.degraded}" for name, asked in found.items())},
    )  # fmt: skip


def _rows(name: str, asked: Asked, page: Asked) -> list[Row]:
    quantiles: Mapping[str, Callable[[Asked], float]] = {
        "p50": lambda each: sorted(each.seconds)[len(each.seconds) // 2],
        "p99": lambda each: sorted(each.seconds)[int(len(each.seconds) * 0.99)],
    }
    return [
        Row(system=name, metric=metric, value=1e3 * of(asked), unit="ms", ratio=of(asked) / of(page))
        for metric, of in quantiles.items()
    ]


def _posts(answer: Mapping[str, object]) -> list[str]:
    posts = answer["posts"]
    assert isinstance(posts, list)
    return [post["id"] for post in posts]


def _read(env_file: Path) -> dict[str, str]:
    try:
        lines = env_file.read_text(encoding="utf-8").splitlines()
    except OSError as error:
        raise DataMissing(f"{env_file}: {error.strerror}; name the demo.env of a demo that runs") from error
    found = dict(line.removeprefix("export ").split("=", 1) for line in lines if "=" in line)
    if not {URL, KEY} <= found.keys():
        raise DataMissing(f"{env_file}: expected lines with {URL} and {KEY}, as in the demo.env of a demo that runs")
    return {name: value.strip().strip("'\"") for name, value in found.items()}
